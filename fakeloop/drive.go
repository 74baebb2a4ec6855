package fakeloop

import (
	"errors"
	"time"
)

// goal is what a driving call is after. Its functions are called with the
// loop's lock held.
type goal struct {
	target     func() int64     // asked for horizon and until when the call has the loop to itself; nil: they stand
	horizon    int64            // virtual time does not move beyond it
	until      int64            // a loop that runs by itself is watched until this instant; 0: until it is idle
	done       func(n int) bool // asked before each callback, with how many have run; nil: never
	idle       func() error     // what it means that nothing is left to run by the horizon; nil: success
	forever    bool             // a loop that runs by itself and is idle is waited for all the same
	settle     bool             // such a loop is waited for until it has nothing to run at this instant
	keepErrors bool             // leave the callbacks' panics to a later call
}

func (g goal) reached(n int) bool { return g.done != nil && g.done(n) }

// whenIdle says what it means for g that the loop is idle.
func (g goal) whenIdle() error {
	if g.idle == nil {
		return nil
	}
	return g.idle()
}

// drive runs the loop, or waits for a loop that runs by itself, until the goal
// is reached or cannot be.
func (l *Loop) drive(g goal) error {
	l.checkMade("a driving call")
	var err error
	if l.mode != Virtual {
		err = l.watch(g)
	} else if err = l.begin(); err == nil {
		defer l.end()
		err = l.runUntil(g)
	}
	if g.keepErrors || errors.Is(err, ErrReentrant) || errors.Is(err, ErrDriven) {
		return err // what the callbacks did is not for this caller
	}
	return l.withPanics(err)
}

// begin claims the right to drive.
func (l *Loop) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var caller uint64
	if l.strict || len(l.outside) > 0 {
		caller = thisGoroutine().id
	}
	switch {
	case l.closed:
		return ErrClosed
	case l.workOf(caller) != nil:
		return errWorker
	case l.driven && onCallbackStack():
		return ErrReentrant
	case l.driven:
		return ErrDriven
	}
	l.driven = true
	l.beside.owner = caller
	return nil
}

// end gives the right to drive back, also when a callback's fatal panic or
// Goexit unwinds the driver.
func (l *Loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endCallback()
	l.driven, l.nearLimit = false, false
	l.notify()
}

func (l *Loop) runUntil(g goal) error {
	l.mu.Lock()
	if g.target != nil {
		g.horizon = g.target()
	}
	began := l.now
	bound := g.horizon
	if bound == never {
		bound = saturatingAdd(began, l.horizon)
	}
	var busy time.Time // since when offloaded work has let no callback begin
	for n := 0; ; {
		l.endCallback()
		l.reportHeld()
		l.looked = l.wakes
		if err := l.choices.refusal; err != nil {
			l.mu.Unlock()
			return err
		}
		if g.reached(n) {
			l.mu.Unlock()
			return nil
		}
		if n >= l.limit && l.hasMore(bound) {
			err := l.limitError(n, began)
			l.mu.Unlock()
			return err
		}
		l.approach(n, l.limit)
		if l.isBusyBetween() {
			if err := l.awaitBetween(&busy); err != nil {
				l.mu.Unlock()
				return err
			}
			continue
		}
		busy = time.Time{}
		if fn := l.take(bound); fn != nil {
			l.mu.Unlock()
			l.dispatch(fn)
			n++
			l.mu.Lock()
			continue
		}
		if l.interrupted() {
			continue
		}
		if len(l.outside) > 0 {
			again, err := l.attendOutside(bound, g.horizon != never)
			if again {
				continue
			}
			if err != nil {
				l.mu.Unlock()
				return err
			}
		}
		var err error
		if bound != g.horizon && (len(l.outside) > 0 || l.hasMore(never)) {
			err = l.horizonError(n, began)
		} else {
			err = g.whenIdle()
		}
		l.mu.Unlock()
		return err
	}
}

// hasReady reports whether a callback is ready at this instant. The caller
// holds l.mu.
func (l *Loop) hasReady() bool {
	return l.hasMore(l.now)
}

// readClock brings the loop's time up to date; virtual time, and the time
// within a callback, stand. The caller holds l.mu.
func (l *Loop) readClock() {
	if l.mode != Virtual {
		l.readRealClock()
	}
}

//go:noinline
func (l *Loop) readRealClock() {
	if !l.running && !l.closed {
		l.now = max(l.now, int64(time.Since(l.epoch)))
	}
}

func (l *Loop) elapsed() time.Duration { return time.Duration(l.now) }

// report keeps an error that has no future to go to.
func (l *Loop) report(err error) {
	l.mu.Lock()
	l.errs = append(l.errs, err)
	l.mu.Unlock()
	if l.onError == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			broken := Recovered(v, "Config.OnError")
			l.mu.Lock()
			defer l.mu.Unlock()
			l.errs = append(l.errs, broken)
		}
	}()
	l.onError(err)
}

// maxWait is how long, on the clock of package time, a call waits for what does not
// come.
func (l *Loop) maxWait() time.Duration {
	if l.mode == Bubble {
		return time.Duration(l.horizon)
	}
	return l.guard
}

// stuckError says what did not come in time. The caller holds l.mu.
func (l *Loop) stuckError() error {
	err := &StuckError{At: l.elapsed(), After: l.maxWait(), virtual: l.mode == Bubble, setting: l.setting("Guard")}
	if err.virtual {
		err.setting = l.setting("Horizon")
	}
	if l.running {
		err.Work = l.lastFired(1)
		if l.mode != Virtual {
			err.Stack = stackOf(l.beside.owner)
		}
	}
	for _, w := range l.outside {
		if w.returned {
			err.Held = append(err.Held, w.describe())
		} else {
			err.Work = append(err.Work, w.describe())
		}
	}
	if len(err.Work) == 0 { // a loop that goes on and on
		timers := l.timers.sorted()
		err.notYet = l.mode == Wall && len(timers) > 0 && timers[0].when > l.now
		for _, t := range timers[:min(len(timers), 3)] {
			err.Work = append(err.Work, t.item().String())
		}
		err.Work = append(err.Work, l.lastFired(1)...)
	}
	return err
}
