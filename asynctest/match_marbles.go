package asynctest

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// MatchMarbles succeeds if a run is as the marbles say: the same things, at the same
// instants, in the same order, and no others. See timeline.Marbles for what they look
// like, and timeline.Pick for what counts. It takes a *timeline.Timeline, a tunnel or a
// loop.
//
//	Expect(tunnel).To(MatchMarbles("request 30s retry 60s #reply"))
func MatchMarbles(marbles string, picks ...timeline.Pick) types.GomegaMatcher {
	return &matchMarbles{text: marbles, picks: picks}
}

type matchMarbles struct {
	text  string
	picks []timeline.Pick
	was   error
}

func (m *matchMarbles) Match(actual any) (bool, error) {
	t, err := timelineOf("MatchMarbles", actual)
	if err != nil {
		return false, err
	}
	wanted, err := timeline.ParseMarbles(m.text)
	if err != nil {
		return false, fmt.Errorf("MatchMarbles got marbles that it cannot read: %w", err)
	}
	m.was = wanted.Match(t, m.picks...)
	return m.was == nil, nil
}

func (m *matchMarbles) FailureMessage(any) string { return strings.TrimSpace(m.was.Error()) }

func (m *matchMarbles) NegatedFailureMessage(any) string {
	return fmt.Sprintf("Expected the run not to be\n    %s\nbut that is what it is", cmp.Or(strings.TrimSpace(m.text), "(nothing)"))
}
