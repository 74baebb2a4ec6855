package timeline_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Lanes shows who did what when, and who woke whom.
func ExampleTimeline_Lanes() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	reply := fakeloop.NewPromise[string](loop, "reply")
	fakeloop.Async(loop, "client", func(co *fakeloop.Coroutine) (string, error) {
		return fakeloop.Await(co, reply.Future())
	}).OnSettled(func(string, error) {})
	loop.Named("request").AfterFunc(20*time.Millisecond, func() {
		timeout := loop.Named("timeout").AfterFunc(time.Minute, func() {})
		loop.Named("response").AfterFunc(30*time.Millisecond, func() {
			timeout.Stop()
			reply.Reject(errors.New("not found"))
		})
	})
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	fmt.Print(loop.Timeline().Lanes(timeline.LaneOptions{}))
	// Output:
	//      | request                 | client
	//   0s | arm request +20ms       |
	//   0s |                         | await reply
	// 20ms | fire request            |
	// 20ms | arm timeout +1m0s       |
	// 20ms | arm response +30ms      |
	// 50ms | fire response           |
	// 50ms | stop timeout            |
	// 50ms | reject reply: not found -->
	// 50ms |                         | reject client: not found
	// 50ms |                         | handle client
}
