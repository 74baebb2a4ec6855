package futures_test

import (
	"context"
	"sync"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// promise is the library under test: a value or an error that comes later. It has one
// fault, which the contract finds.
type promise struct {
	mu      sync.Mutex
	settled bool
	done    chan struct{}
	v       any
	err     error
	onDone  []func(any, error)
}

func (p *promise) settle(v any, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return false
	}
	p.settled, p.v, p.err = true, v, err
	close(p.done)
	for _, f := range p.onDone {
		f(v, err) // the fault: a handler that uses the promise finds it locked
	}
	return true
}

func (p *promise) wait(ctx context.Context) (any, error) {
	select {
	case <-p.done:
		return p.v, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *promise) observe(f func(any, error)) {
	p.mu.Lock()
	if !p.settled {
		p.onDone = append(p.onDone, f)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	f(p.v, p.err)
}

// adapter is all that the contract needs to know of it.
func adapter() futures.Adapter {
	return futures.Adapter{
		Name: "promise",
		Caps: futures.Caps{OwnDeadline: true, SecondSettle: futures.Reported, Ordered: true},
		New: func() futures.Case {
			p := &promise{done: make(chan struct{})}
			return futures.Case{
				Settle: func(v any, err error) error {
					if !p.settle(v, err) {
						return futures.ErrRefused
					}
					return nil
				},
				Await: p.wait,
				Impl:  p,
			}
		},
		OnDone: func(c futures.Case, cb func(any, error)) func() bool {
			c.Impl.(*promise).observe(cb)
			return nil // nobody can take it back
		},
	}
}
