package fakeloop

import (
	"fmt"
	"time"
)

// Choose takes a decision about what has just been let through, as [Loop.Choose] does for
// callbacks: how late a connection is to be, which of its bytes get lost. Who calls it must
// have passed the gate, or two of them would race for the source. It is 0, and nothing is
// recorded, without a source of decisions, in another mode than [Bubble], and when the loop
// is closed. It panics if n is less than 1.
func (g *Gate) Choose(label string, n int) int {
	if n < 1 {
		panic(fmt.Sprintf("fakeloop: Gate.Choose(%q, %d): there must be at least one way to go on", label, n))
	}
	if g == nil || g.loop.mode != Bubble {
		return 0
	}
	l := g.loop
	l.checkBubble("Gate.Choose")
	l.mu.Lock()
	asks := l.source != nil && !l.closed
	l.mu.Unlock()
	if !asks {
		return 0
	}
	return l.decideBeside(Decision{Label: label, N: n})
}

// Spread returns how far, in virtual time, what passes the gate may be put off by a
// decision: [Config.Spread] of a loop in [Bubble] mode that has a source of decisions, and
// otherwise 0.
func (g *Gate) Spread() time.Duration {
	if g == nil || g.loop.mode != Bubble || g.loop.source == nil {
		return 0
	}
	return g.loop.spread
}
