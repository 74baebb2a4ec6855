package timeline_test

import (
	"bytes"
	"fmt"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A trace is for https://ui.perfetto.dev; it is also a way to keep a run, and to compare
// a later one with it.
func ExampleTimeline_WriteTrace() {
	var file bytes.Buffer // or one that ends in .json
	if err := run("resolved").WriteTrace(&file); err != nil {
		fmt.Println(err)
	}
	kept, err := timeline.ReadTrace(&file)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(kept.Digest() == run("resolved").Digest())
	fmt.Print(kept)
	// Output:
	// true
	//      0           0s  turn 0    promise    aaaa0000 "reply"
	//      1           1s  turn 1    settle     aaaa0000 "reply"  resolved
}

// The same run, read back.
func ExampleReadTrace() {
	var file bytes.Buffer
	if err := run("resolved").WriteTrace(&file); err != nil {
		fmt.Println(err)
	}
	t, err := timeline.ReadTrace(&file)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(t.Len(), "events")
	_, err = timeline.ReadTrace(&file)
	fmt.Println(err)
	// Output:
	// 2 events
	// timeline: ReadTrace: EOF
}
