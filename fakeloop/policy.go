package fakeloop

import (
	"fmt"
	"time"
)

// Policy says what virtual time does while a piece of work is outside the loop. A
// loop has one for all its work, Config.Outside; Loop.Outside and Offload take one
// for a single piece. Where pieces of work with different policies are outside, time
// moves no further than all of them allow.
//
// Freeze and Seeded give the same run every time. LockStep and Jump do not, since
// they let the machine's speed decide what comes first: they are for what cannot be
// made to stand still.
type Policy struct {
	kind   policyKind
	within time.Duration
}

type policyKind uint8

const (
	isUnsaid policyKind = iota
	isFreeze
	isLockStep
	isJump
	isSeeded
)

var (
	// Freeze makes virtual time stand still until the work has returned: the work
	// takes no time, whatever it does. Work is taken back in the order in which it
	// left.
	Freeze = Policy{kind: isFreeze}

	// LockStep makes virtual time pass as fast as real time while the work is
	// outside, so that its timeouts are real ones. Work is taken back as it comes.
	LockStep = Policy{kind: isLockStep}

	// Jump makes virtual time move on as if the work were not there: a timer that
	// is set fires before work that has not returned. Work is taken back as it
	// comes.
	Jump = Policy{kind: isJump}
)

// returnChoices is in how many ways Seeded decides.
const returnChoices = 16

// Seeded makes the instant at which the work returns a decision, taken when the work
// leaves: choice 0 is at once, as under Freeze, choice 15 is after all of within, in
// virtual time. If the work is not done by then, time stands still until it is.
// Seeded panics if within is negative.
func Seeded(within time.Duration) Policy {
	if within < 0 {
		panic(fmt.Sprintf("fakeloop: Seeded(%v): work cannot return before it has left", within))
	}
	return Policy{isSeeded, within}
}

// String returns the policy as it is written.
func (p Policy) String() string {
	switch p.kind {
	case isUnsaid, isFreeze:
		return "Freeze"
	case isLockStep:
		return "LockStep"
	case isJump:
		return "Jump"
	}
	return fmt.Sprintf("Seeded(%v)", p.within)
}

// policyOf returns the policy of a piece of work that was announced with those
// given.
func (l *Loop) policyOf(given []Policy) Policy {
	switch {
	case len(given) > 1:
		panic(fmt.Sprintf("fakeloop: one piece of work has one policy, not %v", given))
	case len(given) == 1 && given[0].kind != isUnsaid:
		return given[0]
	case l.policy.kind != isUnsaid:
		return l.policy
	}
	return Freeze
}

// holds reports whether the loop must have the work back before time moves on: the
// work is then taken back in order. The caller holds the loop's lock.
func (w *Work) holds() bool {
	return w.policy.kind == isFreeze || w.policy.kind == isSeeded && w.due <= w.loop.now
}

// asItComes reports whether work is taken back as soon as it has returned.
func (p Policy) asItComes() bool { return p.kind == isJump || p.kind == isLockStep }

// heldBack returns how far time may move, given what is outside. The caller holds
// l.mu.
func (l *Loop) heldBack(horizon int64) int64 {
	for _, w := range l.outside {
		switch {
		case w.holds() || w.policy.kind == isLockStep:
			return l.now
		case w.policy.kind == isSeeded:
			horizon = min(horizon, w.due)
		}
	}
	return horizon
}

// attendOutside is called when nothing is ready and some work is outside. It takes
// work back, moves time to where work is due, or waits, and reports whether the
// driver should look again; false means that nothing more happens by the horizon,
// which is where the call was told to stop, or else the loop's own. The caller holds l.mu, which is released for the wait.
func (l *Loop) attendOutside(horizon int64, told bool) (again bool, err error) {
	if l.takeReturned() {
		return true, nil
	}
	holding, inStep, due := false, false, int64(never)
	for _, w := range l.outside {
		switch {
		case w.holds():
			holding = true
		case w.policy.kind == isLockStep:
			inStep = true
		case w.policy.kind == isSeeded:
			due = min(due, w.due)
		}
	}
	switch {
	case holding:
		if cycle := l.cycle(); cycle != nil {
			return false, cycle
		}
		err := l.sleepOutside(l.guard, l.stuckError)
		return err == nil, err
	case inStep:
		return l.stepOutside(min(horizon, due))
	case due != never && due <= horizon:
		l.now = due
		return true, nil
	case told || due != never:
		return false, nil // nothing more before the horizon
	}
	if cycle := l.cycle(); cycle != nil {
		return false, cycle
	}
	err = l.sleepOutside(l.guard, l.stuckError)
	return err == nil, err
}

// stepOutside lets virtual time pass as fast as real time: to the next timer, to the
// horizon, or until work returns. The caller holds l.mu.
func (l *Loop) stepOutside(horizon int64) (again bool, err error) {
	target := horizon
	if when, ok := l.timers.next(); ok {
		target = min(target, when)
	}
	if target <= l.now {
		return l.now < horizon || len(l.queue.posted()) > 0, nil
	}
	began, start := l.now, time.Now()
	wait, reached := time.Duration(target-began), false
	if target == never {
		wait = l.guard
	}
	err = l.sleepOutside(wait, func() error {
		if reached = target != never; reached {
			return nil
		}
		return l.stuckError()
	})
	l.now = min(target, saturatingAdd(began, int64(time.Since(start))))
	if reached {
		l.now = target
	}
	return err == nil, err
}

// sleepOutside waits, in real time, until work returns or somebody posts; timeUp
// says what it means that neither happens in time. It does not wait if that happened
// since the driver began to look, for what it asks on the way is user code, which runs
// without the lock. The caller holds l.mu, which is released for the wait.
func (l *Loop) sleepOutside(wait time.Duration, timeUp func() error) error {
	if l.wakes != l.looked {
		return nil
	}
	l.sleeping = true
	l.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	inTime := true
	select {
	case <-l.wakeup:
	case <-timer.C:
		inTime = false
	}
	l.mu.Lock()
	if inTime || !l.sleeping { // it may have come just now
		return nil
	}
	l.sleeping = false
	return timeUp()
}
