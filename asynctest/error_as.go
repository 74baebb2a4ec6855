package asynctest

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"
)

// ErrorAs succeeds if the actual value is an error with an E in its chain, as
// errors.As finds it, that satisfies all the given matchers. E is a type of error
// or an interface:
//
//	Expect(f).To(RejectWith(ErrorAs[*net.OpError](HaveField("Op", "dial"))))
//	Expect(err).To(ErrorAs[net.Error]())
func ErrorAs[E error](also ...types.GomegaMatcher) types.GomegaMatcher {
	return &errorAs[E]{also: also}
}

type errorAs[E error] struct {
	also   []types.GomegaMatcher
	found  bool
	match  E
	failed types.GomegaMatcher // the first of also that did not match
}

func (m *errorAs[E]) typ() reflect.Type { return reflect.TypeFor[E]() }

func (m *errorAs[E]) Match(actual any) (bool, error) {
	m.found, m.failed = false, nil
	err, ok := actual.(error)
	if !ok {
		return false, fmt.Errorf("ErrorAs[%v] takes an error.  Got:\n%s", m.typ(), object(actual))
	}
	if m.match, m.found = errors.AsType[E](err); !m.found {
		return false, nil
	}
	for _, also := range m.also {
		if also == nil {
			return false, fmt.Errorf("ErrorAs[%v] takes matchers for the error that it finds.  Got nil", m.typ())
		}
		match, err := also.Match(m.match)
		if err != nil {
			return false, fmt.Errorf("ErrorAs[%v] found one, to which the matcher says: %w", m.typ(), err)
		}
		if !match {
			m.failed = also
			return false, nil
		}
	}
	return true, nil
}

func (m *errorAs[E]) FailureMessage(actual any) string {
	if m.found {
		return fmt.Sprintf("Expected the %v in\n%s\nto satisfy a matcher, which says:\n%s", m.typ(), chainOf(actual),
			format.IndentString(m.failed.FailureMessage(m.match), 1))
	}
	return fmt.Sprintf("Expected\n%s\nto have a %v in its chain", chainOf(actual), m.typ())
}

func (m *errorAs[E]) NegatedFailureMessage(actual any) string {
	text := fmt.Sprintf("Expected\n%s\nnot to have a %v in its chain", chainOf(actual), m.typ())
	if len(m.also) > 0 {
		text += " that satisfies the given matchers"
	}
	return text
}

// chainOf is errorChain for a value that Match has found to be an error.
func chainOf(actual any) string {
	err, _ := actual.(error)
	return errorChain(err)
}
