package fakeloop_test

import (
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A turn is what was ready when it began. What its callbacks post belongs to the next.
func ExampleLoop_Turn() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Post(func() {
		fmt.Println("one")
		loop.Post(func() { fmt.Println("three") })
	})
	loop.Post(func() { fmt.Println("two") })
	for {
		n, _ := loop.Turn()
		fmt.Println("callbacks:", n)
		if n == 0 {
			break
		}
	}
	// Output:
	// one
	// two
	// callbacks: 2
	// three
	// callbacks: 1
	// callbacks: 0
}

// RunUntil stops after the callback that made the condition true, however much is left.
func ExampleLoop_RunUntil() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	retries := 0
	var retry func()
	retry = func() { retries++; loop.AfterFunc(time.Minute, retry) }
	retry()
	err := loop.RunUntil(func() bool { return retries == 3 })
	fmt.Println(retries, "retries after", loop.Elapsed(), err)
	// Output: 3 retries after 2m0s <nil>
}

// RunFor takes any loop. On virtual time it is Advance; a loop that runs by itself is
// given that long.
func ExampleLoop_RunFor() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(time.Second, func() { fmt.Println("within") })
	loop.AfterFunc(time.Hour, func() { fmt.Println("beyond") })
	_ = loop.RunFor(time.Minute)
	fmt.Println(loop.Elapsed())
	// Output:
	// within
	// 1m0s
}

// A test that does not care how long a delay is goes from timer to timer.
func ExampleLoop_AdvanceToNext() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(90*time.Second, func() { fmt.Println("refreshed") })
	moved, err := loop.AdvanceToNext()
	fmt.Println(moved, err)
	// Output:
	// refreshed
	// 1m30s <nil>
}

func ExampleLoop_Peek() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Named("backoff").AfterFunc(8*time.Second, func() {})
	loop.Named("keepalive").AfterFunc(5*time.Second, func() {})
	item, _ := loop.Peek()
	fmt.Println(item.Kind, item.Label, "in", item.Due-loop.Elapsed())
	// Output: timer keepalive in 5s
}

// Pending is what a test asks that means to leave nothing behind.
func ExampleItem() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Named("flush").Post(func() {})
	loop.Named("keepalive").AfterFunc(5*time.Second, func() {})
	fakeloop.NewPromise[int](loop, "reply")
	for _, item := range loop.Pending() {
		fmt.Println(item.Kind, item.Label)
	}
	// Output:
	// callback flush
	// timer keepalive
	// future reply
}

// Settle runs what there is to do now, and moves no time.
func ExampleLoop_Settle() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Post(func() { fmt.Println("now") })
	loop.AfterFunc(time.Nanosecond, func() { fmt.Println("later") })
	fmt.Println(loop.Settle(), loop.Elapsed(), loop.Idle())
	// Output:
	// now
	// <nil> 0s false
}

// OnError hears of a panic when it happens, with the stack still to be seen. The
// driving call returns it all the same.
func ExampleConfig_onError() {
	loop := fakeloop.New(fakeloop.Config{OnError: func(err error) {
		_, isPanic := err.(*fakeloop.PanicError)
		fmt.Println("a panic:", isPanic)
	}})
	defer loop.Close()

	loop.Post(func() { panic(io.ErrUnexpectedEOF) })
	loop.Post(func() { fmt.Println("the next callback") })
	err := loop.RunUntilIdle()
	fmt.Println("returned:", err != nil)
	// Output:
	// a panic: true
	// the next callback
	// returned: true
}

// A strict loop finds the goroutine that was never announced.
func ExampleConfig_strict() {
	loop := fakeloop.New(fakeloop.Config{Strict: true})
	defer loop.Close()

	told := make(chan bool)
	go func() {
		defer func() { told <- recover() != nil }()
		loop.Post(func() {}) // when this runs would depend on the scheduler
	}()
	fmt.Println("Post panicked:", <-told)

	go func() {
		told <- loop.PostFrom("uploader", func() { fmt.Println("uploaded") }) == nil
	}()
	fmt.Println("PostFrom is for others:", <-told)
	_ = loop.RunUntilIdle()
	// Output:
	// Post panicked: true
	// PostFrom is for others: true
	// uploaded
}

// Without a horizon, a loop that sets its timers again and again runs up to its limit
// of callbacks.
func ExampleConfig_horizon() {
	loop := fakeloop.New(fakeloop.Config{Horizon: time.Hour})
	defer loop.Close()

	var tick func()
	tick = func() { loop.Named("tick").AfterFunc(25*time.Minute, tick) }
	tick()
	err := loop.RunUntilIdle()
	fmt.Printf("%T at %v\n", err, loop.Elapsed())
	// Output: *fakeloop.LimitError at 50m0s
}

// In a bubble the loop runs beside the test and the plain goroutines of the code under
// test, all on one virtual clock. In a test of your own the function below is
// synctest.Test's.
func Example_bubble() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		answer := fakeloop.NewPromise[string](loop, "answer")
		go func() {
			time.Sleep(time.Hour) // costs nothing
			_ = loop.PostFrom("backend", func() { answer.Resolve("pong") })
		}()
		v, err := answer.Future().Wait()
		fmt.Println(v, err, loop.Elapsed())
	})
	// Output: pong <nil> 1h0m0s
}
