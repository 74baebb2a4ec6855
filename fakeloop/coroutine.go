package fakeloop

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Coroutine is the body of an Async call as that body sees it: it can suspend
// itself in Await, Sleep and Yield. It is used by its own body only.
type Coroutine struct {
	loop      *Loop
	scope     scope
	label     string
	number    uint64 // how many coroutines had been started before, plus one
	body      func()
	future    *state // the coroutine's own
	resume    func() // runs the body on to its next Await; a method value made once
	next      func() (struct{}, bool)
	stop      func()
	yield     func(struct{}) bool
	inside    bool   // the body is running
	waiting   bool   // the body is suspended, and what it awaits is pending
	goroutine uint64 // the runtime's number of the body's goroutine, if the loop tracks them
	at        *place // where the body is suspended; with sites
	awaits    *state // what the suspended body waits for, also if its future was cancelled
	tells     bool   // the next resumption tells a cancellation, if there is one
	told      error  // what the call that suspended the body returns
	cancelled error  // what the next Await returns, a *CancelError: the coroutine was cancelled
	ended     bool   // the loop closed while the body was suspended
	over      func() // says that the body stops; nil unless Config.OnCallback is set
}

// Async starts a coroutine: body runs on the loop, from the next turn on, and
// goes on turn by turn each time what it awaits has settled. The future has
// what body returns; a panic rejects it with a *PanicError, a runtime.Goexit
// with ErrGoexit. Cancelling the future interrupts the body, see [Future.Cancel].
// Closing the loop ends a suspended coroutine: its Await returns ErrClosed, so that
// its deferred calls run. Async panics if body is nil or the loop is closed.
//
// A program built with -race keeps some 5 kB for each coroutine that ever was: Go 1.26 does
// not tell the race detector of the end of a goroutine of iter.Pull.
func Async[T any](l *Loop, label string, body func(*Coroutine) (T, error)) *Future[T] {
	l.checkCaller("Async")
	if body == nil {
		panic("fakeloop: Async with a nil body")
	}
	f := new(Future[T])
	f.init(l, label, nil)
	co := &Coroutine{loop: l, label: label, future: &f.state, scope: scope{id: f.id}}
	co.body = func() {
		f.settleBy("coroutine "+describe(f.id, label), nil, func() (T, error) {
			v, err := body(co)
			if co.ended && errors.Is(err, ErrClosed) {
				f.forgive()
			}
			return v, err
		})
	}
	co.resume = co.run
	f.coroutine = co
	Named{l, label}.Post(co.resume)
	return f
}

// Await suspends the coroutine until f is settled and returns its outcome. The
// loop runs other callbacks meanwhile, at least those that are ready, also if
// f is settled already. It returns the *CancelError if the coroutine is cancelled
// first, ErrClosed if the loop is closed first, and ErrForeignLoop if f belongs to
// another loop. It panics if it is not called by co's own body, and if f is nil or a
// zero Future.
func Await[T any](co *Coroutine, f *Future[T]) (T, error) {
	var zero T
	if co == nil {
		panic("fakeloop: Await with a nil Coroutine; outside a coroutine, Wait waits for a future")
	}
	if f.home("Await") != co.loop {
		return zero, ErrForeignLoop
	}
	if err := co.suspend(&f.state); err != nil {
		return zero, err
	}
	return f.value, f.err
}

// Loop returns the loop on which the coroutine runs.
func (co *Coroutine) Loop() *Loop { return co.loop }

// Sleep suspends the coroutine for d on the loop's clock. It returns the
// *CancelError if the coroutine is cancelled first, and ErrClosed if the loop is
// closed first. It panics if it is not called by co's own body.
func (co *Coroutine) Sleep(d time.Duration) error {
	if err := co.check(); err != nil {
		return err
	}
	p := NewPromise[struct{}](co.loop, "sleep")
	timer := co.loop.AfterFunc(d, func() { p.Resolve(struct{}{}) })
	p.OnCancel(func(error) { timer.Stop() })
	_, err := Await(co, p.Future())
	return err
}

// Yield suspends the coroutine until the next turn, so that others get theirs. It
// returns the *CancelError if the coroutine was cancelled, and ErrClosed if the loop
// is closed first. It panics if it is not called by co's own body.
func (co *Coroutine) Yield() error {
	caller := co.caller()
	l := co.loop
	l.mu.Lock()
	err := co.admit(caller)
	if err == nil {
		err = co.takeCancelled()
	}
	if err != nil {
		l.mu.Unlock()
		return err
	}
	co.recordAwait("the next turn")
	l.enqueue(l.scope.id, l.scope.next(), co.label, co.resume)
	co.tells = true
	l.mu.Unlock()
	return co.pause()
}

// recordAwait records that the body, which is running, is about to suspend itself. The
// caller holds the loop's lock.
func (co *Coroutine) recordAwait(what string) {
	l := co.loop
	if co.future.status == isPending {
		l.readClock()
		l.log.AddOf(co.future.mark, timeline.Awaited, l.elapsed(), l.turn, l.scope.id, l.scope.id, what)
	} else {
		l.record(timeline.Awaited, l.scope.id, l.scope.id, co.label, what)
	}
	if what == "" {
		l.log.Refer(co.awaits.id, co.awaits.label)
	}
}

// run is the callback that resumes the body until it suspends itself again or ends.
// Its end is the end of the callback, see endCallback.
func (co *Coroutine) run() {
	l := co.loop
	l.mu.Lock()
	if co.next == nil {
		if co.future.status != isPending {
			l.record(timeline.Refused, co.scope.id, co.scope.id, co.label, "cancelled before it began")
			l.mu.Unlock()
			return
		}
		l.started++
		co.number = l.started
		l.coroutines[co] = struct{}{}
		co.next, co.stop = iter.Pull(co.sequence)
	}
	if co.awaits != nil {
		co.future.source, co.awaits, co.at = nil, nil, nil
	}
	var told error
	if co.tells {
		co.tells = false
		told = co.takeCancelled()
	}
	if told != nil || co.told != nil { // seldom: fewer pointers for the garbage collector to hear of
		co.told = told
	}
	co.inside = true
	l.inside = co
	l.scope = co.scope // until the callback ends
	l.mu.Unlock()
	co.next()
}

// sequence is the body in the form in which iter.Pull takes it.
func (co *Coroutine) sequence(yield func(struct{}) bool) {
	co.yield = yield
	l := co.loop
	if l.tracksGoroutines() {
		id := thisGoroutine().id
		l.mu.Lock()
		co.goroutine = id
		l.mu.Unlock()
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.coroutines, co)
	}()
	co.enter()
}

// enter runs the body. Like dispatch, its own frame marks what is above it as
// a callback, so it is never inlined.
//
//go:noinline
func (co *Coroutine) enter() {
	if co.loop.onCallback != nil {
		co.announce()
		defer func() { co.over() }()
	}
	co.body()
}

// suspend gives control back to the loop until s is settled.
func (co *Coroutine) suspend(s *state) error {
	at, caller := co.loop.site(), co.caller()
	l := co.loop
	l.mu.Lock()
	if err := co.admit(caller); err != nil {
		l.mu.Unlock()
		return err
	}
	if co.cancelled != nil && s.status == isPending {
		alone, err := s.handled == 0, co.takeCancelled()
		l.mu.Unlock()
		if !alone || s.giveUp(err, err.(*CancelError), true) {
			return err
		}
		l.mu.Lock() // another goroutine has settled it just now
		co.cancelled = err
	}
	// What is settled already may be a lock that the coroutine has to give back: it
	// gets that, and is told of a cancellation at its next call.
	if co.future.status == isPending {
		co.future.source = s
	}
	co.awaits, co.at, co.waiting = s, at, true
	if l.faulting != nil && at != nil {
		l.faulting.awaited[s.id] = at
	}
	s.handle(reaction{fn: co.resume, of: co.future, co: co})
	co.recordAwait("")
	l.mu.Unlock()
	return co.pause()
}

// pause hands control to the loop until the coroutine is resumed.
func (co *Coroutine) pause() error {
	if co.loop.onCallback != nil {
		co.over()
		co.over = nothing
	}
	if co.yield(struct{}{}) {
		co.announce()
		return co.told
	}
	co.loop.mu.Lock()
	defer co.loop.mu.Unlock()
	co.awaits, co.at, co.ended = nil, nil, true
	return ErrClosed
}

// interrupt tells the coroutine that its future was cancelled; source is what it
// awaits. What it awaits may have come already: then the next call is told. The
// caller holds the loop's lock.
func (co *Coroutine) interrupt(source *state, err error) {
	if co.next == nil || co.loop.closed {
		return
	}
	co.cancelled = err
	if !co.waiting {
		return
	}
	source.forget(co)
	co.waiting, co.tells = false, true
	l := co.loop
	l.enqueue(l.scope.id, l.scope.next(), co.label, co.resume)
}

// caller returns the calling goroutine, zero where the loop does not track them.
func (co *Coroutine) caller() uint64 {
	if !co.loop.tracksGoroutines() {
		return 0
	}
	return thisGoroutine().id
}

// admit returns ErrClosed if the loop was closed while the coroutine was suspended. It
// panics unless it is the body that asks: where the loop tracks goroutines they are
// compared, since the body may be running while another goroutine asks. The caller
// holds the loop's lock, which a panic releases.
func (co *Coroutine) admit(caller uint64) error {
	switch {
	case co.ended:
		return ErrClosed
	case co.inside && caller == co.goroutine:
		return nil
	}
	co.loop.mu.Unlock()
	panic(fmt.Sprintf("fakeloop: Await called outside the body of coroutine %s; each coroutine awaits for itself, other code uses Then or OnSettled", describe(co.scope.id, co.label)))
}

// check is admit for a call that awaits nothing: it returns a cancellation too.
func (co *Coroutine) check() error {
	caller := co.caller()
	co.loop.mu.Lock()
	err := co.admit(caller)
	if err == nil {
		err = co.takeCancelled()
	}
	co.loop.mu.Unlock()
	return err
}

// takeCancelled returns that the coroutine was cancelled, once. The caller holds the
// loop's lock.
func (co *Coroutine) takeCancelled() error {
	err := co.cancelled
	if err != nil {
		co.cancelled = nil
	}
	return err
}
