package fakeloop

import (
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Settle waits until everything in the bubble of the loop is durably blocked and the
// loop has nothing to run at the present instant. It stands in for synctest.Wait,
// which panics in a bubble whose loop is waiting likewise. On a virtual loop it runs
// what is ready and due now; on a wall loop it waits until nothing is. It returns
// the panics of the callbacks, joined, and the errors of RunUntilIdle.
func (l *Loop) Settle() error {
	if l.mode == Virtual {
		return l.RunFor(0)
	}
	return l.drive(goal{horizon: never, settle: true})
}

// watch waits until a loop that runs by itself has reached the goal. A fatal panic or
// a Goexit of a callback goes on here.
func (l *Loop) watch(g goal) error {
	caller := thisGoroutine()
	l.checkBubble("waiting for the loop")
	escaped, err := l.watchFrom(caller.id, g)
	if escaped != nil {
		escaped.goOn()
	}
	return err
}

// watchFrom is watch on behalf of a goroutine. How long it waits at most is fixed when
// it begins, so that a timer that sets itself again for ever does not keep it.
func (l *Loop) watchFrom(goroutine uint64, g goal) (*escaped, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readClock()
	if g.target != nil {
		g.until = max(g.target(), 1)
	}
	timeUp := time.NewTimer(l.patience(g))
	defer timeUp.Stop()
	l.beside.asked++
	asked, ran, passed, began := l.beside.asked, l.beside.ran, l.beside.passed, l.now
	l.wake()
	l.watchers++
	defer func() { l.watchers-- }()
	var lingers linger
	for {
		changed := l.changed // since now: what is asked below may be user code, which runs without the lock
		if escaped, err := l.watchable(goroutine); escaped != nil || err != nil {
			return escaped, err
		}
		if !l.beside.leaving && g.reached(1) && !lingers.on(l) {
			return nil, nil
		}
		if l.standsStill(asked) && l.atGoal(g) {
			return nil, g.whenIdle()
		}
		if n, events := l.beside.ran-ran, l.beside.passed-passed; l.mode == Bubble {
			if l.approach(n+events, l.limit); n+events >= l.limit {
				err := l.limitError(n, began)
				if err.Events = events; events > 0 {
					err.Last = l.lastOf(3, timeline.Fired, timeline.Passed)
				}
				return nil, err
			}
		}
		if !l.awaitChange(changed, timeUp.C) && !g.forever {
			return nil, l.timeUp(g)
		}
	}
}

// patience is how long a watcher waits at most, on the clock of package time. The
// caller holds l.mu.
func (l *Loop) patience(g goal) time.Duration {
	switch {
	case g.until != 0:
		return time.Duration(g.until - l.now)
	case l.mode == Bubble:
		return time.Duration(l.horizon)
	}
	return time.Duration(saturatingAdd(int64(l.guard), max(0, l.timers.last()-l.now)))
}

// timeUp says what it means that a watcher has run out of patience. The caller
// holds l.mu.
func (l *Loop) timeUp(g goal) error {
	l.readClock()
	switch {
	case g.until != 0:
		return nil
	case l.mode == Bubble && l.isIdle():
		err := g.whenIdle()
		if idle, ok := err.(*IdleError); ok {
			idle.Horizon, idle.setting = time.Duration(l.horizon), l.setting("Horizon")
		}
		return err
	case l.mode == Bubble && !l.running && len(l.outside) == 0:
		return l.horizonError(0, l.now-l.horizon)
	}
	return l.stuckError()
}

// standsStill reports whether the loop has nothing to run at the present instant;
// in a bubble it must have found that out since it was asked. The caller holds l.mu.
func (l *Loop) standsStill(asked uint64) bool {
	return l.restsNow() && (l.mode != Bubble || l.beside.answered >= asked)
}

// restsNow reports whether no callback is in progress and none is ready. The caller
// holds l.mu.
func (l *Loop) restsNow() bool {
	return !l.running && !l.inTurn() && len(l.queue.posted()) == 0 && len(l.beside.arrived) == 0 && l.fresh.head == nil
}

// atGoal reports whether a loop that stands still will do nothing more for g. In a
// bubble another goroutine may, whose timers cannot be seen. The caller holds l.mu.
func (l *Loop) atGoal(g goal) bool {
	switch {
	case g.settle:
		return true
	case g.forever, g.until != 0:
		return false
	}
	return l.isIdle() && (l.mode != Bubble || g.done == nil)
}

// watchable says why a goroutine cannot wait for the loop, if so: an error, or what
// has escaped from a callback and is to go on there. The caller holds l.mu.
func (l *Loop) watchable(goroutine uint64) (*escaped, error) {
	switch {
	case l.closed:
		return nil, ErrClosed
	case l.runsOn(goroutine):
		return nil, ErrReentrant
	}
	if e := l.beside.escaped; e != nil {
		l.beside.escaped = nil
		return e, nil
	}
	return nil, l.choices.refusal
}

// awaitChange releases l.mu until changed, which was the loop's when the caller, one
// of its watchers, began to look, has been closed; false means that time was up first.
func (l *Loop) awaitChange(changed <-chan struct{}, timeUp <-chan time.Time) bool {
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-changed:
		return true
	case <-timeUp:
		return false
	}
}

func (l *Loop) isIdle() bool {
	_, timed := l.timers.next()
	return l.restsNow() && !timed && len(l.outside) == 0
}
