package peers_test

import (
	"context"
	"sync"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// Libraries that start tasks have no promise that others settle. There a fresh future
// is that of a task which waits for its outcome, as it would for an answer; that the
// first answer is the one that counts is none of the library's doing.

// ofTasks is the adapter of a library that starts tasks.
func ofTasks(name string, start func(task func() (any, error)) futures.Case) futures.Adapter {
	return futures.Adapter{
		Name: name,
		New: func() futures.Case {
			var o futures.Outcome
			var first sync.Once
			given := make(chan bool)
			c := start(func() (any, error) {
				<-given
				return o.Value, o.Err
			})
			c.Settle = func(v any, err error) error {
				first.Do(func() {
					o = futures.Outcome{Value: v, Err: err}
					close(given)
				})
				return nil
			}
			return c
		},
		Spawn: func(task func(context.Context) (any, error)) futures.Case {
			return start(unbound(task))
		},
	}
}

// values returns the tasks that wait for these cases and leave their values in vs.
func values(cs []futures.Case) (tasks []func() error, vs []any) {
	vs = make([]any, len(cs))
	for i, c := range cs {
		tasks = append(tasks, func() (err error) {
			vs[i], err = c.Await(context.Background())
			return err
		})
	}
	return tasks, vs
}

// impls returns the library's own futures.
func impls[T any](cs []futures.Case) (out []T) {
	for _, c := range cs {
		out = append(out, c.Impl.(T))
	}
	return out
}

// unbound is a task that nothing cancels.
func unbound(task func(context.Context) (any, error)) func() (any, error) {
	return func() (any, error) { return task(context.Background()) }
}
