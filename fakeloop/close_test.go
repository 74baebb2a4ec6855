package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestCloseOfAFreshLoop(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := fakeloop.New(fakeloop.Config{Mode: mode})
		mustClose(t, loop)
		mustClose(t, loop)
		equal(t, "events", loop.Timeline().Len(), 1)
		equal(t, "kind", loop.Timeline().Events()[0].Kind, timeline.Closed)
	})
}

// Nothing fires after Close, and nothing is left.
func TestCloseDropsWhatIsLeft(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		never := func() { t.Error("a callback ran after Close") }
		timer := loop.AfterFunc(time.Hour, never)
		var inBatch *fakeloop.Timer
		if mode == fakeloop.Virtual {
			loop.AfterFunc(time.Second, func() {})
			inBatch = loop.AfterFunc(time.Second, never)
			if _, err := loop.Step(); err != nil {
				t.Fatal(err)
			}
			loop.Post(never)
		}
		p := fakeloop.NewPromise[int](loop, "p")
		p.Future().OnSettled(func(int, error) { never() })
		derived := fakeloop.Then(p.Future(), same)
		mustClose(t, loop)
		equal(t, "Pending", len(loop.Pending()), 0)
		equal(t, "Stop", timer.Stop(), false)
		if inBatch != nil {
			equal(t, "Stop of a timer in the batch", inBatch.Stop(), false)
		}
		for _, f := range []*fakeloop.Future[int]{p.Future(), derived} {
			_, err, settled := f.Result()
			equal(t, "settled", settled, true)
			equal(t, "error", err, fakeloop.ErrClosed)
		}
	})
}

func TestEveryMethodAfterClose(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Decisions: fakeloop.Seed(1)})
		timer := loop.AfterFunc(time.Hour, func() {})
		p, q := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[int](loop, "q")
		q.Resolve(5)
		work := loop.Outside("work")
		mustIdleOrStuck := loop.Timeline().Len()
		mustClose(t, loop)

		const post = "fakeloop: Post on a closed loop: the callback would never run; a goroutine that may outlive the loop calls PostFrom, which returns an error instead"
		wantPanic(t, post, func() { loop.Post(func() {}) })
		wantPanic(t, post, func() { loop.Named("x").Post(func() {}) })
		const after = "fakeloop: AfterFunc on a closed loop: the timer would never fire"
		wantPanic(t, after, func() { loop.AfterFunc(0, func() {}) })
		wantPanic(t, after, func() { loop.Named("x").AfterFunc(0, func() {}) })
		wantPanic(t, "fakeloop: Reset on a closed loop: the timer would never fire", func() { timer.Reset(0) })
		wantPanic(t, "fakeloop: Outside on a closed loop: the work could not return", func() { loop.Outside("x") })
		wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { fakeloop.NewPromise[int](loop, "") })
		wantPanic(t, "fakeloop: a handler was registered on a closed loop: it would never run; Result tells the outcome", func() { q.Future().OnSettled(func(int, error) {}) })

		equal(t, "PostFrom", loop.PostFrom("x", func() {}), fakeloop.ErrClosed)
		equal(t, "Return", work.Return(func() {}), fakeloop.ErrClosed)
		equal(t, "Run", loop.Run(), fakeloop.ErrClosed)
		equal(t, "RunUntilIdle", loop.RunUntilIdle(), fakeloop.ErrClosed)
		moved := map[fakeloop.Mode]error{fakeloop.Virtual: fakeloop.ErrClosed, fakeloop.Bubble: fakeloop.ErrClosed, fakeloop.Wall: fakeloop.ErrNotVirtual}[mode]
		equal(t, "Advance", loop.Advance(time.Second), moved)
		if mode == fakeloop.Bubble {
			moved = fakeloop.ErrNotVirtual
		}
		sameError(t, "Advance back", loop.Advance(-1), fakeloop.ErrPast)
		ran, err := loop.Step()
		equal(t, "Step", ran, false)
		equal(t, "Step", err, moved)
		equal(t, "Close", loop.Close(), nil)

		equal(t, "Stop of a timer", timer.Stop(), false)
		_ = timer.Due()
		equal(t, "Resolve", p.Resolve(1), false)
		equal(t, "Reject", p.Reject(io.EOF), false)
		sameError(t, "Await of a settled future", loop.Await(p.Future()), nil)
		_, err = p.Future().Wait()
		equal(t, "Wait", err, fakeloop.ErrClosed)
		equal(t, "Wait of a resolved future", must(q.Future().Wait()), 5)
		wantText(t, "String", p.Future(), `future "p" (#), rejected: fakeloop: the loop is closed`)
		equal(t, "Elapsed", loop.Elapsed(), 0)
		equal(t, "Now", loop.Now().IsZero(), false)
		equal(t, "Mode", loop.Mode(), mode)
		equal(t, "Pending", len(loop.Pending()), 0)
		equal(t, "Unobserved", len(loop.Unobserved()), 0)
		loop.Stop()
		_ = loop.Choose("x", 2)
		if loop.Timeline().Len() <= mustIdleOrStuck {
			t.Error("the record was lost")
		}
	})
}

func TestCloseInACallbackIsRefused(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			equal(t, "Close", loop.Close(), fakeloop.ErrReentrant)
			loop.Post(log.note("next"))
		})
		log.want(t, "next") // refused means: nothing was closed
		mustClose(t, loop)
	})
}

// Close of a virtual loop from a callback of another loop is nothing special.
func TestCloseInACallbackOfAnotherLoop(t *testing.T) {
	a, b := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	onLoop(t, a, func() { mustClose(t, b) })
}

func TestCloseReportsEverythingOnce(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		x := errors.New("x")
		loop.Post(func() { panic("one") })
		loop.Post(func() { panic("two") })
		loop.Post(func() { rejected(loop, x); p.Resolve(1) })
		sameError(t, "Await", loop.Await(p.Future()), nil)
		wantErrorText(t, loop.Close(), `fakeloop: callback # panicked at FILE: one
fakeloop: callback # panicked at FILE: two
fakeloop: nobody looked at the error of future "p" (#): x; handle it with Catch, OnSettled or Await`)
		sameError(t, "second Close", loop.Close(), nil)
	})
}

// A future rejected with ErrClosed by its owner is a rejection like any other;
// only what Close does itself is nobody's fault.
func TestErrClosedOfALivingLoopIsReported(t *testing.T) {
	loop, other := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	mustClose(t, other)
	p := fakeloop.NewPromise[int](loop, "")
	p.Reject(other.PostFrom("x", func() {}))
	equal(t, "unobserved", len(loop.Unobserved()), 1)
	sameError(t, "Close", loop.Close(), fakeloop.ErrClosed)
}

func TestCloseRejectsInTheOrderOfMaking(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var ps []*fakeloop.Promise[int]
	for i := range 5 {
		ps = append(ps, fakeloop.NewPromise[int](loop, fmt.Sprint(i)))
	}
	ps[1].Resolve(1)
	ps[4].Resolve(1)
	ps[0].Resolve(1)
	mustClose(t, loop)
	got := ""
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Settled {
			got += e.Label + "/" + e.Detail + " "
		}
	}
	closed := "/rejected: fakeloop: the loop is closed "
	equal(t, "settled", got, "1/resolved 4/resolved 0/resolved 2"+closed+"3"+closed)
}

// Goroutines that post while the loop closes get an error or a run, never a
// crash and never silence.
func TestPostRacesClose(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for range scaled(t, "rounds of post and close", 500, 50) {
			loop := fakeloop.New(fakeloop.Config{Mode: mode})
			p := fakeloop.NewPromise[int](loop, "")
			var posting sync.WaitGroup
			for range 3 {
				posting.Go(func() {
					for n := 0; ; n++ {
						if err := loop.PostFrom("poster", func() {}); err != nil {
							sameError(t, "PostFrom", err, fakeloop.ErrClosed)
							return
						}
						p.Resolve(1)
						if n%32 == 0 {
							_ = loop.Pending()
							_ = loop.Timeline().Len()
							if mode == fakeloop.Wall {
								_, _ = p.Future().Wait()
							}
							runtime.Gosched()
						}
					}
				})
			}
			spin(20)
			mustClose(t, loop)
			posting.Wait()
		}
	})
}

// Close finishes the callback under way on a wall loop, and waits for it.
func TestCloseFinishesTheCallbackUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		var log journal
		loop.Post(func() {
			time.Sleep(time.Second)
			log.add("finished")
			loop.Post(log.note("never"))
		})
		synctest.Wait()
		mustClose(t, loop)
		log.want(t, "finished")
		equal(t, "Elapsed", loop.Elapsed() <= time.Second, true)
	})
}

func TestPending(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	pending := func() string { return masked(pendingText(loop)) }
	equal(t, "nothing", pending(), "")
	loop.Named("a").Post(func() {})
	loop.Post(func() {})
	loop.Named("late").AfterFunc(2*time.Second, func() {})
	stopped := loop.Named("early").AfterFunc(time.Second, func() {})
	loop.AfterFunc(time.Second, func() {})
	work := loop.Outside("work")
	fakeloop.NewPromise[int](loop, "p")
	equal(t, "everything", pending(), `callback "a" (#)
callback #
timer "early" (#), due at 1s
timer #, due at 1s
timer "late" (#), due at 2s
work "work" (#)
future "p" (#), pending`)
	stopped.Stop()
	_ = work.Return(nil)
	mustAdvance(t, loop, 0)
	equal(t, "a moment later", pending(), `timer #, due at 1s
timer "late" (#), due at 2s
future "p" (#), pending`)
	mustIdle(t, loop)
	equal(t, "at the end", pending(), `future "p" (#), pending`)
}

// Timers that are due are callbacks that are ready, unless they were stopped.
func TestPendingInATurn(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	timers := make([]*fakeloop.Timer, 3)
	for i := range timers {
		timers[i] = loop.Named(fmt.Sprint(i)).AfterFunc(0, func() {
			if i == 0 {
				timers[1].Stop()
				equal(t, "Pending", masked(pendingText(loop)), `callback "2" (#)`)
				timers[2].Reset(time.Second)
				equal(t, "Pending", masked(pendingText(loop)), `timer "2" (#), due at 1s`)
			}
		})
	}
	mustIdle(t, loop)
}
