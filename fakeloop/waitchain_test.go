package fakeloop_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// chainText returns what an idle loop says of a wait, one link a line.
func chainText(t *testing.T, f interface{ Wait() (int, error) }) string {
	t.Helper()
	_, err := f.Wait()
	return masked(strings.Join(as[*fakeloop.IdleError](t, err).Chain, "\n"))
}

// An idle loop says who waits for whom, through whatever lies between.
func TestWaitChainThroughCombinators(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ps, fs := promises(loop)
	f := fakeloop.Then(fakeloop.All(loop, fs...), func(v []int) (int, error) { return len(v), nil })
	equal(t, "all", chainText(t, f), `future "then" (#), pending
future "all" (#), pending, waits for 3 of 3: future "a" (#), future "b" (#), future "c" (#)
future "a" (#), pending`)
	ps[0].Resolve(1)
	equal(t, "one is there", chainText(t, f), `future "then" (#), pending
future "all" (#), pending, waits for 2 of 3: future "b" (#), future "c" (#)
future "b" (#), pending`)
	ps[1].Resolve(1)
	equal(t, "the last", chainText(t, f), `future "then" (#), pending
future "all" (#), pending
future "c" (#), pending`)
	outer := fakeloop.NewPromise[int](loop, "outer")
	outer.Adopt(fakeloop.Shield(fakeloop.Race(loop, f)))
	co := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, outer.Future()) })
	mustIdle(t, loop)
	equal(t, "everything", chainText(t, co), `future "co" (#), pending
future "outer" (#), pending
future "shield" (#), pending
future "race" (#), pending
future "then" (#), pending
future "all" (#), pending
future "c" (#), pending`)
	equal(t, "the other way round", stackText(ps[2].Future().AsyncStack()), `future "c" (#), pending
awaited by future "all" (#)
awaited by future "then" (#)
awaited by future "race" (#)
awaited by future "shield" (#)
awaited by future "outer" (#)
awaited by coroutine "co" (#)`)
	wantText(t, "String", f, `future "then" (#), pending, waits for future "all" (#)`)
	var many []*fakeloop.Future[int]
	for range 8 {
		many = append(many, fs[2])
	}
	wantText(t, "String", fakeloop.Any(loop, many...), `future "any" (#), pending, waits for future "c" (#), future "c" (#), future "c" (#), future "c" (#), future "c" (#), 3 more`)
	done := fakeloop.AsCompleted(loop, fs...)
	done.Next()
	done.Next()
	_, err := done.Next().Wait()
	equal(t, "iteration", masked(strings.Join(as[*fakeloop.IdleError](t, err).Chain, "\n")), `future "next completed" (#), pending
future "as completed" (#), pending
future "c" (#), pending`)
}

// A cycle that no Adopt made is told as one.
func TestWaitChainOfACycle(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Horizon: time.Minute})
		var a, b *fakeloop.Future[int]
		loop.Post(func() {
			a = fakeloop.Async(loop, "a", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, b) })
			b = fakeloop.ThenFuture(fakeloop.Resolved(loop, 1), func(int) *fakeloop.Future[int] { return fakeloop.Race(loop, a) })
		})
		mustIdle(t, loop)
		_, err := a.Wait()
		if idle, ok := errors.AsType[*fakeloop.IdleError](err); ok {
			equal(t, "chain", masked(strings.Join(idle.Chain, "\n")), `future "a" (#), pending
future "then" (#), pending
future "race" (#), pending
future "a" (#) again: a cycle`)
		} else if _, ok := errors.AsType[*fakeloop.CycleError](err); !ok {
			t.Errorf("got %v, want the cycle", err)
		}
	})
}

// Combinators, adoption, cancellation and settles meet on several goroutines: one
// outcome each, and no error is lost or told twice.
func TestCombinatorStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			for round := range scaled(t, "storms", 5000, 100) {
				var mu sync.Mutex
				told := 0
				loop := fakeloop.New(fakeloop.Config{Mode: mode, OnUnobserved: func(*fakeloop.UnobservedError) {
					mu.Lock()
					defer mu.Unlock()
					told++
				}})
				ps, fs := promises(loop)
				outer := fakeloop.NewPromise[int](loop, "outer")
				all, race := fakeloop.All(loop, fs...), fakeloop.Race(loop, fs...)
				settled := fakeloop.Timeout(fakeloop.AllSettled(loop, fs...), time.Hour)
				shield := fakeloop.Shield(fs[0])
				won := make([]bool, 3)
				var group sync.WaitGroup
				group.Go(func() { won[0] = ps[0].Resolve(1) })
				group.Go(func() { won[1] = ps[1].Reject(io.EOF) })
				group.Go(func() { won[2] = ps[2].Reject(io.ErrShortWrite) })
				group.Go(func() { outer.Adopt(race) })
				group.Go(func() { shield.Cancel(nil) })
				group.Go(func() { fakeloop.Link(fs[1], outer) })
				group.Go(func() { _, _, _ = race.Result(); _ = all.String() })
				group.Go(func() {
					if round%2 == 0 {
						settled.Cancel(nil)
					}
				})
				group.Wait()
				err := loop.Close()
				for i := range won {
					if won[i] != (round%2 == 1 || !errors.As(must2(fs[i].Result()), new(*fakeloop.CancelError))) {
						t.Fatalf("member %d: settled %v, outcome %v", i, won[i], outcome(fs[i]))
					}
				}
				for _, f := range []fakeloop.Awaitable{all, race, settled, shield, outer.Future()} {
					if !f.Settled() {
						t.Fatalf("%v was left pending", f)
					}
				}
				mu.Lock()
				if told < len(joined(err)) { // some may have been found after they were told
					t.Fatalf("%d were told, %d are left: %v", told, len(joined(err)), err)
				}
				mu.Unlock()
			}
		})
	}
}
