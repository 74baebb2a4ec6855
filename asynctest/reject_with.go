package asynctest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"
)

// RejectWith succeeds if the future settles with the error wanted. It goes by
// identity and never by text, since a future must hand on the error that it was
// given. It waits as [BeResolved] does. Wanted is
//
//   - an error: it must be in the chain, as errors.Is finds it;
//   - a pointer to a variable of some type of error: errors.As must find one, and
//     sets the variable. [ErrorAs] does without a variable, and takes types of
//     error whose pointers are errors as well;
//   - a matcher, which gets the error.
//
// With several, all must hold:
//
//	Expect(f).To(RejectWith(io.ErrUnexpectedEOF))
//	Expect(f).To(RejectWith(context.DeadlineExceeded, ErrorAs[*net.OpError]()))
//
// A test for which a text is the contract says so with a matcher, such as
// WithTransform(error.Error, Equal("boom")).
func RejectWith(wanted ...any) types.GomegaMatcher { return &rejectWith{wanted: wanted} }

type rejectWith struct {
	observer
	wanted []any
	failed any // the first of wanted that did not hold
}

func (m *rejectWith) Match(actual any) (bool, error) {
	if err := m.check(); err != nil {
		return false, err
	}
	if err := m.observe("RejectWith", actual); err != nil {
		return false, err
	}
	if m.seen.state != rejected {
		m.failed = m.wanted[0]
		return false, nil
	}
	for _, w := range m.wanted {
		match, err := holds(w, m.seen.err)
		if err != nil {
			return false, fmt.Errorf("RejectWith got an error,\n%s\nto which the matcher says: %w", errorChain(m.seen.err), err)
		}
		if !match {
			m.failed = w
			return false, nil
		}
	}
	return true, nil
}

// check says what is wrong with wanted.
func (m *rejectWith) check() error {
	if len(m.wanted) == 0 {
		return errors.New("RejectWith takes an error, a pointer for errors.As or a matcher: for any error at all use BeRejected")
	}
	return checkWanted("RejectWith", m.wanted)
}

// checkWanted says what is wrong with the errors that a matcher was told to look for.
func checkWanted(matcher string, wanted []any) error {
	for _, w := range wanted {
		if v := reflect.ValueOf(w); v.Kind() == reflect.Pointer && v.IsNil() {
			return fmt.Errorf("%s takes an error, a pointer for errors.As or a matcher.  Got a nil %v: give the address of a variable for errors.As, or use ErrorAs", matcher, v.Type())
		}
		switch w.(type) {
		case error, types.GomegaMatcher:
			continue
		case nil:
			return fmt.Errorf("%s(nil): a nil error is no rejection: use BeResolved", matcher)
		case string:
			return fmt.Errorf("%s takes an error, a pointer for errors.As or a matcher, and no text: two errors with one text are two errors.  If the text is the contract, use WithTransform(error.Error, Equal(...))", matcher)
		}
		if !isTarget(w) {
			return fmt.Errorf("%s takes an error, a pointer for errors.As or a matcher.  Got:\n%s", matcher, format.Object(w, 1))
		}
	}
	return nil
}

// isTarget reports whether errors.As accepts w.
func isTarget(w any) bool {
	v := reflect.ValueOf(w)
	return v.Kind() == reflect.Pointer && !v.IsNil() &&
		(v.Elem().Kind() == reflect.Interface || v.Type().Elem().Implements(errorType))
}

func holds(wanted any, err error) (bool, error) {
	switch w := wanted.(type) {
	case types.GomegaMatcher:
		return w.Match(err)
	case error:
		return errors.Is(err, w), nil
	}
	return errors.As(err, wanted), nil
}

func (m *rejectWith) FailureMessage(any) string {
	if m.seen.state != rejected {
		return m.seen.failure("to be rejected with\n" + m.list())
	}
	if matcher, ok := m.failed.(types.GomegaMatcher); ok {
		return m.seen.expected() + "to be rejected with an error that satisfies a matcher, which says:\n" +
			format.IndentString(matcher.FailureMessage(m.seen.err), 1) + m.seen.clock
	}
	return m.seen.failure("to be rejected with\n"+describeWanted(m.failed)) + m.twin()
}

func (m *rejectWith) NegatedFailureMessage(any) string {
	return m.seen.expected() + "not to be rejected with\n" + m.list() + "\n" + m.seen.instead() + m.seen.clock
}

func (m *rejectWith) list() string {
	var all []string
	for _, w := range m.wanted {
		all = append(all, describeWanted(w))
	}
	return strings.Join(all, "\nand\n")
}

func describeWanted(wanted any) string {
	switch w := wanted.(type) {
	case types.GomegaMatcher:
		return format.Indent + "an error that satisfies a matcher"
	case error:
		return errorChain(w)
	}
	return fmt.Sprintf("%san error that errors.As finds to be a %v", format.Indent, reflect.TypeOf(wanted).Elem())
}

// twin helps with the commonest reason for an error to lose its identity.
func (m *rejectWith) twin() string {
	wanted, ok := m.failed.(error)
	if !ok || wanted.Error() == "" {
		return ""
	}
	text := ""
	walk(m.seen.err, 0, func(e error, _ int) bool {
		if strings.Contains(e.Error(), wanted.Error()) {
			text = "\nThe text of the wanted error is there, but not the error: was it made anew, or wrapped with %v instead of %w?"
		}
		return text == ""
	})
	return text
}
