package peers_test

import (
	"context"

	"github.com/chebyrash/promise"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of chebyrash/promise. Its promises have pointers to their values.
func chebyrash() futures.Adapter {
	type future = *promise.Promise[any]
	bg := context.Background()
	of := func(c futures.Case) future { return c.Impl.(future) }
	derive := func(p future) futures.Case {
		return futures.Case{Impl: p, Await: func(ctx context.Context) (any, error) {
			v, err := p.Await(ctx)
			if v == nil {
				return nil, err
			}
			return *v, err
		}}
	}
	start := func(executor func(settle func(any, error))) futures.Case {
		return derive(promise.New(func(resolve func(any), reject func(error)) {
			executor(func(v any, err error) {
				if err != nil || v == noError {
					reject(err)
				} else {
					resolve(v)
				}
			})
		}))
	}
	return futures.Adapter{
		Name: "chebyrash",
		Caps: futures.Caps{Panic: futures.Contain, Async: true, FailFast: true, OwnDeadline: true},
		New: func() futures.Case {
			made := make(chan func(any, error), 1)
			c := start(func(settle func(any, error)) { made <- settle })
			settle := <-made
			c.Settle = func(v any, err error) error { settle(v, err); return nil }
			return c
		},
		Spawn: func(task func(context.Context) (any, error)) futures.Case {
			return start(func(settle func(any, error)) { settle(task(bg)) })
		},
		Start:     start,
		RejectNil: func(c futures.Case) error { return c.Settle(noError, nil) },
		Zero:      func() futures.Case { return derive(new(promise.Promise[any])) },
		Then: func(c futures.Case, f func(any) (any, error)) futures.Case {
			return derive(promise.Then(of(c), bg, f))
		},
		Catch: func(c futures.Case, f func(error) (any, error)) futures.Case {
			return derive(promise.Catch(of(c), bg, func(err error) error {
				_, err = f(err) // there is no place for a value
				return err
			}))
		},
		All: func(cs ...futures.Case) futures.Case {
			all := promise.All(bg, impls[future](cs)...)
			return derive(promise.Then(all, bg, func(vs []any) (any, error) { return vs, nil }))
		},
		Race: func(cs ...futures.Case) futures.Case { return derive(promise.Race(bg, impls[future](cs)...)) },
	}
}

// noError as a value asks for a rejection with nil.
var noError any = new(int)
