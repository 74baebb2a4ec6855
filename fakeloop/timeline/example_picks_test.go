package timeline_test

import (
	"fmt"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// What failed, and that the loop was closed.
func ExamplePanics() {
	loop := fakeloop.New(fakeloop.Config{})
	loop.Named("parse").Post(func() { panic("bad input") })
	fmt.Println(loop.RunUntilIdle() != nil)
	fmt.Println(loop.Close())
	fmt.Println(timeline.FromTimeline(loop.Timeline(), timeline.Panics(), timeline.Closes()))
	// Output:
	// true
	// <nil>
	// (#parse |)
}
