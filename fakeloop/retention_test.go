package fakeloop_test

import (
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// ballast is something whose release can be observed.
type ballast struct{ _ [1 << 10]byte }

// released counts the ballast that the collector has released.
type released struct{ made, gone atomic.Int64 }

func (r *released) new() *ballast {
	b := new(ballast)
	r.made.Add(1)
	runtime.AddCleanup(b, func(r *released) { r.gone.Add(1) }, r)
	return b
}

// want runs the collector until the ballast is gone, but for so much as may still stand
// in a register or in the loop's last task. It gives up after a bounded number of runs.
func (r *released) want(t *testing.T, what string, loop *fakeloop.Loop) {
	t.Helper()
	onLoop(t, loop, func() {}) // the last task
	r.wantNow(t, what)
}

// wantNow is want with the loop as it stands.
func (r *released) wantNow(t *testing.T, what string) {
	t.Helper()
	for range 50 {
		runtime.GC()
		if r.gone.Load() >= r.made.Load()-1 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%s: of %d only %d were released", what, r.made.Load(), r.gone.Load())
}

// Timers that have fired are not kept by those that are set for later, however they lay
// beside each other while they waited.
func TestFiredTimersAreForgotten(t *testing.T) {
	const (
		many  = 40_000 // of which the loop orders but a few at a time
		fired = many / 2
	)
	for name, stride := range map[string]int{"rising": 1, "mixed": 7919} {
		loop := newLoop(t, fakeloop.Config{})
		var r released
		set := func(ms int, held bool) {
			var b *ballast
			if held {
				b = r.new()
			}
			loop.AfterFunc(time.Duration(ms)*time.Millisecond-loop.Elapsed(), func() { runtime.KeepAlive(b) })
		}
		for i := range many {
			ms := 1 + i*stride%many
			set(ms, ms <= fired && ms%20 == 0)
		}
		mustAdvance(t, loop, fired/2*time.Millisecond)
		for i := range many {
			set(fired/2+1+i*stride%(fired/2), i%20 == 0) // between those that wait
		}
		mustAdvance(t, loop, fired/2*time.Millisecond)
		equal(t, name+": timers set", len(loop.Pending()), many-fired)
		r.wantNow(t, name+": what timers held that have fired")
	}
}

const kept = 50 // enough to tell a leak from the one that may be left

// A future that stays keeps neither the handlers that have run, nor what they hold, nor
// the inputs of combinators.
func TestSettledFuturesForget(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var r released
	var settled []fakeloop.Awaitable
	for i := range kept {
		p := fakeloop.NewPromise[int](loop, "p")
		input := fakeloop.NewPromise[*ballast](loop, "input")
		held := make([]*ballast, 8)
		for i := range held {
			held[i] = r.new()
		}
		f := fakeloop.Then(p.Future(), func(v int) (int, error) { runtime.KeepAlive(held[0]); return v, nil })
		f.OnSettled(func(int, error) { runtime.KeepAlive(held[1]) })
		f = fakeloop.Catch(f, func(err error) (int, error) { runtime.KeepAlive(held[2]); return 0, err })
		f = fakeloop.Finally(f, func() error { runtime.KeepAlive(held[3]); return nil })
		p.OnCancel(func(error) { runtime.KeepAlive(held[4]) })
		g := fakeloop.ThenFuture(f, func(int) *fakeloop.Future[int] {
			runtime.KeepAlive(held[5])
			return fakeloop.Resolved(loop, 1)
		})
		co := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			runtime.KeepAlive(held[6])
			return fakeloop.Await(co, p.Future())
		})
		size := fakeloop.Then(fakeloop.AllSettled(loop, input.Future()), func(o []fakeloop.Outcome[*ballast]) (int, error) { return len(o), nil })
		first := fakeloop.Then(fakeloop.Any(loop, input.Future(), fakeloop.NewPromise[*ballast](loop, "").Future()), func(*ballast) (int, error) { return 1, nil })
		failing := fakeloop.NewPromise[*ballast](loop, "failing")
		all := fakeloop.All(loop, input.Future(), failing.Future()) // which has no value to keep
		mustIdle(t, loop)
		if i%2 == 0 {
			p.Resolve(7)
		} else {
			p.Reject(io.EOF)
		}
		input.Resolve(held[7])
		failing.Reject(io.EOF)
		mustIdle(t, loop)
		settled = append(settled, p.Future(), f, g, co, size, first, all)
	}
	r.want(t, "what was held", loop)
	for _, f := range settled {
		equal(t, "settled", f.Settled(), true)
		_, _, _ = f.Outcome()
	}
	runtime.KeepAlive(settled)
}

// A future that stays pending for long keeps none of those that waited for it and no
// longer do: what a stop signal is to a thousand races (CF testAnyOfGarbageRetention).
func TestPendingFuturesForget(t *testing.T) {
	for name, wait := range map[string]func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable{
		"Race": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			return fakeloop.Race(loop, stop, f)
		},
		"Any": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			return fakeloop.Any(loop, stop, f)
		},
		"All": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			all := fakeloop.All(loop, stop, f)
			all.Cancel(nil)
			return all
		},
		"Timeout": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			return fakeloop.Timeout(stop, 1)
		},
		"Shield": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			shield := fakeloop.Shield(stop)
			shield.Cancel(nil)
			return shield
		},
		"Link": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			p := fakeloop.NewPromise[*ballast](loop, "to")
			fakeloop.Link(stop, p)
			fakeloop.Link(f, p)
			return p.Future()
		},
		"AsCompleted": func(loop *fakeloop.Loop, stop, f *fakeloop.Future[*ballast]) fakeloop.Awaitable {
			done := fakeloop.AsCompleted(loop, stop, f)
			next := done.Next()
			done.Next()
			done.Cancel(errors.New("enough"))
			return next
		},
	} {
		t.Run(name, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			stop := fakeloop.NewPromise[*ballast](loop, "stop")
			stop.Future().OnSettled(func(*ballast, error) {}) // somebody else waits for it
			var r released
			for range kept {
				p := fakeloop.NewPromise[*ballast](loop, "p")
				f := wait(loop, stop.Future(), p.Future())
				p.Resolve(r.new())
				mustIdle(t, loop)
				equal(t, "settled", f.Settled(), true)
				_, _, _ = f.Outcome()
			}
			r.want(t, name, loop)
			equal(t, "stop", stop.Future().Settled(), false)
		})
	}
}

// The outcomes that were handed out are not kept.
func TestCompletedForgets(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var r released
	var fs []*fakeloop.Future[*ballast]
	for range kept {
		p := fakeloop.NewPromise[*ballast](loop, "p")
		loop.AfterFunc(time.Second, func() { p.Resolve(r.new()) })
		fs = append(fs, p.Future())
	}
	fs = append(fs, fakeloop.NewPromise[*ballast](loop, "last").Future())
	done := fakeloop.AsCompleted(loop, fs...)
	fs = nil
	mustIdle(t, loop)
	for range kept {
		must(done.Next().Wait())
	}
	r.want(t, "what was handed out", loop)
	equal(t, "left", done.Len(), 1)
}
