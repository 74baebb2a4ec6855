package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The default: work takes no virtual time, so a timeout never comes before it.
func ExamplePolicy() {
	loop := fakeloop.New(fakeloop.Config{Outside: fakeloop.Freeze})
	defer loop.Close()

	loop.AfterFunc(time.Nanosecond, func() { fmt.Println("a timer, at", loop.Elapsed()) })
	f := fakeloop.Offload(loop, "query", func(context.Context) (string, error) { return "rows", nil })
	f.OnSettled(func(rows string, _ error) { fmt.Println(rows, "at", loop.Elapsed()) })
	_ = loop.RunUntilIdle()
	// Output:
	// rows at 0s
	// a timer, at 1ns
}

// Work that waits for a timer of the loop needs time to move.
func ExamplePolicy_jump() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ready := fakeloop.NewPromise[string](loop, "ready")
	loop.AfterFunc(time.Hour, func() { ready.Resolve("an hour later") })
	f := fakeloop.Offload(loop, "waits", func(context.Context) (string, error) {
		return ready.Future().Wait()
	}, fakeloop.Jump)
	fmt.Println(f.Wait())
	// Output: an hour later <nil>
}

// Under Seeded the instant at which work returns is a decision: each seed is another
// race between the work and its timeout, and the same race every time.
func ExampleSeeded() {
	outcomes := map[string]int{}
	for seed := range uint64(100) {
		loop := fakeloop.New(fakeloop.Config{
			Decisions: fakeloop.Seed(seed),
			Outside:   fakeloop.Seeded(15 * time.Second),
		})
		f := fakeloop.Offload(loop, "query", func(context.Context) (string, error) { return "rows", nil })
		_, err := fakeloop.Timeout(f, 8*time.Second).Wait()
		if errors.Is(err, context.DeadlineExceeded) {
			outcomes["timeout"]++
		} else {
			outcomes["rows"]++
		}
		_ = loop.Close()
	}
	fmt.Println("both happen:", outcomes["timeout"] > 0 && outcomes["rows"] > 0)
	// Output: both happen: true
}
