package peers_test

import (
	"slices"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Each of these is the model with one thing wrong.
type (
	negativeIsZero struct{ *model }
	stopBlind      struct{ *model }
	stopsShort     struct{ *model }
	turnsByOne     struct{ *model }
	leavesReady    struct{ *model }
	peeksAtReady   struct{ *model }
	lastPostFirst  struct{ *model }
)

func (m negativeIsZero) after(name string, d time.Duration, f func()) settable {
	return m.model.after(name, max(d, 0), f)
}

func (m stopBlind) after(name string, d time.Duration, f func()) settable {
	return blind{m.model.after(name, d, f)}
}

type blind struct{ settable }

// Stop does not find a timer that is due in the turn under way.
func (b blind) Stop() bool {
	e := b.settable.(*entry)
	return !slices.Contains(e.m.turned, e) && e.Stop()
}

func (m stopsShort) advance(d time.Duration) { m.model.advance(max(d-1, 0)) }

func (m turnsByOne) turn() int {
	if m.step() {
		return 1
	}
	return 0
}

func (m leavesReady) advanceToNext() (time.Duration, bool) {
	e := m.first()
	if e == nil {
		return 0, false
	}
	began := m.now
	m.advance(max(e.due-m.now, 0))
	return m.now - began, true
}

func (m peeksAtReady) peek() string {
	if len(m.ready) > 0 {
		return m.ready[0].name
	}
	return m.model.peek()
}

func (m lastPostFirst) post(name string, f func()) {
	m.model.post(name, f)
	if n := len(m.ready); n > 1 {
		m.ready[n-1], m.ready[n-2] = m.ready[n-2], m.ready[n-1]
	}
}

// Some program tells each broken model from the right one.
func TestModelMutants(t *testing.T) {
	const most = 5_000
	programs := make([][]op, most)
	for i := range programs {
		programs[i] = program.Example(i)
	}
	for _, mutant := range []struct {
		name   string
		broken func(*model) machine
	}{
		{"a negative delay is zero", func(m *model) machine { return negativeIsZero{m} }},
		{"Stop does not find what is due", func(m *model) machine { return stopBlind{m} }},
		{"Advance stops short", func(m *model) machine { return stopsShort{m} }},
		{"Turn runs one callback", func(m *model) machine { return turnsByOne{m} }},
		{"AdvanceToNext takes what is ready for due", func(m *model) machine { return leavesReady{m} }},
		{"Peek looks past the turn under way", func(m *model) machine { return peeksAtReady{m} }},
		{"the last post goes before the one before", func(m *model) machine { return lastPostFirst{m} }},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			for i, ops := range programs {
				if !slices.Equal(perform(mutant.broken(new(model)), ops), perform(new(model), ops)) {
					t.Logf("found by program %d", i)
					return
				}
			}
			t.Errorf("%d programs did not find it", most)
		})
	}
}

// The digest tells scenarios, and the seeds of one scenario, from each other.
func TestDeterminismSeedsDiffer(t *testing.T) {
	const n = 100
	seen := map[timeline.Digest]bool{}
	for i := range n {
		acts := long.Example(i % 10)
		seen[run(fakeloop.Config{Decisions: fakeloop.Seed(uint64(i))}, acts, nil).Digest()] = true
	}
	if len(seen) < n {
		t.Errorf("%d scenarios under 10 seeds each gave %d digests, want %d", n/10, len(seen), n)
	}
}
