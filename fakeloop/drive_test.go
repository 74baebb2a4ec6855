package fakeloop_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestNothingRunsUntilDriven(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ran := false
	loop.Post(func() { ran = true })
	loop.AfterFunc(0, func() { ran = true })
	runtime.Gosched()
	equal(t, "ran", ran, false)
}

func TestAdvanceIncludesItsLastInstant(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(time.Second-1, log.note("before"))
	loop.AfterFunc(time.Second, func() {
		log.add("at")
		loop.Post(log.note("posted"))
		loop.AfterFunc(0, log.note("zero"))
		loop.AfterFunc(1, log.note("after"))
	})
	mustAdvance(t, loop, time.Second)
	log.want(t, "before at posted zero")
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	mustAdvance(t, loop, 0)
	log.want(t, "")
	mustAdvance(t, loop, 1)
	log.want(t, "after")
}

// reactor's nestedSchedule: what is set on the way fires on the way, at its own
// time. Twisted's Clock (#9819) and others run it too late.
func TestAdvanceFiresTimersSetOnTheWay(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var tick func()
	tick = func() {
		log.add("%v", loop.Elapsed())
		loop.AfterFunc(time.Second, tick)
	}
	loop.AfterFunc(time.Second, tick)
	mustAdvance(t, loop, 3500*time.Millisecond)
	log.want(t, "1s 2s 3s")
	mustAdvance(t, loop, 500*time.Millisecond)
	log.want(t, "4s")
}

func TestAdvanceZeroRunsWhatIsReady(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.Post(func() { log.add("a"); loop.Post(log.note("b")) })
	loop.AfterFunc(1, log.note("later"))
	mustAdvance(t, loop, 0)
	log.want(t, "a b")
}

func TestAdvanceBackIsRefused(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(func() { t.Error("a refused call ran a callback") })
	for _, d := range []time.Duration{-1, math.MinInt64} {
		err := loop.Advance(d)
		sameError(t, "Advance", err, fakeloop.ErrPast)
		wantErrorText(t, err, fmt.Sprintf("fakeloop: time does not go back: Advance(%v)", d))
	}
	equal(t, "Elapsed", loop.Elapsed(), 0)
	equal(t, "events", loop.Timeline().Len(), 1)
}

func TestAdvanceSumsExactly(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	for range 1000 {
		mustAdvance(t, loop, 7*time.Microsecond+1)
	}
	equal(t, "Elapsed", loop.Elapsed(), 7*time.Millisecond+1000)
}

func TestRunUntilIdleMovesTimeOnlyWhenNothingIsReady(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	n := 0
	var again func()
	again = func() {
		if n++; n < 1000 {
			loop.Post(again)
		}
		equal(t, "Elapsed", loop.Elapsed(), 0)
	}
	loop.Post(again)
	loop.AfterFunc(1, func() { equal(t, "callbacks before the timer", n, 1000) })
	mustIdle(t, loop)
	equal(t, "Elapsed", loop.Elapsed(), 1)
	mustIdle(t, loop) // an idle loop stays as it is
	equal(t, "Elapsed", loop.Elapsed(), 1)
}

func TestStep(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	step := func(want bool) {
		t.Helper()
		ran, err := loop.Step()
		equal(t, "Step", ran, want)
		sameError(t, "Step", err, nil)
	}
	step(false)
	loop.Post(func() { log.add("a"); loop.Post(log.note("c")) })
	loop.Post(log.note("b"))
	timer := loop.AfterFunc(time.Second, log.note("timer"))
	loop.AfterFunc(time.Second, func() { log.add("second"); timer.Stop() })
	step(true)
	log.want(t, "a")
	step(true)
	step(true)
	log.want(t, "b c")
	equal(t, "Elapsed", loop.Elapsed(), 0)
	step(true)
	log.want(t, "timer")
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	step(true)
	step(false)
	log.want(t, "second")
}

// What one driving call leaves of a turn, the next one runs first.
func TestATurnSurvivesTheDriver(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var timer *fakeloop.Timer
	loop.AfterFunc(time.Second, log.note("a"))
	timer = loop.AfterFunc(time.Second, log.note("stopped"))
	loop.AfterFunc(time.Second, log.note("c"))
	if _, err := loop.Step(); err != nil {
		t.Fatal(err)
	}
	equal(t, "Stop between two steps", timer.Stop(), true)
	loop.Post(log.note("next"))
	mustAdvance(t, loop, 0)
	log.want(t, "a c next")
}

func TestStopEndsRunAfterTheTurn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		loop.Post(func() {
			loop.Post(func() {
				log.add("a")
				loop.Post(func() {
					log.add("next")
					loop.Stop()
				})
				if mode == fakeloop.Virtual {
					loop.Stop()
				}
			})
			loop.Post(log.note("b"))
			loop.AfterFunc(0, log.note("c"))
		})
		sameError(t, "Run", loop.Run(), nil)
		if mode == fakeloop.Virtual {
			log.want(t, "a b c")
			sameError(t, "Run", loop.Run(), nil)
			log.want(t, "next")
			return
		}
		log.want(t, "a b c next") // a wall loop goes on whether anybody waits or not
	})
}

// A timer that was stopped while it waited for its place in the turn is no
// reason to begin another turn.
func TestStopBesideAStoppedSibling(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var sibling *fakeloop.Timer
	loop.AfterFunc(0, func() {
		log.add("a")
		loop.Post(log.note("next"))
		sibling.Stop()
		loop.Stop()
	})
	sibling = loop.AfterFunc(0, log.note("stopped"))
	sameError(t, "Run", loop.Run(), nil)
	log.want(t, "a")
	mustIdle(t, loop)
	log.want(t, "next")
}

// asyncio's test_run_forever_pre_stopped.
func TestStopBeforeRunMakesOneTurnAtMost(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.Post(func() { log.add("a"); loop.Post(log.note("next")) })
	loop.Post(log.note("b"))
	loop.AfterFunc(time.Hour, log.note("timer"))
	loop.Stop()
	loop.Stop()
	sameError(t, "Run", loop.Run(), nil)
	log.want(t, "a b")
	loop.Stop()
	sameError(t, "Run", loop.Run(), nil)
	log.want(t, "next")
	loop.Stop()
	sameError(t, "Run of a loop with nothing ready", loop.Run(), nil)
	equal(t, "Elapsed", loop.Elapsed(), 0)
	loop.AfterFunc(2*time.Hour, loop.Stop)
	sameError(t, "Run", loop.Run(), nil)
	log.want(t, "timer")
}

func TestRunOfAnIdleLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.AfterFunc(time.Second, func() {})
	err := loop.Run()
	idle := as[*fakeloop.IdleError](t, err)
	equal(t, "At", idle.At, time.Second)
	wantErrorText(t, err, `fakeloop: at 1s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
Stop, until which Run goes on
If another goroutine is going to bring it, announce that work with Loop.Outside.`)
}

// Stop from another goroutine ends a Run that stands still for outside work.
func TestStopWakesRun(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		synctestOr(t, mode, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			work := loop.Outside("never returns")
			go func() {
				time.Sleep(time.Nanosecond) // of the bubble
				loop.Stop()
			}()
			before := time.Now()
			sameError(t, "Run", loop.Run(), nil)
			equal(t, "time Run stood still", time.Since(before), 1)
			_ = work.Return(nil)
		})
	})
}

// synctestOr runs a test in a bubble; unless it is about a virtual loop it runs in one
// already.
func synctestOr(t *testing.T, mode fakeloop.Mode, test func(t *testing.T)) {
	if mode != fakeloop.Virtual {
		test(t)
		return
	}
	synctest.Test(t, test)
}

func TestAwaitDrivesNoFurtherThanNeeded(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	p := fakeloop.NewPromise[int](loop, "p")
	loop.AfterFunc(time.Second, func() { p.Resolve(1); loop.Post(log.note("posted")) })
	loop.AfterFunc(time.Second, log.note("sibling"))
	sameError(t, "Await", loop.Await(p.Future()), nil)
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	log.want(t, "")
	mustIdle(t, loop)
	log.want(t, "sibling posted")
}

func TestAwaitKeepsPanicsForLater(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		loop.Post(func() { panic("boom") })
		loop.Post(func() { p.Resolve(1) })
		sameError(t, "Await", loop.Await(p.Future()), nil)
		equal(t, "value of the panic", as[*fakeloop.PanicError](t, loop.RunUntilIdle()).Value, any("boom"))
		mustIdle(t, loop) // told once
	})
}

func TestAwaitOfASettledFutureRunsNothing(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(func() { t.Error("ran") })
	p := fakeloop.NewPromise[int](loop, "")
	p.Resolve(1)
	sameError(t, "Await", loop.Await(p.Future()), nil)
	v, err := p.Future().Wait()
	equal(t, "Wait", v, 1)
	sameError(t, "Wait", err, nil)
}

func TestAwaitOfAnotherLoopsFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		a, b := newLoop(t, fakeloop.Config{Mode: mode}), newLoop(t, fakeloop.Config{Mode: mode})
		err := a.Await(fakeloop.NewPromise[int](b, "").Future())
		equal(t, "Await", err, fakeloop.ErrForeignLoop)
	})
}

func TestAwaitOfWhatCannotCome(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "reply")
		f := fakeloop.Async(loop, "fetch", func(co *fakeloop.Coroutine) (int, error) {
			return fakeloop.Await(co, fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil }))
		})
		g := fakeloop.Catch(f, func(err error) (int, error) { return 0, err })
		err := loop.Await(g)
		at, so, end := "0s", "so this will never come", "If another goroutine is going to bring it, announce that work with Loop.Outside."
		if mode == fakeloop.Bubble { // where a timer of another goroutine might have brought it
			at, so = fakeloop.DefaultHorizon.String(), "and this has not come"
			end = "Other goroutines had 24h0m0s to bring it, which Config.Horizon sets: if one is going to bring it later, raise that."
		}
		wantErrorText(t, err, `fakeloop: at `+at+` the loop is idle (nothing is ready, no timer is set, no work is outside), `+so+`:
future "catch" (#), pending
which waits for future "fetch" (#), pending
which waits for future "then" (#), pending
which waits for future "reply" (#), pending
`+end)
		equal(t, "links", len(as[*fakeloop.IdleError](t, err).Chain), 4)
		equal(t, "pending", g.Settled(), false)
		_, err = g.Wait()
		as[*fakeloop.IdleError](t, err)
		// The future is not poisoned: it can still be settled and awaited.
		p.Resolve(7)
		v, err := g.Wait()
		equal(t, "Wait", v, 7)
		sameError(t, "Wait", err, nil)
	})
}

func TestAwaitOfACycle(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var a, b *fakeloop.Future[int]
		a = fakeloop.Async(loop, "a", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(1); return fakeloop.Await(co, b) })
		b = fakeloop.Async(loop, "b", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(1); return fakeloop.Await(co, a) })
		outer := fakeloop.Then(a, func(v int) (int, error) { return v, nil })
		err := loop.Await(outer)
		chain := as[*fakeloop.IdleError](t, err).Chain
		got := ""
		for _, link := range chain {
			got += masked(link) + "\n"
		}
		equal(t, "chain", got, `future "then" (#), pending
future "a" (#), pending
future "b" (#), pending
future "a" (#) again: a cycle
`)
	})
}

func TestLimitOfASelfPostingLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 10})
	n := 0
	var again func()
	again = func() { n++; loop.Named("again").Post(again) }
	loop.Post(again)
	err := loop.RunUntilIdle()
	equal(t, "callbacks", n, 10)
	limit := as[*fakeloop.LimitError](t, err)
	equal(t, "Callbacks", limit.Callbacks, 10)
	equal(t, "Moved", limit.Moved, 0)
	wantErrorText(t, err, `fakeloop: gave up at 0s after 10 callbacks at one instant: do callbacks post each other for ever? The last were callback "again" (#), callback "again" (#), callback "again" (#). Config.Limit raises the limit.`)
	// The loop can be driven on.
	as[*fakeloop.LimitError](t, loop.Advance(time.Hour))
	equal(t, "callbacks", n, 20)
	equal(t, "Elapsed", loop.Elapsed(), 0)
}

func TestLimitOfAnEternalTicker(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 2})
	mustAdvance(t, loop, time.Minute)
	var tick func()
	tick = func() { loop.AfterFunc(time.Second, tick) }
	loop.Named("first").AfterFunc(time.Second, tick)
	for i, drive := range []func() error{
		loop.RunUntilIdle,
		loop.Run,
		func() error { return loop.Advance(time.Hour) },
		func() error { return loop.Await(fakeloop.NewPromise[int](loop, "").Future()) },
	} {
		err := drive()
		limit := as[*fakeloop.LimitError](t, err)
		equal(t, "Moved", limit.Moved, 2*time.Second)
		equal(t, "At", limit.At, time.Minute+time.Duration(2*i+2)*time.Second)
		if i == 0 {
			wantErrorText(t, err, `fakeloop: gave up at 1m2s after 2 callbacks while time moved by 2s: is there a timer that sets itself again for ever? The last were callback "first" (#), callback #. Config.Limit raises the limit.`)
		}
	}
}

// As many callbacks as the limit allows are allowed.
func TestLimitIsInclusive(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 3})
	post := func(n int) {
		for range n {
			loop.Post(func() {})
		}
	}
	post(3)
	mustIdle(t, loop)
	post(3)
	mustAdvance(t, loop, time.Second)
	post(2)
	p := fakeloop.NewPromise[int](loop, "")
	loop.Post(func() { p.Resolve(1) })
	sameError(t, "Await", loop.Await(p.Future()), nil)
	// Neither stopped timers, nor timers beyond the horizon, nor work that
	// brings no callback count.
	loop.AfterFunc(time.Minute, func() {})
	post(2)
	var sibling *fakeloop.Timer
	loop.AfterFunc(0, func() { sibling.Stop() })
	sibling = loop.AfterFunc(0, func() {})
	mustAdvance(t, loop, time.Second)
	post(3)
	_ = loop.Outside("quiet").Return(nil)
	mustAdvance(t, loop, time.Second)
	post(4)
	as[*fakeloop.LimitError](t, loop.Advance(time.Second))
	equal(t, "Elapsed", loop.Elapsed(), 3*time.Second)
}

func TestPanicOfACallback(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		cause := errors.New("cause")
		var log journal
		onLoopErr := func(f func()) error { loop.Post(f); return loop.RunUntilIdle() }
		err := onLoopErr(func() {
			loop.Named("first").Post(func() { panic(cause) })
			loop.Post(log.note("b"))
			loop.Named("timer").AfterFunc(time.Second, func() { panic("second") })
			loop.AfterFunc(2*time.Second, log.note("c"))
		})
		log.want(t, "b c")
		sameError(t, "RunUntilIdle", err, cause)
		wantErrorText(t, err, `fakeloop: callback "first" (#) panicked at FILE: cause
fakeloop: callback "timer" (#) panicked at FILE: second`)
		mustIdle(t, loop) // told once
		var panics []timeline.Event
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Panicked {
				panics = append(panics, e)
			}
		}
		if len(panics) != 2 || panics[0].Label != "first" || panics[0].Detail != "cause" || panics[1].Detail != "second" {
			t.Errorf("the timeline has %v", panics)
		}
	})
}

func TestStepReturnsThePanic(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(func() { panic("boom") })
	ran, err := loop.Step()
	equal(t, "Step", ran, true)
	as[*fakeloop.PanicError](t, err)
	loop.Post(func() { panic("boom") })
	as[*fakeloop.PanicError](t, loop.Advance(0))
	loop.Post(func() { panic("boom") })
	loop.Post(loop.Stop)
	as[*fakeloop.PanicError](t, loop.Run())
}

// The errors of a run that gives up do not hide its panics.
func TestPanicsBesideALimitError(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 3})
	var again func()
	again = func() { loop.Post(again); panic("boom") }
	loop.Post(again)
	err := loop.RunUntilIdle()
	as[*fakeloop.PanicError](t, err)
	as[*fakeloop.LimitError](t, err)
}

// The failure of a test framework leaves the loop; what was to run next stays.
func TestFatalPanicReachesTheDriver(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Fatal: isFatal})
		var log journal
		loop.Post(func() { // so that both are of one turn
			loop.Named("assertion").Post(func() { panic(fatal("expected 1")) })
			loop.Post(log.note("after"))
		})
		equal(t, "RunUntilIdle ended with", ending(func() { _ = loop.RunUntilIdle() }), "panic: expected 1")
		mustIdle(t, loop)
		log.want(t, "after")
		wantEscape(t, loop, "assertion", "fatal panic")
		// Not every panic is fatal.
		loop.Post(func() { panic("plain") })
		as[*fakeloop.PanicError](t, loop.RunUntilIdle())
		mustClose(t, loop)
	})
}

func wantEscape(t *testing.T, loop *fakeloop.Loop, label, detail string) {
	t.Helper()
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Escaped {
			equal(t, "label of what escaped", e.Label, label)
			equal(t, "what escaped", e.Detail, detail)
			return
		}
	}
	t.Error("the timeline has no escape")
}

// runtime.Goexit, as of FailNow, must not be swallowed, taken for success or
// leave anybody waiting.
func TestGoexitReachesTheDriver(t *testing.T) {
	exits := map[string]func(loop *fakeloop.Loop) fakeloop.Awaitable{
		"callback": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			p := fakeloop.NewPromise[int](loop, "")
			loop.Post(func() { runtime.Goexit() })
			return p.Future()
		},
		"timer": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			p := fakeloop.NewPromise[int](loop, "")
			loop.AfterFunc(time.Second, func() { runtime.Goexit() })
			return p.Future()
		},
		"observer": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			p, q := fakeloop.NewPromise[int](loop, ""), fakeloop.NewPromise[int](loop, "")
			p.Future().OnSettled(func(int, error) { runtime.Goexit() })
			loop.Post(func() { p.Resolve(1) })
			return q.Future()
		},
		"handler": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			p := fakeloop.NewPromise[int](loop, "")
			p.Resolve(1)
			return fakeloop.Then(p.Future(), func(int) (int, error) { runtime.Goexit(); return 1, nil })
		},
		"coroutine": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			return fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { runtime.Goexit(); return 1, nil })
		},
		"coroutine, resumed": func(loop *fakeloop.Loop) fakeloop.Awaitable {
			return fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
				_ = co.Sleep(time.Second)
				runtime.Goexit()
				return 1, nil
			})
		},
	}
	for name, exit := range exits {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				for range 20 { // on a wall loop the waiter races with the unwinding callback
					loop := newLoop(t, fakeloop.Config{Mode: mode})
					how := ending(func() { _ = loop.Await(exit(loop)) })
					equal(t, "Await ended with", how, "goexit")
					wantEscape(t, loop, loop.Timeline().Events()[loop.Timeline().Len()-1].Label, "runtime.Goexit")
					ran := false
					loop.Post(func() { ran = true })
					mustIdle(t, loop)
					equal(t, "the loop goes on", ran, true)
					mustCloseQuietly(t, loop)
				}
			})
		})
	}
}

// mustCloseQuietly is Close where only the ErrGoexit of the ended function may
// be reported.
func mustCloseQuietly(t *testing.T, loop *fakeloop.Loop) {
	t.Helper()
	err := loop.Close()
	if err != nil && !errors.Is(err, fakeloop.ErrGoexit) {
		t.Errorf("Close: %v", err)
	}
}

// A fatal panic in a handler, a coroutine or offloaded work settles the future
// and reaches whoever waits, as a panic.
func TestFatalPanicOfWhatSettlesAFuture(t *testing.T) {
	fails := map[string]func(loop *fakeloop.Loop) *fakeloop.Future[int]{
		"handler": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
			p := fakeloop.NewPromise[int](loop, "")
			p.Reject(errors.New("x"))
			return fakeloop.Catch(p.Future(), func(error) (int, error) { panic(fatal("failed")) })
		},
		"coroutine": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
			return fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { panic(fatal("failed")) })
		},
		"offload": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
			return fakeloop.Offload(loop, "", fails)
		},
	}
	for name, fail := range fails {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				for range 20 {
					loop := newLoop(t, fakeloop.Config{Mode: mode, Fatal: isFatal})
					var f *fakeloop.Future[int]
					equal(t, "Wait ended with", ending(func() { f = fail(loop); _, _ = f.Wait() }), "panic: failed")
					_, err, settled := f.Result()
					equal(t, "settled", settled, true)
					equal(t, "value of the panic", as[*fakeloop.PanicError](t, err).Value, any(fatal("failed")))
					mustClose(t, loop)
				}
			})
		})
	}
}

// A predicate that panics, or changes its mind, decides nothing: the panic is
// an ordinary one, and nobody is left waiting.
func TestBrokenFatalPredicate(t *testing.T) {
	asked := 0
	for name, predicate := range map[string]func(any) bool{
		"panics":  func(any) bool { panic("predicate") },
		"fickle":  func(any) bool { asked++; return asked == 1 },
		"refuses": func(any) bool { return false },
	} {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				asked = 0
				loop := newLoop(t, fakeloop.Config{Mode: mode, Fatal: predicate})
				f := fakeloop.Async(loop, "", func(*fakeloop.Coroutine) (int, error) { panic("boom") })
				_, err := f.Wait()
				equal(t, "value", as[*fakeloop.PanicError](t, err).Value, any("boom"))
			})
		})
	}
}

func TestReentrantDriving(t *testing.T) {
	drives := map[string]func(loop *fakeloop.Loop) error{
		"Run":          (*fakeloop.Loop).Run,
		"RunUntilIdle": (*fakeloop.Loop).RunUntilIdle,
		"Await":        func(loop *fakeloop.Loop) error { return loop.Await(fakeloop.NewPromise[int](loop, "").Future()) },
		"Wait": func(loop *fakeloop.Loop) error {
			_, err := fakeloop.NewPromise[int](loop, "").Future().Wait()
			return err
		},
		"Close": (*fakeloop.Loop).Close,
		"Advance": func(loop *fakeloop.Loop) error {
			if loop.Mode() == fakeloop.Wall {
				return fakeloop.ErrReentrant
			}
			return loop.Advance(time.Second)
		},
		"Step": func(loop *fakeloop.Loop) error {
			if loop.Mode() != fakeloop.Virtual {
				return fakeloop.ErrReentrant
			}
			_, err := loop.Step()
			return err
		},
	}
	for name, drive := range drives {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				var log journal
				check := func(where string) {
					equal(t, where, drive(loop), fakeloop.ErrReentrant)
					log.add("%s", where)
				}
				onLoop(t, loop, func() {
					check("callback")
					loop.AfterFunc(time.Second, func() { check("timer") })
					f := fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
						_ = co.Sleep(2 * time.Second)
						check("coroutine")
						return 0, nil
					})
					fakeloop.Then(f, func(int) (int, error) { check("handler"); return 0, nil })
				})
				log.want(t, "callback timer coroutine handler")
			})
		})
	}
}

// A settled future can be awaited anywhere: that does not drive.
func TestAwaitOfASettledFutureInACallback(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "")
		p.Resolve(3)
		onLoop(t, loop, func() {
			v, err := p.Future().Wait()
			equal(t, "value", v, 3)
			sameError(t, "Wait", err, nil)
		})
	})
}

// The refused driver learns that it was refused, and nothing else: the panics
// belong to the one who drives.
func TestTwoDrivers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(func() { panic("boom") })
	loop.Post(func() {
		p := fakeloop.NewPromise[int](loop, "")
		for _, drive := range []func() error{
			loop.Run, loop.RunUntilIdle, loop.Close,
			func() error { return loop.Advance(0) },
			func() error { _, err := loop.Step(); return err },
			func() error { return loop.Await(p.Future()) },
		} {
			refused := make(chan error)
			go func() { refused <- drive() }()
			equal(t, "the second driver's error", <-refused, fakeloop.ErrDriven)
		}
	})
	equal(t, "value of the panic", as[*fakeloop.PanicError](t, loop.RunUntilIdle()).Value, any("boom"))
}

// Away from callbacks, one goroutine after the other may drive.
func TestDriversInTurn(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	n := 0
	for i := range 10 {
		loop.Post(func() { n++ })
		equal(t, "RunUntilIdle", ending(func() { mustIdle(t, loop) }), "return")
		equal(t, "callbacks", n, i+1)
	}
}

func TestWallLoopsAreNotSteppedOrAdvanced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		ran, err := loop.Step()
		equal(t, "Step", ran, false)
		equal(t, "Step", err, fakeloop.ErrNotVirtual)
		equal(t, "Advance", loop.Advance(time.Second), fakeloop.ErrNotVirtual)
		sameError(t, "Advance back", loop.Advance(-1), fakeloop.ErrPast)
	})
}
