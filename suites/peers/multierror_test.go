package peers_test

import (
	"context"

	"github.com/hashicorp/go-multierror"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of the Group of hashicorp/go-multierror as the signature of Wait invites
// to use it: what Wait returns is returned as an error.
func multiError() futures.Adapter {
	return ofMultierror("multierror", func(g *multierror.Group) error { return g.Wait() })
}

// The same with ErrorOrNil, whose documentation says what it is for.
func errorOrNil() futures.Adapter {
	return ofMultierror("ErrorOrNil", func(g *multierror.Group) error { return g.Wait().ErrorOrNil() })
}

func ofMultierror(name string, wait func(*multierror.Group) error) futures.Adapter {
	start := func(tasks []func() error, value func() any) futures.Case {
		var g multierror.Group
		for _, task := range tasks {
			g.Go(task)
		}
		return futures.Case{Await: func(context.Context) (any, error) {
			if err := wait(&g); err != nil {
				return nil, err
			}
			return value(), nil
		}}
	}
	a := ofTasks(name, func(task func() (any, error)) futures.Case {
		var v any
		one := func() (err error) {
			v, err = task()
			return err
		}
		return start([]func() error{one}, func() any { return v })
	})
	a.Caps.WrapsOnce = true
	a.All = func(cs ...futures.Case) futures.Case {
		tasks, vs := values(cs)
		return start(tasks, func() any { return vs })
	}
	return a
}
