package asynctest

import (
	"fmt"

	"github.com/onsi/gomega/types"
)

// BlockAtMost succeeds if callbacks blocked at no more than n places, however often at
// each. It takes what [NeverBlock] takes, and the same options. It is for code that is
// being mended, place by place: lower n with each.
//
//	Expect(tunnel).To(BlockAtMost(3, Except(blocking.DNS)))
//
// BlockAtMost(0) is NeverBlock().
func BlockAtMost(n int, options ...BlockOption) types.GomegaMatcher {
	return &blockAtMost{neverBlock: *NeverBlock(options...).(*neverBlock), n: n}
}

type blockAtMost struct {
	neverBlock
	n int
}

func (m *blockAtMost) Match(actual any) (bool, error) {
	if m.n < 0 {
		return false, fmt.Errorf("BlockAtMost(%d): callbacks block at no fewer than 0 places", m.n)
	}
	if err := m.count("BlockAtMost", actual); err != nil {
		return false, err
	}
	return len(m.blocks) <= m.n, nil
}

func (m *blockAtMost) FailureMessage(any) string {
	return m.blocked(m.wanted(), m.blocks) + m.excuses()
}

func (m *blockAtMost) NegatedFailureMessage(any) string {
	return m.blocked("not "+m.wanted(), m.blocks) + m.excuses()
}

func (m *blockAtMost) wanted() string {
	return fmt.Sprintf("to block at most at %s", places(m.n)) + m.exceptions()
}
