package peers_test

import (
	"context"
	"sync"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of the WaitGroup of sourcegraph/conc, whose task leaves its outcome in
// variables.
func concGroup() futures.Adapter {
	start := func(task func() (any, error)) futures.Case {
		var g conc.WaitGroup
		var o futures.Outcome
		g.Go(func() { o.Value, o.Err = task() })
		return futures.Case{Await: func(context.Context) (any, error) {
			g.Wait()
			return o.Value, o.Err
		}}
	}
	a := ofTasks("conc", start)
	a.Caps.Panic = futures.Propagate
	a.All = func(cs ...futures.Case) futures.Case {
		return start(func() (any, error) {
			return iter.MapErr(cs, func(c *futures.Case) (any, error) { return c.Await(context.Background()) })
		})
	}
	return a
}

// The adapter of the pools of sourcegraph/conc, whose task leaves its value in a
// variable. Wait may be called once only, so that its result is kept.
func concPool() futures.Adapter {
	a := ofTasks("conc pool", func(task func() (any, error)) futures.Case {
		var v any
		p := pool.New().WithErrors()
		p.Go(func() (err error) {
			v, err = task()
			return err
		})
		wait := sync.OnceValue(p.Wait)
		return futures.Case{Await: func(context.Context) (any, error) {
			if err := wait(); err != nil {
				return nil, err
			}
			return v, nil
		}}
	})
	a.Caps.Panic, a.Caps.WrapsOnce = futures.Propagate, true // Wait returns a combined error
	a.Caps.RealTime = true                                   // OnceValue makes waiters wait for a lock
	return a
}
