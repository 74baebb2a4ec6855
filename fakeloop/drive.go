package fakeloop

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Run runs callbacks, moving time when nothing is ready, until Stop is called.
// It returns the panics of the callbacks, joined. A virtual loop that has
// nothing left to do before it is stopped returns an *IdleError; one that gets
// nowhere a *LimitError or a *StuckError. On a wall loop Run waits for Stop.
func (l *Loop) Run() error {
	return l.drive(goal{
		horizon: never,
		forever: true,
		done: func(n int) bool {
			// Stop lets the turn under way end; called before Run, it
			// grants Run one turn.
			if !l.stopping || l.inTurn() || n == 0 && l.hasReady() {
				return false
			}
			l.stopping = false
			return true
		},
		idle: func() error { return &IdleError{At: l.elapsed(), Chain: []string{"Stop, until which Run goes on"}} },
	})
}

// Stop ends Run: the turn under way is finished, later ones do not begin. If
// Run is not under way, the next one makes one turn at most.
func (l *Loop) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	l.wake()
	l.notify()
}

// RunUntilIdle runs callbacks, moving time when nothing is ready, until nothing
// is left to do: no callback is ready, no timer set, no work outside. It
// returns the panics of the callbacks, joined, and a *LimitError or *StuckError
// if the loop does not come to rest.
func (l *Loop) RunUntilIdle() error {
	return l.drive(goal{horizon: never})
}

// Advance moves virtual time by d and runs everything that comes due on the
// way, the last instant included; each callback sees its own due time. It
// returns the panics of the callbacks, joined; ErrPast for a negative d, with
// nothing changed; ErrWall on a wall loop; a *LimitError or a *StuckError if it
// does not get there.
func (l *Loop) Advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%w: Advance(%v)", ErrPast, d)
	}
	if l.mode == Wall {
		return ErrWall
	}
	l.mu.Lock()
	target := min(saturatingAdd(l.now, int64(d)), never-1)
	l.mu.Unlock()
	return l.drive(goal{
		horizon: target,
		idle: func() error {
			l.now = max(l.now, target)
			return nil
		},
	})
}

// Step runs one callback, moving time to the next timer if nothing is ready,
// and reports whether there was one. It returns the callback's panic; ErrWall
// on a wall loop; a *StuckError if work outside does not return.
func (l *Loop) Step() (bool, error) {
	if l.mode == Wall {
		return false, ErrWall
	}
	ran := false
	err := l.drive(goal{horizon: never, done: func(n int) bool { ran = n == 1; return ran }})
	return ran, err
}

// Await runs callbacks, moving time when nothing is ready, until f is settled;
// on a wall loop it waits until then. It returns nil if f is settled, also if
// callbacks panicked meanwhile: those errors are kept for the next driving
// call or Close. It fails at once with an *IdleError if nothing can settle f.
func (l *Loop) Await(f Awaitable) error {
	s := f.base()
	switch {
	case s.loop != l:
		return ErrForeignLoop
	case f.Settled() && !l.hasEscape():
		return nil
	}
	return l.drive(goal{
		horizon:    never,
		done:       func(int) bool { return s.status != isPending },
		idle:       func() error { return &IdleError{At: l.elapsed(), Chain: s.waitChain(), Panics: slices.Clone(l.errs)} },
		keepErrors: true,
	})
}

// goal is what a driving call is after. Its functions are called with the
// loop's lock held.
type goal struct {
	horizon    int64            // time does not move beyond it
	done       func(n int) bool // asked before each callback, with how many have run; nil: never
	idle       func() error     // what it means that nothing is left to run by the horizon; nil: success
	forever    bool             // a wall loop that is idle is waited for all the same
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
	var err error
	if l.mode == Wall {
		err = l.watch(g)
	} else if err = l.begin(); err == nil {
		defer l.end()
		err = l.runUntil(g)
	}
	if g.keepErrors || errors.Is(err, ErrReentrant) || errors.Is(err, ErrDriven) {
		return err
	}
	return l.withPanics(err)
}

// begin claims the right to drive.
func (l *Loop) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case l.driven && onCallbackStack():
		return ErrReentrant
	case l.driven:
		return ErrDriven
	}
	l.driven = true
	return nil
}

// end gives the right to drive back, also when a callback's fatal panic or
// Goexit unwinds the driver.
func (l *Loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endCallback()
	l.driven = false
}

func (l *Loop) runUntil(g goal) error {
	l.mu.Lock()
	began := l.now
	l.mu.Unlock()
	for n := 0; ; {
		l.mu.Lock()
		l.endCallback()
		if g.reached(n) {
			l.mu.Unlock()
			return nil
		}
		if n >= l.limit && l.hasMore(g.horizon) {
			err := l.limitError(n, began)
			l.mu.Unlock()
			return err
		}
		t, ok := l.take(g.horizon)
		if ok {
			l.mu.Unlock()
			l.dispatch(t)
			n++
			continue
		}
		if len(l.outside) > 0 {
			delivered := l.deliver()
			l.mu.Unlock()
			if delivered {
				continue
			}
			if err := l.sleepForWork(); err != nil {
				return err
			}
			continue
		}
		err := g.whenIdle()
		l.mu.Unlock()
		return err
	}
}

// sleepForWork waits, in real time, until work returns or somebody posts.
func (l *Loop) sleepForWork() error {
	l.mu.Lock()
	if l.expected.returned || l.hasReady() {
		l.mu.Unlock()
		return nil
	}
	l.sleeping = true
	l.mu.Unlock()
	guard := time.NewTimer(l.guard)
	defer guard.Stop()
	select {
	case <-l.wakeup:
		return nil
	case <-guard.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.sleeping {
		return nil // it came back just now
	}
	l.sleeping = false
	return l.stuckError()
}

// hasReady reports whether a callback is ready at this instant. The caller
// holds l.mu.
func (l *Loop) hasReady() bool {
	return l.hasMore(l.now)
}

// readClock brings the loop's time up to date; virtual time, and the time
// within a callback, stand. The caller holds l.mu.
func (l *Loop) readClock() {
	if l.mode == Wall && !l.running && !l.closed {
		l.now = max(l.now, int64(time.Since(l.epoch)))
	}
}

func (l *Loop) elapsed() time.Duration { return time.Duration(l.now) }

// withPanics joins the panics not yet returned to err, if any.
func (l *Loop) withPanics(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := l.errs
	l.errs = nil
	if len(errs) == 0 {
		return err
	}
	return errors.Join(append(errs, err)...)
}

// limitError describes what kept the loop busy: the callbacks it ran last.
func (l *Loop) limitError(n int, began int64) error {
	return &LimitError{Callbacks: n, At: l.elapsed(), Moved: time.Duration(l.now - began), Last: l.lastFired(3)}
}

// lastFired names the last callbacks that began, at most n, the latest last.
func (l *Loop) lastFired(n int) []string {
	var last []string
	for _, e := range l.log.All() {
		if e.Kind != timeline.Fired {
			continue
		}
		if len(last) == n {
			last = append(last[:0], last[1:]...)
		}
		last = append(last, "callback "+describe(e.ID, e.Label))
	}
	return last
}

// stuckError says what did not come in time. The caller holds l.mu.
func (l *Loop) stuckError() error {
	err := &StuckError{At: l.elapsed(), After: l.guard}
	if l.running {
		err.Work = l.lastFired(1)
		if l.mode == Wall {
			err.Stack = stackOf(l.wall.owner)
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
		for _, k := range l.timers[:min(len(l.timers), 3)] {
			err.Work = append(err.Work, k.timer.describe())
		}
		err.Work = append(err.Work, l.lastFired(1)...)
	}
	return err
}
