package fakeloop

import (
	"strings"
	"time"
)

// delay asks whether a timer that is set for d from now is late, and returns when it
// fires.
func (t *Timer) delay(d time.Duration) time.Duration {
	name := t.label
	if name == "" {
		name = t.site.String()
	}
	f := t.loop.Fault(FaultPoint{Name: strings.TrimSpace("timer " + name), Kinds: timerKinds})
	if f == nil {
		return d
	}
	return time.Duration(saturatingAdd(int64(d), int64(SlowFault)))
}

var timerKinds = []FaultKind{FaultSlow}

// afterFunc is AfterFunc for the package's own timers, which are no fault points.
func (n Named) afterFunc(d time.Duration, f func()) {
	l := n.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.arm(&Timer{loop: l, label: n.label, fn: f}, d)
	}
}
