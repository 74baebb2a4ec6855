package asynctest

import "github.com/onsi/gomega/types"

// BeResolved succeeds if the future settles with a value, whichever. It waits
// until the future is settled or cannot be any more, and drives a virtual loop
// meanwhile:
//
//	Expect(client.Close()).To(BeResolved())
func BeResolved() types.GomegaMatcher { return &beResolved{} }

type beResolved struct{ observer }

func (m *beResolved) Match(actual any) (bool, error) {
	if err := m.observe("BeResolved", actual); err != nil {
		return false, err
	}
	return m.seen.state == resolved, nil
}

func (m *beResolved) FailureMessage(any) string { return m.seen.failure("to be resolved") }

func (m *beResolved) NegatedFailureMessage(any) string {
	return m.seen.expected() + "not to be resolved\n" + m.seen.instead() + m.seen.clock
}
