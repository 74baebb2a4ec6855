package fakeloop_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Most of what holds on a wall loop is tested beside the same thing on a
// virtual one, in a bubble. These tests are about the goroutine of its own, and
// some run on real time.

func TestWallLoopOnRealTime(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
	p := fakeloop.NewPromise[time.Duration](loop, "p")
	loop.AfterFunc(5*time.Millisecond, func() { p.Resolve(loop.Elapsed()) })
	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (time.Duration, error) {
		if err := co.Sleep(time.Millisecond); err != nil {
			return 0, err
		}
		return fakeloop.Await(co, p.Future())
	})
	at, err := f.Wait()
	sameError(t, "Wait", err, nil)
	if at < 5*time.Millisecond {
		t.Errorf("a timer for 5ms fired at %v", at)
	}
	mustClose(t, loop)
}

// Nothing that a callback sees goes on beside it, on whatever goroutine it was
// posted; the race detector watches.
func TestWallCallbacksDoNotOverlap(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	n := 0
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 200 {
				loop.Post(func() { n++ })
				loop.AfterFunc(time.Microsecond, func() { n++ })
				fakeloop.Offload(loop, "", nothing).OnSettled(func(int, error) { n++ })
			}
		})
	}
	work.Wait()
	mustIdle(t, loop)
	equal(t, "callbacks", n, 4*200*3)
}

// A wall loop may be waited for by many.
func TestManyWaitersOfOneFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		p := fakeloop.NewPromise[int](loop, "")
		loop.AfterFunc(time.Hour, func() { p.Resolve(42) })
		var waiting sync.WaitGroup
		for range 10 {
			waiting.Go(func() {
				v, err := p.Future().Wait()
				equal(t, "value", v, 42)
				sameError(t, "Wait", err, nil)
			})
		}
		waiting.Wait()
	})
}

// Settling from another goroutine wakes those who wait, in both modes, also if
// no handler is registered and other work is still outside.
func TestSettleFromOutsideWakesTheWaiter(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		synctestOr(t, mode, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			work := loop.Outside("still busy")
			p := fakeloop.NewPromise[int](loop, "")
			go func() {
				time.Sleep(time.Nanosecond) // of the bubble
				p.Resolve(1)
			}()
			start := time.Now()
			v, err := p.Future().Wait()
			equal(t, "value", v, 1)
			sameError(t, "Wait", err, nil)
			equal(t, "time spent waiting", time.Since(start), 1)
			_ = work.Return(nil)
		})
	})
}

// Stopping the last timer makes the loop idle, whoever stops it.
func TestStopFromOutsideWakesTheWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		timer := loop.AfterFunc(time.Hour, func() {})
		p := fakeloop.NewPromise[int](loop, "")
		go func() {
			time.Sleep(time.Second)
			timer.Stop()
		}()
		as[*fakeloop.IdleError](t, loop.Await(p.Future()))
		equal(t, "Elapsed", loop.Elapsed(), time.Second)
		mustIdle(t, loop)
	})
}

// Close ends every call that waits for the loop, at once.
func TestCloseWakesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		loop.AfterFunc(time.Hour, func() {})
		p := fakeloop.NewPromise[int](loop, "")
		errs := make(chan error, 3)
		go func() { errs <- loop.Run() }()
		go func() { errs <- loop.RunUntilIdle() }()
		go func() { _, err := p.Future().Wait(); errs <- err }()
		synctest.Wait()
		start := time.Now()
		mustClose(t, loop)
		for range 3 {
			equal(t, "error", <-errs, fakeloop.ErrClosed)
		}
		equal(t, "time until they knew", time.Since(start), 0)
	})
}

func TestCloseWakesRunOfAnIdleLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		result := make(chan error)
		go func() { result <- loop.Run() }()
		synctest.Wait()
		start := time.Now()
		mustClose(t, loop)
		equal(t, "Run", <-result, fakeloop.ErrClosed)
		equal(t, "time until it knew", time.Since(start), 0)
	})
}

// Run waits for Stop, however long nothing happens.
func TestRunOfAWallLoopIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Guard: time.Second})
		go func() {
			time.Sleep(time.Hour)
			loop.Stop()
		}()
		sameError(t, "Run", loop.Run(), nil)
		equal(t, "Elapsed", loop.Elapsed(), time.Hour)
	})
}

// A callback that does not return is named after Guard.
func TestStuckCallbackOfAWallLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Guard: time.Minute})
		release := make(chan struct{})
		p := fakeloop.NewPromise[int](loop, "")
		loop.Named("hangs").Post(func() { <-release })
		const text = `fakeloop: at 0s gave up after 1m0s of real time; what the loop waits for has not come: callback "hangs" (#). Config.Guard sets how long to wait.`
		for _, wait := range []func() error{func() error { return loop.Await(p.Future()) }, loop.RunUntilIdle, loop.Close} {
			stuck := as[*fakeloop.StuckError](t, wait())
			equal(t, "After", stuck.After, time.Minute)
			head, stack, _ := strings.Cut(stuck.Error(), "\n\n")
			equal(t, "text", masked(head), text)
			if stack != stuck.Stack || !strings.HasPrefix(stack, "goroutine ") || !strings.Contains(stack, "TestStuckCallbackOfAWallLoop") {
				t.Errorf("the stack is not that of the callback:\n%s", stack)
			}
		}
		close(release)
		mustClose(t, loop)
	})
}

// Timers that are far away are waited for: the guard is about what should have
// happened by now.
func TestGuardIsPatientWithTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Guard: time.Second})
		p := fakeloop.NewPromise[int](loop, "")
		loop.AfterFunc(time.Hour, func() { p.Resolve(1) })
		_, err := p.Future().Wait()
		sameError(t, "Wait", err, nil)
	})
}

// A timer that is overdue does not use up the guard before it begins.
func TestGuardBesideAnOverdueTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		loop.Post(func() {
			loop.AfterFunc(math.MinInt64, func() {})
			time.Sleep(time.Second)
		})
		synctest.Wait()
		mustIdle(t, loop)
		equal(t, "Elapsed", loop.Elapsed(), time.Second)
	})
}

// A failure nobody waited for reaches the one who closes.
func TestEscapeReachesClose(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic: failed": func() { panic(fatal("failed")) },
		"goexit":        runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Fatal: isFatal})
				loop.Post(fail)
				synctest.Wait()
				equal(t, "Close ended with", ending(func() { _ = loop.Close() }), name)
				mustClose(t, loop)
			})
		})
	}
}

// It reaches one waiter, once.
func TestEscapeIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Fatal: isFatal})
		p := fakeloop.NewPromise[int](loop, "")
		loop.AfterFunc(time.Hour, func() {}) // an idle loop would not be waited for
		endings := make(chan string, 3)
		for range 3 {
			go func() { endings <- ending(func() { _, _ = p.Future().Wait() }) }()
		}
		synctest.Wait()
		loop.Post(func() { panic(fatal("failed")) })
		synctest.Wait()
		loop.Post(func() { p.Resolve(1) })
		got := []string{<-endings, <-endings, <-endings}
		slices.Sort(got)
		if !slices.Equal(got, []string{"panic: failed", "return", "return"}) {
			t.Errorf("the waiters ended with %q", got)
		}
		mustClose(t, loop)
	})
}

// A future that is settled by a callback which then blocks can be waited for:
// the waiter is what lets the callback go on.
func TestWaitWhileTheSettlerBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		p, release := fakeloop.NewPromise[int](loop, ""), make(chan struct{})
		loop.Post(func() { p.Resolve(1); <-release })
		_, err := p.Future().Wait()
		sameError(t, "Wait", err, nil)
		close(release)
		mustIdle(t, loop)
	})
}

// The goroutine of a wall loop ends with Close, also after it was replaced.
func TestWallLoopLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine left over panics here
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
		loop.Post(runtime.Goexit)
		equal(t, "RunUntilIdle", ending(func() { _ = loop.RunUntilIdle() }), "goexit")
		loop.Post(runtime.Goexit)
		equal(t, "RunUntilIdle", ending(func() { _ = loop.RunUntilIdle() }), "goexit")
		fakeloop.Async(loop, "suspended", func(co *fakeloop.Coroutine) (int, error) { return 0, co.Sleep(time.Hour) })
		synctest.Wait()
		mustClose(t, loop)
	})
}

// Two goroutines close at the same time: one of them is told, the other gets
// nil, nobody hangs.
func TestConcurrentCloseOfAWallLoop(t *testing.T) {
	for range 50 {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
		rejection := errors.New("x")
		fakeloop.NewPromise[int](loop, "").Reject(rejection)
		errs := make(chan error)
		go func() { errs <- loop.Close() }()
		go func() { errs <- loop.Close() }()
		a, b := <-errs, <-errs
		if errors.Is(a, rejection) == errors.Is(b, rejection) {
			t.Fatalf("Close returned %v and %v", a, b)
		}
	}
}

// A timer that sets itself again for ever does not keep a waiting call for ever.
func TestGuardOfABusyWallLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Guard: time.Minute + time.Second/2}) // between two ticks
		var tick func()
		tick = func() { loop.Named("tick").AfterFunc(time.Second, tick) }
		loop.AfterFunc(time.Second, tick)
		p := fakeloop.NewPromise[int](loop, "reply")
		_, err := p.Future().Wait()
		wantErrorText(t, as[*fakeloop.StuckError](t, err), `fakeloop: at 1m1.5s gave up after 1m0.5s of real time; what the loop waits for is not due yet: timer "tick" (#), due at 1m2s; callback "tick" (#).`+notYet)
	})
}

// A timer that a callback sets for longer than the guard is told from work that does not
// come, and a longer guard lets it come.
func TestGuardThatIsShorterThanATimerOfACallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, guard := range []time.Duration{time.Minute, 2*time.Minute + 1} {
			loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall, Guard: guard})
			p := fakeloop.NewPromise[int](loop, "reply")
			loop.Named("ask").AfterFunc(time.Second, func() { // by when the wait has begun
				loop.Named("answer").AfterFunc(2*time.Minute, func() { p.Resolve(1) })
			})
			_, err := p.Future().Wait()
			if guard > 2*time.Minute {
				sameError(t, "Wait", err, nil)
				continue
			}
			wantErrorText(t, as[*fakeloop.StuckError](t, err), `fakeloop: at 1m1s gave up after 1m0s of real time; what the loop waits for is not due yet: timer "answer" (#), due at 2m1s; callback "ask" (#).`+notYet)
		}
	})
}

const notYet = " A wait counts Config.Guard from the last timer that was set when it began, and a callback has set this one since: a Guard that is longer than all timers of callbacks lets it come, and nothing but Stop ends one that sets itself again for ever."

// What callbacks panicked with is often why nothing comes.
func TestIdleErrorShowsPanics(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "reply")
	loop.Named("answer").Post(func() { panic("bug") })
	_, err := p.Future().Wait()
	idle := as[*fakeloop.IdleError](t, err)
	equal(t, "panics", len(idle.Panics), 1)
	if !strings.Contains(idle.Error(), "\nBefore that, fakeloop: callback \"answer\"") {
		t.Errorf("got %v", idle)
	}
	if err := loop.RunUntilIdle(); err == nil {
		t.Error("the panic is kept for the next driving call, which returned nothing")
	}
}

// The middle of a long chain is left out.
func TestIdleErrorOfALongChain(t *testing.T) {
	err := &fakeloop.IdleError{}
	for i := range 100 {
		err.Chain = append(err.Chain, fmt.Sprintf("link %d", i))
	}
	text := err.Error()
	for _, part := range []string{"link 0\n", "which waits for link 19\n... and so on through 75 more ...\nwhich waits for link 95\n", "link 99\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
	if strings.Contains(text, "link 20\n") || strings.Contains(text, "link 94\n") {
		t.Errorf("not cut:\n%s", text)
	}
}

// A promise is not a future, and says so where Gomega prints it.
func TestPromiseGomegaString(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "reply")
	equal(t, "text", masked(p.GomegaString()), `a promise, whose Future is: future "reply" (#), pending`)
}
