package peers_test

import (
	"context"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The control: a context of context.WithCancelCause is a future whose outcome is its
// cause. All that is used of it is documented, so that it keeps the contract.
func cancelCause() futures.Adapter {
	type future struct {
		context.Context
		cancel context.CancelCauseFunc
	}
	of := func(c futures.Case) future { return c.Impl.(future) }
	wrap := func(ctx context.Context, cancel context.CancelCauseFunc) futures.Case {
		return futures.Case{Impl: future{ctx, cancel}, Await: func(waiter context.Context) (any, error) {
			select {
			case <-ctx.Done():
			case <-waiter.Done():
				if ctx.Err() == nil {
					return nil, fmt.Errorf("%w: %w", waiter.Err(), context.Cause(waiter))
				}
			}
			return outcome(ctx)
		}}
	}
	limited := func(ctx context.Context, cancel context.CancelFunc) futures.Case {
		return wrap(ctx, func(error) { cancel() })
	}
	settle := func(c futures.Case, cause error) error {
		of(c).cancel(cause)
		if context.Cause(of(c)) != cause {
			return futures.ErrRefused
		}
		return nil
	}
	return futures.Adapter{
		Name: "WithCancelCause",
		Caps: futures.Caps{
			Panic: futures.Crashes, SecondSettle: futures.Reported, LateCancel: futures.Reported,
			Async: true, OwnDeadline: true, CtxCause: true, CauseKept: true,
		},
		New: func() futures.Case {
			c := wrap(context.WithCancelCause(context.Background()))
			c.Settle = func(v any, err error) error { return settle(c, &done{v, err}) }
			return c
		},
		Peek: func(c futures.Case) (v any, err error, settled bool) {
			if settled = of(c).Err() != nil; settled {
				v, err = outcome(of(c))
			}
			return v, err, settled
		},
		String:    func(c futures.Case) string { return fmt.Sprint(of(c).Context) },
		RejectNil: func(c futures.Case) error { of(c).cancel(nil); return nil },
		OnDone: func(c futures.Case, cb func(any, error)) func() bool {
			return context.AfterFunc(of(c), func() { cb(outcome(of(c))) })
		},
		Cancel: func(c futures.Case, cause error) error {
			return settle(c, fmt.Errorf("%w: %w", context.Canceled, cause))
		},
		Timeout: func(c futures.Case, d time.Duration) futures.Case { return limited(context.WithTimeout(of(c), d)) },
		TimeoutAs: func(c futures.Case, d time.Duration, err error) futures.Case {
			return limited(context.WithTimeoutCause(of(c), d, err))
		},
		Skip: map[int]string{45: "context.AfterFunc says nothing of a nil function (which ends the process, later)"},
	}
}

// done is the cause of a context whose work is done.
type done struct {
	v   any
	err error
}

func (d *done) Error() string { return fmt.Sprintf("done: %v, %v", d.v, d.err) }

// outcome is what a context that is over was ended with.
func outcome(ctx context.Context) (any, error) {
	if d, ok := context.Cause(ctx).(*done); ok {
		return d.v, d.err
	}
	return nil, context.Cause(ctx)
}
