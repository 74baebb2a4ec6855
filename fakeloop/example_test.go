package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// An hour passes in microseconds: time moves when nothing else is left to do.
func Example() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(time.Hour, func() { fmt.Println("an hour later:", loop.Now().Format(time.TimeOnly)) })
	loop.Post(func() { fmt.Println("at once:", loop.Now().Format(time.TimeOnly)) })
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// at once: 00:00:00
	// an hour later: 01:00:00
}

// Code under test declares the little of a loop it needs and takes a real one
// or this one.
func ExampleNew() {
	type clock interface {
		Now() time.Time
		AfterFunc(d time.Duration, f func()) *fakeloop.Timer
	}
	remind := func(c clock) {
		c.AfterFunc(time.Minute, func() { fmt.Println("reminded at", c.Now().Format(time.TimeOnly)) })
	}

	loop := fakeloop.New(fakeloop.Config{Sites: true}) // say in failures where things were made
	defer loop.Close()
	remind(loop)
	_ = loop.RunUntilIdle()
	// Output: reminded at 00:01:00
}

// In Wall mode the same queue runs on real time, on a goroutine of its own; the
// driving calls wait for it.
func ExampleNew_wall() {
	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
	defer loop.Close()

	loop.AfterFunc(time.Millisecond, func() { fmt.Println("on a", loop.Mode(), "loop") })
	_ = loop.RunUntilIdle()
	// Output: on a wall loop
}

// What a callback posts runs in the next turn, behind everything that was ready
// before.
func ExampleLoop_Post() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Post(func() {
		fmt.Println("first")
		loop.Post(func() { fmt.Println("third") })
	})
	loop.Post(func() { fmt.Println("second") })
	_ = loop.RunUntilIdle()
	// Output:
	// first
	// second
	// third
}

// A goroutine that does not belong to the loop says who it is, so that its
// callbacks can be told apart in every run.
func ExampleLoop_PostFrom() {
	loop := fakeloop.New(fakeloop.Config{})
	signal := make(chan error)
	go func() {
		signal <- loop.PostFrom("signal handler", func() { fmt.Println("reloading") })
	}()
	fmt.Println("posted:", <-signal)
	_ = loop.RunUntilIdle()

	_ = loop.Close()
	fmt.Println(loop.PostFrom("signal handler", func() {}))
	// Output:
	// posted: <nil>
	// reloading
	// fakeloop: the loop is closed
}

func ExampleLoop_AfterFunc() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	timeout := loop.AfterFunc(30*time.Second, func() { fmt.Println("timed out") })
	loop.AfterFunc(30*time.Second, func() { fmt.Println("same instant, set later: fires later") })
	loop.AfterFunc(10*time.Second, func() {
		fmt.Println("reply after", loop.Elapsed(), "- stopped the timeout:", timeout.Stop())
	})
	_ = loop.RunUntilIdle()
	// Output:
	// reply after 10s - stopped the timeout: true
	// same instant, set later: fires later
}

// A timer that resets itself is a ticker.
func ExampleTimer_Reset() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	var tick *fakeloop.Timer
	tick = loop.AfterFunc(time.Second, func() {
		fmt.Println("tick", loop.Elapsed())
		tick.Reset(time.Second)
	})
	_ = loop.Advance(3 * time.Second)
	// Output:
	// tick 1s
	// tick 2s
	// tick 3s
}

// The last instant is included, and so is what is set on the way.
func ExampleLoop_Advance() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(time.Second, func() {
		fmt.Println("at", loop.Elapsed())
		loop.AfterFunc(time.Second, func() { fmt.Println("at", loop.Elapsed()) })
		loop.AfterFunc(2*time.Second, func() { fmt.Println("not yet") })
	})
	_ = loop.Advance(2 * time.Second)
	fmt.Println("now", loop.Elapsed())
	fmt.Println(loop.Advance(-time.Second))
	// Output:
	// at 1s
	// at 2s
	// now 2s
	// fakeloop: time does not go back: Advance(-1s)
}

// RunUntilIdle returns the panics of the callbacks; none of them stops the
// loop.
func ExampleLoop_RunUntilIdle() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Named("parse").Post(func() { panic(errors.New("no header")) })
	loop.Post(func() { fmt.Println("the loop goes on") })
	err := loop.RunUntilIdle()

	var p *fakeloop.PanicError
	fmt.Println(errors.As(err, &p), p.Value)
	// Output:
	// the loop goes on
	// true no header
}

// Callbacks that keep each other busy for ever do not hang a test.
func ExampleConfig_limit() {
	loop := fakeloop.New(fakeloop.Config{Limit: 1000})
	defer loop.Close()

	var tick func()
	tick = func() { loop.AfterFunc(time.Second, tick) }
	tick()
	var limit *fakeloop.LimitError
	fmt.Println(errors.As(loop.RunUntilIdle(), &limit))
	fmt.Println(limit.Callbacks, "callbacks in", limit.Moved)
	// Output:
	// true
	// 1000 callbacks in 16m40s
}

// Step runs one callback: a debugger's view.
func ExampleLoop_Step() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Post(func() { fmt.Println("one") })
	loop.AfterFunc(time.Minute, func() { fmt.Println("two, at", loop.Elapsed()) })
	for {
		ran, err := loop.Step()
		if !ran || err != nil {
			break
		}
		fmt.Println("--")
	}
	// Output:
	// one
	// --
	// two, at 1m0s
	// --
}

// Run goes on until Stop: a main loop.
func ExampleLoop_Run() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(time.Hour, loop.Stop)
	loop.AfterFunc(2*time.Hour, func() { fmt.Println("never") })
	fmt.Println(loop.Run(), loop.Elapsed())
	// Output: <nil> 1h0m0s
}

// Await drives until a future is settled, and no further. If nothing can settle
// it, that is an error at once, and says who waits for whom.
func ExampleLoop_Await() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[string](loop, "reply")
	greeting := fakeloop.Then(reply.Future(), func(name string) (string, error) { return "hello " + name, nil })
	err := loop.Await(greeting)
	var idle *fakeloop.IdleError
	fmt.Println("can never settle:", errors.As(err, &idle), "- links in the chain:", len(idle.Chain))

	loop.AfterFunc(time.Minute, func() { reply.Resolve("gopher") })
	fmt.Println(loop.Await(greeting), loop.Elapsed())
	// Output:
	// can never settle: true - links in the chain: 2
	// <nil> 1m0s
}

func ExampleFuture_Wait() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[int](loop, "answer")
	loop.AfterFunc(24*time.Hour, func() { p.Resolve(42) })
	v, err := p.Future().Wait()
	fmt.Println(v, err)
	// Output: 42 <nil>
}

// The first settle wins, and the loser is told.
func ExampleNewPromise() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "reply")
	fmt.Println(p.Resolve("pong"), p.Reject(errors.New("timeout")))
	value, err, settled := p.Future().Result()
	fmt.Println(value, err, settled)
	// Output:
	// true false
	// pong <nil> true
}

// An error passes through a chain as the same value, however long the chain is.
func ExampleThen() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	errRefused := errors.New("refused")
	dial := fakeloop.NewPromise[int](loop, "dial")
	length := fakeloop.Then(dial.Future(), func(fd int) (string, error) { return fmt.Sprint("connection ", fd), nil })
	shout := fakeloop.Then(length, func(s string) (string, error) { return strings.ToUpper(s), nil })
	dial.Reject(errRefused)

	_, err := shout.Wait()
	fmt.Println(err == errRefused)
	// Output: true
}

// Catch may recover; then the chain goes on with a value.
func ExampleCatch() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	cache := fakeloop.NewPromise[string](loop, "cache")
	cache.Reject(errors.New("miss"))
	page := fakeloop.Catch(cache.Future(), func(err error) (string, error) {
		fmt.Println("cache:", err)
		return "page from the origin", nil
	})
	fmt.Println(page.Wait())
	// Output:
	// cache: miss
	// page from the origin <nil>
}

// Handlers run on the loop, in a later turn: never inside the call that settles
// or registers.
func ExampleFuture_OnSettled() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[int](loop, "p")
	p.Future().OnSettled(func(v int, err error) { fmt.Println("handler:", v, err) })
	p.Resolve(1)
	fmt.Println("settled")
	_ = loop.RunUntilIdle()
	// Output:
	// settled
	// handler: 1 <nil>
}

// A coroutine reads like synchronous code; the loop runs others while it waits.
func ExampleAsync() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	reply := fakeloop.NewPromise[string](loop, "reply")
	loop.AfterFunc(2*time.Second, func() { reply.Resolve("pong") })

	ping := fakeloop.Async(loop, "ping", func(co *fakeloop.Coroutine) (time.Duration, error) {
		fmt.Println("sent at", loop.Elapsed())
		if _, err := fakeloop.Await(co, reply.Future()); err != nil {
			return 0, err
		}
		return loop.Elapsed(), nil
	})
	fmt.Println(ping.Wait())
	// Output:
	// sent at 0s
	// 2s <nil>
}

// Closing the loop ends a suspended coroutine: Await returns ErrClosed, so that
// its deferred calls run.
func ExampleAwait() {
	loop := fakeloop.New(fakeloop.Config{})
	never := fakeloop.NewPromise[int](loop, "never")
	fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
		defer fmt.Println("cleaned up")
		_, err := fakeloop.Await(co, never.Future())
		fmt.Println(err)
		return 0, err
	})
	_ = loop.RunUntilIdle()
	fmt.Println("closing:", loop.Close())
	// Output:
	// fakeloop: the loop is closed
	// cleaned up
	// closing: <nil>
}

func ExampleCoroutine_Sleep() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	retry := fakeloop.Async(loop, "retry", func(co *fakeloop.Coroutine) (int, error) {
		backoff := time.Second
		for range 5 {
			if err := co.Sleep(backoff); err != nil {
				return 0, err
			}
			backoff *= 2
		}
		return 5, nil
	})
	attempts, _ := retry.Wait()
	fmt.Println(attempts, "attempts took", loop.Elapsed())
	// Output: 5 attempts took 31s
}

// Offloaded work runs on another goroutine. However long each piece takes, a
// virtual loop takes it back in the order in which it left.
func ExampleOffload() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	secondIsDone := make(chan struct{})
	first := fakeloop.Offload(loop, "slow", func(ctx context.Context) (string, error) {
		<-secondIsDone
		return "first", nil
	})
	second := fakeloop.Offload(loop, "fast", func(ctx context.Context) (string, error) {
		defer close(secondIsDone)
		return "second", nil
	})
	print := func(s string, err error) { fmt.Println(s, err) }
	first.OnSettled(print)
	second.OnSettled(print)
	_ = loop.RunUntilIdle()
	// Output:
	// first <nil>
	// second <nil>
}

// Work on a goroutine of one's own is announced before that starts. The loop
// then knows that it is not idle, and time stands still.
func ExampleLoop_Outside() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.AfterFunc(time.Second, func() { fmt.Println("a second later") })
	work := loop.Outside("compress")
	go func() {
		size := len(strings.Repeat("x", 1000)) // off the loop: must not touch what belongs to it
		_ = work.Return(func() { fmt.Println("size", size, "at", loop.Elapsed()) })
	}()
	_ = loop.RunUntilIdle()
	// Output:
	// size 1000 at 0s
	// a second later
}

func ExampleWork_Return() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	work := loop.Outside("once")
	fmt.Println(work.Return(nil)) // comes back with nothing to run
	fmt.Println(work.Return(nil))
	// Output:
	// <nil>
	// fakeloop: this work has returned already; announce each piece of work with an Outside of its own
}

// Labels name callbacks and timers in texts and in the timeline.
func ExampleLoop_Named() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	session := loop.Named("session 7")
	session.AfterFunc(time.Minute, func() {})
	session.Post(func() {})
	for _, e := range loop.Timeline().All() {
		fmt.Println(e.Kind, e.Label)
	}
	// Output:
	// arm session 7
	// post session 7
}

// What could go otherwise is a decision. Without a source it is 0; a seed
// explores, and the same seed repeats.
func ExampleLoop_Choose() {
	flaky := func(source fakeloop.Source) (failures int) {
		loop := fakeloop.New(fakeloop.Config{Decisions: source})
		defer loop.Close()
		for range 100 {
			if loop.Choose("does the dial fail?", 2) == 1 {
				failures++
			}
		}
		return failures
	}
	fmt.Println("without a source:", flaky(nil))
	a, b := flaky(fakeloop.Seed(1)), flaky(fakeloop.Seed(1))
	fmt.Println("with a seed:", a > 0 && a < 100, a == b)
	// Output:
	// without a source: 0
	// with a seed: true true
}

// Under a seed, callbacks of different origins change places. Callbacks of one
// origin keep their order, since code relies on it.
func ExampleSeed() {
	orders := map[string]bool{}
	for seed := range uint64(100) {
		loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(seed)})
		order := ""
		_ = loop.PostFrom("a", func() { order += "a1 " })
		_ = loop.PostFrom("a", func() { order += "a2 " })
		_ = loop.PostFrom("b", func() { order += "b " })
		_ = loop.RunUntilIdle()
		orders[order] = true
		_ = loop.Close()
	}
	for _, order := range []string{"a1 a2 b ", "a1 b a2 ", "b a1 a2 ", "a2 a1 b "} {
		fmt.Println(order, orders[order])
	}
	// Output:
	// a1 a2 b  true
	// a1 b a2  true
	// b a1 a2  true
	// a2 a1 b  false
}

// The timeline is the record of the run. Equal digests mean that two runs did
// the same, event by event; otherwise Diverge shows where they parted.
func ExampleLoop_Timeline() {
	run := func(delay time.Duration) *timeline.Timeline {
		loop := fakeloop.New(fakeloop.Config{})
		defer loop.Close()
		loop.Named("poll").AfterFunc(delay, func() {})
		_ = loop.RunUntilIdle()
		return loop.Timeline()
	}
	a, again, b := run(time.Second), run(time.Second), run(time.Minute)
	fmt.Println(a.Digest() == again.Digest(), a.Digest() == b.Digest())
	d, _ := timeline.Diverge(a, b)
	fmt.Printf("event %d: %q due at %v, or at %v\n", d.Index, d.A[0].Label, d.A[0].Due, d.B[0].Due)
	// Output:
	// true false
	// event 0: "poll" due at 1s, or at 1m0s
}

// Pending says what is left, and who waits for whom.
func ExampleLoop_Pending() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.Named("heartbeat").AfterFunc(time.Minute, func() {})
	reply := fakeloop.NewPromise[string](loop, "reply")
	fakeloop.Then(reply.Future(), func(s string) (int, error) { return len(s), nil })
	for _, item := range loop.Pending() {
		fmt.Println(withoutIdentities(item.String()))
	}
	// Output:
	// timer "heartbeat", due at 1m0s
	// future "reply", pending
	// future "then", pending, waits for future "reply"
}

// A rejection that nobody has looked at is reported, once.
func ExampleLoop_Unobserved() {
	loop := fakeloop.New(fakeloop.Config{})
	handled := fakeloop.NewPromise[int](loop, "handled")
	handled.Future().OnSettled(func(int, error) {})
	handled.Reject(errors.New("seen"))
	fakeloop.NewPromise[int](loop, "save").Reject(errors.New("disk full"))

	for _, err := range loop.Unobserved() {
		fmt.Println(errors.Unwrap(err))
	}
	fmt.Println(withoutIdentities(loop.Close().Error()))
	fmt.Println(loop.Close())
	// Output:
	// disk full
	// fakeloop: nobody looked at the error of future "save": disk full; handle it with Catch, OnSettled or Await
	// <nil>
}

// Close rejects what is still pending, so that nobody waits for ever.
func ExampleLoop_Close() {
	loop := fakeloop.New(fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "p")
	loop.AfterFunc(time.Hour, func() { fmt.Println("never") })
	fmt.Println(loop.Close())
	_, err := p.Future().Wait()
	fmt.Println(err)
	// Output:
	// <nil>
	// fakeloop: the loop is closed
}

// A stack with one of these frames is the stack of a callback: all that a
// detector of blocking callbacks has to know about this package.
func ExampleCallbackFrames() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	inCallback := func() bool {
		stack := make([]byte, 64<<10)
		stack = stack[:runtime.Stack(stack, false)]
		for _, frame := range fakeloop.CallbackFrames() {
			if strings.Contains(string(stack), frame) {
				return true
			}
		}
		return false
	}
	loop.Post(func() { fmt.Println("in a callback:", inCallback()) })
	_ = loop.RunUntilIdle()
	fmt.Println("in the test:", inCallback())
	// Output:
	// in a callback: true
	// in the test: false
}

// withoutIdentities drops the identity that stands behind each name.
func withoutIdentities(text string) string {
	return strings.ReplaceAll(identities.ReplaceAllString(text, ""), " ()", "")
}
