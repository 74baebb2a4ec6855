package futures_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// refCancel is the error of a cancelled future.
type refCancel struct {
	cause error
	quiet bool // used by a flaw only
	bare  bool // used by a flaw only
}

func (e *refCancel) Error() string {
	if e.quiet {
		return "ref: cancelled"
	}
	return "ref: cancelled: " + e.cause.Error()
}

func (e *refCancel) Is(target error) bool { return target == context.Canceled && !e.bare }

func (e *refCancel) Unwrap() error {
	if e.bare {
		return nil
	}
	return e.cause
}

func isCancel(err error) bool {
	var c *refCancel
	return errors.As(err, &c)
}

// cancel settles f as cancelled. Its cancellers are called first, and may settle it
// with something else. What it is derived from is cancelled too, if that is the policy
// and nobody else uses it.
func (f *ref) cancel(cause error) error {
	w := f.w
	if w.has("cancelling waits for the handler that runs") {
		gate := make(chan bool)
		w.exec(func() { close(gate) })
		<-gate
	}
	err := error(&refCancel{cause: cause, quiet: w.has("a cancellation does not tell its cause")})
	switch {
	case w.has("the error of a cancellation is a bare text"):
		err = &refCancel{cause: cause, bare: true}
	case w.has("a cancellation forgets its cause"):
		err = &refCancel{cause: context.Canceled}
	}
	w.mu.Lock()
	if f.settled {
		switch {
		case w.has("a second cancel replaces the error") && f.cancelled:
			f.err = err
		case w.has("cancelling replaces an outcome") && !f.cancelled:
			f.v, f.err = nil, err
		}
		stops := f.stops
		w.mu.Unlock()
		if w.has("each cancel calls the canceller") {
			for _, stop := range stops {
				stop(cause)
			}
		}
		return f.refuse(nil, w.caps.LateCancel)
	}
	stops := f.stops
	if !w.has("each cancel calls the canceller") {
		f.stops = nil
	}
	sources := slices.Clone(f.sources)
	if w.has("cancelling comes before the canceller") {
		f.cancelled = true
		f.finish(nil, err)
	}
	w.mu.Unlock()
	if f.bare {
		for _, stop := range stops {
			stop(cause)
		}
		return nil
	}
	for _, stop := range stops {
		if w.has("the panic of a canceller goes to who cancels") {
			stop(cause)
			continue
		}
		w.guarded(func() { stop(cause) })
	}
	w.mu.Lock()
	if !f.settled {
		f.cancelled = true
		f.finish(nil, err)
	}
	w.mu.Unlock()
	if !w.caps.CancelsUp && !w.has("cancelling a derived future cancels its source") {
		return nil
	}
	for _, s := range sources {
		w.mu.Lock()
		alone := len(s.users) == 1 && !slices.ContainsFunc(s.handlers, func(h *refHandler) bool { return h.user })
		w.mu.Unlock()
		if w.has("cancelling an aggregate cancels one member only") && s != sources[0] {
			continue
		}
		if alone || w.has("cancelling goes up to what others use") {
			_ = s.cancel(cause)
		}
	}
	return nil
}

func (f *ref) onCancel(stop func(cause error)) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.stops = append(f.stops, stop)
}

// shield is a future with the outcome of f whose cancellation f does not notice.
func (f *ref) shield() *ref {
	d := f.w.fresh()
	f.on(d.pass, false)
	if f.w.has("a shield lets cancellations through") {
		d.onCancel(func(cause error) { _ = f.cancel(cause) })
	}
	return d
}

func (w *refWorld) spawn(task func(context.Context) (any, error)) *ref {
	f := w.fresh()
	f.bare = w.has("a cancelled task is waited for")
	ctx, cancel := context.WithCancelCause(context.Background())
	f.onCancel(func(cause error) { cancel(cause) })
	go w.guarded(func() {
		w.call("a task", func() (any, error) { return task(ctx) }, func(v any, err error) {
			w.mu.Lock()
			late := f.settled
			if !late {
				f.finish(v, err)
			}
			w.mu.Unlock()
			var p *refPanic
			if late && errors.As(err, &p) && !w.has("a panic behind the settle is swallowed") {
				w.failed(err)
			}
		})
	})
	return f
}

// start calls executor with the function that settles the future.
func (w *refWorld) start(executor func(settle func(v any, err error))) *ref {
	f := w.fresh()
	go w.guarded(func() {
		w.call("a task", func() (any, error) {
			executor(func(v any, err error) { _ = f.settle(v, err) })
			return nil, nil
		}, func(_ any, err error) {
			if err == nil {
				return
			}
			w.mu.Lock()
			late := f.settled
			if !late {
				f.finish(nil, err)
			}
			w.mu.Unlock()
			if late && !w.has("a panic behind the settle is swallowed") {
				w.failed(err)
			}
		})
	})
	return f
}

// refTimeout is the error of a timeout.
type refTimeout struct{ after time.Duration }

func (e refTimeout) Error() string        { return "ref: timed out after " + e.after.String() }
func (e refTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// timeout is a future with the outcome of f, or failed with err once d has passed. An
// error that f comes to afterwards is told like one that nobody observes.
func (f *ref) timeout(d time.Duration, err error) *ref {
	w := f.w
	if w.has("a timeout of a timeout follows the future itself") && len(f.sources) > 0 {
		f = f.sources[0]
	}
	out := w.fresh(f)
	if w.has("the error of a timeout is a bare text") && isTimeout(err) {
		err = errors.New(err.Error())
	}
	w.mu.Lock()
	settled := f.settled
	w.mu.Unlock()
	if d == 0 && w.has("no time to wait is a timeout, always") {
		out.pass(nil, err)
		return out
	}
	if settled {
		f.on(out.pass, false)
		return out
	}
	if w.has("a timeout is late by a tenth") {
		d += d / 10
	}
	timer := time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case !out.settled:
			out.finish(nil, err)
		case w.has("a deadline replaces a value"):
			out.v, out.err = nil, err
		}
	})
	f.on(func(v any, failure error) {
		if !w.has("a deadline replaces a value") {
			timer.Stop()
		}
		if failure != nil && w.has("a failure in time looks like a timeout") {
			failure = err
		}
		out.pass(v, failure)
	}, false)
	return out
}

func isTimeout(err error) bool {
	_, ok := err.(refTimeout)
	return ok
}

// abandon gives up the producing side.
func (f *ref) abandon() {
	switch {
	case f.w.has("a future whose producer is gone stays pending"):
	case f.w.has("a future whose producer is gone succeeds"):
		_ = f.settle(nil, nil)
	default:
		_ = f.settle(nil, errBroken)
	}
}

func (f *ref) quieten() {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.quiet = !f.w.has("quieting does nothing")
}

// rejectNil is a rejection with nil.
func (f *ref) rejectNil() error {
	switch {
	case f.w.has("a rejection with nil succeeds"):
		return f.settle(nil, nil)
	case f.w.caps.NilReject == futures.NilPanics:
		panic(errNil)
	}
	return f.settle(nil, errNil)
}
