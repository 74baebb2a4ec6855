package timeline_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// polling is a run in which a service is asked three times, and then gives up.
func polling() *timeline.Timeline {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	ready := fakeloop.NewPromise[bool](loop, "ready")
	polls := 0
	var poll func()
	poll = func() {
		if polls++; polls == 3 {
			ready.Reject(errors.New("still down"))
			return
		}
		loop.Named("poll").AfterFunc(5*time.Second, poll)
	}
	loop.Named("poll").Post(poll)
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}
	return loop.Timeline()
}

// An expectation says what happens, in which order, and when.
func ExampleMarbles_Match() {
	want, err := timeline.ParseMarbles("poll 5s poll 5s (poll #ready)")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(want.Match(polling()))
	// Output: <nil>
}

// What differs is drawn over one time axis.
func ExampleMarbleMismatch() {
	want, err := timeline.ParseMarbles("-=1s poll ----- poll ----- ready")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = want.Match(polling())
	var mismatch *timeline.MarbleMismatch
	fmt.Println(errors.As(err, &mismatch), mismatch.At)
	fmt.Println(err)
	// Output:
	// true 10s
	// timeline: the run is not as expected: want ready at 10s, got poll at 10s
	//           0s    5s    10s
	// expected  poll  poll  ready
	// actual    poll  poll  (poll #ready)
	//                        ^
}

// A text that makes no sense is refused with the place where it goes wrong.
func ExampleParseMarbles() {
	m, err := timeline.ParseMarbles("-=10ms -a--[b c] |")
	fmt.Println(m, err)
	_, err = timeline.ParseMarbles("a (b - c)")
	fmt.Println(err)
	// Output:
	// 10ms a 20ms ([b c] |) <nil>
	// timeline: marbles "a (b - c)", byte 5: want an event, an unordered group or ); time cannot pass between parentheses, found '-'
}

// The marbles of a run are a beginning for an expectation.
func ExampleFromTimeline() {
	fmt.Println(timeline.FromTimeline(polling()))
	fmt.Println(timeline.FromTimeline(polling(), timeline.Settles()))
	// Output:
	// poll 5s poll 5s (poll #ready)
	// 10s #ready
}

// A pick says what counts.
func ExampleWhere() {
	armed := timeline.Where(func(e timeline.Event) (timeline.Marble, bool) {
		return timeline.Marble{Label: e.Label}, e.Kind == timeline.Armed
	})
	fmt.Println(timeline.FromTimeline(polling(), armed))
	// Output: poll 5s poll
}

func ExamplePick_Only() {
	fmt.Println(timeline.FromTimeline(polling(), timeline.Fires().Only("poll")))
	fmt.Println(timeline.FromTimeline(polling(), timeline.Fires().Only("other")))
	// Output:
	// poll 5s poll 5s poll
	//
}
