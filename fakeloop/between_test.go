package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// betweenIn is Between for a mode.
func betweenIn(mode fakeloop.Mode) fakeloop.Config {
	return fakeloop.Config{Mode: mode, Offload: fakeloop.Between}
}

// yield gives other goroutines every chance to run.
func yield() {
	for range 20 {
		runtime.Gosched()
	}
}

// Work begins when the callback that offloads it has ended, however that ends, and so it is
// in a coroutine, which ends its callback when it waits.
func TestOffloadBetween(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, betweenIn(mode))
		offload := func() *fakeloop.Future[int] {
			var inside atomic.Bool // the callback
			inside.Store(true)
			defer inside.Store(false)
			f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
				if inside.Load() {
					t.Error("work began beside its callback")
				}
				return 5, nil
			})
			yield()
			return f
		}
		all := fakeloop.NewPromise[int](loop, "all")
		done := 0
		count := func(v int, err error) {
			if done++; v != 5 || err != nil {
				t.Errorf("got %v, %v, want 5", v, err)
			}
			if done == 5 {
				all.Resolve(done)
			}
		}
		loop.Post(func() { offload().OnSettled(count) })
		loop.AfterFunc(time.Millisecond, func() { offload().OnSettled(count) })
		loop.Post(func() { offload().OnSettled(count); panic("no") })
		fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			for range 2 {
				count(fakeloop.Await(co, offload()))
			}
			return 0, nil
		})
		sameError(t, "Await", loop.Await(all.Future()), nil)
		as[*fakeloop.PanicError](t, loop.Close())
	})
}

// The next callback begins when the work is over, or waits for the loop.
func TestOffloadBetweenIsOverBeforeTheNext(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble} {
		body := func(t *testing.T) {
			loop := newLoop(t, betweenIn(mode))
			reply := fakeloop.NewPromise[int](loop, "reply")
			for range scaled(t, "callbacks", 1000, 20) {
				var over, waited atomic.Bool
				loop.Post(func() {
					fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
						yield()
						over.Store(true)
						return 0, nil
					})
					fakeloop.Offload(loop, "waits", func(context.Context) (int, error) {
						waited.Store(true)
						return 0, loop.Await(reply.Future())
					})
					loop.Post(func() {
						if !over.Load() || !waited.Load() {
							t.Errorf("the next callback began while the work was under way: it is over: %t, it waits: %t", over.Load(), waited.Load())
						}
					})
				})
			}
			loop.Post(func() { loop.Post(func() { loop.Post(func() { reply.Resolve(1) }) }) })
			mustIdle(t, loop)
			mustClose(t, loop)
		}
		t.Run(mode.String(), func(t *testing.T) {
			if mode == fakeloop.Bubble {
				synctest.Test(t, body)
			} else {
				body(t)
			}
		})
	}
}

// A callback that waits for its own work blocks, and in a bubble it goes on when everything
// is blocked: whatever it waits by, and for the work of a coroutine too.
func TestOffloadBetweenOfACallbackThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, betweenIn(fakeloop.Bubble))
		var began atomic.Bool
		offload := func(end func()) {
			began.Store(false)
			fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
				began.Store(true)
				end()
				return 0, nil
			})
			yield()
			if began.Load() {
				t.Error("work began beside its callback")
			}
		}
		loop.Post(func() {
			c := make(chan int)
			offload(func() { c <- 1 })
			<-c
			offload(func() { c <- 1 }) // once more
			<-c
		})
		loop.Post(func() {
			var all sync.WaitGroup
			all.Add(1)
			offload(all.Done)
			all.Wait()
		})
		fakeloop.Async(loop, "co", func(*fakeloop.Coroutine) (int, error) {
			c := make(chan int)
			offload(func() { close(c) })
			<-c
			return 0, nil
		})
		mustIdle(t, loop)
		equal(t, "time that has passed", loop.Elapsed(), 0)
		loop.Post(func() {
			c := make(chan int)
			offload(func() { close(c) })
			<-c
		})
		mustClose(t, loop)
	})
}

// On a loop that cannot see that everything is blocked the guard ends the wait, and tells.
func TestOffloadBetweenIsGuarded(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			var told []error
			loop := newLoop(t, fakeloop.Config{Mode: mode, Offload: fakeloop.Between, Guard: 50 * time.Millisecond, OnError: func(err error) { told = append(told, err) }})
			done := fakeloop.NewPromise[int](loop, "done")
			loop.Named("waits").Post(func() {
				c := make(chan int)
				fakeloop.Offload(loop, "work", func(context.Context) (int, error) { close(c); return 0, nil })
				<-c
				done.Resolve(1)
			})
			for !done.Future().Settled() { // the guard of the call itself may run out before
				_ = loop.Await(done.Future())
			}
			err := as[*fakeloop.OffloadError](t, loop.Close())
			text, stack, _ := strings.Cut(err.Error(), "\n\n")
			_, text, _ = strings.Cut(text, " callback ") // the time of a wall loop is no fact
			equal(t, "text", masked(text), `"waits" (#) had not returned after 50ms of real time (chan receive), while work "work" (#), which it had offloaded, was held until it would: if it waits for that, it blocks its loop. Let it return, and go on with a handler of the future. The work was begun then; Config.Guard sets how long to wait.`)
			if !strings.Contains(stack, "TestOffloadBetweenIsGuarded") {
				t.Errorf("the stack is\n%s", stack)
			}
			equal(t, "errors told", len(told), 1)
		})
	}
}

// The guard is no limit for a callback that computes, and its time is that of a bubble for a
// virtual loop within.
func TestOffloadBetweenGuardsNobodyWhoRuns(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Offload: fakeloop.Between, Guard: time.Microsecond})
	var sum atomic.Int64
	loop.Post(func() {
		fakeloop.Offload(loop, "work", func(context.Context) (int, error) { return 0, nil }, fakeloop.Jump)
		for i := range 20_000_000 {
			sum.Store(int64(i))
		}
	})
	for range 1000 { // the guard of the call may run out
		if err := loop.RunUntilIdle(); err == nil {
			break
		} else if e := new(fakeloop.OffloadError); errors.As(err, &e) {
			t.Fatal(err)
		}
	}
	mustClose(t, loop)

	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, betweenIn(fakeloop.Virtual))
		loop.Post(func() {
			fakeloop.Offload(loop, "work", func(context.Context) (int, error) { return 0, nil })
			time.Sleep(time.Hour)
		})
		err := as[*fakeloop.OffloadError](t, loop.RunUntilIdle())
		if text := err.Error(); !strings.Contains(text, "had not returned after 30s of virtual time (sleep), while") {
			t.Error(text)
		}
		mustClose(t, loop)
	})
}

// Whoever posts meanwhile does not prolong the guard, for no callback begins.
func TestOffloadBetweenIsGuardedAltogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, betweenIn(fakeloop.Virtual))
		release := make(chan struct{})
		loop.Post(func() {
			fakeloop.Offload(loop, "work", func(context.Context) (int, error) { <-release; return 0, nil })
		})
		go func() {
			for range 100 {
				time.Sleep(time.Second)
				_ = loop.PostFrom("beside", func() {})
			}
			close(release)
		}()
		began := time.Now()
		err := as[*fakeloop.StuckError](t, loop.RunUntilIdle())
		equal(t, "waited", time.Since(began), fakeloop.DefaultGuard)
		equal(t, "After", err.After, fakeloop.DefaultGuard)
		<-release
		mustIdle(t, loop)
		mustClose(t, loop)
	})
}

// Work that waits, other than by Await, for what a later callback does keeps a virtual loop
// until its guard ends that; work that is to go on beside callbacks does not.
func TestOffloadBetweenThatNeedsTheNextCallback(t *testing.T) {
	for _, policy := range []fakeloop.Policy{fakeloop.Freeze, fakeloop.Jump} {
		guard := 10 * time.Millisecond
		if policy == fakeloop.Jump {
			guard = time.Minute
		}
		loop := newLoop(t, fakeloop.Config{Offload: fakeloop.Between, Guard: guard})
		wait := make(chan int)
		release := sync.OnceFunc(func() { close(wait) })
		loop.Post(func() {
			fakeloop.Offload(loop, "work", func(context.Context) (int, error) { <-wait; return 0, nil }, policy)
			loop.Post(release)
		})
		err := loop.RunUntilIdle()
		if policy == fakeloop.Jump {
			equal(t, "under Jump", err, nil)
		} else {
			equal(t, "what it waits for", masked(strings.Join(as[*fakeloop.StuckError](t, err).Work, "; ")), `work "work" (#)`)
			release()
			for err != nil { // the guard may run out once more
				err = loop.RunUntilIdle()
			}
		}
		mustClose(t, loop)
	}
}

// Whoever is no callback has work begun at once.
func TestOffloadBetweenByOthers(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, betweenIn(mode))
		began := make(chan int)
		work := func(context.Context) (int, error) { began <- 1; return 0, nil }
		fakeloop.Offload(loop, "by the test", work)
		<-began
		if mode != fakeloop.Virtual {
			release := make(chan int)
			loop.Post(func() { <-release })
			fakeloop.Offload(loop, "by the test, beside a callback", work)
			<-began
			close(release)
		}
		fakeloop.Offload(loop, "outer", func(context.Context) (int, error) {
			fakeloop.Offload(loop, "by work", work)
			<-began
			return 0, nil
		})
		mustIdle(t, loop)
		mustClose(t, loop)
	})
}

func TestOffloadStart(t *testing.T) {
	for start, want := range map[fakeloop.OffloadStart]string{0: "at once", fakeloop.AtOnce: "at once", fakeloop.Between: "between callbacks", 9: "OffloadStart(9)"} {
		equal(t, "String", start.String(), want)
	}
	defer func() {
		equal(t, "panic", fmt.Sprint(recover()), "fakeloop: New: no such start of offloaded work: OffloadStart(9); use AtOnce or Between")
	}()
	fakeloop.New(fakeloop.Config{Offload: 9})
}

// The callback prints its line first, every time, for its work begins when it has ended; and
// the second callback finds the work done.
func ExampleOffloadStart() {
	loop := fakeloop.New(fakeloop.Config{Offload: fakeloop.Between})
	defer loop.Close()
	loop.Post(func() {
		fakeloop.Offload(loop, "query", func(context.Context) (int, error) {
			fmt.Println("the query")
			return 1, nil
		})
		loop.Post(func() { fmt.Println("the next callback") })
		fmt.Println("the callback")
	})
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// the callback
	// the query
	// the next callback
}
