package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func ExampleAll() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	v, err := fakeloop.All(loop, after(loop, 3*time.Second, "a"), after(loop, time.Second, "b")).Wait()
	fmt.Println(v, err, loop.Elapsed())

	_, err = fakeloop.All(loop, after(loop, time.Hour, "a"), failAfter(loop, time.Second, io.EOF)).Wait()
	fmt.Println(err, loop.Elapsed())
	// Output:
	// [a b] <nil> 3s
	// EOF 4s
}

func ExampleAllSettled() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	outcomes, _ := fakeloop.AllSettled(loop, after(loop, 3*time.Second, "a"), failAfter(loop, time.Second, io.EOF)).Wait()
	for _, o := range outcomes {
		fmt.Printf("%q %v\n", o.Value, o.Err)
	}
	// Output:
	// "a" <nil>
	// "" EOF
}

func ExampleOutcome() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	outcomes, _ := fakeloop.AllSettled(loop, fakeloop.Resolved(loop, 1), fakeloop.Rejected[int](loop, io.EOF)).Wait()
	fmt.Println(outcomes)
	// Output: [{1 <nil>} {0 EOF}]
}

// The first value; failures only count if there is nothing else.
func ExampleAny() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	fmt.Println(fakeloop.Any(loop, failAfter(loop, time.Second, io.EOF), after(loop, 2*time.Second, "mirror")).Wait())

	_, err := fakeloop.Any(loop, failAfter(loop, time.Second, io.EOF), failAfter(loop, 2*time.Second, fs.ErrClosed)).Wait()
	fmt.Println(err)
	fmt.Println(errors.Is(err, io.EOF), errors.Is(err, fs.ErrClosed))
	// Output:
	// mirror <nil>
	// fakeloop: all of 2 futures failed:
	// EOF
	// file already closed
	// true true
}

// The first outcome, whichever it is.
func ExampleRace() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	fast, slow := after(loop, time.Second, "fast"), after(loop, time.Hour, "slow")
	fmt.Println(fakeloop.Race(loop, slow, fast).Wait())
	fmt.Println("the loser was still pending:", slow.Cancel(nil))
	// Output:
	// fast <nil>
	// the loser was still pending: true
}

func ExampleAsCompleted() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	done := fakeloop.AsCompleted(loop,
		after(loop, 3*time.Second, "a"), failAfter(loop, 2*time.Second, io.EOF), after(loop, time.Second, "c"))
	fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
		for i, o := range done.All(co) {
			fmt.Println(i, o.Value, o.Err, loop.Elapsed())
		}
		return 0, nil
	})
	_ = loop.RunUntilIdle()
	// Output:
	// 2 c <nil> 1s
	// 1  EOF 2s
	// 0 a <nil> 3s
}

// Without a coroutine, one future after the other.
func ExampleCompleted_Next() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	done := fakeloop.AsCompleted(loop, after(loop, 2*time.Second, "a"), after(loop, time.Second, "b"))
	for done.Len() > 0 {
		next, err := done.Next().Wait()
		fmt.Println(next.Index, next.Value, err)
	}
	_, err := done.Next().Wait()
	fmt.Println(err)
	// Output:
	// 1 b <nil>
	// 0 a <nil>
	// fakeloop: all of these futures have been handed out
}

// Whoever has seen enough cancels the rest.
func ExampleCompleted_Cancel() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	done := fakeloop.AsCompleted(loop, after(loop, time.Hour, "slow"), after(loop, time.Second, "quick"))
	next, _ := done.Next().Wait()
	fmt.Println(next.Value, done.Cancel(nil))
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Elapsed())
	// Output:
	// quick true
	// 1s
}
