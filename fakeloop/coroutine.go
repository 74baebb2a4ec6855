package fakeloop

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Coroutine is the body of an Async call as that body sees it: it can suspend
// itself in Await. It is used by its own body only.
type Coroutine struct {
	loop      *Loop
	scope     scope
	label     string
	number    uint64 // how many coroutines had been started before, plus one
	body      func()
	awaits    *state // the coroutine's own future: who waits
	resume    func() // runs the body on to its next Await; a method value made once
	next      func() (struct{}, bool)
	stop      func()
	yield     func(struct{}) bool
	inside    bool   // the body is running
	goroutine uint64 // the runtime's number of the body's goroutine; wall mode only
	ended     bool   // the loop closed while the body was suspended
}

// Async starts a coroutine: body runs on the loop, from the next turn on, and
// goes on turn by turn each time what it awaits has settled. The future has
// what body returns; a panic rejects it with a *PanicError, a runtime.Goexit
// with ErrGoexit. Closing the loop ends a suspended coroutine: its Await returns
// ErrClosed, so that its deferred calls run. Async panics if body is nil or the
// loop is closed.
func Async[T any](l *Loop, label string, body func(*Coroutine) (T, error)) *Future[T] {
	if body == nil {
		panic("fakeloop: Async with a nil body")
	}
	f := new(Future[T])
	f.init(l, label, nil)
	co := &Coroutine{loop: l, label: label, awaits: &f.state, scope: scope{id: f.id}}
	co.body = func() {
		f.settleBy("coroutine "+describe(f.id, label), func() (T, error) {
			v, err := body(co)
			if co.ended && errors.Is(err, ErrClosed) {
				f.forgive()
			}
			return v, err
		})
	}
	co.resume = co.run
	Named{l, label}.Post(co.resume)
	return f
}

// Await suspends the coroutine until f is settled and returns its outcome. The
// loop runs other callbacks meanwhile, at least those that are ready, also if
// f is settled already. It returns ErrClosed if the loop is closed first, and
// ErrForeignLoop if f belongs to another loop. It panics if it is not called by
// co's own body.
func Await[T any](co *Coroutine, f *Future[T]) (T, error) {
	var zero T
	if f.loop != co.loop {
		return zero, ErrForeignLoop
	}
	if err := co.suspend(&f.state); err != nil {
		return zero, err
	}
	return f.value, f.err
}

// Loop returns the loop on which the coroutine runs.
func (co *Coroutine) Loop() *Loop { return co.loop }

// Sleep suspends the coroutine for d on the loop's clock. It returns ErrClosed if
// the loop is closed first, and a *CancelError if the coroutine's future is
// cancelled first. It panics if it is not called by co's own body.
func (co *Coroutine) Sleep(d time.Duration) error {
	if co.hasEnded() {
		return ErrClosed
	}
	p := NewPromise[struct{}](co.loop, "sleep")
	timer := co.loop.AfterFunc(d, func() { p.Resolve(struct{}{}) })
	p.OnCancel(func(error) { timer.Stop() })
	_, err := Await(co, p.Future())
	return err
}

// run is the callback that resumes the body until it awaits again or ends.
func (co *Coroutine) run() {
	l := co.loop
	l.mu.Lock()
	if co.next == nil {
		l.started++
		co.number = l.started
		l.coroutines[co] = struct{}{}
	}
	co.awaits.source = nil
	co.inside = true
	l.scope = &co.scope
	l.mu.Unlock()
	if co.next == nil {
		co.next, co.stop = iter.Pull(co.sequence)
	}
	suspended := false
	defer func() {
		l.mu.Lock()
		co.inside = false
		if !suspended {
			delete(l.coroutines, co)
		}
		l.scope = &l.current
		l.mu.Unlock()
	}()
	_, suspended = co.next()
}

// sequence is the body in the form in which iter.Pull takes it.
func (co *Coroutine) sequence(yield func(struct{}) bool) {
	co.yield = yield
	if co.loop.mode == Wall {
		id := goroutineID()
		co.loop.mu.Lock()
		co.goroutine = id
		co.loop.mu.Unlock()
	}
	co.enter()
}

// enter runs the body. Like dispatch, its own frame marks what is above it as
// a callback, so it is never inlined.
//
//go:noinline
func (co *Coroutine) enter() {
	co.body()
}

// suspend gives control back to the loop until s is settled.
func (co *Coroutine) suspend(s *state) error {
	if co.hasEnded() {
		return ErrClosed
	}
	s.subscribe(co.resume)
	l := co.loop
	l.mu.Lock()
	co.awaits.source = s
	l.record(timeline.Awaited, co.scope.id, l.scope.id, co.label, describe(s.id, s.label))
	l.mu.Unlock()
	if !co.yield(struct{}{}) {
		l.mu.Lock()
		co.ended = true
		l.mu.Unlock()
		return ErrClosed
	}
	return nil
}

// hasEnded reports whether the loop was closed while the body was suspended. It
// panics unless it is the body that asks: on a wall loop the body may be running
// while another goroutine asks, so there the goroutines are compared.
func (co *Coroutine) hasEnded() bool {
	l := co.loop
	var caller uint64
	if l.mode == Wall {
		caller = goroutineID()
	}
	l.mu.Lock()
	ended := co.ended
	inside := co.inside && caller == co.goroutine
	l.mu.Unlock()
	if !ended && !inside {
		panic(fmt.Sprintf("fakeloop: Await called outside the body of coroutine %s; each coroutine awaits for itself, other code uses Then or OnSettled", describe(co.scope.id, co.label)))
	}
	return ended
}
