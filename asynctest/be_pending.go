package asynctest

import (
	"fmt"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"
)

// BePending succeeds if the future has no outcome yet. It looks, and neither
// waits nor drives a loop, and it does not count as looking at the future's
// error:
//
//	f := client.Fetch("http://api/x")
//	Expect(f).To(BePending())
//	Expect(loop.Advance(time.Second)).To(Succeed())
//	Expect(f).NotTo(BePending())
//
// A bare function has not begun, so there is nothing to look at: wrap it with
// [AsFuture]. Of a bare channel the look takes the value away, if there is one.
func BePending() types.GomegaMatcher { return &bePending{} }

type bePending struct {
	observer
	todo string // what the loop still had to do
}

func (m *bePending) Match(actual any) (bool, error) {
	m.decided = false
	f, bare := subject(actual)
	if f.wrong != nil {
		return false, fmt.Errorf("BePending %w", f.wrong)
	}
	if bare && f.of.call != nil {
		return false, fmt.Errorf("BePending looks, and this function has not been called, so that it would be pending for ever: use AsFuture(function), which calls it at once.  Got:\n%s", object(actual))
	}
	settled := f.look()
	m.decided = settled
	m.seen = sight{future: f.String(), clock: f.clock()}
	m.todo = f.todo()
	return !settled, nil
}

func (m *bePending) FailureMessage(any) string {
	return m.seen.expected() + "to be pending" + m.seen.clock
}

func (m *bePending) NegatedFailureMessage(any) string {
	return m.seen.negated("to be pending") + m.todo
}

// todo says what a virtual loop would still do for the future if it were driven.
func (f *AnyFuture) todo() string {
	loop := f.loop
	if f.of.own != nil {
		loop = f.of.own.Loop()
	}
	if loop == nil {
		return ""
	}
	text := "  BePending does not drive it.  What it has still to do or waits for:"
	for _, p := range loop.Pending() {
		text += "\n" + format.IndentString(p.String(), 1)
	}
	return text
}
