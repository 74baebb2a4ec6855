package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestAsyncRunsInALaterTurn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				equal(t, "Loop", co.Loop(), loop)
				log.add("body")
				return 1, nil
			})
			f.OnSettled(func(v int, err error) { log.add("done/%d/%v", v, err) })
			log.add("started")
			loop.Post(log.note("posted"))
		})
		log.want(t, "started body posted done/1/<nil>")
	})
}

func TestAwait(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p, q := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[string](loop, "q")
		x := errors.New("x")
		var f *fakeloop.Future[string]
		onLoop(t, loop, func() {
			f = fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (string, error) {
				v, err := fakeloop.Await(co, p.Future())
				log.add("p/%d/%v", v, err)
				s, err := fakeloop.Await(co, q.Future())
				log.add("q/%q/%v", s, err)
				v, err = fakeloop.Await(co, p.Future()) // twice gives the same
				log.add("p/%d/%v", v, err)
				return "result", err
			})
			loop.AfterFunc(2*time.Second, func() { q.Reject(x) })
			loop.AfterFunc(time.Second, func() { p.Resolve(5) })
		})
		log.want(t, `p/5/<nil> q/""/x p/5/<nil>`)
		equal(t, "result", must(f.Wait()), "result")
		mustClose(t, loop)
	})
}

// Awaiting a settled future still lets others run: at least those that are
// ready (Tornado's test_moment).
func TestAwaitOfASettledFutureYields(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "")
		p.Resolve(1)
		body := func(name string) func(co *fakeloop.Coroutine) (int, error) {
			return func(co *fakeloop.Coroutine) (int, error) {
				for i := range 3 {
					log.add("%s%d", name, i)
					_, _ = fakeloop.Await(co, p.Future())
				}
				return 0, nil
			}
		}
		onLoop(t, loop, func() {
			fakeloop.Async(loop, "", body("a"))
			fakeloop.Async(loop, "", body("b"))
			loop.AfterFunc(0, log.note("timer"))
		})
		log.want(t, "a0 b0 timer a1 b1 a2 b2")
	})
}

func TestSleep(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		start := loop.Now()
		onLoop(t, loop, func() {
			for _, d := range []time.Duration{3 * time.Second, time.Second, 0, -time.Second} {
				fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
					err := co.Sleep(d)
					log.add("%v@%v/%v", d, loop.Now().Sub(start), err)
					return 0, nil
				})
			}
		})
		log.want(t, "-1s@0s/<nil> 0s@0s/<nil> 1s@1s/<nil> 3s@3s/<nil>")
	})
}

func TestCoroutineOutcomes(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, suspended := range []bool{false, true} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			run := func(end func() (int, error)) (int, error) {
				return fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
					if suspended {
						_ = co.Sleep(time.Second)
					}
					return end()
				}).Wait()
			}
			v, err := run(func() (int, error) { return 3, nil })
			equal(t, "value", v, 3)
			equal(t, "error", err, nil)
			_, err = run(func() (int, error) { return 3, io.EOF })
			equal(t, "error", err, io.EOF)
			_, err = run(func() (int, error) { panic(io.ErrUnexpectedEOF) })
			sameError(t, "panic", err, io.ErrUnexpectedEOF)
			wantErrorText(t, err, `fakeloop: coroutine "co" (#) panicked at FILE: unexpected EOF`)
			_, err = run(func() (int, error) { var none []int; return none[len(none)], nil })
			as[runtime.Error](t, err)
			equal(t, "ended with", ending(func() { _, _ = run(func() (int, error) { runtime.Goexit(); return 3, nil }) }), "goexit")
			sameError(t, "the loop", loop.RunUntilIdle(), nil)
			err = loop.Close()
			equal(t, "reports", len(joined(err)), 1)
			sameError(t, "report of the Goexit", err, fakeloop.ErrGoexit)
		}
	})
}

func TestDeferredCallsOfABodyMayAwait(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	f := fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
		defer func() {
			log.add("%v", co.Sleep(time.Second))
			log.add("%v", loop.Elapsed())
		}()
		panic("boom")
	})
	_, err := f.Wait()
	as[*fakeloop.PanicError](t, err)
	log.want(t, "<nil> 1s")
}

func TestManyCoroutines(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		before := bodies()
		sum := 0
		for i := range 1000 {
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
				_ = co.Sleep(time.Duration(i%7) * time.Millisecond)
				sum += i
				return 0, nil
			})
		}
		mustIdle(t, loop)
		equal(t, "sum", sum, 999*1000/2)
		equal(t, "bodies left", bodies(), before)
	})
}

// A coroutine may start and await others, deeper than any stack would bear.
func TestNestedCoroutines(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var nest func(n int) func(co *fakeloop.Coroutine) (int, error)
	nest = func(n int) func(co *fakeloop.Coroutine) (int, error) {
		return func(co *fakeloop.Coroutine) (int, error) {
			if n == 0 {
				return 0, co.Sleep(time.Second)
			}
			v, err := fakeloop.Await(co, fakeloop.Async(loop, "", nest(n-1)))
			return v + 1, err
		}
	}
	equal(t, "depth", must(fakeloop.Async(loop, "", nest(1000)).Wait()), 1000)
}

// What a coroutine makes has the same identity whenever it is resumed: the
// scope is the coroutine, not the callback that resumes it.
func TestWhatACoroutineMakesBelongsToIt(t *testing.T) {
	run := func(noise int) []timeline.ID {
		loop := newLoop(t, fakeloop.Config{})
		fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
			for range 3 {
				for range noise {
					_ = co.Loop().PostFrom("noise", func() {})
				}
				loop.Named("mine").Post(func() {})
				_ = co.Sleep(time.Second)
			}
			return 0, nil
		})
		mustIdle(t, loop)
		var ids []timeline.ID
		for _, e := range loop.Timeline().All() {
			if e.Label == "mine" && e.Kind == timeline.Posted {
				ids = append(ids, e.ID, e.Cause)
			}
		}
		return ids
	}
	quiet, noisy := run(0), run(2)
	if len(quiet) != 6 || fmt.Sprint(quiet) != fmt.Sprint(noisy) {
		t.Errorf("identities %v, with other posts between %v", quiet, noisy)
	}
	if quiet[1] != quiet[3] || quiet[3] != quiet[5] {
		t.Errorf("three causes for one coroutine: %v", quiet)
	}
}

func TestAwaitedEvents(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "reply")
	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, p.Future()) })
	mustIdle(t, loop)
	e := loop.Timeline().Events()
	last := e[len(e)-1]
	equal(t, "kind", last.Kind, timeline.Awaited)
	equal(t, "label", last.Label, "co")
	equal(t, "detail", masked(last.Detail), `"reply" (#)`)
	p.Resolve(1)
	equal(t, "value", must(f.Wait()), 1)
}

func TestAwaitOutsideItsBody(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "")
		const text = `fakeloop: Await called outside the body of coroutine "co" (#); each coroutine awaits for itself, other code uses Then or OnSettled`
		var leaked *fakeloop.Coroutine
		suspended := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			leaked = co
			return fakeloop.Await(co, p.Future())
		})
		mustIdle(t, loop)
		wantPanic(t, text, func() { _, _ = fakeloop.Await(leaked, p.Future()) })
		onLoop(t, loop, func() { wantPanic(t, text, func() { _, _ = fakeloop.Await(leaked, p.Future()) }) })
		onLoop(t, loop, func() {
			fakeloop.Async(loop, "other", func(*fakeloop.Coroutine) (int, error) {
				wantPanic(t, text, func() { _, _ = fakeloop.Await(leaked, p.Future()) })
				return 0, nil
			})
		})
		p.Resolve(3)
		equal(t, "the coroutine is none the worse", must(suspended.Wait()), 3)
		wantPanic(t, text, func() { _, _ = fakeloop.Await(leaked, p.Future()) }) // it has ended
	})
}

func TestAwaitOfAForeignFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		a, b := newLoop(t, fakeloop.Config{Mode: mode}), newLoop(t, fakeloop.Config{Mode: mode})
		f := rejected(b, io.EOF)
		_, err := fakeloop.Async(a, "", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) }).Wait()
		equal(t, "error", err, fakeloop.ErrForeignLoop)
		equal(t, "unobserved", len(b.Unobserved()), 1) // that was no look
	})
}

func TestACoroutineThatAwaitsItself(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var f *fakeloop.Future[int]
	f = fakeloop.Async(loop, "narcissus", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) })
	_, err := f.Wait()
	wantErrorText(t, err, `fakeloop: at 0s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
future "narcissus" (#), pending
which waits for future "narcissus" (#) again: a cycle
If another goroutine is going to bring it, announce that work with Loop.Outside.`)
	mustClose(t, loop)
}

func TestAsyncMisuse(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: Async with a nil body", func() { fakeloop.Async[int](loop, "", nil) })
	mustClose(t, loop)
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() {
		fakeloop.Async(loop, "", func(*fakeloop.Coroutine) (int, error) { return 0, nil })
	})
}

// Closing ends suspended coroutines in the order in which they were started;
// their deferred calls run, their futures are rejected, nobody is blamed, and
// no goroutine is left.
func TestCloseEndsCoroutines(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		before := bodies()
		var log journal
		never := fakeloop.NewPromise[int](loop, "never")
		var futures []*fakeloop.Future[int]
		for i := range 12 {
			futures = append(futures, fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				defer log.add("%d", i)
				if i%2 == 0 {
					_, err := fakeloop.Await(co, never.Future())
					equal(t, "Await", err, fakeloop.ErrClosed)
					return 0, err
				}
				err := co.Sleep(time.Hour)
				equal(t, "Sleep", err, fakeloop.ErrClosed)
				return 0, fmt.Errorf("giving up: %w", err)
			}))
		}
		ended := fakeloop.Async(loop, "ended", func(*fakeloop.Coroutine) (int, error) { return 1, nil })
		sameError(t, "Await", loop.Await(ended), nil)
		unstarted := false
		if mode == fakeloop.Virtual {
			fakeloop.Async(loop, "never started", func(*fakeloop.Coroutine) (int, error) { unstarted = true; return 0, nil })
		}
		mustClose(t, loop)
		log.want(t, "0 1 2 3 4 5 6 7 8 9 10 11")
		equal(t, "a coroutine was started by Close", unstarted, false)
		for _, f := range futures {
			_, err, settled := f.Result()
			equal(t, "settled", settled, true)
			sameError(t, "outcome", err, fakeloop.ErrClosed)
		}
		equal(t, "bodies left", bodies(), before)
	})
}

// A body that does not take the hint gets ErrClosed again and again, from
// Sleep as from Await.
func TestACoroutineThatGoesOnAwaiting(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "")
		f := fakeloop.Async(loop, "stubborn", func(co *fakeloop.Coroutine) (int, error) {
			defer func() { log.add("%v", co.Sleep(1) == fakeloop.ErrClosed) }()
			for range 3 {
				_, err := fakeloop.Await(co, p.Future())
				log.add("%v", err == fakeloop.ErrClosed)
				log.add("%v", co.Sleep(time.Second) == fakeloop.ErrClosed)
			}
			return 1, nil
		})
		mustIdle(t, loop)
		mustClose(t, loop)
		log.want(t, "true true true true true true true")
		v, err, _ := f.Result()
		equal(t, "outcome", fmt.Sprint(v, err), "1 <nil>") // it did what it had to
	})
}

// What goes wrong while a body is ended is told by Close.
func TestACoroutineThatFailsWhenEnded(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		lost := errors.New("could not flush")
		fakeloop.Async(loop, "a", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(time.Hour); panic("boom") })
		fakeloop.Async(loop, "b", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(time.Hour); return 0, lost })
		fakeloop.Async(loop, "c", func(co *fakeloop.Coroutine) (int, error) {
			_ = co.Sleep(time.Hour)
			loop.Post(func() {})
			return 0, nil
		})
		startAll(t, loop)
		err := loop.Close()
		sameError(t, "Close", err, lost)
		wantErrorText(t, err, `fakeloop: nobody looked at the error of future "a" (#): fakeloop: coroutine "a" (#) panicked at FILE: boom; handle it with Catch, OnSettled or Await
fakeloop: nobody looked at the error of future "b" (#): could not flush; handle it with Catch, OnSettled or Await
fakeloop: nobody looked at the error of future "c" (#): fakeloop: coroutine "c" (#) panicked at FILE: fakeloop: Post on a closed loop: the callback would never run; a goroutine that may outlive the loop calls PostFrom, which returns an error instead; handle it with Catch, OnSettled or Await`)
	})
}

// startAll lets everything that is ready run, without moving time.
func startAll(t *testing.T, loop *fakeloop.Loop) {
	t.Helper()
	if err := loop.Settle(); err != nil {
		t.Fatalf("Settle: %v", err)
	}
}

func TestAFatalFailureWhenEndedReachesTheCloser(t *testing.T) {
	for want, fail := range map[string]func(){
		"panic: failed": func() { panic(fatal("failed")) },
		"goexit":        runtime.Goexit,
	} {
		t.Run(want, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode, Fatal: isFatal})
				var log journal
				fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(time.Hour); fail(); return 0, nil })
				fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { defer log.add("ended"); return 0, co.Sleep(time.Hour) })
				startAll(t, loop)
				equal(t, "Close ended with", ending(func() { _ = loop.Close() }), want)
				log.want(t, "ended") // the others are ended all the same
				mustClose(t, loop)
			})
		})
	}
}

// A body that blocks when it is told to end does not hang Close.
func TestACoroutineThatDoesNotEnd(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		synctestOr(t, mode, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode, Guard: time.Minute})
			release := make(chan struct{})
			var log journal
			fakeloop.Async(loop, "hangs", func(co *fakeloop.Coroutine) (int, error) { _ = co.Sleep(time.Hour); <-release; return 0, nil })
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { defer log.add("ended"); return 0, co.Sleep(time.Hour) })
			startAll(t, loop)
			wantErrorText(t, loop.Close(), `fakeloop: at 0s gave up after 1m0s of real time; what the loop waits for has not come: coroutine "hangs" (#), which the closed loop has told to end. Config.Guard sets how long to wait.`)
			log.want(t, "ended")
			close(release)
		})
	})
}
