package asynctest

import "github.com/onsi/gomega/types"

// BeRejected succeeds if the future settles with an error, whichever. It waits as
// [BeResolved] does. A test that knows the error says more with [RejectWith]:
//
//	Expect(client.Fetch("no url")).To(BeRejected())
func BeRejected() types.GomegaMatcher { return &beRejected{} }

type beRejected struct{ observer }

func (m *beRejected) Match(actual any) (bool, error) {
	if err := m.observe("BeRejected", actual); err != nil {
		return false, err
	}
	return m.seen.state == rejected, nil
}

func (m *beRejected) FailureMessage(any) string { return m.seen.failure("to be rejected") }

func (m *beRejected) NegatedFailureMessage(any) string {
	return m.seen.expected() + "not to be rejected\n" + m.seen.instead() + m.seen.clock
}
