package fakeloop

import (
	"context"
	"errors"
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// ErrReturned means that a piece of outside work returned twice.
var ErrReturned = errors.New("fakeloop: this work has returned already; announce each piece of work with an Outside of its own")

// Work is one piece of work that goes on outside the loop, on another
// goroutine: the loop is not idle, and virtual time stands still, until it
// returns. Announce it on the loop with [Loop.Outside].
type Work struct {
	loop       *Loop
	id         timeline.ID
	label      string
	site       *place
	policy     Policy
	due        int64 // when it may return, under Seeded
	fn         func()
	returned   bool
	worker     uint64                  // the goroutine that does it, if the loop knows
	waits      *state                  // what that goroutine waits for
	passedOver bool                    // while it waited, others went before it
	cancel     context.CancelCauseFunc // for Offload: called when the loop closes
	begin      func()                  // for Offload: begins what is held
	begun      bool                    // by the loop, which may wait for it; see Between
}

// Outside announces a piece of work that another goroutine is going to do, and
// that comes back to the loop with [Work.Return]. It is called on the loop,
// before the goroutine is started, so that the work has an identity that does
// not depend on how long it takes. What virtual time does meanwhile says the policy,
// by default that of the loop. Outside panics if the loop is closed, and if more
// than one policy is given.
//
// A virtual loop takes work back when it has nothing else to do, in the order
// in which the work left, whatever the order in which it was done: the run is
// the same every time. A source of decisions may choose another order. In a bubble
// work that is done at one instant is taken back in that order too. A wall loop
// takes it back as it comes, and so does a virtual one under LockStep and Jump.
func (l *Loop) Outside(label string, policy ...Policy) *Work {
	l.checkCaller("Outside")
	w := &Work{loop: l, label: label, site: l.site(), policy: l.policyOf(policy)}
	if w.policy.kind == isSeeded {
		l.mu.Lock()
		choice, _ := l.choose(Decision{Label: label + " returns", N: returnChoices})
		l.mu.Unlock()
		w.due = int64(w.policy.within) / (returnChoices - 1) * int64(choice)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Outside on a closed loop: the work could not return")
	}
	w.due = saturatingAdd(l.now, w.due)
	w.id = l.scope.child()
	l.record(timeline.Left, w.id, l.scope.id, label, "")
	l.recordSite(w.id, w.site)
	l.outside = append(l.outside, w)
	return w
}

// Return ends the work and hands f to the loop, which runs it as a callback;
// a nil f ends the work and runs nothing. It may be called from any goroutine,
// once: later calls return ErrReturned. It returns ErrClosed, and f will not
// run, if the loop is closed.
func (w *Work) Return(f func()) error {
	l := w.loop
	l.checkBubble("Work.Return")
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case w.returned:
		return ErrReturned
	case l.closed:
		return ErrClosed
	}
	w.returned, w.fn = true, f
	if l.mode == Wall {
		l.takeBack(w)
	}
	l.wake()
	return nil
}

// takeBack ends the work and posts its callback. The caller holds l.mu.
func (l *Loop) takeBack(w *Work) {
	l.outside = slices.DeleteFunc(l.outside, func(o *Work) bool { return o == w })
	l.record(timeline.Returned, w.id, timeline.Driver, w.label, "")
	if w.fn != nil {
		l.enqueue(w.id, 1, w.label, w.fn)
	}
	l.notify()
}

// takeReturned takes back a piece of work that has returned, if it is its turn. The
// caller holds l.mu.
func (l *Loop) takeReturned() bool {
	for _, w := range l.outside {
		if l.mode == Virtual && w.returned && w.policy.asItComes() {
			l.takeBack(w)
			return true
		}
	}
	for {
		if l.expected == nil {
			l.expected = l.nextReturn()
		}
		w := l.expected
		switch {
		case w == nil:
			return l.choices.refusal != nil // which the driver is to find
		case w.returned:
			l.expected = nil
			l.takeBack(w)
			return true
		case !w.isWaiting():
			return false
		}
		w.passedOver = true // it waits for the loop: who comes behind it goes first
		l.expected = nil
	}
}

// hasReturned reports whether work waits to be taken back. The caller holds l.mu.
func (l *Loop) hasReturned() bool {
	return slices.ContainsFunc(l.outside, func(w *Work) bool { return w.returned })
}

// nextReturn returns the piece of work that the loop takes back next: of those that
// it must have back before time moves on (in a bubble: of those that have returned)
// the first that left, or the one that the source of decisions names. Nil means
// none, or that the source refused. The caller holds l.mu.
func (l *Loop) nextReturn() *Work {
	var next []*Work
	for _, w := range l.outside {
		if l.mode == Virtual && w.holds() && !(w.passedOver && w.isWaiting()) || l.mode != Virtual && w.returned {
			next = append(next, w)
			if l.source == nil {
				break
			}
		}
	}
	switch len(next) {
	case 0:
		return nil
	case 1:
		return next[0]
	}
	l.choices.options = l.choices.options[:0]
	for _, w := range next {
		l.choices.options = append(l.choices.options, Option{w.id, w.label})
	}
	choice, ok := l.decide(nextReturn)
	if !ok {
		return nil
	}
	return next[choice]
}

// isWaiting reports whether the goroutine that does the work waits for the loop.
func (w *Work) isWaiting() bool { return w.waits != nil && w.waits.status == isPending }

// awaitOutside waits for s until done, on behalf of a piece of work whose goroutine
// calls it: that goroutine does not drive the loop. Done is called with the loop's lock
// held.
func (l *Loop) awaitOutside(s *state, done func() bool) error {
	caller := thisGoroutine().id
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.workOf(caller)
	w.waits = s
	defer func() { w.waits = nil }()
	l.wake()
	l.watchers++
	defer func() { l.watchers-- }()
	for {
		changed := l.changed // before done, which may be user code and run without the lock
		switch {
		case done():
			return nil
		case l.closed:
			return ErrClosed
		}
		l.awaitChange(changed, nil)
	}
}

// workOf returns the piece of work that a goroutine is doing, nil if it does none.
// The caller holds l.mu.
func (l *Loop) workOf(goroutine uint64) *Work {
	for _, w := range l.outside {
		if w.worker == goroutine && !w.returned && goroutine != 0 {
			return w
		}
	}
	return nil
}

// cycle returns a *StuckError if all work that the loop waits for waits for the loop
// itself. The caller holds l.mu, and nothing is ready.
func (l *Loop) cycle() error {
	holding := false
	for _, w := range l.outside {
		holding = holding || w.holds()
	}
	err := &StuckError{At: l.elapsed()}
	for _, w := range l.outside {
		if holding && !w.holds() {
			continue
		}
		if !w.isWaiting() {
			return nil
		}
		err.Work = append(err.Work, w.describe())
		err.Cycle = append(err.Cycle, w.waits.waitChain()...)
	}
	return err
}

func (w *Work) describe() string {
	return "work " + describe(w.id, w.label) + w.site.suffix()
}

// Offload runs fn on another goroutine and returns the future of its outcome. What
// virtual time does meanwhile says the policy, by default that of the loop. When fn begins
// says Config.Offload.
// The context is cancelled when the future is cancelled, with that cause, when the
// loop is closed, with ErrClosed, and when fn has returned. A panic of fn rejects
// the future with a *PanicError, a runtime.Goexit with ErrGoexit; a panic after
// the future was cancelled is an error of the loop. Offload panics if fn is nil or
// the loop is closed; see [Loop.Outside] for the order in which offloaded work
// comes back. Fn may wait for futures of the loop with [Loop.Await].
func Offload[T any](l *Loop, label string, fn func(context.Context) (T, error), policy ...Policy) *Future[T] {
	l.checkCaller("Offload")
	if fn == nil {
		panic("fakeloop: Offload with a nil function")
	}
	p := NewPromise[T](l, label)
	if l.faulting != nil {
		instead, late := spoil(p, fn)
		switch {
		case instead == nil:
			return p.Future()
		case late:
			l.Named("injected delay").afterFunc(SlowFault, func() { offload(l, label, p, fn, policy) })
			return p.Future()
		}
		fn = instead
	}
	offload(l, label, p, fn, policy)
	return p.Future()
}

// offload runs fn on another goroutine and settles the promise with what comes of it.
func offload[T any](l *Loop, label string, p *Promise[T], fn func(context.Context) (T, error), policy []Policy) {
	w := l.Outside(label, policy...)
	ctx, cancel := context.WithCancelCause(context.Background())
	// Not on the loop: whoever uses the context may have its lock.
	p.OnCancel(func(cause error) { go cancel(cause) })
	l.mu.Lock()
	w.cancel = cancel
	closed := l.closed // by another goroutine, since Outside
	l.mu.Unlock()
	if closed {
		cancel(ErrClosed)
	}
	l.launch(w, func() {
		go func() {
			defer cancel(nil)
			worker := thisGoroutine().id
			l.mu.Lock()
			w.worker = worker
			l.mu.Unlock()
			p.future.settleOutside(w, func() (T, error) { return fn(ctx) })
		}()
	})
}

// settleOutside runs fn on the calling goroutine and settles f, on the loop,
// with what comes of it.
func (f *Future[T]) settleOutside(w *Work, fn func() (T, error)) {
	var (
		value    T
		err      error
		fatal    any
		panicked bool
		finished bool
	)
	defer func() {
		if !finished {
			err = ErrGoexit
			if v := recover(); v != nil {
				panicked = true
				err = Recovered(v, "offloaded "+w.describe())
				if f.loop.isFatal(v) {
					fatal = v
				}
			}
		}
		// A closed loop has rejected the future and takes nothing more.
		_ = w.Return(func() {
			if fatal != nil {
				f.loop.leave()
			}
			switch {
			case !panicked:
				f.offer(value, err)
			case !f.settle(value, err):
				f.loop.report(err) // cancelled: nobody else would hear of it
			}
			if fatal != nil {
				panic(fatal) // a failure of the test, which must reach the test
			}
		})
	}()
	value, err = fn()
	finished = true
}
