package fakeloop_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Yield lets the others of the turn go first, and costs no time.
func TestYield(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			for _, name := range []string{"a", "b"} {
				fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
					for i := range 3 {
						log.add("%s%d", name, i)
						if err := co.Yield(); err != nil {
							return 0, err
						}
					}
					return 0, nil
				})
			}
		})
		log.want(t, "a0 b0 a1 b1 a2 b2")
		equal(t, "Elapsed", loop.Elapsed(), 0)
	})
}

// What a body posts before it yields runs before it goes on, and what it makes has the
// coroutine for a cause.
func TestYieldGoesBehindWhatIsReady(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		loop.Post(log.note("posted"))
		equal(t, "Yield", co.Yield(), nil)
		log.add("back")
		return 1, nil
	})
	equal(t, "value", must(f.Wait()), 1)
	log.want(t, "posted back")
	awaited := 0
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Awaited {
			awaited++
			equal(t, "detail", e.Detail, "the next turn")
		}
	}
	equal(t, "awaited events", awaited, 1)
}

func TestYieldMisuse(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var kept *fakeloop.Coroutine
	fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { kept = co; return 0, co.Sleep(time.Hour) })
	mustAdvance(t, loop, 0)
	const want = `fakeloop: Await called outside the body of coroutine "co" (#); each coroutine awaits for itself, other code uses Then or OnSettled`
	wantPanic(t, want, func() { _ = kept.Yield() })
	wantPanic(t, want, func() { _ = kept.Sleep(0) })
}

// Yield of a coroutine that Close ends returns ErrClosed, then and ever after.
func TestYieldWhileClosing(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		defer func() { log.add("deferred/%v", errors.Is(co.Yield(), fakeloop.ErrClosed)) }()
		err := co.Yield()
		log.add("yielded/%v", errors.Is(err, fakeloop.ErrClosed))
		return 0, err
	})
	_, _ = loop.Step()
	mustClose(t, loop)
	log.want(t, "yielded/true deferred/true")
}

// One that was cancelled before it began never begins.
func TestCancelBeforeACoroutineBegins(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		began := false
		loop.Post(func() {
			f := fakeloop.Async(loop, "co", func(*fakeloop.Coroutine) (int, error) { began = true; return 0, nil })
			equal(t, "Cancel", f.Cancel(errEnough), true)
		})
		mustIdle(t, loop)
		equal(t, "began", began, false)
		refused := 0
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Refused {
				refused++
				equal(t, "detail", e.Detail, "cancelled before it began")
			}
		}
		equal(t, "refused events", refused, 1)
		equal(t, "unfinished", len(loop.Unfinished()), 0)
		mustClose(t, loop)
	})
}

// A coroutine is interrupted at once, also where others go on waiting, who lose nothing.
func TestCancelWhileAwaitingASharedFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "shared")
		var futures []*fakeloop.Future[int]
		for _, name := range []string{"first", "second", "third"} {
			futures = append(futures, fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
				v, err := fakeloop.Await(co, p.Future())
				log.add("%s:%d/%v", name, v, err == nil)
				return v, err
			}))
		}
		_ = loop.Settle()
		loop.Post(func() { futures[1].Cancel(errEnough) })
		_ = loop.Settle()
		log.want(t, "second:0/false")
		equal(t, "the shared future", p.Future().Settled(), false)
		loop.Post(func() { p.Resolve(4) })
		mustIdle(t, loop)
		log.want(t, "first:4/true third:4/true")
		mustClose(t, loop)
	})
}

// What has come before the cancellation is not taken away: the body gets the value, and
// hears of the cancellation at its next call.
func TestCancelWhileTheValueIsOnItsWay(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "p")
		f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			v, err := fakeloop.Await(co, p.Future())
			log.add("%d/%v", v, err)
			log.add("%v", errors.Is(co.Yield(), errEnough))
			log.add("%v", co.Yield())
			return v, nil
		})
		_ = loop.Settle()
		loop.Post(func() {
			p.Resolve(5)
			equal(t, "Cancel", f.Cancel(errEnough), true)
		})
		mustIdle(t, loop)
		log.want(t, "5/<nil> true <nil>")
		equal(t, "outcome", outcome(f), "fakeloop: cancelled: enough")
		mustClose(t, loop)
	})
}

// A running body that is cancelled hears of it when it is about to wait; what is
// settled already it gets all the same, and is told at the call after that.
func TestCancelOnEntry(t *testing.T) {
	for name, c := range map[string]struct {
		settled, shared bool
		want            string
		left            string // what becomes of the awaited future
	}{
		"settled":         {true, false, "7/<nil> told:true again:<nil>", `future "p" (#), resolved`},
		"pending":         {false, false, "0/fakeloop:cancelled:enough told:false again:<nil>", `future "p" (#), rejected: fakeloop: cancelled: enough`},
		"settled, shared": {true, true, "7/<nil> told:true again:<nil>", `future "p" (#), resolved`},
		"shared":          {false, true, "0/fakeloop:cancelled:enough told:false again:<nil>", `future "p" (#), pending`},
	} {
		t.Run(name, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			var log journal
			p := fakeloop.NewPromise[int](loop, "p")
			if c.settled {
				p.Resolve(7)
			}
			if c.shared {
				p.Future().OnSettled(func(int, error) {})
			}
			var f *fakeloop.Future[int]
			f = fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				f.Cancel(errEnough)
				v, err := fakeloop.Await(co, p.Future())
				log.add("%d/%s", v, compact(err))
				log.add("told:%v", errors.Is(co.Yield(), errEnough))
				log.add("again:%v", co.Sleep(time.Second))
				return 0, nil
			})
			mustIdle(t, loop)
			log.want(t, c.want)
			equal(t, "left", masked(p.Future().String()), c.left)
			mustClose(t, loop)
		})
	}
}

// compact is the text of an error without blanks.
func compact(err error) string {
	if err == nil {
		return "<nil>"
	}
	var out []rune
	for _, r := range err.Error() {
		if r != ' ' {
			out = append(out, r)
		}
	}
	return string(out)
}

// Each way of suspending is interrupted, and told the cause.
func TestCancelInterruptsEverySuspension(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, suspend := range map[string]func(*fakeloop.Coroutine) error{
			"Sleep": func(co *fakeloop.Coroutine) error { return co.Sleep(time.Hour) },
			"Await": func(co *fakeloop.Coroutine) error {
				_, err := fakeloop.Await(co, fakeloop.NewPromise[int](co.Loop(), "").Future())
				return err
			},
			"nested": func(co *fakeloop.Coroutine) error {
				_, err := fakeloop.Await(co, fakeloop.Async(co.Loop(), "inner", func(co *fakeloop.Coroutine) (int, error) {
					return 0, co.Sleep(time.Hour)
				}))
				return err
			},
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			var got error
			f := fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
				got = suspend(co)
				return 0, got
			})
			_ = loop.Settle()
			loop.Post(func() { f.Cancel(errEnough) })
			mustIdle(t, loop)
			equal(t, name+" cost time", loop.Elapsed(), 0)
			as[*fakeloop.CancelError](t, got)
			sameError(t, name, got, errEnough)
			sameError(t, name, got, context.Canceled)
			mustClose(t, loop)
		}
	})
}

// A Yield under way is not cut short, since its turn comes anyway; it tells.
func TestCancelOfAYield(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var f *fakeloop.Future[int]
	f = fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		loop.Post(func() { f.Cancel(errEnough) })
		log.add("yield:%v", errors.Is(co.Yield(), errEnough))
		log.add("next:%v", co.Yield())
		f.Cancel(io.EOF) // too late: it is cancelled already
		log.add("last:%v", co.Yield())
		return 0, nil
	})
	mustIdle(t, loop)
	log.want(t, "yield:true next:<nil> last:<nil>")
}

// Deferred calls of a cancelled body can await, and take their time.
func TestDeferredCallsOfACancelledBodyMayAwait(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			defer func() {
				v, err := fakeloop.Await(co, fakeloop.Offload(loop, "rollback", func(context.Context) (int, error) { return 9, nil }))
				log.add("rollback:%d/%v", v, err)
				log.add("pause:%v", co.Sleep(time.Minute))
			}()
			return 0, co.Sleep(time.Hour)
		})
		_ = loop.Settle()
		loop.Post(func() { f.Cancel(errEnough) })
		mustIdle(t, loop)
		log.want(t, "rollback:9/<nil> pause:<nil>")
		equal(t, "Elapsed", loop.Elapsed(), time.Minute)
		mustClose(t, loop)
	})
}

// Cancelling the outermost of a nest ends all of it, the innermost first told, each with
// the one cause; what others wait for as well stays.
func TestCancelOfNestedCoroutines(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var nest func(n int) *fakeloop.Future[int]
	shared := fakeloop.Async(loop, "shared", func(co *fakeloop.Coroutine) (int, error) { return 3, co.Sleep(time.Hour) })
	nest = func(n int) *fakeloop.Future[int] {
		return fakeloop.Async(loop, "nest", func(co *fakeloop.Coroutine) (int, error) {
			source := shared
			if n > 0 {
				source = nest(n - 1)
			}
			_, err := fakeloop.Await(co, source)
			log.add("%d:%v", n, errors.Is(err, errEnough))
			return 0, err
		})
	}
	outermost := nest(3)
	bystander := fakeloop.Then(shared, func(v int) (int, error) { return v, nil })
	mustAdvance(t, loop, time.Second)
	outermost.Cancel(errEnough)
	mustAdvance(t, loop, 0)
	log.want(t, "3:true 2:true 1:true 0:true")
	equal(t, "the others' value", must(bystander.Wait()), 3)
	mustClose(t, loop)
}
