package timeline_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// What callbacks touched tells which of them could not have run in another order
// without a difference.
func ExampleTimeline_Footprints() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	reply := fakeloop.NewPromise[string](loop, "reply")
	loop.Named("server").AfterFunc(time.Second, func() { reply.Resolve("ok") })
	loop.Named("timeout").AfterFunc(time.Second, func() { reply.Reject(fmt.Errorf("too late")) })
	loop.Named("log").AfterFunc(time.Second, func() {})
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	f := loop.Timeline().Footprints()
	for i, a := range f {
		for _, b := range f[i+1:] {
			for _, o := range a.Conflicts(b) {
				fmt.Printf("%s and %s conflict about %v %q\n", a.Label, b.Label, o.Class, o.Label)
			}
		}
	}
	// Output: server and timeout conflict about future "reply"
}
