package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A queue that is full holds its producers back: nothing blocks, the future of
// Put is pending until there is room.
func ExampleNewQueue() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	queue := fakeloop.NewQueue[string](loop, "jobs", 1)
	first, second := queue.Put("a"), queue.Put("b")
	fmt.Println("stored:", first.Settled(), second.Settled())

	item, _ := queue.TryGet()
	fmt.Println("took", item)
	fmt.Println("stored:", first.Settled(), second.Settled())
	// Output:
	// stored: true false
	// took a
	// stored: true true
}

// A producer that is faster than its consumer.
func ExampleQueue_Put() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	queue := fakeloop.NewQueue[int](loop, "jobs", 1)
	fakeloop.Async(loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
		for i := range 3 {
			if _, err := fakeloop.Await(co, queue.Put(i)); err != nil {
				return i, err
			}
			fmt.Println(loop.Elapsed(), "put", i)
		}
		queue.Close()
		return 3, nil
	})
	consumer := fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
		for n := 0; ; n++ {
			item, err := fakeloop.Await(co, queue.Get())
			if errors.Is(err, fakeloop.ErrQueueClosed) {
				return n, nil
			}
			fmt.Println(loop.Elapsed(), "got", item)
			if err := co.Sleep(time.Second); err != nil {
				return n, err
			}
		}
	})
	fmt.Println(consumer.Wait())
	// Output:
	// 0s put 0
	// 0s got 0
	// 0s put 1
	// 1s put 2
	// 1s got 1
	// 2s got 2
	// 3 <nil>
}

// Whoever gets first is served first, also if there is nothing yet.
func ExampleQueue_Get() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	queue := fakeloop.NewQueue[string](loop, "jobs", 10)
	queue.Get().OnSettled(func(item string, _ error) { fmt.Println("first:", item) })
	impatient := queue.Get()
	queue.Get().OnSettled(func(item string, _ error) { fmt.Println("third:", item) })
	impatient.Cancel(errors.New("no time"))
	queue.Put("a")
	queue.Put("b")
	_ = loop.RunUntilIdle()
	_, err := impatient.Wait()
	fmt.Println("second:", err)
	// Output:
	// first: a
	// third: b
	// second: fakeloop: cancelled: no time
}

func ExampleRegistry() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	registry := fakeloop.NewRegistry[string](loop)
	registry.On("login", func(user string) { fmt.Println("hello,", user) })
	var once func() bool
	once = registry.On("login", func(user string) {
		fmt.Println(user, "is the first")
		once()
	})
	fmt.Println("handlers:", registry.Emit("login", "ada"))
	_ = loop.RunUntilIdle()
	fmt.Println("handlers:", registry.Emit("login", "bob"))
	_ = loop.RunUntilIdle()
	// Output:
	// handlers: 2
	// hello, ada
	// ada is the first
	// handlers: 1
	// hello, bob
}

// On a virtual loop the test raises the signal; no process is involved.
func ExampleLoop_OnSignal() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	remove := loop.OnSignal(os.Interrupt, func() {
		fmt.Println("stopping at", loop.Elapsed())
		loop.AfterFunc(time.Second, func() { fmt.Println("stopped at", loop.Elapsed()) })
	})
	loop.AfterFunc(time.Minute, func() { _ = loop.Raise(os.Interrupt) })
	_ = loop.RunUntilIdle()

	fmt.Println("removed:", remove())
	fmt.Println(loop.Raise(os.Interrupt), len(loop.Pending()))
	// Output:
	// stopping at 1m0s
	// stopped at 1m1s
	// removed: true
	// <nil> 0
}

// Cancelling the end of a chain stops the work at its beginning.
func ExampleFuture_Cancel() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	download := fakeloop.Offload(loop, "download", func(ctx context.Context) (string, error) {
		<-ctx.Done()
		fmt.Println("stopped:", context.Cause(ctx))
		return "", ctx.Err()
	})
	length := fakeloop.Then(download, func(text string) (int, error) { return len(text), nil })

	fmt.Println(length.Cancel(errors.New("tab closed")))
	_ = loop.RunUntilIdle()
	_, err := length.Wait()
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// true
	// stopped: tab closed
	// fakeloop: cancelled: tab closed
	// true
}

// The side that settles says how its work is stopped.
func ExamplePromise_OnCancel() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[string](loop, "reply")
	timer := loop.AfterFunc(time.Hour, func() { reply.Resolve("pong") })
	reply.OnCancel(func(cause error) { fmt.Println("stopped the timer:", timer.Stop(), cause) })

	loop.AfterFunc(time.Second, func() { reply.Future().Cancel(errors.New("no patience")) })
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed(), reply.Future().Settled())
	// Output:
	// stopped the timer: true no patience
	// 1s true
}
