package fakeloop

import (
	"fmt"
	"math/rand/v2"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Source decides what could have gone otherwise. A run is a pure function of
// what its source answers.
type Source interface {
	// Choose returns a number from 0 to n-1; n is at least 2. Choice 0 is
	// first in first out, no fault. The label says what is decided. Choose is
	// called with the loop's lock held: it must not use the loop.
	Choose(label string, n int) int
}

// Seed returns a source that draws its choices from a generator seeded with
// seed: the same seed, the same run. A source serves one loop.
func Seed(seed uint64) Source {
	return &seeded{rand.New(rand.NewPCG(seed, 0x77696e6474756e6e))}
}

type seeded struct{ *rand.Rand }

func (s *seeded) Choose(_ string, n int) int { return s.IntN(n) }

// Choose takes a decision: it returns a number from 0 to n-1 and records it.
// Without a source of decisions, and for n = 1, it is 0. Choose panics if n is
// less than 1, or if the source answers out of range.
func (l *Loop) Choose(label string, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.choose(label, n)
}

func (l *Loop) choose(label string, n int) int {
	if n < 1 {
		panic(fmt.Sprintf("fakeloop: Choose(%q, %d): there must be at least one way to go on", label, n))
	}
	choice := 0
	if l.source != nil && n > 1 {
		choice = l.source.Choose(label, n)
		if choice < 0 || choice >= n {
			panic(fmt.Sprintf("fakeloop: the source of decisions answered %d to Choose(%q, %d); it must answer 0 to %d", choice, label, n, n-1))
		}
	}
	l.record(timeline.Chosen, l.scope.id, l.scope.id, label, fmt.Sprintf("%d of %d", choice, n))
	return choice
}

// decide is choose for what the loop itself asks while it looks for what to do
// next. A panic of the source leaves the call that drives the loop; it releases
// l.mu on its way, so that the loop can be driven again.
func (l *Loop) decide(label string, n int) int {
	decided := false
	defer func() {
		if !decided {
			l.mu.Unlock()
		}
	}()
	choice := l.choose(label, n)
	decided = true
	return choice
}
