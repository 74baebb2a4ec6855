package asynctest

import (
	"context"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// DefaultGuard is how long a matcher stands still, in real time, for a future
// that something outside the loop may settle.
const DefaultGuard = 10 * time.Second

// FutureOption says how a matcher waits for the future that [AsFuture], [On] or
// [Adapt] returns. The options are [WithGuard], [WithLimit], [WithLabel],
// [WithContext] and [LoopOnly]. One that is nil says nothing.
type FutureOption interface{ apply(*config) }

type config struct {
	loop     *fakeloop.Loop
	guard    time.Duration
	limit    int
	label    string
	ctx      context.Context
	loopOnly bool
}

func defaults() config {
	return config{guard: DefaultGuard, limit: fakeloop.DefaultLimit, ctx: context.Background()}
}

func (c config) with(options []FutureOption) config {
	for _, o := range options {
		if o != nil {
			o.apply(&c)
		}
	}
	return c
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithGuard replaces [DefaultGuard]. Only the time during which a matcher
// stands still counts: driving a loop does not use it up. WithGuard panics if d
// is not positive.
func WithGuard(d time.Duration) FutureOption {
	if d <= 0 {
		panic(fmt.Sprintf("asynctest: WithGuard(%v): the guard must be positive; LoopOnly ends the waiting as soon as the loop is idle", d))
	}
	return option(func(c *config) { c.guard = d })
}

// WithLimit sets how many callbacks one assertion runs on the loop of [On]
// before it stops driving and only waits; without it that is
// [fakeloop.DefaultLimit]. WithLimit panics if n is not positive.
func WithLimit(n int) FutureOption {
	if n <= 0 {
		panic(fmt.Sprintf("asynctest: WithLimit(%d): the limit must be positive", n))
	}
	return option(func(c *config) { c.limit = n })
}

// WithLabel names the future in the texts of failures.
func WithLabel(label string) FutureOption { return option(func(c *config) { c.label = label }) }

// WithContext gives a future that is a function the parent of its context; nil
// means context.Background(). With t.Context() the call is cancelled when the
// test ends, however it ends. It has no effect on other kinds of future, nor on
// a call that has begun.
func WithContext(ctx context.Context) FutureOption {
	if ctx == nil {
		ctx = context.Background()
	}
	return option(func(c *config) { c.ctx = ctx })
}

// LoopOnly promises that nothing but callbacks of the loop of [On] settles the
// future. A matcher then knows what an idle loop means, and need not wait for
// the guard to say that the future will never settle. It has no effect without
// On, nor on a loop in Wall mode.
func LoopOnly() FutureOption { return option(func(c *config) { c.loopOnly = true }) }
