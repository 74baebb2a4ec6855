package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A heartbeat. Its ticks lie on a grid and do not drift.
func ExampleLoop_TickFunc() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	var heartbeat *fakeloop.Ticker
	heartbeat = loop.TickFunc(10*time.Second, fakeloop.Skip, func() {
		fmt.Println("alive at", loop.Elapsed())
		if loop.Elapsed() == 30*time.Second {
			heartbeat.Stop()
		}
	})
	_ = loop.RunUntilIdle()
	// Output:
	// alive at 10s
	// alive at 20s
	// alive at 30s
}

// A tick that takes longer than the period makes the ticker miss others.
func ExampleOverrun() {
	for _, overrun := range []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay} {
		loop := fakeloop.New(fakeloop.Config{})
		begin := []time.Duration{}
		loop.TickFunc(10*time.Second, overrun, func() {
			begin = append(begin, loop.Elapsed())
			if len(begin) == 1 {
				loop.Charge(25 * time.Second) // the first tick is slow
			}
		})
		_ = loop.Advance(50 * time.Second)
		fmt.Println(overrun, begin)
		_ = loop.Close()
	}
	// Output:
	// skip [10s 40s 50s]
	// burst [10s 35s 35s 40s 50s]
	// delay [10s 45s]
}

// A poll whose reply takes longer than the period is not sent twice.
func ExampleLoop_TickAsync() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.TickAsync(10*time.Second, fakeloop.Skip, func() fakeloop.Awaitable {
		return fakeloop.Async(loop, "poll", func(co *fakeloop.Coroutine) (string, error) {
			fmt.Println("ask at", loop.Elapsed())
			if err := co.Sleep(12 * time.Second); err != nil {
				return "", err
			}
			fmt.Println("answer at", loop.Elapsed())
			return "ok", nil
		})
	})
	_ = loop.Advance(time.Minute)
	// Output:
	// ask at 10s
	// answer at 22s
	// ask at 30s
	// answer at 42s
	// ask at 50s
}

// Tickers carry labels as timers do: a loop that a ticker keeps busy for ever says
// which one it is.
func ExampleNamed_TickFunc() {
	loop := fakeloop.New(fakeloop.Config{Limit: 1})
	defer loop.Close()

	loop.Named("heartbeat").TickFunc(time.Minute, fakeloop.Skip, func() {})
	fmt.Println(withoutIdentities(loop.RunUntilIdle().Error()))
	// Output: fakeloop: gave up at 1m0s after 1 callbacks while time moved by 1m0s: is there a timer that sets itself again for ever? The last were callback "heartbeat". Config.Limit raises the limit.
}

// The label is also how a failing tick is found.
func ExampleNamed_TickAsync() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Named("poll").TickAsync(time.Minute, fakeloop.Skip, func() fakeloop.Awaitable {
		p := fakeloop.NewPromise[int](loop, "reply")
		p.Reject(errors.New("connection refused"))
		return p.Future()
	})
	fmt.Println(withoutIdentities(loop.Advance(time.Minute).Error()))
	// Output: fakeloop: a tick of ticker "poll" failed: connection refused
}

// Reset begins a new grid.
func ExampleTicker_Reset() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ticker := loop.TickFunc(time.Minute, fakeloop.Skip, func() { fmt.Println("tick at", loop.Elapsed()) })
	_ = loop.Advance(90 * time.Second)
	fmt.Println("active:", ticker.Reset(10*time.Second), "next:", ticker.Due().Format(time.TimeOnly))
	_ = loop.Advance(10 * time.Second)
	fmt.Println("active:", ticker.Stop(), ticker.Stop())
	// Output:
	// tick at 1m0s
	// active: true next: 00:01:40
	// tick at 1m40s
	// active: true false
}

// A callback that computes for half a second delays what is due meanwhile.
func ExampleLoop_Charge() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(200*time.Millisecond, func() { fmt.Println("due at 200ms, runs at", loop.Elapsed()) })
	loop.Post(func() {
		loop.Charge(500 * time.Millisecond)
		fmt.Println("computed until", loop.Elapsed())
	})
	_ = loop.RunUntilIdle()
	// Output:
	// computed until 500ms
	// due at 200ms, runs at 500ms
}

// A deadline on virtual time: an hour passes at once, and what package context
// derives takes part.
func ExampleLoop_WithTimeout() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ctx, cancel := loop.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	derived, cancelDerived := context.WithCancel(ctx)
	defer cancelDerived()
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed(), derived.Err())
	// Output: 1h0m0s context deadline exceeded
}

// The cancel function takes the timer away, so that the loop has nothing to wait
// for.
func ExampleLoop_WithDeadline() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ctx, cancel := loop.WithDeadline(context.Background(), loop.Now().Add(time.Hour))
	cancel()
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed(), ctx.Err())
	// Output: 0s context canceled
}

// The cause says whose deadline it was.
func ExampleLoop_WithTimeoutCause() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ctx, cancel := loop.WithTimeoutCause(context.Background(), time.Second, errors.New("the database is slow"))
	defer cancel()
	_ = loop.RunUntilIdle()
	fmt.Println(ctx.Err())
	fmt.Println(context.Cause(ctx))
	// Output:
	// context deadline exceeded
	// the database is slow
}

// A deadline that has passed cancels at once.
func ExampleLoop_WithDeadlineCause() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ctx, cancel := loop.WithDeadlineCause(context.Background(), loop.Now(), errors.New("too late"))
	defer cancel()
	fmt.Println(ctx.Err(), "-", context.Cause(ctx))
	// Output: context deadline exceeded - too late
}

// Work that is to end with the loop.
func ExampleLoop_WithCancel() {
	loop := fakeloop.New(fakeloop.Config{})
	ctx, cancel := loop.WithCancel(context.Background())
	defer cancel()
	_ = loop.Close()
	fmt.Println(ctx.Err(), "-", context.Cause(ctx))
	// Output: context canceled - fakeloop: the loop is closed
}
