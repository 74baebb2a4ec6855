package fakeloop

import (
	"math"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Timer is one callback that is to run at an instant of the loop's clock. Make
// one with [Loop.AfterFunc]. Its methods may be called from any goroutine.
type Timer struct {
	loop   *Loop
	label  string
	fn     func()
	site   *place
	id     timeline.ID   // of this setting
	parent timeline.ID   // who set it
	when   int64         // ns since the loop's epoch
	mark   timeline.Mark // of this setting; settings of a loop have rising ones
	set    bool          // in the heap
	queued bool          // came due, in the batch, not yet run
}

// Stop prevents the timer from firing and reports whether it did: false means
// that the timer has fired, or had been stopped before. A callback can stop a
// timer that is due in the same turn, behind it.
func (t *Timer) Stop() bool {
	t.loop.checkCaller("Timer.Stop")
	t.loop.mu.Lock()
	defer t.loop.mu.Unlock()
	return t.loop.disarm(t)
}

// Reset sets the timer anew, to fire once d has passed from now, behind all
// timers already set for the same instant. It reports whether the timer had
// been pending. Reset panics if the loop is closed.
func (t *Timer) Reset(d time.Duration) bool {
	t.loop.checkCaller("Timer.Reset")
	l := t.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Reset on a closed loop: the timer would never fire")
	}
	pending := l.disarm(t)
	l.arm(t, d)
	return pending
}

// Due returns the instant for which the timer is, or was last, set. A timer
// whose delay overflowed is due at the largest instant of the loop.
func (t *Timer) Due() time.Time {
	t.loop.mu.Lock()
	defer t.loop.mu.Unlock()
	return t.loop.epoch.Add(time.Duration(t.when))
}

// claim takes a due timer out of the batch to run it; false if it was stopped
// or set anew since it came due. The caller holds the loop's lock.
func (t *Timer) claim(mark timeline.Mark) bool {
	if !t.queued || t.mark != mark {
		return false
	}
	t.queued = false
	return true
}

// arm sets t to fire d from now. The caller holds l.mu.
func (l *Loop) arm(t *Timer, d time.Duration) {
	l.readClock()
	l.armAt(t, saturatingAdd(l.now, int64(d)))
}

// armAt sets t to fire at an instant. The caller holds l.mu.
func (l *Loop) armAt(t *Timer, when int64) {
	t.parent, t.when = l.scope.id, when
	t.id, t.mark = l.log.AddChild(timeline.Armed, l.elapsed(), l.turn, t.parent, l.scope.next(), t.label, time.Duration(when))
	l.recordSite(t.id, t.site)
	l.timers.push(t)
	l.wake()
}

// disarm takes t out of the heap or out of the batch and reports whether it
// was in either. The caller holds l.mu.
func (l *Loop) disarm(t *Timer) bool {
	switch {
	case t.set:
		l.timers.stop(t)
	case t.queued:
		t.queued = false
	default:
		return false
	}
	l.readClock()
	l.log.AddOf(t.mark, timeline.Stopped, l.elapsed(), l.turn, t.id, l.scope.id, "")
	l.notify()
	return true
}

// saturatingAdd returns a+d, or the end of time where that overflows.
func saturatingAdd(a, d int64) int64 {
	if d > 0 && a > math.MaxInt64-d {
		return never
	}
	if d < 0 && a < math.MinInt64-d {
		return math.MinInt64
	}
	return a + d
}
