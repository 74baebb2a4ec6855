package fakeloop

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Close ends the loop. No further callback runs and no timer fires; a wall loop
// first finishes the callback under way. Suspended coroutines are ended: their
// Await returns ErrClosed, so that their deferred calls run. Futures that are
// still pending are rejected with ErrClosed, which counts as observed, and the
// contexts of the loop and of offloaded work are cancelled.
//
// It returns, joined, the refusal of the source of decisions to go on, a *HeldError
// if traps hold callbacks, the panics that no call has returned yet (with
// Config.TellDropped, also those that were returned to somebody who did not look), and an
// *UnobservedError for each rejection that nobody looked at. A second Close returns
// nil. Close refuses to run in a callback of the loop (ErrReentrant) or while
// another goroutine drives it (ErrDriven), and returns a *StuckError if a callback
// or a coroutine does not end within Config.Guard.
func (l *Loop) Close() error {
	var err error
	if l.mode != Virtual {
		err = l.quitBeside()
	} else if err = l.begin(); err == nil {
		defer l.end()
	}
	if errors.Is(err, ErrClosed) {
		return nil
	}
	var leaked error
	if err == nil && l.mode == Bubble {
		leaked = l.leaveBubble()
	}
	if err != nil {
		return err
	}

	l.mu.Lock()
	l.closed = true
	l.takeNoted()
	l.record(timeline.Closed, timeline.Driver, timeline.Driver, "", "")
	err = errors.Join(l.choices.refusal, l.dropHeld(), leaked)
	l.dropCallbacks()
	l.stopRelays()
	l.notify()
	coroutines := l.inOrder()
	l.mu.Unlock()
	l.endContexts()

	var fatal *escaped
	for _, co := range coroutines {
		e, stuck := l.unwind(co)
		fatal = cmp.Or(fatal, e)
		if stuck != nil {
			err = errors.Join(err, stuck)
		}
	}
	err = errors.Join(err, l.settleRest())
	l.mu.Lock()
	fatal = cmp.Or(fatal, l.beside.escaped)
	l.beside.escaped = nil
	l.mu.Unlock()
	if fatal != nil {
		fatal.goOn()
	}
	return err
}

// dropCallbacks forgets what will not run any more. The caller holds l.mu.
func (l *Loop) dropCallbacks() {
	for _, t := range l.queue.rest() {
		if t.timer != nil {
			t.timer.queued = false
		}
	}
	for k := range l.timers.all() {
		k.timer.set = false
	}
	l.queue, l.timers, l.beside.arrived = queue{}, timerQueue{}, nil
}

// unwind ends a suspended coroutine on a goroutine of its own, so that neither
// a Goexit nor a body that goes on blocking stops Close.
func (l *Loop) unwind(co *Coroutine) (*escaped, error) {
	var fatal *escaped
	done := make(chan struct{})
	go func() {
		finished := false
		defer close(done)
		defer func() {
			if !finished {
				fatal = &escaped{recover()}
			}
		}()
		co.stop()
		finished = true
	}()
	guard := time.NewTimer(l.guard)
	defer guard.Stop()
	select {
	case <-done:
		l.mu.Lock()
		delete(l.coroutines, co)
		l.mu.Unlock()
		return fatal, nil
	case <-guard.C:
		return nil, &StuckError{At: l.Elapsed(), After: l.guard, Work: []string{"coroutine " + describe(co.scope.id, co.label) + ", which the closed loop has told to end"}, setting: l.setting("Guard")}
	}
}

// settleRest rejects what is pending, cancels what is outside, and returns what
// nobody has heard of.
func (l *Loop) settleRest() error {
	l.mu.Lock()
	l.ended = true
	unobserved, untold := l.flushUnobserved()
	errs := slices.Concat(l.unseen(), l.errs, unobserved)
	l.errs = nil
	for l.pending.head != nil {
		s := l.pending.head
		s.finish(ErrClosed, "rejected: "+ErrClosed.Error())
	}
	// What was pending may have been about to pass the errors of others on.
	unobserved, more := l.flushUnobserved()
	errs, untold = append(errs, unobserved...), append(untold, more...)
	var cancels []context.CancelCauseFunc // called without the lock
	for _, w := range l.outside {
		if w.cancel != nil {
			cancels = append(cancels, w.cancel)
		}
	}
	l.outside, l.queue = nil, queue{}
	l.mu.Unlock()
	for _, cancel := range cancels {
		cancel(ErrClosed)
	}
	return errors.Join(append(errs, l.tellUnobserved(untold)...)...)
}

// quitBeside ends the goroutine of a loop that runs by itself.
func (l *Loop) quitBeside() error {
	l.checkBubble("Close")
	l.mu.Lock()
	if !l.closed && !l.isBeside() {
		l.mu.Unlock()
		return ErrReentrant
	}
	if !l.beside.quit && l.mode == Bubble {
		close(l.beside.quitting)
	}
	l.beside.quit = true
	l.wake()
	l.mu.Unlock()
	guard := time.NewTimer(l.maxWait())
	defer guard.Stop()
	select {
	case <-l.beside.done:
	case <-guard.C:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.stuckError()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.closed = true
	return nil
}
