package peers_test

import (
	"context"
	"time"

	"github.com/fanliao/go-promise"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of fanliao/go-promise, in which Pipe makes chains.
func fanliao() futures.Adapter {
	of := func(c futures.Case) *promise.Future { return c.Impl.(*promise.Future) }
	derive := func(f *promise.Future) futures.Case {
		return futures.Case{Impl: f, Await: func(context.Context) (any, error) { return f.Get() }}
	}
	pipe := func(c futures.Case, functions ...any) futures.Case {
		f, ok := of(c).Pipe(functions...)
		if !ok {
			panic("Pipe took no such functions")
		}
		return derive(f)
	}
	return futures.Adapter{
		Name: "fanliao",
		Caps: futures.Caps{Panic: futures.Contain, SecondSettle: futures.Reported, LateCancel: futures.Reported,
			FailFast: true, CancelErr: promise.CANCELLED, TimeoutErr: promise.CANCELLED},
		CPU: 300 * time.Millisecond, // for what Pipe does to a settled future
		New: func() futures.Case {
			p := promise.NewPromise()
			c := derive(p.Future)
			c.Settle = func(v any, err error) error {
				if err != nil {
					return p.Reject(err)
				}
				return p.Resolve(v)
			}
			return c
		},
		Spawn: func(task func(context.Context) (any, error)) futures.Case {
			return derive(promise.Start(unbound(task)))
		},
		RejectNil: func(c futures.Case) error { return (&promise.Promise{Future: of(c)}).Reject(nil) },
		OnDone: func(c futures.Case, cb func(any, error)) func() bool {
			of(c).OnSuccess(func(v any) { cb(v, nil) }).OnFailure(func(err any) { cb(nil, err.(error)) }).
				OnCancel(func() { cb(nil, promise.CANCELLED) })
			return nil
		},
		Then: func(c futures.Case, f func(any) (any, error)) futures.Case { return pipe(c, f) },
		Both: func(c futures.Case, ok func(any) (any, error), bad func(error) (any, error)) futures.Case {
			if bad == nil {
				return pipe(c, ok)
			}
			return pipe(c, ok, func(err any) (any, error) { return bad(err.(error)) })
		},
		Flat: func(c futures.Case, f func(any) futures.Case) futures.Case {
			return pipe(c, func(v any) *promise.Future {
				inner, _ := f(v).Impl.(*promise.Future)
				return inner
			})
		},
		Cancel: func(c futures.Case, _ error) error { return of(c).Cancel() },
		Timeout: func(c futures.Case, d time.Duration) futures.Case {
			return derive(of(c).SetTimeout(int(d.Milliseconds())))
		},
		All: func(cs ...futures.Case) futures.Case { return derive(promise.WhenAll(impls[any](cs)...)) },
		Any: func(cs ...futures.Case) futures.Case { return derive(promise.WhenAny(impls[any](cs)...)) },
	}
}
