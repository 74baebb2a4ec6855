package timeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A page is a single file: write it where the reports of a test run are kept, and open
// it in a browser.
func ExampleTimeline_WriteHTML() {
	loop := fakeloop.New(fakeloop.Config{Sites: true})
	defer loop.Close()
	reply := fakeloop.NewPromise[string](loop, "reply")
	reply.Future().OnSettled(func(string, error) {})
	loop.Named("response").AfterFunc(30*time.Millisecond, func() { reply.Reject(errors.New("not found")) })
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	var page bytes.Buffer // or os.Create
	err := loop.Timeline().WriteHTML(&page, timeline.HTMLOptions{
		Title: "A reply that does not come",
		Notes: []timeline.Note{{Kind: timeline.Fault, Span: 30 * time.Millisecond, Label: "latency"}},
	})
	fmt.Println(bytes.HasPrefix(page.Bytes(), []byte("<!DOCTYPE html>")), err)
	// Output: true <nil>
}

// Two runs on one page, with the place where they part.
func ExampleHTMLOptions_compare() {
	a, b := run("resolved"), run("rejected: timeout")
	var page bytes.Buffer
	err := a.WriteHTML(&page, timeline.HTMLOptions{Title: "With the seeds 1 and 2", Compare: b})
	fmt.Println(page.Len() > 0, err)
	// Output: true <nil>
}
