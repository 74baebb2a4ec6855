package fakeloop_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Goroutines that Go starts begin one at a time, each when the one before waits for
// something or has ended, so that what they do first has an order.
func ExampleLoop_Go() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		var free []string // no lock: one at a time
		for _, name := range []string{"carol", "alice", "bob"} {
			loop.Go(name, func() { free = append(free, name) })
		}
		fmt.Println(loop.Settle(), free)
	})
	// Output: <nil> [alice bob carol]
}

// A seed begins them in another order, the same each time.
func ExampleLoop_Go_seed() {
	order := func(source fakeloop.Source) (order []string) {
		synctest.Test(new(testing.T), func(*testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source})
			defer loop.Close()
			for _, name := range []string{"alice", "bob", "carol"} {
				loop.Go(name, func() { order = append(order, name) })
			}
			_ = loop.Settle()
		})
		return order
	}
	recording := fakeloop.Record(fakeloop.Seed(7))
	fmt.Println(order(recording))
	fmt.Println(order(recording.Replay().Strict()))
	// Output:
	// [bob alice carol]
	// [bob alice carol]
}

// A pipe that delivers what is sent an hour later. Whose message is delivered first
// is up to the gate, also where several are due at one instant.
func ExampleGate() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		inbox := make(chan string, 10)
		send := func(from, text string) {
			go func() {
				time.Sleep(time.Hour)
				// The gate grants; the event itself happens here, behind it.
				_ = loop.Gate().Pass(fakeloop.Passage{What: "message", From: from, To: "server"})
				inbox <- from + ": " + text
			}()
		}
		send("zoe", "hello")
		send("adam", "hi")
		fmt.Println(<-inbox)
		fmt.Println(<-inbox)
	})
	// Output:
	// adam: hi
	// zoe: hello
}

// What is written to a buffer in one interval is taken out at once, however many
// writes that were and whichever goroutine made them.
func ExampleGate_PassFirst() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		var mu sync.Mutex
		var buffer strings.Builder
		written := make(chan struct{}, 1)
		write := func(text string) {
			mu.Lock()
			defer mu.Unlock()
			buffer.WriteString(text)
			select {
			case written <- struct{}{}:
			default:
			}
		}
		go func() {
			write("head ")
			write("body")
		}()
		<-written
		_ = loop.Gate().PassFirst(fakeloop.Passage{What: "ingest", From: "client", To: "server"})
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(buffer.String())
	})
	// Output: head body
}

// Two events with one name have no order but that of the scheduler, and are told.
func ExampleGate_Ties() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		for range 2 {
			go loop.Gate().Pass(fakeloop.Passage{What: "dial", From: "resolver", To: "dns:53"})
		}
		_ = loop.Settle()
		fmt.Println(loop.Gate().Ties())
	})
	// Output: [dial resolver>dns:53]
}

// How late something is can be a decision, too: here a source puts an event off by all of
// the spread that the loop has. Choice 0 would be not at all.
func ExampleGate_Choose() {
	synctest.Test(new(testing.T), func(*testing.T) {
		last := sourceFunc(func(_ string, n int) int { return n - 1 })
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: last, Spread: 30 * time.Second})
		defer loop.Close()

		gate := loop.Gate()
		_ = gate.Pass(fakeloop.Passage{What: "send", From: "client"})
		time.Sleep(gate.Spread() / 15 * time.Duration(gate.Choose("how late to send", 16)))
		fmt.Println("sent after", loop.Elapsed())
	})
	// Output: sent after 30s
}

// Two calls that a library makes from two places get two names.
func ExampleCallStack() {
	var stacks []uint64
	dial := func() { stacks = append(stacks, fakeloop.CallStack(0)) }
	for range 2 {
		dial()
		dial()
	}
	fmt.Println(stacks[0] == stacks[2], stacks[0] == stacks[1])
	// Output: true false
}

// Two goroutines that one event has woken log in the order in which the scheduler runs
// them; a journal has them in the same order always.
func ExampleJournal() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		journal := fakeloop.NewJournal(loop)
		logger := log.New(journal, "", 0)
		start := make(chan struct{})
		for _, name := range []string{"zoe", "adam"} {
			go func() {
				<-start
				logger.Print(name, " is up")
			}()
		}
		time.Sleep(time.Second)
		close(start)
		_ = loop.Settle()
		journal.Printf("done")
		fmt.Print(journal)
	})
	// Output:
	// 1s: adam is up
	// 1s: zoe is up
	// 1s: done
}

// The end of a goroutine can be waited for, and says how it came.
func ExampleGoroutine() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()

		g := loop.Go("client", func() { time.Sleep(time.Hour) })
		fmt.Println(g.Err(), loop.Elapsed())
		<-g.Done()
		fmt.Println(g.Err(), loop.Elapsed())
	})
	// Output:
	// <nil> 0s
	// <nil> 1h0m0s
}

// Close tells which goroutines have not ended, and where they are.
func ExampleLeakError() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		requests := make(chan string)
		loop.Go("server", func() {
			for range requests {
			}
		})
		_ = loop.Settle()
		var leak *fakeloop.LeakError
		if errors.As(loop.Close(), &leak) {
			fmt.Println(len(leak.Goroutines), "left:", strings.Contains(leak.Goroutines[0], "chan receive at example_gate_test.go"))
		}
		close(requests)
	})
	// Output: 1 left: true
}

// A client that dials again without a pause makes no time pass. The gate notices.
func ExampleLivelockError() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 100})
		defer loop.Close()
		go func() {
			for loop.Gate().Pass(fakeloop.Passage{What: "refuse", From: "client", To: "api:80"}) == nil {
			}
		}()
		var livelock *fakeloop.LivelockError
		if errors.As(loop.Settle(), &livelock) {
			fmt.Println(livelock.Events, "events at", livelock.At)
		}
	})
	// Output: 100 events at 0s
}

// With a spread a seed moves the starts of goroutines too, in virtual time.
func ExampleConfig_spread() {
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: fakeloop.Seed(1), Spread: 15 * time.Second})
		defer loop.Close()

		for _, name := range []string{"alice", "bob"} {
			loop.Go(name, func() { fmt.Println(name, loop.Elapsed()) })
		}
		time.Sleep(time.Minute)
	})
	// Output:
	// alice 0s
	// bob 7s
}

// A watch outside tells what a bubble waits for that never comes. Here it also brings
// it; without Report the program ends.
func ExampleWatchStalls() {
	foreign := make(chan int) // made outside the bubble
	watch := fakeloop.WatchStalls(fakeloop.StallConfig{
		After: 20 * time.Millisecond, // short, for an example
		Report: func(err *fakeloop.StallError) {
			fmt.Println(err.Blocked[0].State, "in this file:", strings.HasPrefix(err.Blocked[0].Where, "example_gate_test.go:"))
			close(foreign)
		},
	})
	defer watch.Stop()
	synctest.Test(new(testing.T), func(*testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()
		<-foreign
	})
	// Output: chan receive in this file: true
}
