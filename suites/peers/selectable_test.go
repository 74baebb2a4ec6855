package peers_test

import (
	"context"

	workiva "github.com/Workiva/go-datastructures/futures"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of Selectable, the second future of Workiva/go-datastructures.
func selectable() futures.Adapter {
	of := func(c futures.Case) *workiva.Selectable { return c.Impl.(*workiva.Selectable) }
	wrap := func(s *workiva.Selectable) futures.Case {
		return futures.Case{
			Settle: func(v any, err error) error {
				_ = s.Fill(v, err) // the error that the future has, whoever gave it
				return nil
			},
			Await: func(ctx context.Context) (any, error) {
				select {
				case <-s.WaitChan():
				case <-ctx.Done():
					select {
					case <-s.WaitChan(): // it is what the waiter would rather have
					default:
						return nil, ctx.Err()
					}
				}
				return s.GetResult()
			},
			Impl: s,
		}
	}
	return futures.Adapter{
		Name:      "Selectable",
		Caps:      futures.Caps{OwnDeadline: true, CancelErr: workiva.ErrFutureCanceled},
		New:       func() futures.Case { return wrap(workiva.NewSelectable()) },
		Zero:      func() futures.Case { return wrap(new(workiva.Selectable)) },
		RejectNil: func(c futures.Case) error { of(c).SetError(nil); return nil },
		Cancel:    func(c futures.Case, _ error) error { of(c).Cancel(); return nil },
	}
}
