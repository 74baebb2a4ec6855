package peers_test

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of x/sync/errgroup, whose tasks leave their values in variables. A future
// is a group with one task.
func errGroup() futures.Adapter {
	start := func(tasks []func() error, value func() any) futures.Case {
		var g errgroup.Group
		for _, task := range tasks {
			g.Go(task)
		}
		return futures.Case{Await: func(context.Context) (any, error) {
			if err := g.Wait(); err != nil {
				return nil, err
			}
			return value(), nil
		}}
	}
	a := ofTasks("errgroup", func(task func() (any, error)) futures.Case {
		var v any
		one := func() (err error) {
			v, err = task()
			return err
		}
		return start([]func() error{one}, func() any { return v })
	})
	a.Caps.Panic = futures.Crashes
	a.All = func(cs ...futures.Case) futures.Case {
		tasks, vs := values(cs)
		return start(tasks, func() any { return vs })
	}
	return a
}
