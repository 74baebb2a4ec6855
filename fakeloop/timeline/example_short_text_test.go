package timeline_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// unanswered is a run in which a client waits for ever, and a ticker goes on beside it.
func unanswered() *timeline.Timeline {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	reply := fakeloop.NewPromise[string](loop, "reply")
	fakeloop.Async(loop, "client", func(co *fakeloop.Coroutine) (string, error) {
		if err := co.Sleep(time.Second); err != nil {
			return "", err
		}
		return fakeloop.Await(co, reply.Future())
	})
	for i := range 100 {
		loop.Named("tick").AfterFunc(time.Duration(i)*time.Second, func() {})
	}
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}
	return loop.Timeline()
}

// What to look at first when a run has failed.
func ExampleTimeline_Short() {
	fmt.Print(unanswered().Short(0))
	// Output:
	// What led to 2 futures that are pending (3 of 205 lines):
	//    | reply                        | client
	// 0s | promise reply, never settled |
	// 0s |                              | await sleep
	// 1s |                              | await reply
}

// The same for a summary on GitHub, in a ```mermaid block.
func ExampleTimeline_Mermaid() {
	fmt.Print(unanswered().Mermaid(timeline.LaneOptions{}))
	// Output:
	// sequenceDiagram
	//     participant p0 as reply
	//     participant p1 as client
	//     Note over p0: 0s promise reply, never settled
	//     Note over p1: 0s await sleep
	//     Note over p1: 1s await reply
	//     Note over p0,p1: not drawn#58; 202 lines that did not lead here
}

// Pick from a run what led to its failure.
func ExampleTimeline_Failure() {
	t := unanswered()
	failure := t.Failure()
	for _, e := range failure.Events {
		fmt.Println(e.Kind, e.Label)
	}
	n := 0
	for _, e := range t.All() {
		if failure.Led(e) {
			n++
		}
	}
	fmt.Println(n, "of", t.Len(), "events led there")
	// Output:
	// promise reply
	// promise client
	// 4 of 212 events led there
}
