package timeline_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func run(reply string) *timeline.Timeline {
	t := new(timeline.Timeline)
	t.Append(timeline.Event{Kind: timeline.Promised, ID: 0xaaaa << 48, Label: "reply"})
	t.Append(timeline.Event{At: time.Second, Turn: 1, Kind: timeline.Settled, ID: 0xaaaa << 48, Label: "reply", Detail: reply})
	return t
}

// Two runs with one digest did the same. If they did not, Diverge tells where
// they parted.
func ExampleDiverge() {
	a, b := run("resolved"), run("rejected: timeout")
	fmt.Println("same digest:", a.Digest() == b.Digest())
	if d, differ := timeline.Diverge(a, b); differ {
		fmt.Print(d)
	}
	// Output:
	// same digest: false
	// the runs differ from event 1 on
	//   both      0           0s  turn 0    promise    aaaa0000 "reply"
	//      A      1           1s  turn 1    settle     aaaa0000 "reply"  resolved
	//      B      1           1s  turn 1    settle     aaaa0000 "reply"  rejected: timeout
}

// A timeline is data: pick from it what a test is about.
func ExampleTimeline_All() {
	for i, e := range run("resolved").All() {
		if e.Kind == timeline.Settled {
			fmt.Printf("event %d: %q was settled after %v\n", i, e.Label, e.At)
		}
	}
	// Output: event 1: "reply" was settled after 1s
}

func ExampleTimeline_Snapshot() {
	t := run("resolved")
	before := t.Snapshot()
	t.Append(timeline.Event{At: time.Minute, Kind: timeline.Closed})
	fmt.Println(before.Len(), t.Len())
	// Output: 2 3
}

func ExampleTimeline_Digest() {
	a, b := run("resolved"), run("resolved")
	fmt.Println(a.Digest() == b.Digest())
	// Output: true
}
