package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestOffload(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		x := errors.New("x")
		run := func(fn func(context.Context) (int, error)) (int, error) {
			return fakeloop.Offload(loop, "work", fn).Wait()
		}
		v, err := run(func(context.Context) (int, error) { return 5, nil })
		equal(t, "value", v, 5)
		equal(t, "error", err, nil)
		_, err = run(failing(x))
		equal(t, "error", err, x)
		_, err = run(func(context.Context) (int, error) { panic(io.ErrUnexpectedEOF) })
		sameError(t, "panic", err, io.ErrUnexpectedEOF)
		wantErrorText(t, err, `fakeloop: offloaded work "work" (#) panicked at FILE: unexpected EOF`)
		_, err = run(func(context.Context) (int, error) { panic(nil) })
		as[*runtime.PanicNilError](t, err)
		_, err = run(func(context.Context) (int, error) { runtime.Goexit(); return 1, nil })
		equal(t, "Goexit", err, fakeloop.ErrGoexit)
		mustClose(t, loop)
	})
}

// The work is done elsewhere; its outcome is delivered on the loop.
func TestOffloadRunsElsewhere(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	onCallbackStack := func() bool {
		buf := make([]byte, 64<<10)
		stack := string(buf[:runtime.Stack(buf, false)])
		return slices.ContainsFunc(fakeloop.CallbackFrames(), func(f string) bool { return strings.Contains(stack, f+"(") })
	}
	elsewhere := fakeloop.Offload(loop, "", func(context.Context) (bool, error) { return !onCallbackStack(), nil })
	here := fakeloop.Then(elsewhere, func(bool) (bool, error) { return onCallbackStack(), nil })
	equal(t, "elsewhere", must(elsewhere.Wait()), true)
	equal(t, "here", must(here.Wait()), true)
}

// gates lets offloaded work finish in an order that the test says.
func gates(n int) []chan struct{} {
	out := make([]chan struct{}, n)
	for i := range out {
		out[i] = make(chan struct{})
	}
	return out
}

// A virtual loop takes work back in the order in which it left, whatever the
// order in which it was done.
func TestOffloadReturnsInTheOrderOfLeaving(t *testing.T) {
	const n = 5
	for _, finish := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}, {1, 2, 3, 4, 0}} {
		loop := newLoop(t, fakeloop.Config{})
		gate, done := gates(n), gates(n)
		var got []int
		for i := range n {
			f := fakeloop.Offload(loop, "", func(context.Context) (int, error) {
				<-gate[i]
				defer close(done[i])
				return i, nil
			})
			f.OnSettled(func(v int, _ error) { got = append(got, v) })
		}
		go func() {
			for _, i := range finish {
				close(gate[i])
				<-done[i]
			}
		}()
		mustIdle(t, loop)
		if !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("finished as %v, returned as %v", finish, got)
		}
	}
}

// The same with Return, where it is certain that all had returned before the
// loop looked.
func TestReturnedWorkComesInTheOrderOfLeaving(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	a, b, c := loop.Outside("a"), loop.Outside("b"), loop.Outside("c")
	_ = c.Return(func() { log.add("c"); loop.Post(log.note("c2")) })
	_ = a.Return(func() { log.add("a"); loop.Post(log.note("a2")) })
	_ = b.Return(nil)
	mustIdle(t, loop)
	// a's callback, and what it posts, run before the next is taken back.
	log.want(t, "a a2 c c2")
}

// A wall loop takes work back as it comes.
func TestWallLoopTakesWorkAsItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		var log journal
		a, b := loop.Outside("a"), loop.Outside("b")
		_ = b.Return(log.note("b"))
		synctest.Wait()
		_ = a.Return(log.note("a"))
		mustIdle(t, loop)
		log.want(t, "b a")
	})
}

// While work is outside, virtual time stands still; what is ready, and due,
// runs all the same.
func TestTimeStandsStillForOutsideWork(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	work := loop.Outside("work")
	loop.AfterFunc(time.Second, log.note("timer"))
	loop.AfterFunc(0, log.note("due"))
	loop.Post(func() {
		log.add("ready")
		loop.AfterFunc(0, func() {
			log.add("due2")
			go func() { _ = work.Return(func() { log.add("work@%v", loop.Elapsed()) }) }()
		})
	})
	mustAdvance(t, loop, time.Minute)
	log.want(t, "ready due due2 work@0s timer")
	equal(t, "Elapsed", loop.Elapsed(), time.Minute)
}

// A callback that another goroutine posts wakes a loop that waits for work.
func TestPostFromWakesALoopThatWaitsForWork(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	work := loop.Outside("work")
	go func() {
		_ = loop.PostFrom("other", func() { _ = work.Return(nil) })
	}()
	mustIdle(t, loop)
}

func TestReturnTwice(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		n := 0
		work := loop.Outside("work")
		sameError(t, "Return", work.Return(func() { n++ }), nil)
		equal(t, "second Return", work.Return(func() { n += 10 }), fakeloop.ErrReturned)
		mustIdle(t, loop)
		equal(t, "third Return", work.Return(nil), fakeloop.ErrReturned)
		equal(t, "callbacks", n, 1)
		wantErrorText(t, fakeloop.ErrReturned, "fakeloop: this work has returned already; announce each piece of work with an Outside of its own")
	})
}

func TestReturnStorm(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for range 100 {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			work := loop.Outside("work")
			var wins, ran atomic.Int64
			done := make(chan struct{})
			for range 4 {
				go func() {
					if work.Return(func() { ran.Add(1) }) == nil {
						wins.Add(1)
					}
					done <- struct{}{}
				}()
			}
			for range 4 {
				<-done
			}
			mustIdle(t, loop)
			equal(t, "winners", wins.Load(), 1)
			equal(t, "callbacks", ran.Load(), 1)
		}
	})
}

func TestReturnedCallbackPanics(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		_ = loop.Outside("work").Return(func() { panic("boom") })
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "work" (#) panicked at FILE: boom`)
	})
}

// Work that never returns is named after Guard.
func TestStuckWork(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		synctestOr(t, mode, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode, Guard: time.Minute, Horizon: time.Minute})
			work := loop.Outside("never")
			text := `fakeloop: at 0s gave up after 1m0s of real time; what the loop waits for has not come: work "never" (#). Config.Guard sets how long to wait.`
			if mode == fakeloop.Bubble {
				text = `fakeloop: at 1m0s gave up after 1m0s of virtual time; what the loop waits for has not come: work "never" (#). Config.Horizon sets how long to wait.`
			}
			p := fakeloop.NewPromise[int](loop, "")
			for _, drive := range []func() error{loop.RunUntilIdle, func() error { return loop.Await(p.Future()) }} {
				before := time.Now()
				err := drive()
				if mode != fakeloop.Wall {
					equal(t, "time it took", time.Since(before), time.Minute)
					wantErrorText(t, err, text)
				}
				if mode == fakeloop.Bubble { // where waiting takes the loop's own time
					text = strings.Replace(text, "at 1m0s", "at 2m0s", 1)
				}
				stuck := as[*fakeloop.StuckError](t, err)
				equal(t, "After", stuck.After, time.Minute)
				equal(t, "Work", len(stuck.Work), 1)
				equal(t, "Held", len(stuck.Held), 0)
			}
			// The loop is none the worse.
			_ = work.Return(func() { p.Resolve(1) })
			equal(t, "value", must(p.Future().Wait()), 1)
		})
	})
}

// The first waits for the second, which is done but held back behind it.
func TestStuckCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Guard: time.Minute})
		release := make(chan struct{})
		fakeloop.Offload(loop, "first", func(context.Context) (int, error) { <-release; return 0, nil })
		second := fakeloop.Offload(loop, "second", nothing)
		second.OnSettled(func(int, error) { close(release) })
		_, err := second.Wait()
		wantErrorText(t, err, `fakeloop: at 0s gave up after 1m0s of real time; what the loop waits for has not come: work "first" (#). Done, and held back behind it to keep the order of the run: work "second" (#). If the first waits for one of these, that is a cycle. Config.Guard sets how long to wait.`)
		close(release)
		second = fakeloop.Offload(loop, "third", nothing)
		equal(t, "value", must(second.Wait()), 0)
		// The handler of second closes again.
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "second" (#) panicked at FILE: close of closed channel`)
	})
}

// Each sign of life restarts the guard.
func TestGuardIsAboutSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Guard: time.Minute})
		work := loop.Outside("slow")
		go func() {
			for range 5 {
				time.Sleep(50 * time.Second)
				_ = loop.PostFrom("sign of life", func() {})
			}
			_ = work.Return(nil)
		}()
		mustIdle(t, loop)
	})
}

func TestOffloadContext(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var kept context.Context
		f := fakeloop.Offload(loop, "", func(ctx context.Context) (int, error) {
			kept = ctx
			return 0, ctx.Err()
		})
		_, err := f.Wait()
		equal(t, "context in the work", err, nil)
		<-kept.Done() // cancelled when the work has ended
		started, ended := make(chan struct{}), make(chan error)
		fakeloop.Offload(loop, "", func(ctx context.Context) (int, error) {
			close(started)
			<-ctx.Done()
			ended <- ctx.Err()
			return 0, ctx.Err()
		})
		<-started
		mustClose(t, loop)
		equal(t, "context of a closed loop", <-ended, context.Canceled)
	})
}

// What returns after Close is refused quietly; the future had been rejected.
func TestWorkThatReturnsAfterClose(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		work, returned := loop.Outside("work"), loop.Outside("returned")
		if mode == fakeloop.Virtual {
			_ = returned.Return(func() { t.Error("a callback ran in Close") })
		}
		release, end := make(chan struct{}), make(chan struct{})
		f := fakeloop.Offload(loop, "", func(context.Context) (int, error) { defer close(end); <-release; return 1, nil })
		mustClose(t, loop)
		equal(t, "Return", work.Return(func() { t.Error("a callback ran after Close") }), fakeloop.ErrClosed)
		close(release)
		<-end
		_, err, settled := f.Result()
		equal(t, "settled", settled, true)
		equal(t, "error", err, fakeloop.ErrClosed)
	})
}

func TestOutsideEvents(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	_ = loop.Outside("work").Return(func() {})
	mustIdle(t, loop)
	e := loop.Timeline().Events()
	var got []string
	for _, x := range e {
		got = append(got, fmt.Sprintf("%v %s", x.Kind, x.Label))
	}
	if want := []string{"leave work", "return work", "post work", "fire work"}; !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	equal(t, "what returned", e[1].ID, e[0].ID)
	equal(t, "who posted", e[2].Cause, e[0].ID)
	equal(t, "kind of the first", e[0].Kind, timeline.Left)
}

func TestOffloadMisuse(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: Offload with a nil function", func() { fakeloop.Offload[int](loop, "", nil) })
	mustClose(t, loop)
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { fakeloop.Offload(loop, "", nothing) })
	wantPanic(t, "fakeloop: Outside on a closed loop: the work could not return", func() { loop.Outside("") })
}

// The pool of a real program: more work than workers, results in spawn order.
func TestOffloadMany(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var got []int
		for i := range 500 {
			fakeloop.Offload(loop, "", func(context.Context) (int, error) { spin(i % 13); return i, nil }).
				OnSettled(func(v int, _ error) { got = append(got, v) })
		}
		mustIdle(t, loop)
		equal(t, "results", len(got), 500)
		equal(t, "in spawn order", mode == fakeloop.Wall || slices.IsSorted(got), true)
	})
}
