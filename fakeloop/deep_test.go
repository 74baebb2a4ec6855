package fakeloop_test

import (
	"io"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// deepest is how long the chains of these tests are.
const deepest = 100_000

// Chains of any sort, as deep as they may be, need no deep stack: neither to be built,
// nor to be settled, nor to be cancelled, nor to be shown.
func TestDeepChainsOfEverySort(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20)) // overflowing it ends the process
	depth := scaled(t, "links", deepest, 10_000)
	for name, link := range map[string]func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int]{
		"Then": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] { return fakeloop.Then(f, same) },
		"Finally": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.Finally(f, func() error { return nil })
		},
		"Catch": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.CatchIs(f, io.ErrNoProgress, func(err error) (int, error) { return 0, err })
		},
		"Timeout": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.Timeout(f, time.Hour)
		},
		"Shield": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] { return fakeloop.Shield(f) },
		"Race": func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.Race(loop, f)
		},
		"Adopt": func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			p := fakeloop.NewPromise[int](loop, "")
			p.Adopt(f)
			return p.Future()
		},
		"ThenFuture": func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.ThenFuture(f, func(int) *fakeloop.Future[int] { return fakeloop.Resolved(loop, 7) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(loop *fakeloop.Loop) (p *fakeloop.Promise[int], last *fakeloop.Future[int]) {
				p = fakeloop.NewPromise[int](loop, "")
				last = p.Future()
				for range depth {
					last = link(loop, last)
				}
				return p, last
			}
			loop := newLoop(t, fakeloop.Config{})
			p, last := build(loop)
			equal(t, "who waits", len(p.Future().AsyncStack()), depth+1)
			p.Resolve(7)
			equal(t, "value", must(last.Wait()), 7)
			p, last = build(loop)
			p.Reject(io.EOF)
			_, err := last.Wait()
			equal(t, "error", err, io.EOF)
			if name != "Shield" {
				p, last = build(loop)
				equal(t, "Cancel", last.Cancel(errEnough), true)
				equal(t, "the first", outcome(p.Future()), "fakeloop: cancelled: enough")
			}
			_, last = build(loop)
			if _, err = last.Wait(); name != "Timeout" {
				equal(t, "the chain of an idle loop", len(as[*fakeloop.IdleError](t, err).Chain), depth+1)
			} else {
				as[*fakeloop.TimeoutError](t, err)
			}
			build(loop)
			mustClose(t, loop)
		})
	}
}

// Twice as deep takes twice the memory and as many callbacks, whatever the outcome; time
// follows, which a test cannot measure here.
func TestDeepChainsAreLinear(t *testing.T) {
	cost := func(depth int, err error) (bytes uint64, turns int) {
		loop := newLoop(t, fakeloop.Config{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p := fakeloop.NewPromise[int](loop, "")
		f := p.Future()
		for range depth {
			f = fakeloop.Then(f, same)
		}
		_ = p.Settle(1, err)
		for {
			n, err := loop.Turn()
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			turns += n
		}
		runtime.ReadMemStats(&after)
		_, _, _ = f.Result()
		mustClose(t, loop)
		return after.TotalAlloc - before.TotalAlloc, turns
	}
	depth := scaled(t, "links", deepest/2, 5000)
	value, turns := cost(depth, nil)
	twice, turnsTwice := cost(2*depth, nil)
	failed, turnsFailed := cost(depth, io.EOF)
	t.Logf("%d links: %d bytes; twice: %d; rejected: %d", depth, value, twice, failed)
	equal(t, "callbacks", turns, depth)
	equal(t, "callbacks of twice as many", turnsTwice, 2*depth)
	equal(t, "callbacks of a rejected chain", turnsFailed, depth)
	if twice > 3*value {
		t.Errorf("twice as deep allocates %d bytes, not twice %d", twice, value)
	}
	if failed > 2*value {
		t.Errorf("a rejected chain allocates %d bytes, one with a value %d", failed, value)
	}
}

// Many members in linear time: a callback each, and nothing that looks at all of them.
func TestManyMembers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	n := scaled(t, "members", 100_000, 2000)
	for name, c := range combinators {
		var ps []*fakeloop.Promise[int]
		var fs []*fakeloop.Future[int]
		for range n {
			p := fakeloop.NewPromise[int](loop, "")
			ps, fs = append(ps, p), append(fs, p.Future())
		}
		f := c(loop, fs...)
		for i := range ps {
			ps[n-1-i].Resolve(i)
		}
		equal(t, name, f.Settled(), true)
	}
	mustClose(t, loop)
}
