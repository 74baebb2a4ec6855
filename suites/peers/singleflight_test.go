package peers_test

import (
	"context"

	"golang.org/x/sync/singleflight"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of x/sync/singleflight: who waits asks for the one key of a group. A task
// that is over is forgotten; who asks later has it run again.
func singleFlight() futures.Adapter {
	a := ofTasks("singleflight", func(task func() (any, error)) futures.Case {
		var g singleflight.Group
		g.DoChan("key", task)
		return futures.Case{Await: func(context.Context) (any, error) {
			r := <-g.DoChan("key", task)
			return r.Val, r.Err
		}}
	})
	a.Caps.Panic = futures.Crashes
	return a
}
