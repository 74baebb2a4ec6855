package fakeloop

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Charge makes the callback or coroutine that calls it take d of CPU time. On
// virtual time, which otherwise stands while a callback runs, the loop's time moves
// by d at once: Now shows it, and so does the next callback. Timers that come due
// meanwhile fire after the callback, in the order of their deadlines. Time that
// would overflow stops at the last instant of the loop.
//
// In a bubble the callback sleeps for d, during which the other goroutines go on. On
// a wall loop real time passes by itself, so there Charge only records the event.
//
// Charge panics if d is negative or if no callback of the loop is calling it.
func (l *Loop) Charge(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("fakeloop: Charge(%v): work cannot take negative time", d))
	}
	called := onCallbackStack()
	l.mu.Lock()
	if !l.running || !called {
		l.mu.Unlock()
		panic("fakeloop: Charge outside a callback of the loop: time is charged to the callback or coroutine that calls it; a test moves time with Advance")
	}
	l.record(timeline.Charged, l.scope.id, l.scope.id, "", d.String())
	l.mu.Unlock()
	if l.mode == Wall {
		return
	}
	if l.mode == Bubble {
		time.Sleep(d)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = min(saturatingAdd(l.now, int64(d)), never-1)
}
