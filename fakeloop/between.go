package fakeloop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// OffloadStart says when work that is given to [Offload] begins: see Config.Offload.
type OffloadStart uint8

const (
	// AtOnce lets work begin when Offload is called, beside the callback that calls it.
	AtOnce OffloadStart = iota + 1

	// Between lets work begin when the callback that offloads it has ended, and a loop that
	// can wait for it lets no other callback begin until it is over. So a callback that
	// waits for work of its own, by a channel or a sync.WaitGroup, blocks every time, and
	// not only when the scheduler is slow to run the work; and whether a later callback
	// finds the work done is no luck either.
	//
	// A virtual loop waits until the work has returned or waits for the loop, by Await. For
	// work that waits in another way for what a later callback does, it waits in vain:
	// after Config.Guard the driving call returns a *StuckError. Work under LockStep and
	// Jump, which is meant to go on beside callbacks, is not waited for. In a bubble the loop
	// waits, as always, until the work is over or durably blocked. A wall loop does not wait.
	//
	// Work that is offloaded by anybody but a callback or a coroutine begins at once.
	//
	// A callback that waits for work of its own would never return. So in a bubble the work
	// begins all the same once everything is durably blocked, the callback with it: it has
	// blocked by then, for certain. On other loops it does when the callback has not returned
	// within Config.Guard and its goroutine is blocked; the loop then has an *OffloadError, as
	// it has panics of callbacks. What cannot be seen so keeps the callback for ever: waiting
	// for a sync.Mutex in a bubble, which [WatchStalls] tells, and spinning.
	Between
)

// String returns "at once" or "between callbacks".
func (s OffloadStart) String() string {
	switch s {
	case 0, AtOnce:
		return "at once"
	case Between:
		return "between callbacks"
	}
	return fmt.Sprintf("OffloadStart(%d)", uint8(s))
}

// held is the work that begins when the callback under way has ended.
type held struct {
	work  []*Work
	by    goroutine // that of the callback, which may be a coroutine's
	guard *time.Timer
	late  *OffloadError // to be reported when the callback has ended
}

// launch begins offloaded work: now, or when the callback that offloads it has ended.
func (l *Loop) launch(w *Work, begin func()) {
	if l.offload != Between {
		begin()
		return
	}
	caller := thisGoroutine()
	l.mu.Lock()
	defer l.mu.Unlock()
	w.begin = begin
	if l.closed || !l.running || l.workOf(caller.id) != nil || l.mode != Virtual && !l.runsOn(caller.id) {
		w.start()
		return
	}
	l.held.by = caller
	l.held.work = append(l.held.work, w)
	if l.mode == Bubble {
		l.beside.director.held.Store(true)
		l.beside.director.nudge()
	} else if l.held.guard == nil {
		callback := l.queue.underWay()
		l.held.guard = time.AfterFunc(l.guard, func() { l.guardHeld(callback) })
	}
}

// start begins the work. The caller holds the loop's lock.
func (w *Work) start() {
	w.begin()
	w.begin, w.begun = nil, true
}

// startHeld begins what was held. The caller holds l.mu.
func (l *Loop) startHeld() {
	for _, w := range l.held.work {
		w.start()
	}
	l.held.work = nil
	if l.held.guard != nil {
		l.held.guard.Stop()
		l.held.guard = nil
	}
}

// isBusyBetween reports whether offloaded work is under way for which the next callback is
// to wait. The caller holds l.mu.
func (l *Loop) isBusyBetween() bool {
	return l.offload == Between && slices.ContainsFunc(l.outside, func(w *Work) bool {
		return w.begun && !w.returned && !w.isWaiting() && !w.policy.asItComes()
	})
}

// awaitBetween waits until work returns or somebody posts, for as long as the guard allows
// since the driver began to wait for such work. The caller holds l.mu.
func (l *Loop) awaitBetween(since *time.Time) error {
	if since.IsZero() {
		*since = time.Now()
	}
	left := l.guard - time.Since(*since)
	if left <= 0 {
		return l.stuckError()
	}
	return l.sleepOutside(left, l.stuckError)
}

// startStuck begins the work that is held by callbacks that are durably blocked, as all of
// the bubble is, and reports whether there is any.
func (d *director) startStuck() bool {
	if !d.held.Swap(false) {
		return false
	}
	started := false
	for _, l := range d.open() {
		l.mu.Lock()
		started = started || len(l.held.work) > 0
		l.startHeld()
		l.mu.Unlock()
	}
	return started
}

// guardHeld begins the work that a callback holds, if that callback has not returned and is
// blocked; if it still runs, it looks again later.
func (l *Loop) guardHeld(callback task) {
	l.mu.Lock()
	by := l.held.by
	holds := func() bool {
		return l.running && len(l.held.work) > 0 && l.queue.underWay().id == callback.id
	}
	if !holds() {
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	s, _ := parseStack(stackOf(by.id))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !holds():
		return
	case !s.isBlocked():
		l.held.guard = time.AfterFunc(l.guard, func() { l.guardHeld(callback) })
		return
	}
	l.held.late = &OffloadError{
		At: l.elapsed(), After: l.guard, Callback: describe(callback.id, callback.label),
		State: s.state, Stack: s.text, virtual: by.bubble != 0, setting: l.setting("Guard"),
	}
	for _, w := range l.held.work {
		l.held.late.Work = append(l.held.late.Work, w.describe())
	}
	l.startHeld()
}

// isBlocked reports whether a goroutine waits for something.
func (s stack) isBlocked() bool {
	switch s.state {
	case "", "running", "runnable", "syscall", "preempted", "stopping the world":
		return false
	}
	return !strings.Contains(s.state, "GC") // for which anybody may have to wait
}

// reportHeld reports that the callback which has ended waited while its work was held. The
// caller holds l.mu, which is released for that.
func (l *Loop) reportHeld() {
	if err := l.held.late; err != nil {
		l.held.late = nil
		l.mu.Unlock()
		l.report(err)
		l.mu.Lock()
	}
}

// OffloadError means that a callback did not return while work that it had offloaded was
// held until it would, under [Between]. The work has begun then, and the callback gone on.
type OffloadError struct {
	At       time.Duration // the loop's time
	After    time.Duration // how long the callback had not returned, in real time
	Callback string        // which one
	State    string        // what its goroutine was doing, in the runtime's words: "chan receive"
	Work     []string      // what it had offloaded
	Stack    string        // of the callback

	virtual bool   // After is virtual time, that of a bubble
	setting string // which sets how long to wait
}

// Error says which callback waited, what for probably, and where.
func (e *OffloadError) Error() string {
	clock := "real"
	if e.virtual {
		clock = "virtual"
	}
	return fmt.Sprintf("fakeloop: at %v callback %s had not returned after %v of %s time (%s), while %s, which it had offloaded, was held until it would: if it waits for that, it blocks its loop. Let it return, and go on with a handler of the future. The work was begun then; %s sets how long to wait.\n\n%s",
		e.At, e.Callback, e.After, clock, e.State, strings.Join(e.Work, "; "), cmp.Or(e.setting, "Config.Guard"), e.Stack)
}
