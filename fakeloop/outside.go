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
	loop     *Loop
	id       timeline.ID
	label    string
	site     *place
	fn       func()
	returned bool
	cancel   context.CancelCauseFunc // for Offload: called when the loop closes
}

// Outside announces a piece of work that another goroutine is going to do, and
// that comes back to the loop with [Work.Return]. It is called on the loop,
// before the goroutine is started, so that the work has an identity that does
// not depend on how long it takes. It panics if the loop is closed.
//
// A virtual loop takes work back when it has nothing else to do, in the order
// in which the work left, whatever the order in which it was done: the run is
// the same every time. A source of decisions may choose another order. A wall
// loop takes it back as it comes.
func (l *Loop) Outside(label string) *Work {
	w := &Work{loop: l, label: label, site: l.site()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Outside on a closed loop: the work could not return")
	}
	w.id = l.scope.child()
	l.record(timeline.Left, w.id, l.scope.id, label, "")
	l.outside = append(l.outside, w)
	return w
}

// Return ends the work and hands f to the loop, which runs it as a callback;
// a nil f ends the work and runs nothing. It may be called from any goroutine,
// once: later calls return ErrReturned. It returns ErrClosed, and f will not
// run, if the loop is closed.
func (w *Work) Return(f func()) error {
	l := w.loop
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
		l.enqueue(task{id: mix(w.id, 1), parent: w.id, lane: w.id, label: w.label, fn: w.fn})
	}
	l.notify()
}

// deliver takes back the piece of work whose turn it is, if it has returned.
// The caller holds l.mu, and l.outside is not empty.
func (l *Loop) deliver() bool {
	if l.expected == nil {
		k := 0
		if len(l.outside) > 1 && l.source != nil {
			k = l.decide("next return", len(l.outside))
		}
		l.expected = l.outside[k]
	}
	if !l.expected.returned {
		return false
	}
	l.takeBack(l.expected)
	l.expected = nil
	return true
}

func (w *Work) describe() string {
	return "work " + describe(w.id, w.label) + w.site.suffix()
}

// Offload runs fn on another goroutine and returns the future of its outcome.
// The context is cancelled when the future is cancelled, with that cause, when the
// loop is closed, with ErrClosed, and when fn has returned. A panic of fn rejects
// the future with a *PanicError, a runtime.Goexit with ErrGoexit; a panic after
// the future was cancelled is an error of the loop. Offload panics if fn is nil or
// the loop is closed; see [Loop.Outside] for the order in which offloaded work
// comes back.
func Offload[T any](l *Loop, label string, fn func(context.Context) (T, error)) *Future[T] {
	if fn == nil {
		panic("fakeloop: Offload with a nil function")
	}
	p := NewPromise[T](l, label)
	w := l.Outside(label)
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
	go func() {
		defer cancel(nil)
		p.future.settleOutside(w, func() (T, error) { return fn(ctx) })
	}()
	return p.Future()
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
			if !f.settle(value, err) && panicked {
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
