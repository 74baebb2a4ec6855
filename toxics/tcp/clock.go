package tcp

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Clock is a clock that stands still until a test moves it: with one in Config.Clock, faults
// are switched when the test says that it is time, and not when it is. So a test can say what
// comes before and what behind, on however busy a machine. What a fault does takes real time
// all the same: a second of latency takes a second.
//
// The zero Clock is ready, and shows 0. It may serve several networks. All methods are safe
// for concurrent use.
type Clock struct {
	turn sync.Mutex // of Advance

	mu    sync.Mutex
	now   time.Duration
	armed []*alarm // in the order in which they were armed
}

// alarm is something to do at an instant.
type alarm struct {
	at time.Duration
	do func()
}

// Advance moves the clock on by d and returns when everything that is due then, the last
// instant included, has been switched: in the order of the instants, and at one instant in
// the order in which it was asked for. It panics if d is negative, or the clock would pass
// what a time.Duration holds.
func (c *Clock) Advance(d time.Duration) {
	c.turn.Lock()
	defer c.turn.Unlock()
	now := c.Now()
	if d < 0 || d > math.MaxInt64-now {
		panic(fmt.Sprintf("toxics/tcp: Advance(%v) at %v: a clock moves on, and not further than %v", d, now, time.Duration(math.MaxInt64)))
	}
	for {
		a := c.next(now + d)
		if a == nil {
			return
		}
		a.do()
	}
}

// next takes the next alarm until then, and sets the clock to its instant; if there is none
// it sets the clock to then.
func (c *Clock) next(then time.Duration) *alarm {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first *alarm
	for _, a := range c.armed {
		if a.at <= then && (first == nil || a.at < first.at) {
			first = a
		}
	}
	if first == nil {
		c.now = then
		return nil
	}
	c.now = first.at
	c.disarm(first)
	return first
}

// Now returns by how much the clock was moved so far; while Advance switches something, at
// which instant that is.
func (c *Clock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// after calls do when the clock has moved on by d, unless stop is called before.
func (c *Clock) after(d time.Duration, do func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{c.now + min(d, math.MaxInt64-c.now), do}
	c.armed = append(c.armed, a)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.disarm(a)
	}
}

func (c *Clock) disarm(a *alarm) {
	c.armed = slices.DeleteFunc(c.armed, func(o *alarm) bool { return o == a })
}
