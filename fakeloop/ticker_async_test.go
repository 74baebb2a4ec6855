package fakeloop_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// tickAsync runs a ticker with a period of a second whose first tick's future takes
// 2.5 seconds and whose others are done at once, and returns when they began.
func tickAsync(t *testing.T, loop *fakeloop.Loop, overrun fakeloop.Overrun) string {
	t.Helper()
	var begin []time.Duration
	onLoop(t, loop, func() {
		start := loop.Elapsed()
		var ticker *fakeloop.Ticker
		ticker = loop.TickAsync(time.Second, overrun, func() fakeloop.Awaitable {
			begin = append(begin, loop.Elapsed()-start)
			if len(begin) > 1 {
				return nil
			}
			return fakeloop.Async(loop, "slow", func(co *fakeloop.Coroutine) (int, error) {
				equal(t, "Due", ticker.Due(), loop.Now().Add(time.Second))
				return 0, co.Sleep(2500 * time.Millisecond)
			})
		})
		loop.AfterFunc(5250*time.Millisecond, func() { equal(t, "Stop", ticker.Stop(), true) })
	})
	return fmt.Sprint(begin)
}

// Tornado's test_periodic_coro: a tick under way is not entered again.
func TestTickAsyncIsNotReentered(t *testing.T) {
	for overrun, want := range map[fakeloop.Overrun]string{
		fakeloop.Skip:  "[1s 4s 5s]",
		fakeloop.Burst: "[1s 3.5s 3.5s 4s 5s]",
		fakeloop.Delay: "[1s 4.5s]",
	} {
		t.Run(overrun.String(), func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				equal(t, "ticks", tickAsync(t, newLoop(t, fakeloop.Config{Mode: mode}), overrun), want)
			})
		})
	}
}

func TestTickAsyncReportsRejections(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	boom := errors.New("boom")
	n := 0
	var ticker *fakeloop.Ticker
	ticker = loop.Named("poll").TickAsync(time.Second, fakeloop.Skip, func() fakeloop.Awaitable {
		p := fakeloop.NewPromise[int](loop, "reply")
		switch n++; n {
		case 1:
			p.Reject(boom)
		case 2:
			p.Future().Cancel(errors.New("no longer wanted")) // not a failure
		case 3:
			panic("not even a future")
		case 4:
			loop.AfterFunc(time.Minute, func() { p.Reject(boom) })
			ticker.Stop() // the outcome of the tick under way is reported all the same
		}
		return p.Future()
	})
	err := loop.RunUntilIdle()
	sameError(t, "RunUntilIdle", err, boom)
	wantErrorText(t, err, strings.Join([]string{
		`fakeloop: a tick of ticker "poll" (#) failed: boom`,
		`fakeloop: callback "poll" (#) panicked at FILE: not even a future`,
		`fakeloop: a tick of ticker "poll" (#) failed: boom`,
	}, "\n"))
	equal(t, "ticks", n, 4)
	equal(t, "Elapsed", loop.Elapsed(), 64*time.Second)
	mustClose(t, loop) // nothing is reported twice
}

func TestTickAsyncWithAForeignFuture(t *testing.T) {
	loop, other := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	n := 0
	loop.TickAsync(time.Second, fakeloop.Skip, func() fakeloop.Awaitable {
		n++
		return fakeloop.NewPromise[int](other, "").Future()
	})
	wantErrorText(t, loop.Advance(time.Second), "fakeloop: callback # panicked at FILE: fakeloop: a tick returned a future of another loop; hand its outcome over with PostFrom")
	_ = loop.Advance(time.Second)
	equal(t, "ticks", n, 2)
}

// Reset in an asynchronous tick begins the new grid, but does not enter the tick
// again.
func TestResetWhileAFutureIsPending(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	p := fakeloop.NewPromise[int](loop, "reply")
	ticker := loop.TickAsync(time.Second, fakeloop.Skip, func() fakeloop.Awaitable {
		log.add("%v", loop.Elapsed())
		return p.Future()
	})
	mustAdvance(t, loop, 5*time.Second)
	equal(t, "Reset", ticker.Reset(2*time.Second), true)
	mustAdvance(t, loop, 5*time.Second)
	log.want(t, "1s")
	p.Resolve(0)
	mustAdvance(t, loop, 3*time.Second)
	log.want(t, "11s 13s")
}

// A future that never settles is what the loop names, not the ticker.
func TestTickThatNeverEnds(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "reply")
	ticker := loop.TickAsync(time.Second, fakeloop.Skip, func() fakeloop.Awaitable { return p.Future() })
	mustIdle(t, loop)
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	equal(t, "Pending", masked(strings.ReplaceAll(pendingText(loop), "\n", "; ")), `future "reply" (#), pending`)
	mustClose(t, loop)
	equal(t, "Stop", ticker.Stop(), false)
}
