package asynctest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
)

// state is how far a future is.
type state uint8

const (
	pending state = iota
	resolved
	rejected
)

func (s state) String() string {
	return [...]string{pending: "pending", resolved: "resolved", rejected: "rejected"}[s]
}

// sight is what a matcher saw of a future when it looked last. The texts of a
// failure are made of it, and never look again: by then the world has moved on.
type sight struct {
	future string // its description
	state  state
	value  any
	err    error
	why    string // a pending future: why it stays so
	clock  string // a sentence with the loop's time, "" without a loop
}

// observer is what the matchers on futures have in common.
type observer struct {
	seen    sight
	decided bool // the last Match came to a conclusion
}

// observe waits until the future is settled or known never to be, and looks at
// it, which counts as looking at its error. An error, which begins with the
// matcher's name, means that actual is no future or that nothing is known.
func (o *observer) observe(matcher string, actual any) error {
	o.decided = false
	f, _ := subject(actual)
	if f.wrong != nil {
		return fmt.Errorf("%s %w", matcher, f.wrong)
	}
	err := f.await()
	n, hopeless := errors.AsType[*never](err)
	if err != nil && !hopeless {
		return fmt.Errorf("%s %w", matcher, err)
	}
	o.decided = true
	o.seen = sight{future: f.String(), clock: f.clock()}
	if hopeless {
		o.seen.why, o.seen.clock = n.why, "" // the reason tells the time
		return nil
	}
	o.seen.value, o.seen.err, _ = f.Outcome()
	o.seen.state = resolved
	if o.seen.err != nil {
		o.seen.state = rejected
	}
	return nil
}

// MatchMayChangeInTheFuture lets Eventually give up as soon as the future is
// settled, or its loop idle. What is bare can only be known by the last Match: a
// look would receive from the channel.
func (o *observer) MatchMayChangeInTheFuture(actual any) bool {
	f, bare := subject(actual)
	switch {
	case f.wrong != nil:
		return false
	case bare && (f.of.call != nil || f.of.consume):
		return !o.decided
	}
	return !f.final()
}

// clock says how late it is on the loop that the future depends on.
func (f *AnyFuture) clock() string {
	loop := f.loop
	if f.of.own != nil {
		loop = f.of.own.Loop()
	}
	if loop == nil {
		return ""
	}
	return fmt.Sprintf("\nThe loop is at %v.", loop.Elapsed())
}

// failure says that the future should have been what wanted says, and how it is
// instead.
func (s sight) failure(wanted string) string {
	return s.expected() + wanted + "\n" + s.instead() + s.clock
}

// negated says that the future should not have been what unwanted says, and it
// was.
func (s sight) negated(unwanted string) string {
	return s.expected() + "not " + unwanted + s.clock
}

func (s sight) expected() string {
	return "Expected\n" + format.IndentString(s.future, 1) + "\n"
}

func (s sight) instead() string {
	switch s.state {
	case resolved:
		return "but its value is\n" + format.Object(s.value, 1)
	case rejected:
		return "but it was rejected with\n" + errorChain(s.err)
	}
	return "but it will never settle:\n" + format.IndentString(s.why, 1)
}

// errorChain shows an error and what it wraps, each with its type, for identity
// is what errors.Is and errors.As go by. Addresses are left out: they differ in
// every run.
func errorChain(err error) string {
	var b strings.Builder
	walk(err, 0, func(e error, depth int) bool {
		indent := strings.Repeat(format.Indent, depth+1)
		text := strings.ReplaceAll(e.Error(), "\n", "\n"+indent+format.Indent)
		fmt.Fprintf(&b, "%s<%T>: %s\n", indent, e, text)
		return true
	})
	return strings.TrimSuffix(b.String(), "\n")
}

// walk calls visit for err and all it wraps, depth first, until visit returns
// false.
func walk(err error, depth int, visit func(err error, depth int) bool) bool {
	if err == nil {
		return true
	}
	if !visit(err, depth) {
		return false
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return walk(e.Unwrap(), depth+1, visit)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if !walk(inner, depth+1, visit) {
				return false
			}
		}
	}
	return true
}
