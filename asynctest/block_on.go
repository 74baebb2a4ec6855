package asynctest

import (
	"slices"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// BlockOn succeeds if some callback blocked on the resource. It takes what
// [NeverBlock] takes, and counts what that counts. A test that shows a blocking
// function to be one says
//
//	Expect(rec).To(BlockOn(blocking.Disk))
//	Expect(rec).NotTo(BlockOn(blocking.Network))
func BlockOn(resource blocking.Resource) types.GomegaMatcher { return &blockOn{resource: resource} }

type blockOn struct {
	blockReader
	resource blocking.Resource
}

func (m *blockOn) Match(actual any) (bool, error) {
	if err := m.read("BlockOn", actual); err != nil {
		return false, err
	}
	return slices.ContainsFunc(m.report.Blocks, m.is), nil
}

func (m *blockOn) is(b blocking.Block) bool { return b.Resource == m.resource }

func (m *blockOn) FailureMessage(any) string {
	return m.blocked("to block on "+m.resource.String(), m.report.Blocks)
}

func (m *blockOn) NegatedFailureMessage(any) string {
	return m.blocked("not to block on "+m.resource.String(), pick(m.report.Blocks, m.is))
}

// pick returns the blocks for which is holds.
func pick(blocks []blocking.Block, is func(blocking.Block) bool) []blocking.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b blocking.Block) bool { return !is(b) })
}
