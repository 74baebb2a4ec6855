package timeline_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// What a loop records of a callback, in the ways that take the least time and room.
func ExampleTimeline_AddChild() {
	var t timeline.Timeline
	id, mark := t.AddChild(timeline.Posted, 0, 0, timeline.Driver, 1, "tick", 0)
	t.AddOf(mark, timeline.Fired, 0, 1, id, timeline.Driver, "")
	fmt.Print(&t)
	// Output:
	//      0           0s  turn 0    post       23778145 "tick"
	//      1           0s  turn 1    fire       23778145 "tick"
}

// A future that is settled, by the callback that fired last.
func ExampleTimeline_AddOf() {
	var t timeline.Timeline
	id, mark := t.AddChild(timeline.Promised, 0, 0, timeline.Driver, 1, "reply", 0)
	t.Add(timeline.Fired, time.Second, 1, 0xcccc<<48, timeline.Driver, "")
	t.AddOf(mark, timeline.Settled, time.Second, 1, id, 0xcccc<<48, "resolved")
	fmt.Print(&t)
	// Output:
	//      0           0s  turn 0    promise    23778145 "reply"
	//      1           1s  turn 1    fire       cccc0000
	//      2           1s  turn 1    settle     23778145 "reply"  resolved  by cccc0000
}

func ExampleTimeline_Refer() {
	var t timeline.Timeline
	t.Add(timeline.Awaited, 0, 1, 0xaaaa<<48, timeline.Driver, "client")
	t.Refer(0xbbbb<<48, "reply")
	fmt.Print(&t)
	// Output:
	//      0           0s  turn 1    await      aaaa0000 "client"  "reply" (bbbb0000)
}

// The second thing that the first thing of a driver made, whatever else was made.
func ExampleID_Child() {
	fmt.Println(timeline.Driver.Child(1).Child(2))
	// Output: abe12662
}
