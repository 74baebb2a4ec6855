package peers_test

import (
	"context"
	"time"

	workiva "github.com/Workiva/go-datastructures/futures"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of the Future of Workiva/go-datastructures, which takes its item from a
// channel.
func workivaFuture() futures.Adapter {
	type impl struct {
		*workiva.Future
		completer chan any
	}
	of := func(c futures.Case) impl { return c.Impl.(impl) }
	fresh := func(timeout time.Duration) futures.Case {
		i := impl{completer: make(chan any, 1)}
		i.Future = workiva.New(i.completer, timeout)
		return futures.Case{
			Settle: func(v any, err error) error {
				if err != nil {
					v = err // there is no other way to tell it
				}
				select {
				case i.completer <- v:
				default: // nobody takes a second item
				}
				return nil
			},
			Await: func(context.Context) (any, error) { return i.GetResult() },
			Impl:  i,
		}
	}
	return futures.Adapter{
		Name: "Workiva",
		New:  func() futures.Case { return fresh(1000 * time.Hour) },
		Peek: func(c futures.Case) (v any, err error, settled bool) {
			if !of(c).HasResult() {
				return nil, nil, false
			}
			v, err = of(c).GetResult()
			return v, err, true
		},
		Abandon: func(c futures.Case) { close(of(c).completer) },
		Timeout: func(c futures.Case, d time.Duration) futures.Case {
			limited := fresh(d)
			go func() { _ = limited.Settle(of(c).GetResult()) }()
			return limited
		},
	}
}
