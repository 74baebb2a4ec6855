package asynctest

import (
	"errors"
	"fmt"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// SettleAt succeeds if the future is settled, with whatever outcome, when d has passed on
// the clock of its loop, exactly. It waits as [BeResolved] does:
//
//	Expect(client.Fetch("http://api/x")).To(SettleAt(30 * time.Second))
//
// A future that is not one of fakeloop's needs [On] a loop, and must still be pending:
// when it was settled is not known afterwards.
func SettleAt(d time.Duration) types.GomegaMatcher { return &settleAt{at: d} }

type settleAt struct {
	observer
	at  time.Duration
	was time.Duration
}

func (m *settleAt) Match(actual any) (bool, error) {
	var err error
	m.was, _, err = m.settled("SettleAt", m.at, actual)
	return err == nil && m.seen.state != pending && m.was == m.at, err
}

func (m *settleAt) FailureMessage(any) string {
	return m.seen.expected() + fmt.Sprintf("to settle at %v\n", m.at) + m.seen.butAt(m.was)
}

func (m *settleAt) NegatedFailureMessage(any) string {
	return m.seen.expected() + fmt.Sprintf("not to settle at %v", m.at)
}

func (s sight) butAt(was time.Duration) string {
	if s.state == pending {
		return s.instead()
	}
	return fmt.Sprintf("but it settled at %v", was)
}

// settled waits until the future is settled, and returns when that was, and when the
// waiting began, on the clock of its loop.
func (o *observer) settled(matcher string, d time.Duration, actual any) (at, began time.Duration, err error) {
	if d < 0 {
		return 0, 0, fmt.Errorf("%s(%v): the time must not be negative", matcher, d)
	}
	f, bare := subject(actual)
	if f.wrong == nil && !bare {
		f.look()
	}
	loop := f.loop
	switch {
	case f.wrong != nil:
	case f.of.own != nil:
		loop = f.of.own.Loop()
	case loop == nil:
		return 0, 0, fmt.Errorf("%s tells time by a loop: wrap the future with On(loop, ...)", matcher)
	case f.of.settled():
		return 0, 0, fmt.Errorf("%s must see how the future settles, and it has settled before: when is not known", matcher)
	}
	if loop != nil {
		began = loop.Elapsed()
	}
	if err := o.observe(matcher, actual); err != nil || o.seen.state == pending {
		return 0, began, err
	}
	if own, ok := f.of.own.(interface{ ID() timeline.ID }); ok {
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Settled && e.ID == own.ID() {
				return e.At, began, nil
			}
		}
		return 0, began, errors.New(matcher + " does not find the future in the timeline of its loop")
	}
	return loop.Elapsed(), began, nil
}
