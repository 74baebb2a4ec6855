package futures

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Fakeloop is the adapter of the futures of package fakeloop, on loops of one mode. Those
// on virtual time are checked in a bubble, too, where the deadlines of contexts cost
// nothing. Watch takes a detector, which the caller adds.
func Fakeloop(mode fakeloop.Mode) Adapter {
	w := &world{mode: mode}
	a := Adapter{
		Name: "fakeloop " + [...]string{fakeloop.Virtual: "virtual", fakeloop.Bubble: "bubble", fakeloop.Wall: "wall"}[mode],
		Caps: Caps{
			Panic: Contain, SecondSettle: Reported, LateCancel: Reported,
			Ordered: true, Async: true, LoopAffine: true, FailFast: true, OwnDeadline: true, CtxCause: true,
			CauseKept: true, CancelsUp: true, Debug: true, LookCounts: true,
			RealTime:   mode == fakeloop.Wall,
			TimeoutErr: context.DeadlineExceeded,
		},
		Lacks: map[string]string{
			"Start":   "a task is a function with a result; what settles by hand is a promise",
			"Both":    "Then and Catch are two calls",
			"Abandon": "a promise that is dropped is listed among what is pending",
			"Remote":  "its loop is in one process",
			"Watch":   "a detector cannot be started in a bubble; on the wall clock the caller adds one",
		},
		Setup: w.open,
		Close: func() { _ = w.loop.Close() },
		Idle:  w.rest,
		Now:   func() time.Time { return w.loop.Now() },
		New:   w.fresh,
		Peek:  func(c Case) (any, error, bool) { return impl(c).Result() },
		Spawn: func(task func(context.Context) (any, error)) Case {
			return w.wrap(fakeloop.Offload(w.loop, "task", task))
		},
		RejectNil: func(c Case) error { return told(c.Impl.(handle).promise.Reject(nil)) },
		Zero: func() Case {
			var p fakeloop.Promise[any]
			return Case{Settle: p.Settle, Await: func(ctx context.Context) (any, error) { return p.Future().WaitContext(ctx) }}
		},
		String: func(c Case) string { return impl(c).String() },
		OnDone: func(c Case, cb func(any, error)) func() bool {
			impl(c).OnSettled(cb)
			return nil
		},
		Then:  func(c Case, f func(any) (any, error)) Case { return w.wrap(fakeloop.Then(impl(c), f)) },
		Catch: func(c Case, f func(error) (any, error)) Case { return w.wrap(fakeloop.Catch(impl(c), f)) },
		CatchIs: func(c Case, target error, f func(error) (any, error)) Case {
			return w.wrap(fakeloop.CatchIs(impl(c), target, f))
		},
		Finally: func(c Case, f func() error) Case { return w.wrap(fakeloop.Finally(impl(c), f)) },
		Flat: func(c Case, f func(any) Case) Case {
			return w.wrap(fakeloop.ThenFuture(impl(c), func(v any) *fakeloop.Future[any] { return impl(f(v)) }))
		},
		Adopt: func(outer, inner Case) error { return told(outer.Impl.(handle).promise.Adopt(impl(inner))) },
		Link:  func(src, dst Case) { fakeloop.Link(impl(src), dst.Impl.(handle).promise) },
		All: func(cs ...Case) Case {
			return w.wrap(fakeloop.Then(fakeloop.All(w.loop, impls(cs)...), func(vs []any) (any, error) { return vs, nil }))
		},
		Any:  func(cs ...Case) Case { return w.wrap(fakeloop.Any(w.loop, impls(cs)...)) },
		Race: func(cs ...Case) Case { return w.wrap(fakeloop.Race(w.loop, impls(cs)...)) },
		AllSettled: func(cs ...Case) Case {
			return w.wrap(fakeloop.Then(fakeloop.AllSettled(w.loop, impls(cs)...), func(os []fakeloop.Outcome[any]) (any, error) {
				var out []Outcome
				for _, o := range os {
					out = append(out, Outcome(o))
				}
				return out, nil
			}))
		},
		AsCompleted: w.asCompleted,
		Cancel:      func(c Case, cause error) error { return told(impl(c).Cancel(cause)) },
		OnCancel:    func(c Case, canceller func(error)) { c.Impl.(handle).promise.DecideCancel(canceller) },
		Shield:      func(c Case) Case { return w.wrap(fakeloop.Shield(impl(c))) },
		Timeout:     func(c Case, d time.Duration) Case { return w.wrap(fakeloop.Timeout(impl(c), d)) },
		TimeoutAs: func(c Case, d time.Duration, err error) Case {
			return w.wrap(fakeloop.TimeoutCause(impl(c), d, err))
		},
		Unobserved:   func(report func(error)) { w.hook(&w.unobserved, report) },
		HandledLater: func(report func(error)) { w.hook(&w.observed, report) },
		Errors:       func(report func(error)) { w.hook(&w.failed, report) },
		Quiet:        func(c Case) { impl(c).Quiet() },
		Flush:        func() { _ = w.loop.Close() },

		Post:   func(f func()) error { return w.loop.PostFrom("contract", f) },
		OnLoop: func() bool { return recovered(func() { w.loop.Charge(0) }) == nil },
		After:  func(d time.Duration, f func()) { w.loop.AfterFunc(d, f) },
		Charge: func(d time.Duration) {
			if mode == fakeloop.Wall {
				time.Sleep(d) // real time passes by itself
				return
			}
			w.loop.Charge(d)
		},
		RunFor: func(c Case) (any, error) { return impl(c).Wait() },
		Stop: func() (pending []string, err error) {
			for _, item := range w.loop.Pending() {
				pending = append(pending, item.String())
			}
			return pending, w.loop.Close()
		},
		Debug: func(on bool) { w.loop.SetSites(on) },
		Site:  func(c Case) string { return impl(c).String() },
		Trace: func(c Case) []string { return impl(c).AsyncStack() },
	}
	if mode == fakeloop.Virtual {
		a.Sleep = w.advance
	}
	return a
}

// world is the loop of one check.
type world struct {
	mode  fakeloop.Mode
	loop  *fakeloop.Loop
	wheel chan bool // who holds it drives the loop

	mu                           sync.Mutex // guards what follows
	settled                      chan bool  // closed, and replaced, by each settle
	unobserved, observed, failed func(error)
}

// handle is a future with its promise, if there is one.
type handle struct {
	promise *fakeloop.Promise[any]
	future  *fakeloop.Future[any]
}

// impl is the future of a case; nil for the zero case.
func impl(c Case) *fakeloop.Future[any] {
	h, _ := c.Impl.(handle)
	return h.future
}

func impls(cs []Case) (out []*fakeloop.Future[any]) {
	for _, c := range cs {
		out = append(out, impl(c))
	}
	return out
}

// told is what a call returns that says no with a bool.
func told(ok bool) error {
	if ok {
		return nil
	}
	return ErrRefused
}

func (w *world) open() {
	w.wheel, w.settled = make(chan bool, 1), make(chan bool)
	w.unobserved, w.observed, w.failed = nil, nil, nil
	w.loop = fakeloop.New(fakeloop.Config{
		Mode:         w.mode,
		OnUnobserved: func(e *fakeloop.UnobservedError) { w.tell(&w.unobserved, e) },
		OnObserved:   func(e *fakeloop.UnobservedError) { w.tell(&w.observed, e) },
		OnError:      func(err error) { w.tell(&w.failed, err) },
	})
}

func (w *world) hook(which *func(error), report func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*which = report
}

func (w *world) tell(which *func(error), err error) {
	w.mu.Lock()
	report := *which
	w.mu.Unlock()
	if report != nil {
		report(err)
	}
}

func (w *world) fresh() Case {
	p := fakeloop.NewPromise[any](w.loop, "")
	c := w.wrap(p.Future())
	c.Impl = handle{p, p.Future()}
	c.Settle = func(v any, err error) error {
		lost := p.Settle(v, err)
		w.mu.Lock()
		close(w.settled)
		w.settled = make(chan bool)
		w.mu.Unlock()
		return lost
	}
	return c
}

func (w *world) wrap(f *fakeloop.Future[any]) Case {
	await := func(ctx context.Context) (any, error) { return w.await(ctx, f) }
	if w.mode == fakeloop.Bubble {
		await = f.WaitContext
	}
	return Case{Await: await, Impl: handle{future: f}}
}

// await waits on a loop that fails a wait at once when it has nothing left to do, which
// here may only mean that the check has yet to settle the future. One goroutine at a time
// can drive a virtual loop. While that has timers its clock gets the deadline that ctx
// has on the clock of the bubble.
func (w *world) await(ctx context.Context, f *fakeloop.Future[any]) (any, error) {
	for {
		w.mu.Lock()
		settled := w.settled
		w.mu.Unlock()
		if recovered(func() { w.loop.Charge(0) }) == nil {
			return f.WaitContext(ctx) // a callback gets the error that it deserves
		}
		v, err := w.drive(ctx, f)
		var idle *fakeloop.IdleError
		switch {
		case f.Settled(), ctx.Err() != nil:
			return f.WaitContext(ctx)
		case errors.Is(err, context.DeadlineExceeded):
			<-ctx.Done()
		case !errors.As(err, &idle):
			return v, err
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return f.WaitContext(ctx)
		}
	}
}

func (w *world) drive(ctx context.Context, f *fakeloop.Future[any]) (any, error) {
	if w.mode != fakeloop.Virtual {
		return f.WaitContext(ctx)
	}
	w.wheel <- true
	defer func() { <-w.wheel }()
	deadline, ok := ctx.Deadline()
	timed := slices.ContainsFunc(w.loop.Pending(), func(i fakeloop.Item) bool { return i.Kind == fakeloop.PendingTimer })
	if ok && timed {
		limited, cancel := w.loop.WithTimeoutCause(ctx, time.Until(deadline), context.Cause(ctx))
		defer cancel()
		ctx = limited
	}
	return f.WaitContext(ctx)
}

// rest lets the loop, and the bubble around it, come to rest at the present instant.
func (w *world) rest() {
	w.wheel <- true
	_ = w.loop.Settle() // what callbacks panicked with has been told to the hook
	<-w.wheel
	if w.mode == fakeloop.Virtual {
		synctest.Wait()
	}
}

// advance lets d pass on both clocks of a virtual loop in a bubble.
func (w *world) advance(d time.Duration) {
	w.wheel <- true
	_ = w.loop.Advance(d)
	<-w.wheel
	time.Sleep(d)
}

func (w *world) asCompleted(cs ...Case) func(context.Context) (Outcome, bool) {
	completed := fakeloop.AsCompleted(w.loop, impls(cs)...)
	return func(ctx context.Context) (Outcome, bool) {
		next := fakeloop.Then(completed.Next(), func(c fakeloop.Completion[any]) (any, error) { return c.Value, c.Err })
		v, err := w.wrap(next).Await(ctx)
		return Outcome{v, err}, !errors.Is(err, fakeloop.ErrExhausted)
	}
}
