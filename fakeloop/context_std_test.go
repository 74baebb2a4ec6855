package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Whatever package context does, the context of a loop does. The wall loop's clock
// is package time's, in a bubble, so that the two can be compared in each moment.
func TestContextsLikePackageContext(t *testing.T) {
	type maker struct {
		deadline func(context.Context, time.Time, error) (context.Context, context.CancelFunc)
		timeout  func(context.Context, time.Duration, error) (context.Context, context.CancelFunc)
	}
	why, other := errors.New("why"), errors.New("other")
	scenarios := map[string]func(m maker, note func(context.Context)){
		"expires": func(m maker, note func(context.Context)) {
			ctx, cancel := m.timeout(context.Background(), time.Second, why)
			note(ctx)
			time.Sleep(time.Second)
			synctest.Wait()
			note(ctx)
			cancel()
			note(ctx)
		},
		"cancelled before": func(m maker, note func(context.Context)) {
			ctx, cancel := m.timeout(context.Background(), time.Second, why)
			cancel()
			note(ctx)
			time.Sleep(2 * time.Second)
			note(ctx)
		},
		"past": func(m maker, note func(context.Context)) {
			for _, d := range []time.Duration{0, -1, math.MinInt64} {
				ctx, cancel := m.timeout(context.Background(), d, why)
				note(ctx)
				cancel()
				note(ctx)
			}
			ctx, cancel := m.deadline(context.Background(), time.Time{}, nil)
			defer cancel()
			note(ctx)
		},
		"parent ended": func(m maker, note func(context.Context)) {
			parent, end := context.WithCancelCause(context.Background())
			end(other)
			for _, d := range []time.Duration{time.Second, -time.Second} {
				ctx, cancel := m.timeout(parent, d, why)
				note(ctx)
				cancel()
				note(ctx)
			}
		},
		"parent ends": func(m maker, note func(context.Context)) {
			parent, end := context.WithCancelCause(context.Background())
			ctx, cancel := m.timeout(parent, time.Second, why)
			child, cancelChild := m.timeout(ctx, time.Minute, nil)
			end(other)
			note(ctx)
			note(child)
			cancelChild()
			cancel()
			note(ctx)
		},
		"parent is earlier": func(m maker, note func(context.Context)) {
			parent, end := context.WithTimeoutCause(context.Background(), time.Second, other)
			defer end()
			ctx, cancel := m.timeout(parent, time.Minute, why)
			defer cancel()
			note(ctx)
			time.Sleep(time.Second)
			synctest.Wait()
			note(ctx)
		},
		"parent is later": func(m maker, note func(context.Context)) {
			parent, end := m.timeout(context.Background(), time.Minute, other)
			defer end()
			ctx, cancel := m.timeout(parent, time.Second, why)
			defer cancel()
			note(ctx)
			time.Sleep(time.Second)
			synctest.Wait()
			note(ctx)
			note(parent)
		},
		"derived": func(m maker, note func(context.Context)) {
			ctx, cancel := m.timeout(context.Background(), time.Second, why)
			defer cancel()
			a, cancelA := context.WithTimeout(ctx, time.Minute)
			defer cancelA()
			b, cancelB := context.WithCancelCause(ctx)
			c, cancelC := context.WithCancel(context.WithoutCancel(ctx))
			defer cancelC()
			note(a)
			cancelB(other)
			note(b)
			note(ctx)
			time.Sleep(time.Second)
			synctest.Wait()
			note(a)
			note(b)
			note(c)
		},
		"huge": func(m maker, note func(context.Context)) {
			ctx, cancel := m.deadline(context.Background(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), nil)
			note(ctx)
			cancel()
			note(ctx)
		},
	}
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			var results [2][]string
			for i := range results {
				synctest.Test(t, func(t *testing.T) {
					m := maker{context.WithDeadlineCause, context.WithTimeoutCause}
					if i == 1 {
						loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
						m = maker{loop.WithDeadlineCause, loop.WithTimeoutCause}
					}
					scenario(m, func(ctx context.Context) {
						deadline, ok := ctx.Deadline()
						results[i] = append(results[i], fmt.Sprint(standing(ctx), deadline.UTC().Round(0), ok))
					})
				})
			}
			equal(t, "the loop's", strings.Join(results[1], "\n"), strings.Join(results[0], "\n"))
		})
	}
}
