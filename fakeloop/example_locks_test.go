package fakeloop_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A timeout rejects, and stops the work that nobody waits for any more.
func ExampleTimeout() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[string](loop, "reply")
	timer := loop.AfterFunc(time.Minute, func() { reply.Resolve("pong") })
	reply.OnCancel(func(error) { fmt.Println("nobody waits; stopped:", timer.Stop()) })

	_, err := fakeloop.Timeout(reply.Future(), 5*time.Second).Wait()
	fmt.Println(withoutIdentities(err.Error()))
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled))
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed())
	// Output:
	// fakeloop: at 5s future "reply" had not settled within 5s
	// true false
	// nobody waits; stopped: true
	// 5s
}

// Two coroutines that each read, wait and write: without the mutex one of the
// deposits would be lost.
func ExampleNewMutex() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	balance := 0
	mutex := fakeloop.NewMutex(loop, "account")
	for range 2 {
		fakeloop.Async(loop, "deposit", func(co *fakeloop.Coroutine) (int, error) {
			return 0, mutex.With(co, func() error {
				read := balance
				if err := co.Sleep(time.Second); err != nil {
					return err
				}
				balance = read + 10
				return nil
			})
		})
	}
	_ = loop.RunUntilIdle()
	fmt.Println(balance, loop.Elapsed())
	// Output:
	// 20 2s
}

// The long form of With; a coroutine that is cancelled while it waits holds nothing.
func ExampleMutex_Lock() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	mutex := fakeloop.NewMutex(loop, "file")
	mutex.TryLock()
	writer := fakeloop.Async(loop, "writer", func(co *fakeloop.Coroutine) (int, error) {
		if _, err := fakeloop.Await(co, mutex.Lock()); err != nil {
			fmt.Println("not locked:", err)
			return 0, err
		}
		defer mutex.Unlock()
		return 1, nil
	})
	_ = loop.RunUntilIdle()
	writer.Cancel(errors.New("shutting down"))
	mutex.Unlock()
	_ = loop.RunUntilIdle()
	fmt.Println("locked:", mutex.Locked())
	// Output:
	// not locked: fakeloop: cancelled: shutting down
	// locked: false
}

// At most two of five downloads are under way at a time.
func ExampleNewBoundedSemaphore() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	slots := fakeloop.NewBoundedSemaphore(loop, "slots", 2)
	for i := range 5 {
		fakeloop.Async(loop, "download", func(co *fakeloop.Coroutine) (int, error) {
			return i, slots.With(co, func() error {
				fmt.Println(loop.Elapsed(), "begins", i)
				return co.Sleep(time.Second)
			})
		})
	}
	_ = loop.RunUntilIdle()
	// Output:
	// 0s begins 0
	// 0s begins 1
	// 1s begins 2
	// 1s begins 3
	// 2s begins 4
}

// A semaphore without permits counts what others release.
func ExampleNewSemaphore() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	arrived := fakeloop.NewSemaphore(loop, "arrived", 0)
	for i := range 3 {
		loop.AfterFunc(time.Duration(i)*time.Second, arrived.Release)
	}
	for range 3 {
		arrived.Acquire().OnSettled(func(struct{}, error) { fmt.Println("one more at", loop.Elapsed()) })
	}
	_ = loop.RunUntilIdle()
	// Output:
	// one more at 0s
	// one more at 1s
	// one more at 2s
}

// Who has waited longest is notified first, and who gave up is not counted.
func ExampleCondition_Notify() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	changed := fakeloop.NewCondition(loop, "changed")
	for i := range 4 {
		wait := changed.Wait()
		if i == 0 {
			wait = fakeloop.Timeout(wait, time.Second)
		}
		wait.OnSettled(func(_ struct{}, err error) { fmt.Println(loop.Elapsed(), "waiter", i, "notified:", err == nil) })
	}
	loop.AfterFunc(2*time.Second, func() { changed.Notify(2) })
	loop.AfterFunc(3*time.Second, func() { fmt.Println("the rest:", changed.NotifyAll()) })
	_ = loop.RunUntilIdle()
	// Output:
	// 1s waiter 0 notified: false
	// 2s waiter 1 notified: true
	// 2s waiter 2 notified: true
	// the rest: 1
	// 3s waiter 3 notified: true
}

func ExampleEvent_Wait() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ready := fakeloop.NewEvent(loop, "ready")
	for i := range 2 {
		ready.Wait().OnSettled(func(struct{}, error) { fmt.Println("waiter", i, "at", loop.Elapsed()) })
	}
	loop.AfterFunc(time.Second, ready.Set)
	_ = loop.RunUntilIdle()

	fmt.Println("later:", ready.Wait().Settled())
	ready.Clear()
	fmt.Println("cleared:", ready.Wait().Settled())
	// Output:
	// waiter 0 at 1s
	// waiter 1 at 1s
	// later: true
	// cleared: false
}

func ExampleNewStack() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	stack := fakeloop.NewStack[string](loop, "undo", fakeloop.Unbounded)
	stack.Put("first")
	stack.Put("second")
	for item, ok := stack.TryGet(); ok; item, ok = stack.TryGet() {
		fmt.Println(item)
	}
	// Output:
	// second
	// first
}

// The least goes first; of equals, the oldest.
func ExampleNewPriorityQueue() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	type job struct {
		rank int
		name string
	}
	jobs := fakeloop.NewPriorityQueue(loop, "jobs", 10, func(a, b job) bool { return cmp.Less(a.rank, b.rank) })
	for _, j := range []job{{2, "sweep"}, {1, "cook"}, {1, "eat"}} {
		jobs.Put(j)
	}
	for j, ok := jobs.TryGet(); ok; j, ok = jobs.TryGet() {
		fmt.Println(j.name)
	}
	// Output:
	// cook
	// eat
	// sweep
}

// Join waits until the work is done, not only until it has been taken.
func ExampleQueue_Join() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	jobs := fakeloop.NewQueue[int](loop, "jobs", fakeloop.Unbounded)
	for i := range 4 {
		jobs.Put(i)
	}
	for range 2 {
		fakeloop.Async(loop, "worker", func(co *fakeloop.Coroutine) (int, error) {
			for {
				if _, err := fakeloop.Await(co, jobs.Get()); err != nil {
					return 0, err
				}
				if err := co.Sleep(time.Second); err != nil {
					return 0, err
				}
				jobs.TaskDone()
			}
		})
	}
	_, err := jobs.Join().Wait()
	fmt.Println("done at", loop.Elapsed(), err)
	// Output:
	// done at 2s <nil>
}

// Data of one's own leaves a trace in the timeline, as the loop's locks and queues
// do.
func ExampleLoop_Touch() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	balance := 0
	loop.Named("deposit").Post(func() {
		loop.Touch("balance")
		balance += 10
	})
	loop.Named("report").Post(func() {
		loop.TouchRead("balance")
		fmt.Println("balance:", balance)
	})
	_ = loop.RunUntilIdle()
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Touched {
			fmt.Println(e.Kind, e.Label, e.Detail)
		}
	}
	// Output:
	// balance: 10
	// touch balance write
	// touch balance read
}
