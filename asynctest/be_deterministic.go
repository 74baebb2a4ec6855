package asynctest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/onsi/gomega/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// BeDeterministic succeeds if a function does the same in n runs, event for event. It takes
// one of
//
//	func(*asynctest.Tunnel)       // run in a bubble of its own each time, with one seed
//	func(*fakeloop.Loop)          // run with a new loop on virtual time, which is then run until it is idle
//	func() *timeline.Timeline     // what it returns is compared
//
// What differs was not asked of the loop: an order that the scheduler made, a map, the
// time of the machine, or a generator of random numbers. The failure shows where two runs
// part. If the runs take more than a few seconds, standard error tells how far they are: see
// package fakeloop/progress.
//
//	Expect(func(tunnel *Tunnel) { ... }).To(BeDeterministic(100))
func BeDeterministic(n int) types.GomegaMatcher { return &beDeterministic{n: n, follow: followRuns} }

type beDeterministic struct {
	n      int
	follow func(title string, n int) *progress.Progress
	differ int // the run that differs from the first; 0 if none does
	where  timeline.Divergence
	events int
}

func (m *beDeterministic) Match(actual any) (bool, error) {
	if m.n < 2 {
		return false, fmt.Errorf("BeDeterministic(%d): it takes at least 2 runs to compare", m.n)
	}
	once, err := repeatable(actual)
	if err != nil {
		return false, err
	}
	m.differ = 0
	follow := m.follow("BeDeterministic", m.n)
	defer follow.Close()
	var first *timeline.Timeline
	for i := range m.n {
		step := follow.Begin(fmt.Sprint("run ", i+1))
		t, err := once()
		step.End(err)
		if err != nil {
			return false, fmt.Errorf("BeDeterministic: run %d went wrong: %w", i+1, err)
		}
		if i == 0 {
			first, m.events = t, t.Len()
			continue
		}
		if where, differ := timeline.Diverge(first, t); differ {
			m.differ, m.where = i+1, where
			return false, nil
		}
	}
	return true, nil
}

// repeatable returns the function that makes one run.
func repeatable(actual any) (func() (*timeline.Timeline, error), error) {
	switch f := actual.(type) {
	case func(*Tunnel):
		if f != nil {
			return func() (*timeline.Timeline, error) { return runTunnel(f) }, nil
		}
	case func(*fakeloop.Loop):
		if f != nil {
			return func() (*timeline.Timeline, error) { return runLoop(f) }, nil
		}
	case func() *timeline.Timeline:
		if f != nil {
			return func() (*timeline.Timeline, error) {
				if t := f(); t != nil {
					return t, nil
				}
				return nil, errors.New("the function returned no timeline")
			}, nil
		}
	}
	return nil, fmt.Errorf("BeDeterministic takes a func(*asynctest.Tunnel), a func(*fakeloop.Loop) or a func() *timeline.Timeline.  Got:\n%s", object(actual))
}

func runTunnel(f func(*Tunnel)) (t *timeline.Timeline, err error) {
	if bubble.ID() != 0 {
		return nil, errors.New("each run has a bubble of its own, and a bubble cannot begin inside another one")
	}
	b := bubble.Start()
	r := b.Run(bubble.Call{Body: func(context.Context) {
		tunnel := NewTunnel(withoutDetector)
		defer func() {
			err = tunnel.Close()
			t = tunnel.Loop.Timeline()
		}()
		f(tunnel)
	}})
	end := b.End()
	for _, r := range []bubble.Result{r, end} {
		if r.Outcome != bubble.Returned {
			return nil, errors.New(r.String())
		}
	}
	return t, err
}

func runLoop(f func(*fakeloop.Loop)) (*timeline.Timeline, error) {
	loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(defaultBase)})
	f(loop)
	err := errors.Join(loop.RunUntilIdle(), loop.Close())
	return loop.Timeline(), err
}

func (m *beDeterministic) FailureMessage(any) string {
	return fmt.Sprintf("Expected %d runs to be the same\nbut run %d differs from the first; with A for the first,\n%s", m.n, m.differ, format.IndentString(strings.TrimSpace(m.where.String()), 1))
}

func (m *beDeterministic) NegatedFailureMessage(any) string {
	return fmt.Sprintf("Expected %d runs to differ\nbut they are the same in all %d events", m.n, m.events)
}
