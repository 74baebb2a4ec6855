package fakeloop_test

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// chores is a scenario that runs in any mode: everything that has an order.
func chores(loop *fakeloop.Loop) {
	loop.Named("root").Post(func() {
		mutex := fakeloop.NewMutex(loop, "mutex")
		for _, name := range []string{"one", "two", "three"} {
			fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
				for range 2 {
					loop.Named(name+" timer").AfterFunc(3*time.Second, func() {})
					err := mutex.With(co, func() error { return co.Sleep(time.Second) })
					if err != nil || co.Yield() != nil {
						return 0, err
					}
				}
				return loop.Choose(name, 3), nil
			})
		}
		p := fakeloop.NewPromise[int](loop, "p")
		loop.Named("settler").AfterFunc(2*time.Second, func() { p.Resolve(1) })
		fakeloop.Catch(fakeloop.Then(p.Future(), func(int) (int, error) { return 0, io.EOF }), func(error) (int, error) {
			loop.Named("caught").Post(func() {})
			return 0, nil
		})
		fakeloop.Timeout(fakeloop.NewPromise[int](loop, "slow").Future(), 4*time.Second).OnSettled(func(int, error) {})
		fakeloop.Async(loop, "combining", func(co *fakeloop.Coroutine) (int, error) {
			tick := func(d time.Duration) *fakeloop.Future[int] {
				return fakeloop.ThenFuture(fakeloop.Resolved(loop, 1), func(v int) *fakeloop.Future[int] { return after(loop, d, v) })
			}
			first, _ := fakeloop.Await(co, fakeloop.Race(loop, tick(3*time.Second), tick(time.Second)))
			all, _ := fakeloop.Await(co, fakeloop.All(loop, tick(time.Second), fakeloop.Shield(tick(time.Second))))
			for i, o := range fakeloop.AsCompleted(loop, tick(2*time.Second), tick(time.Second)).All(co) {
				loop.Named("completed").Post(func() { _ = i + o.Value })
			}
			rejected(loop, io.EOF) // which is reported
			return first + len(all), co.Sleep(time.Second)
		})
	})
}

// One scenario, one order, whoever drives: the timelines of virtual and bubble time are
// equal, event by event; on a wall loop in a bubble too, but that instants are the
// bubble's.
func TestTheModesAgree(t *testing.T) {
	run := func(t *testing.T, mode fakeloop.Mode, seed uint64) *timeline.Timeline {
		reports := 0
		loop := fakeloop.New(fakeloop.Config{Mode: mode, Decisions: fakeloop.Seed(seed), OnUnobserved: func(*fakeloop.UnobservedError) { reports++ }})
		chores(loop)
		mustIdle(t, loop)
		sameError(t, "Close", loop.Close(), io.EOF)
		equal(t, "reports", reports, 1)
		return loop.Timeline()
	}
	fired := func(tl *timeline.Timeline) (labels []string) {
		for _, e := range tl.All() {
			if e.Kind == timeline.Fired {
				labels = append(labels, fmt.Sprint(e.Label, "@", e.At))
			}
		}
		return labels
	}
	for seed := range uint64(scaled(t, "seeds", 200, 20)) {
		virtual := run(t, fakeloop.Virtual, seed)
		if virtual.Len() < 100 {
			t.Fatalf("the scenario has %d events only", virtual.Len())
		}
		synctest.Test(t, func(t *testing.T) {
			if d, differ := timeline.Diverge(virtual, run(t, fakeloop.Bubble, seed)); differ {
				t.Errorf("seed %d: virtual (A) and bubble (B): %v", seed, d)
			}
			if got, want := fired(run(t, fakeloop.Wall, seed)), fired(virtual); !slices.Equal(got, want) {
				t.Errorf("seed %d: wall: %v\nvirtual: %v", seed, got, want)
			}
		})
	}
}
