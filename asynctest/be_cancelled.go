package asynctest

import (
	"context"

	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// BeCancelled succeeds if the future is rejected because it was cancelled, which is neither
// a failure nor a timeout: its error is a *fakeloop.CancelError or context.Canceled, or
// wraps one, and no timeout is wrapped around that. It waits as [BeResolved] does:
//
//	f := client.Fetch("http://api/x")
//	f.Cancel(nil)
//	Expect(f).To(BeCancelled())
func BeCancelled() types.GomegaMatcher { return &beCancelled{} }

type beCancelled struct{ observer }

func (m *beCancelled) Match(actual any) (bool, error) {
	if err := m.observe("BeCancelled", actual); err != nil {
		return false, err
	}
	return m.seen.state == rejected && wayOf(m.seen.err) == wasCancelled, nil
}

func (m *beCancelled) FailureMessage(any) string {
	text := m.seen.expected() + "to be cancelled\n"
	if m.seen.state == rejected && wayOf(m.seen.err) == timedOut {
		text += "but it timed out, and "
		return text + m.seen.instead()[len("but "):] + m.seen.clock
	}
	return text + m.seen.instead() + m.seen.clock
}

func (m *beCancelled) NegatedFailureMessage(any) string {
	return m.seen.expected() + "not to be cancelled\n" + m.seen.instead() + m.seen.clock
}

// way is how a future got its error.
type way uint8

const (
	failed way = iota
	wasCancelled
	timedOut
)

// wayOf returns what the outermost error that tells says: a cancellation can be the cause
// of a timeout, and the other way round.
func wayOf(err error) way {
	found := failed
	walk(err, 0, func(e error, _ int) bool {
		switch e {
		case context.Canceled:
			found = wasCancelled
		case context.DeadlineExceeded:
			found = timedOut
		}
		switch e.(type) {
		case *fakeloop.CancelError:
			found = wasCancelled
		case *fakeloop.TimeoutError:
			found = timedOut
		}
		return found == failed
	})
	return found
}
