package asynctest

import (
	"fmt"
	"reflect"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"
)

// ResolveWith succeeds if the future settles with the value wanted, or with one
// that satisfies the matcher wanted. Values are compared as Gomega's Equal does,
// with reflect.DeepEqual; types must be the same. It waits as [BeResolved] does:
//
//	Expect(client.Fetch("http://api/x")).To(ResolveWith("ok"))
//	Expect(client.Fetch("http://api/x")).To(ResolveWith(HavePrefix("o")))
//
// ResolveWith(nil) succeeds if the value is nil, which is the value of every
// future that has none: a channel of errors, a func(context.Context) error, a
// value with Done and Err.
func ResolveWith(wanted any) types.GomegaMatcher { return &resolveWith{wanted: wanted} }

type resolveWith struct {
	observer
	wanted any
}

func (m *resolveWith) Match(actual any) (bool, error) {
	if err := m.observe("ResolveWith", actual); err != nil {
		return false, err
	}
	if m.seen.state != resolved {
		return false, nil
	}
	if matcher, ok := m.wanted.(types.GomegaMatcher); ok {
		match, err := matcher.Match(m.seen.value)
		if err != nil {
			return false, fmt.Errorf("ResolveWith got a value, %s\nto which the matcher says: %w", format.Object(m.seen.value, 0), err)
		}
		return match, nil
	}
	return reflect.DeepEqual(m.wanted, m.seen.value), nil
}

func (m *resolveWith) FailureMessage(any) string {
	matcher, ok := m.wanted.(types.GomegaMatcher)
	switch {
	case !ok:
		return m.seen.failure("to resolve with\n" + format.Object(m.wanted, 1))
	case m.seen.state != resolved:
		// The matcher has seen nothing, and could only speak of nothing.
		return m.seen.failure("to resolve with a value that satisfies a matcher")
	}
	return m.seen.expected() + "to resolve with a value that satisfies a matcher, which says:\n" +
		format.IndentString(matcher.FailureMessage(m.seen.value), 1) + m.seen.clock
}

func (m *resolveWith) NegatedFailureMessage(any) string {
	if matcher, ok := m.wanted.(types.GomegaMatcher); ok {
		return m.seen.negated("to resolve with a value that satisfies a matcher, which says:\n" +
			format.IndentString(matcher.NegatedFailureMessage(m.seen.value), 1))
	}
	return m.seen.negated("to resolve with\n" + format.Object(m.wanted, 1))
}
