package asynctest

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// LeakNothing succeeds if everything that was begun has ended: the loop has no callback,
// no timer and no future left to wait for, no work is outside, nobody has overlooked an
// error, and, in a bubble, no goroutine is left but the calling one and those of loops. It
// takes a tunnel or a loop; in a bubble it lets everything come to rest first.
//
//	client.Close()
//	Expect(tunnel).To(LeakNothing())
//
// Goroutines outside of bubbles belong to nobody, and are not counted.
func LeakNothing() types.GomegaMatcher { return &leakNothing{} }

type leakNothing struct {
	items      []fakeloop.Item
	unobserved []error
	goroutines string
}

func (m *leakNothing) Match(actual any) (bool, error) {
	loop, err := openLoopOf("LeakNothing", actual)
	if err != nil {
		return false, err
	}
	m.goroutines = ""
	if loop.Mode() == fakeloop.Bubble {
		if err := loop.Settle(); err != nil {
			return false, fmt.Errorf("LeakNothing let the loop come to rest, and that failed: %w", err)
		}
		m.goroutines = bubble.Others()
	}
	m.items, m.unobserved = loop.Pending(), loop.Unobserved()
	return len(m.items)+len(m.unobserved) == 0 && m.goroutines == "", nil
}

func (m *leakNothing) FailureMessage(any) string {
	lines := []string{"Expected nothing to be left\nbut there is"}
	for _, i := range m.items {
		lines = append(lines, format.IndentString(i.String(), 1))
	}
	for _, err := range m.unobserved {
		lines = append(lines, format.IndentString(err.Error(), 1))
	}
	if m.goroutines != "" {
		lines = append(lines, format.IndentString(m.goroutines, 1))
	}
	return strings.Join(lines, "\n")
}

func (m *leakNothing) NegatedFailureMessage(any) string {
	return "Expected something to be left\nbut there is neither a callback, a timer, a future, work outside, an error that nobody looked at, nor a goroutine"
}
