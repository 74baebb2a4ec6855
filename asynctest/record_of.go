package asynctest

import (
	"fmt"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// loopOf returns the loop of what a matcher on loops got.
func loopOf(matcher string, actual any) (*fakeloop.Loop, error) {
	switch a := actual.(type) {
	case *fakeloop.Loop:
		if a != nil {
			return a, nil
		}
	case *Tunnel:
		if a != nil && a.Loop != nil {
			return a.Loop, nil
		}
	}
	return nil, fmt.Errorf("%s takes a *asynctest.Tunnel or a *fakeloop.Loop.  Got:\n%s", matcher, object(actual))
}

// openLoopOf is loopOf for matchers that look at what is going on: of a tunnel that is closed
// nothing is.
func openLoopOf(matcher string, actual any) (*fakeloop.Loop, error) {
	if t, ok := actual.(*Tunnel); ok && t != nil && t.closed.Load() {
		return nil, fmt.Errorf("%s looks at what goes on in a tunnel, and this one is closed: assert before the test is over, or look at what Close returned", matcher)
	}
	return loopOf(matcher, actual)
}

// timelineOf returns the timeline of what a matcher on runs got.
func timelineOf(matcher string, actual any) (*timeline.Timeline, error) {
	if t, ok := actual.(*timeline.Timeline); ok && t != nil {
		return t, nil
	}
	loop, err := loopOf(matcher, actual)
	if err != nil {
		return nil, fmt.Errorf("%s takes a *timeline.Timeline, a *asynctest.Tunnel or a *fakeloop.Loop.  Got:\n%s", matcher, object(actual))
	}
	return loop.Timeline(), nil
}
