package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

const timedOut = `fakeloop: at 2s future "reply" (#) had not settled within 2s`

func TestTimeout(t *testing.T) {
	for _, c := range []struct {
		name    string
		settle  func(*fakeloop.Promise[int])
		after   time.Duration
		d       time.Duration
		outcome string
		at      time.Duration
	}{
		{"a value in time", func(p *fakeloop.Promise[int]) { p.Resolve(7) }, time.Second, 2 * time.Second, "7", time.Second},
		{"an error in time", func(p *fakeloop.Promise[int]) { p.Reject(io.EOF) }, time.Second, 2 * time.Second, "EOF", time.Second},
		{"a value too late", func(p *fakeloop.Promise[int]) { p.Resolve(7) }, 3 * time.Second, 2 * time.Second, timedOut, 2 * time.Second},
		{"an error too late", func(p *fakeloop.Promise[int]) { p.Reject(io.EOF) }, 3 * time.Second, 2 * time.Second, timedOut, 2 * time.Second},
		{"no time at all", func(p *fakeloop.Promise[int]) { p.Resolve(7) }, time.Second, 0,
			`fakeloop: at 0s future "reply" (#) had not settled within 0s`, 0},
		{"less than no time", func(p *fakeloop.Promise[int]) { p.Resolve(7) }, time.Second, -time.Second,
			`fakeloop: at 0s future "reply" (#) had not settled within -1s`, 0},
		{"all the time", func(p *fakeloop.Promise[int]) { p.Resolve(7) }, 20 * time.Second, math.MaxInt64, "7", 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				p := fakeloop.NewPromise[int](loop, "reply")
				var derived *fakeloop.Future[int]
				var at time.Duration
				onLoop(t, loop, func() {
					loop.AfterFunc(c.after, func() { c.settle(p) })
					derived = fakeloop.Timeout(p.Future(), c.d)
					derived.OnSettled(func(int, error) { at = loop.Elapsed() })
					equal(t, "settled at once", derived.Settled(), false)
				})
				equal(t, "outcome", masked(outcome(derived)), c.outcome)
				equal(t, "time", at, c.at)
				if _, err, _ := p.Future().Result(); c.outcome != "7" && c.outcome != "EOF" {
					cancelled := as[*fakeloop.CancelError](t, err)
					equal(t, "cause", cancelled.Cause, error(as[*fakeloop.TimeoutError](t, must2(derived.Result()))))
				}
				if c.name == "an error too late" {
					wantErrorText(t, loop.Close(), `fakeloop: nobody will see the error to which future "reply" (#) came after it had been given up: EOF; call Quiet if it does not matter`)
				} else {
					mustClose(t, loop)
				}
			})
		})
	}
}

// must2 returns the error of a Result.
func must2[T any](_ T, err error, _ bool) error { return err }

func TestTimeoutOfASettledFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		for _, d := range []time.Duration{-1, 0, time.Hour} {
			p := fakeloop.NewPromise[int](loop, "reply")
			p.Resolve(1)
			equal(t, "value", outcome(fakeloop.Timeout(p.Future(), d)), "1")
			_, err, _ := fakeloop.Timeout(rejected(loop, io.EOF), d).Result()
			equal(t, "error", err, io.EOF)
		}
		equal(t, "idle", loop.Idle(), true)
		p := fakeloop.NewPromise[int](loop, "reply")
		mustClose(t, loop)
		wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run",
			func() { fakeloop.Timeout(p.Future(), 0) })
	})
}

func TestTimeoutErrorIsOfItsOwnKind(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	f := fakeloop.NewPromise[int](loop, "reply").Future()
	derived := fakeloop.Timeout(f, 3*time.Second)
	wantText(t, "derived", derived, `future "timeout" (#), made at FILE, pending, waits for future "reply" (#)`)
	_, err := derived.Wait()
	sameError(t, "error", err, context.DeadlineExceeded)
	equal(t, "is a cancellation", errors.Is(err, context.Canceled), false)
	timeout := as[*fakeloop.TimeoutError](t, err)
	equal(t, "After", timeout.After, 3*time.Second)
	equal(t, "At", timeout.At, 3*time.Second)
	wantErrorText(t, err, `fakeloop: at 3s future "reply" (#), made at FILE had not settled within 3s`)
	// The future itself was cancelled, and knows why.
	_, cancelled, _ := f.Result()
	sameError(t, "the future", cancelled, context.Canceled)
	sameError(t, "the future", cancelled, context.DeadlineExceeded)
	sameError(t, "the future", cancelled, timeout)
}

// What happens at the instant of the deadline, in the order in which the loop runs
// it.
func TestTimeoutAtTheInstantOfTheResult(t *testing.T) {
	for _, c := range []struct {
		name  string
		begin func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int]
		want  string
	}{
		{"the result's timer was set before", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			loop.AfterFunc(2*time.Second, func() { p.Resolve(7) })
			return fakeloop.Timeout(p.Future(), 2*time.Second)
		}, "7"},
		{"the result's timer was set after", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			f := fakeloop.Timeout(p.Future(), 2*time.Second)
			loop.AfterFunc(2*time.Second, func() { p.Resolve(7) })
			return f
		}, timedOut},
		{"the result is posted by a timer of that instant set before", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			loop.AfterFunc(2*time.Second, func() { loop.Post(func() { p.Resolve(7) }) })
			return fakeloop.Timeout(p.Future(), 2*time.Second)
		}, timedOut},
		{"the result is posted when the time is due", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			f := fakeloop.Timeout(p.Future(), 0)
			loop.Post(func() { p.Resolve(7) })
			return f
		}, "7"},
		{"the result comes through a chain that begins before", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			loop.AfterFunc(2*time.Second, func() { p.Resolve(7) })
			return fakeloop.Timeout(fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil }), 2*time.Second)
		}, `fakeloop: at 2s future "then" (#) had not settled within 2s`},
		{"two timeouts of one instant", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			return fakeloop.Timeout(fakeloop.Timeout(p.Future(), 2*time.Second), 2*time.Second)
		}, timedOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			p := fakeloop.NewPromise[int](loop, "reply")
			var f *fakeloop.Future[int]
			onLoop(t, loop, func() { f = c.begin(loop, p) })
			equal(t, "outcome", masked(outcome(f)), c.want)
			equal(t, "idle", loop.Idle(), true)
			mustClose(t, loop)
		})
	}
}

// The derived future is settled with its source, not a turn later: nothing can come
// between.
func TestTimeoutSettlesWithItsSource(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			p := fakeloop.NewPromise[int](loop, "reply")
			once := fakeloop.Timeout(p.Future(), time.Hour)
			twice := fakeloop.Timeout(once, time.Hour)
			p.Resolve(7)
			equal(t, "outcome", outcome(once), "7")
			equal(t, "outcome", outcome(twice), "7")
			equal(t, "Cancel", twice.Cancel(nil), false)
			equal(t, "outcome", outcome(twice), "7")
		})
		// The timers are stopped: an hour would have to pass otherwise.
		equal(t, "time", loop.Elapsed(), 0)
		mustClose(t, loop)
	})
}

func TestTimeoutHandlersRunInOrder(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	p := fakeloop.NewPromise[int](loop, "reply")
	for i := range 3 {
		fakeloop.Timeout(p.Future(), time.Second).OnSettled(func(int, error) { log.add("derived%d", i) })
	}
	p.Future().OnSettled(func(int, error) { log.add("own") })
	p.Resolve(7)
	log.add("resolved")
	mustIdle(t, loop)
	log.want(t, "resolved own derived0 derived1 derived2")
}

func TestTimeoutSparesASharedSource(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		shared, twice := fakeloop.NewPromise[int](loop, "shared"), fakeloop.NewPromise[int](loop, "twice")
		onLoop(t, loop, func() {
			shared.Future().OnSettled(func(v int, err error) { log.add("shared:%v:%v", v, err) })
			fakeloop.Timeout(shared.Future(), time.Second).OnSettled(func(int, error) { log.add("timeout") })
			fakeloop.Timeout(twice.Future(), 3*time.Second).OnSettled(func(int, error) { log.add("second:%v", twice.Future().Settled()) })
			fakeloop.Timeout(twice.Future(), 2*time.Second).OnSettled(func(int, error) { log.add("first:%v", twice.Future().Settled()) })
			loop.AfterFunc(4*time.Second, func() { shared.Resolve(7) })
		})
		log.want(t, "timeout first:false second:true shared:7:<nil>")
		equal(t, "who gave up last", masked(outcome(twice.Future())), `fakeloop: cancelled: fakeloop: at 3s future "twice" (#) had not settled within 3s`)
		mustClose(t, loop)
	})
}

func TestTimeoutStopsTheWork(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "reply")
		var told error
		p.OnCancel(func(cause error) { told = cause })
		_, err := fakeloop.Timeout(fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil }), time.Second).Wait()
		mustIdle(t, loop)
		equal(t, "cause", told, error(as[*fakeloop.TimeoutError](t, err)))
		equal(t, "a late Reject", p.Reject(io.EOF), false)
		wantErrorText(t, loop.Close(), `fakeloop: nobody will see the error to which future "reply" (#) came after it had been given up: EOF; call Quiet if it does not matter`)
	})
}

func TestTimeoutInACoroutine(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		slow := fakeloop.Async(loop, "slow", func(co *fakeloop.Coroutine) (int, error) {
			err := co.Sleep(time.Hour)
			log.add("slow:%v", errors.Is(err, context.DeadlineExceeded))
			return 0, err
		})
		f := fakeloop.Async(loop, "impatient", func(co *fakeloop.Coroutine) (int, error) {
			_, err := fakeloop.Await(co, fakeloop.Timeout(slow, time.Second))
			log.add("impatient:%v:%v", errors.Is(err, context.DeadlineExceeded), loop.Elapsed())
			return 1, nil
		})
		equal(t, "outcome", must(f.Wait()), 1)
		mustIdle(t, loop)
		equal(t, "time", loop.Elapsed(), time.Second)
		log.want(t, "impatient:true:1s slow:true")
		mustClose(t, loop)
	})
}

func TestCancelOfATimeout(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			f := fakeloop.NewPromise[int](loop, "reply").Future()
			derived := fakeloop.Timeout(f, time.Hour)
			equal(t, "Cancel", derived.Cancel(io.EOF), true)
			equal(t, "outcome", outcome(derived), "fakeloop: cancelled: EOF")
			equal(t, "source", outcome(f), "fakeloop: cancelled: EOF")

			// The other way round: the error of a future that was cancelled passes on.
			f = fakeloop.NewPromise[int](loop, "reply").Future()
			derived = fakeloop.Timeout(f, time.Hour)
			f.Cancel(io.EOF)
			equal(t, "outcome", outcome(derived), "fakeloop: cancelled: EOF")
		})
		equal(t, "time", loop.Elapsed(), 0) // no timer is left
		mustClose(t, loop)
	})
}

func TestTimeoutLosesNoError(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	fakeloop.Timeout(fakeloop.NewPromise[int](loop, "reply").Future(), time.Second)
	p := fakeloop.NewPromise[int](loop, "broken")
	fakeloop.Timeout(p.Future(), time.Hour)
	p.Reject(io.EOF)
	fakeloop.Timeout(rejected(loop, io.ErrShortWrite), time.Hour)
	mustIdle(t, loop)
	const text = `fakeloop: nobody looked at the error of future "timeout" (#): %v; handle it with Catch, OnSettled or Await`
	wantErrorText(t, loop.Close(), fmt.Sprintf(text, "EOF")+"\n"+fmt.Sprintf(text, "short write")+"\n"+
		fmt.Sprintf(text, `fakeloop: at 1s future "reply" (#) had not settled within 1s`))
}

func TestTimeoutWhileClosing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		f := fakeloop.NewPromise[int](loop, "reply").Future()
		once := fakeloop.Timeout(f, time.Hour)
		twice := fakeloop.Timeout(once, time.Minute)
		mustClose(t, loop)
		equal(t, "unobserved", len(loop.Unobserved()), 0)
		for _, f := range []*fakeloop.Future[int]{f, once, twice} {
			equal(t, "outcome", outcome(f), "fakeloop: the loop is closed")
		}
		equal(t, "pending", len(loop.Pending()), 0)
	})
}

// A future that stays pending for long does not keep those that waited for it.
func TestTimeoutForgets(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "reply")
	p.Future().OnSettled(func(int, error) {})
	var derived []weak.Pointer[fakeloop.Future[int]]
	for i := range 1000 {
		f := fakeloop.Timeout(p.Future(), time.Second)
		derived = append(derived, weak.Make(f))
		if i%2 == 0 {
			f.Cancel(nil)
		}
		mustIdle(t, loop)
		_, _, _ = f.Result()
	}
	for range 3 {
		runtime.GC()
	}
	kept := 0
	for _, w := range derived {
		if w.Value() != nil {
			kept++
		}
	}
	if kept > 1 { // the last one may still be in a register
		t.Errorf("%d futures are kept", kept)
	}
	equal(t, "the future", outcome(p.Future()), "pending")
}

// Settling, cancelling and closing meet on several goroutines: each derived future
// has the outcome of its source, or was cancelled before that.
func TestTimeoutStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			for range scaled(t, "storms", 2000, 100) {
				loop := fakeloop.New(fakeloop.Config{Mode: mode})
				p := fakeloop.NewPromise[int](loop, "reply")
				derived := fakeloop.Timeout(fakeloop.Timeout(p.Future(), time.Hour), time.Hour)
				var did, cancelled bool
				var group sync.WaitGroup
				group.Go(func() { did = p.Resolve(7) })
				group.Go(func() { cancelled = derived.Cancel(nil) })
				group.Go(func() { _ = loop.Close() })
				group.Wait()
				want := "fakeloop: the loop is closed"
				switch {
				case did && cancelled:
					t.Fatal("both the result and the cancellation won")
				case did:
					want = "7"
				case cancelled:
					want = "fakeloop: cancelled"
				}
				if got := outcome(derived); got != want {
					t.Fatalf("outcome %q, want %q", got, want)
				}
			}
		})
	}
}
