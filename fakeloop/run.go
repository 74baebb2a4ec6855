package fakeloop

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Run runs callbacks, moving time when nothing is ready, until Stop is called.
// It returns the panics of the callbacks, joined. A virtual loop that has
// nothing left to do before it is stopped returns an *IdleError; one that gets
// nowhere a *LimitError or a *StuckError. On a bubble or wall loop Run waits for
// Stop.
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
		idle: func() error {
			return &IdleError{At: l.elapsed(), Chain: []string{"Stop, until which Run goes on"}, Held: l.listHeld()}
		},
	})
}

// Stop ends Run: the turn under way is finished, later ones do not begin. If
// Run is not under way, the next one makes one turn at most.
func (l *Loop) Stop() {
	l.checkBubble("Stop")
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

// RunUntil runs callbacks, moving time when nothing is ready, until done reports
// true; it is asked before the first callback and after each, without the loop's
// lock, on the goroutine that drives a virtual loop or waits for another. RunUntil
// returns the panics of the callbacks, joined, and an *IdleError if nothing is left
// that could make done true. It panics if done is nil.
func (l *Loop) RunUntil(done func() bool) error {
	if done == nil {
		panic("fakeloop: RunUntil with a nil function")
	}
	return l.drive(goal{
		horizon: never,
		done: func(int) bool {
			l.mu.Unlock() // and so it stays if done panics
			reached := done()
			l.mu.Lock()
			return reached
		},
		idle: func() error {
			return &IdleError{At: l.elapsed(), Chain: []string{"the condition of RunUntil"}, Held: l.listHeld(), Panics: slices.Clone(l.errs)}
		},
	})
}

// RunFor runs the loop for d of its own time: a virtual loop as Advance does, one
// that runs by itself by waiting that long. It returns the panics of the callbacks,
// joined, and the errors of Advance.
func (l *Loop) RunFor(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%w: RunFor(%v)", ErrPast, d)
	}
	l.checkBubble("RunFor")
	var target int64
	err := l.drive(goal{
		target: func() int64 { // not sooner: another driver may move time meanwhile
			target = min(saturatingAdd(l.now, int64(d)), l.lastInstant())
			return target
		},
		idle: func() error {
			l.now = max(l.now, target)
			return nil
		},
	})
	if err == nil && l.mode == Bubble {
		return l.Settle()
	}
	return err
}

// lastInstant is the last one that time can be moved to. The clock of a bubble, of
// nanoseconds since 1970, ends in the year 2262, and behind its end no timer fires;
// a year is left for the timers of others.
func (l *Loop) lastInstant() int64 {
	if l.mode == Bubble {
		return int64(time.Unix(0, math.MaxInt64).AddDate(-1, 0, 0).Sub(l.epoch))
	}
	return never - 1
}

// Advance moves virtual time by d and runs everything that comes due on the
// way, the last instant included; each callback sees its own due time. In a bubble
// it sleeps for d and then lets the loop settle. It returns the panics of the
// callbacks, joined; ErrPast for a negative d, with nothing changed; ErrNotVirtual
// on a wall loop; a *LimitError or a *StuckError if it does not get there.
func (l *Loop) Advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%w: Advance(%v)", ErrPast, d)
	}
	if l.mode == Wall {
		return ErrNotVirtual
	}
	return l.RunFor(d)
}

// AdvanceToNext runs what is ready, moves virtual time to the next timer if there
// is one, and runs everything that comes due at that instant. It returns how far
// time has moved, and the panics of the callbacks, joined; an *IdleError if no timer
// is set; ErrNotVirtual on a loop that runs by itself.
func (l *Loop) AdvanceToNext() (time.Duration, error) {
	if l.mode != Virtual {
		return 0, ErrNotVirtual
	}
	began := l.Elapsed()
	if err := l.RunFor(0); err != nil {
		return 0, err
	}
	l.mu.Lock()
	when, ok := l.timers.next()
	idle := &IdleError{At: l.elapsed(), Chain: []string{"a timer to which AdvanceToNext could move"}, Held: l.listHeld()}
	l.mu.Unlock()
	if !ok {
		return 0, idle
	}
	err := l.RunFor(time.Duration(when) - l.Elapsed())
	return l.Elapsed() - began, err
}

// Turn runs one turn, or the rest of the one under way, moving time to the next
// timer if nothing is ready, and returns how many callbacks ran: none if there is
// nothing left. It returns the callbacks' panics, joined; ErrNotVirtual on a loop
// that runs by itself; a *StuckError if work outside does not return.
func (l *Loop) Turn() (int, error) {
	return l.runSome(func(n int) bool { return n > 0 && !l.inTurn() })
}

// Step runs one callback, moving time to the next timer if nothing is ready,
// and reports whether there was one. It returns the callback's panic; ErrNotVirtual
// on a loop that runs by itself; a *StuckError if work outside does not return.
func (l *Loop) Step() (bool, error) {
	n, err := l.runSome(func(n int) bool { return n == 1 })
	return n == 1, err
}

func (l *Loop) runSome(enough func(n int) bool) (int, error) {
	l.checkMade("a driving call")
	if l.mode != Virtual {
		return 0, ErrNotVirtual
	}
	ran := 0
	err := l.drive(goal{horizon: never, done: func(n int) bool { ran = n; return enough(n) }})
	return ran, err
}

// Await runs callbacks, moving time when nothing is ready, until f is settled;
// on a bubble or wall loop it waits until then. It returns nil if f is settled, also
// if callbacks panicked meanwhile: those errors are kept for the next driving
// call or Close. It fails at once with an *IdleError if nothing can settle f; in a
// bubble, where a timer of another goroutine might, once time has moved by
// Config.Horizon.
//
// Work that was offloaded may call Await while the loop is driven: it waits. If the
// loop in turn waits for that work, both get a *StuckError that names the cycle.
//
// It panics if f is nil or a zero Future.
func (l *Loop) Await(f Awaitable) error {
	s := awaited("Await", f)
	switch {
	case s.loop != l:
		return ErrForeignLoop
	case f.Settled() && !l.hasEscape():
		return nil
	}
	err := l.drive(goal{
		horizon:    never,
		done:       func(int) bool { return s.status != isPending },
		idle:       func() error { return l.idleError(s) },
		keepErrors: true,
	})
	if err == errWorker {
		return l.awaitOutside(s, func() bool { return s.status != isPending })
	}
	return err
}
