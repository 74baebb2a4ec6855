package asynctest

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// HaveSameTimeline succeeds if two runs did the same, event for event, at the same virtual
// times. Both sides may be a *timeline.Timeline, a tunnel or a loop; of a tunnel and a
// loop it is what they have done so far.
//
//	Expect(second).To(HaveSameTimeline(first))
func HaveSameTimeline(other any) types.GomegaMatcher { return &haveSameTimeline{other: other} }

type haveSameTimeline struct {
	other   any
	where   timeline.Divergence
	matched int // events
}

func (m *haveSameTimeline) Match(actual any) (bool, error) {
	a, err := timelineOf("HaveSameTimeline", actual)
	if err != nil {
		return false, err
	}
	b, err := timelineOf("HaveSameTimeline(expected)", m.other)
	if err != nil {
		return false, err
	}
	m.matched = a.Len()
	var differ bool
	m.where, differ = timeline.Diverge(a, b)
	return !differ, nil
}

func (m *haveSameTimeline) FailureMessage(any) string {
	return "Expected two runs to do the same\nbut, with A for the actual one and B for the expected one,\n" + format.IndentString(strings.TrimSpace(m.where.String()), 1)
}

func (m *haveSameTimeline) NegatedFailureMessage(any) string {
	return fmt.Sprintf("Expected two runs to differ\nbut they are the same in all %d events", m.matched)
}
