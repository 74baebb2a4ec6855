package fakeloop_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A long computation that yields does not keep the others from their turn.
func ExampleCoroutine_Yield() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	for _, name := range []string{"a", "b"} {
		fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
			for i := range 2 {
				fmt.Println(name, i)
				if err := co.Yield(); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	}
	_ = loop.RunUntilIdle()
	// Output:
	// a 0
	// b 0
	// a 1
	// b 1
}

// A coroutine that is cancelled is told where it is suspended, and can clean up.
func ExampleCancelError() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	shutdown := errors.New("shutting down")
	job := fakeloop.Async(loop, "job", func(co *fakeloop.Coroutine) (int, error) {
		err := co.Sleep(time.Hour)
		fmt.Println("told:", errors.Is(err, shutdown))
		fmt.Println("cleaned up:", co.Sleep(time.Second) == nil)
		return 0, err
	})
	loop.AfterFunc(time.Minute, func() { job.Cancel(shutdown) })
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed())
	// Output:
	// told: true
	// cleaned up: true
	// 1m1s
}

// Who waits for this? The stack that asynchronous code does not have.
func ExampleFuture_AsyncStack() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[int](loop, "reply")
	fetch := fakeloop.Async(loop, "fetch", func(co *fakeloop.Coroutine) (int, error) {
		return fakeloop.Await(co, reply.Future())
	})
	fakeloop.Async(loop, "page", func(co *fakeloop.Coroutine) (int, error) {
		return fakeloop.Await(co, fetch)
	})
	_ = loop.RunUntilIdle()
	for _, line := range reply.Future().AsyncStack() {
		fmt.Println(withoutIdentities(line))
	}
	// Output:
	// future "reply", pending
	// awaited by coroutine "fetch"
	// awaited by coroutine "page"
}

// A test that means to leave no coroutine suspended asks before it closes the loop.
func ExampleLoop_Unfinished() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[int](loop, "reply")
	fakeloop.Async(loop, "fetch", func(co *fakeloop.Coroutine) (int, error) {
		return fakeloop.Await(co, reply.Future())
	})
	_ = loop.RunUntilIdle()
	for _, err := range loop.Unfinished() {
		fmt.Println(withoutIdentities(err.Error()))
	}
	// Output:
	// fakeloop: coroutine "fetch" has not finished
	// which waits for future "reply", pending
}
