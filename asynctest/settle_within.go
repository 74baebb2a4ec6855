package asynctest

import (
	"fmt"
	"time"

	"github.com/onsi/gomega/types"
)

// SettleWithin succeeds if the future is settled, with whatever outcome, before more than
// d has passed on the clock of its loop, counted from now. What is settled already counts.
// Otherwise it is as [SettleAt]:
//
//	Expect(client.Close()).To(SettleWithin(time.Second))
func SettleWithin(d time.Duration) types.GomegaMatcher { return &settleWithin{within: d} }

type settleWithin struct {
	observer
	within time.Duration
	was    time.Duration
	began  time.Duration
}

func (m *settleWithin) Match(actual any) (bool, error) {
	var err error
	m.was, m.began, err = m.settled("SettleWithin", m.within, actual)
	return err == nil && m.seen.state != pending && m.was-m.began <= m.within, err
}

func (m *settleWithin) FailureMessage(any) string {
	return m.seen.expected() + m.wanted() + m.seen.butAt(m.was)
}

func (m *settleWithin) NegatedFailureMessage(any) string {
	return m.seen.expected() + "not " + m.wanted() + m.seen.butAt(m.was)
}

func (m *settleWithin) wanted() string {
	return fmt.Sprintf("to settle within %v from %v\n", m.within, m.began)
}
