package asynctest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// NeverBlock succeeds if no callback blocked: see package blocking for what that
// means. It takes what [Watch] returned, and ends the recording, or a report:
//
//	rec := Watch(t)
//	runTheLoop()
//	Expect(rec).To(NeverBlock())
//	Expect(rec).To(NeverBlock(Except(blocking.DNS))) // may block in this respect
//
// What a rule of the recording allows does not count, nor what the tracer cannot
// attribute to a callback. A recording that proves nothing is an error.
func NeverBlock(options ...BlockOption) types.GomegaMatcher {
	m := &neverBlock{}
	for _, o := range options {
		if o != nil {
			o.applyTo(m)
		}
	}
	return m
}

// BlockOption says what [NeverBlock] tolerates. See [Except]. One that is nil says nothing.
type BlockOption interface{ applyTo(*neverBlock) }

type exception []blocking.Resource

func (e exception) applyTo(m *neverBlock) { m.except = append(m.except, e...) }

// Except lets callbacks block on the given resources. To allow single functions
// instead, give rules to [Watch].
func Except(resources ...blocking.Resource) BlockOption { return exception(resources) }

type neverBlock struct {
	blockReader
	except  []blocking.Resource
	blocks  []blocking.Block
	excused []blocking.Block
}

func (m *neverBlock) Match(actual any) (bool, error) {
	err := m.count("NeverBlock", actual)
	return err == nil && len(m.blocks) == 0, err
}

// count reads the recording and sorts out what is excepted.
func (m *neverBlock) count(matcher string, actual any) error {
	if err := m.read(matcher, actual); err != nil {
		return err
	}
	m.blocks, m.excused = nil, nil
	for _, b := range m.report.Blocks {
		if slices.Contains(m.except, b.Resource) {
			m.excused = append(m.excused, b)
		} else {
			m.blocks = append(m.blocks, b)
		}
	}
	return nil
}

func (m *neverBlock) FailureMessage(any) string {
	return m.blocked("never to block"+m.exceptions(), m.blocks) + m.excuses()
}

func (m *neverBlock) NegatedFailureMessage(any) string {
	return m.blocked("to block somewhere"+m.exceptions(), m.blocks) + m.excuses()
}

func (m *neverBlock) exceptions() string {
	var names []string
	for _, r := range m.except {
		names = append(names, r.String())
	}
	if len(names) == 0 {
		return ""
	}
	return ", except on " + strings.Join(names, ", ")
}

func (m *neverBlock) excuses() string {
	if len(m.excused) == 0 {
		return ""
	}
	return fmt.Sprintf("\nNot counted, because of Except (%s):\n%s", places(len(m.excused)), m.list(m.excused))
}
