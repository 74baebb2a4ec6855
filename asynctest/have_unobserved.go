package asynctest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"
)

// HaveUnobserved succeeds if some future of the loop was rejected and nobody has looked at
// its error so far; with arguments, with such an error, told as in [RejectWith]. It takes
// a tunnel or a loop, looks, and does not count as looking:
//
//	Expect(tunnel).NotTo(HaveUnobserved())
//	Expect(tunnel).To(HaveUnobserved(io.EOF))
//
// fakeloop.Loop.Close reports what is left.
func HaveUnobserved(wanted ...any) types.GomegaMatcher { return &haveUnobserved{wanted: wanted} }

type haveUnobserved struct {
	wanted []any
	seen   []error
}

func (m *haveUnobserved) Match(actual any) (bool, error) {
	if err := checkWanted("HaveUnobserved", m.wanted); err != nil {
		return false, err
	}
	loop, err := openLoopOf("HaveUnobserved", actual)
	if err != nil {
		return false, err
	}
	m.seen = loop.Unobserved()
	found := false
	for _, e := range m.seen {
		all := true
		for _, w := range m.wanted {
			ok, err := holds(w, errors.Unwrap(e))
			if err != nil {
				return false, fmt.Errorf("HaveUnobserved found an error,\n%s\nto which the matcher says: %w", errorChain(errors.Unwrap(e)), err)
			}
			all = all && ok
		}
		found = found || all
	}
	return found, nil
}

func (m *haveUnobserved) FailureMessage(any) string {
	text := "Expected an error that nobody looked at"
	for _, w := range m.wanted {
		text += "\n" + describeWanted(w)
	}
	if len(m.seen) == 0 {
		return text + "\nbut there is none"
	}
	return text + "\nbut there are only\n" + m.list()
}

func (m *haveUnobserved) NegatedFailureMessage(any) string {
	return "Expected no error that nobody looked at\nbut there are\n" + m.list()
}

func (m *haveUnobserved) list() string {
	lines := make([]string, len(m.seen))
	for i, e := range m.seen {
		lines[i] = format.IndentString(e.Error(), 1)
	}
	return strings.Join(lines, "\n")
}
