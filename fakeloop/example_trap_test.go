package fakeloop_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Two traps force the one interleaving in which an update gets lost: both coroutines
// have read the balance before either writes it.
func ExampleLoop_Trap() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	balance := 0
	deposit := func(who string, amount int) *fakeloop.Future[int] {
		return fakeloop.Async(loop, who, func(co *fakeloop.Coroutine) (int, error) {
			read := balance
			fmt.Println(who, "reads", read)
			saved := fakeloop.NewPromise[int](loop, who+" writes") // stands for a query
			loop.AfterFunc(time.Millisecond, func() { saved.Resolve(read + amount) })
			var err error
			balance, err = fakeloop.Await(co, saved.Future())
			fmt.Println(who, "writes", balance)
			return balance, err
		})
	}

	ann, bob := loop.Trap("ann writes"), loop.Trap("bob writes")
	deposit("ann", 10)
	annWrites, _ := ann.Wait() // ann has read and is about to write
	deposit("bob", 20)
	bobWrites, _ := bob.Wait()
	bobWrites.Release()
	annWrites.Release()
	_ = loop.RunUntilIdle()
	fmt.Println("balance:", balance)
	// Output:
	// ann reads 0
	// bob reads 0
	// bob writes 20
	// ann writes 10
	// balance: 10
}

// A held callback is inspected before it is let go.
func ExampleTrap_Wait() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	trap := loop.Trap("keep-alive")
	defer trap.Close()

	loop.Named("keep-alive").AfterFunc(5*time.Second, func() { fmt.Println("close the connection") })
	held, err := trap.Wait()
	fmt.Println(held.Label, "is due at", held.Due, err)
	fmt.Println("meanwhile a request takes the connection")
	held.Release()
	_ = loop.RunUntilIdle()
	// Output:
	// keep-alive is due at 5s <nil>
	// meanwhile a request takes the connection
	// close the connection
}

// What is dropped never happens: an answer that gets lost.
func ExampleHeld_Drop() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	trap := loop.Trap("answer")
	defer trap.Close()

	timeout := loop.AfterFunc(time.Second, func() { fmt.Println("timed out at", loop.Elapsed()) })
	loop.Named("answer").AfterFunc(time.Millisecond, func() {
		fmt.Println("answered")
		timeout.Stop()
	})
	held, _ := trap.Wait()
	held.Drop()
	_ = loop.RunUntilIdle()
	// Output: timed out at 1s
}

// Close lets everything go that is held.
func ExampleTrap_Close() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	trap := loop.Trap("audit")
	for i := range 2 {
		loop.Named("audit").Post(func() { fmt.Println("audit", i) })
	}
	loop.Post(func() { fmt.Println("work") })
	_ = loop.RunUntilIdle()
	fmt.Println(len(loop.Pending()), "held")
	trap.Close()
	_ = loop.RunUntilIdle()
	// Output:
	// work
	// 2 held
	// audit 0
	// audit 1
}
