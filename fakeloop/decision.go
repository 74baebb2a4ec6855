package fakeloop

import (
	"fmt"
	"math/rand/v2"
	"time"

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

// OptionSource is a Source that wants to know more than how many ways there are, or
// that can refuse to go on. A loop whose source is one calls ChooseOption and never
// Choose.
type OptionSource interface {
	Source

	// ChooseOption is Choose for a decision with all that is known about it. The
	// options are valid during the call only. An error ends the run: the loop runs
	// no further callback, and every driving call, and Close, return the error. The callback
	// that asked, if it was a callback that asked with Loop.Choose, gets 0 and goes
	// on to its end.
	ChooseOption(d Decision) (int, error)
}

// Decision is one question to a source: which of N ways to go on.
type Decision struct {
	Label string // what is decided
	N     int    // how many ways there are, at least 2

	// Options are what may go first when the loop itself asks, one for each way,
	// in the order of first in first out; nil when the question is a user's
	// Loop.Choose.
	Options []Option

	// User says that it is a user's Loop.Choose that asks.
	User bool

	At time.Duration // the loop's time since New

	Met Moment // if the source is a FaultSource
}

// Option is something that may go first: a callback that is ready, or a piece of
// work outside.
type Option struct {
	ID    timeline.ID
	Label string // may be empty
}

// The labels of what the loop itself asks.
const (
	nextCallback = "next callback"
	nextReturn   = "next return"
)

// Seed returns a source that draws its choices from a generator seeded with
// seed: the same seed, the same run. A source serves one loop.
//
// Under a seed everything is shuffled whose order the loop does not promise:
// callbacks that are ready in one turn and come from different callbacks, origins or
// futures; timers that are due in one turn and were set by different callbacks; and
// the order in which work comes back. What one callback posts, the timers that it
// sets for one instant, and the handlers of one future keep their order.
func Seed(seed uint64) Source {
	return &seeded{rand.New(rand.NewPCG(seed, 0x77696e6474756e6e))}
}

type seeded struct{ *rand.Rand }

func (s *seeded) Choose(_ string, n int) int { return s.IntN(n) }

// choices is what a loop keeps for its decisions.
type choices struct {
	first   []int             // scratch of decideNext: where in the batch the options stand
	options []Option          // scratch of those who ask
	details map[[2]int]string // texts of common outcomes, by choice and n
	refusal error             // why the source refused to go on; nil if it did not
}

// Choose takes a decision: it returns a number from 0 to n-1 and records it.
// Without a source of decisions, for n = 1, and once the source has refused to go
// on, it is 0. Choose panics if n is less than 1, or if the source answers out of
// range.
func (l *Loop) Choose(label string, n int) int {
	l.checkCaller("Choose")
	l.mu.Lock()
	defer l.mu.Unlock()
	choice, _ := l.choose(Decision{Label: label, N: n, User: true})
	return choice
}

// choose takes a decision; false means that the source has refused. The caller
// holds l.mu.
func (l *Loop) choose(d Decision) (int, bool) {
	if d.N < 1 {
		panic(fmt.Sprintf("fakeloop: Choose(%q, %d): there must be at least one way to go on", d.Label, d.N))
	}
	if l.choices.refusal != nil {
		return 0, false
	}
	choice := 0
	if l.source != nil && d.N > 1 {
		l.readClock()
		d.At = l.elapsed()
		if l.faulting != nil {
			d.Met = l.moment()
		}
		var err error
		choice, err = ask(l.source, d)
		if err != nil {
			l.choices.refusal = err
			l.notify()
			return 0, false
		}
		if choice < 0 || choice >= d.N {
			panic(fmt.Sprintf("fakeloop: the source of decisions answered %d to Choose(%q, %d); it must answer 0 to %d", choice, d.Label, d.N, d.N-1))
		}
	}
	l.record(timeline.Chosen, l.scope.id, l.scope.id, d.Label, l.choices.detail(choice, d.N))
	return choice, true
}

// ask asks a source in the richest way it knows.
func ask(s Source, d Decision) (int, error) {
	if s, ok := s.(OptionSource); ok {
		return s.ChooseOption(d)
	}
	return s.Choose(d.Label, d.N), nil
}

// decide is choose for what the loop itself asks while it looks for what to do
// next. A panic of the source leaves the call that drives the loop; it releases
// l.mu on its way, so that the loop can be driven again.
func (l *Loop) decide(label string) (int, bool) {
	decided := false
	defer func() {
		if !decided {
			l.mu.Unlock()
		}
	}()
	choice, ok := l.choose(Decision{Label: label, N: len(l.choices.options), Options: l.choices.options})
	decided = true
	return choice, ok
}

// detail is what a timeline says about a choice. Common ones are made once.
func (c *choices) detail(choice, n int) string {
	if n > 64 {
		return fmt.Sprintf("%d of %d", choice, n)
	}
	key := [2]int{choice, n}
	text, ok := c.details[key]
	if !ok {
		if c.details == nil {
			c.details = make(map[[2]int]string)
		}
		text = fmt.Sprintf("%d of %d", choice, n)
		c.details[key] = text
	}
	return text
}
