package futures

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var concurrency = []Property{
	{
		Number: 160, Name: "racing settles", Level: Stochastic, Unless: oneWaiter,
		Rule:   "Of settles that race one wins; all who look agree on it, for ever.",
		Source: "CompletableFutureTest; Netty testSignalRace; folly",
		Check: func(t *T) {
			for range t.Rounds(200) {
				c := t.Fresh()
				var seen sync.Map
				note := func(v any, err error) { seen.Store(fmt.Sprint(v, err), true) }
				waiters := t.waiters(2, c)
				var observed atomic.Int32
				if t.OnDone != nil {
					t.OnDone(c, func(v any, err error) {
						note(v, err)
						observed.Add(1)
					})
				}
				var won atomic.Int32
				t.together(6, func(i int) {
					var lost error
					o := Outcome{Value: fmt.Sprint(i)}
					if i%2 == 1 {
						o = Outcome{Err: fmt.Errorf("error %d", i)}
					}
					if recovered(func() { lost = c.Settle(o.Value, o.Err) }) == nil && lost == nil {
						won.Add(1)
					}
				})
				waiters(note)
				if t.OnDone != nil {
					t.Until(func() bool { return observed.Load() >= 1 })
				}
				note(t.Get(c))
				n := 0
				seen.Range(func(any, any) bool { n++; return true })
				switch {
				case n != 1:
					t.Fatalf("after settles that raced, %d different outcomes were seen", n)
				case t.Caps.SecondSettle != Ignored && won.Load() != 1:
					t.Fatalf("of 6 settles that raced, %d were told that they won", won.Load())
				case t.OnDone != nil && observed.Load() != 1:
					t.Fatalf("an observer was called %d times", observed.Load())
				}
			}
		},
	},
	{
		Number: 161, Name: "everything at once", Level: Stochastic, Unless: oneWaiter,
		Rule:   "Settling, waiting, registering, deriving and cancelling at once lose nothing and do nothing twice.",
		Source: "Netty testSignalRace; Guava; the race detector",
		Check: func(t *T) {
			for range t.Rounds(100) {
				c := t.Fresh()
				var waited, called, derived atomic.Int32
				want := int32(2)
				t.together(8, func(i int) {
					switch i {
					case 0, 1:
						_ = recovered(func() { _ = c.Settle(fmt.Sprint(i), nil) })
					case 2:
						if t.Cancel != nil {
							_ = recovered(func() { _ = t.Cancel(c, errCause) })
						}
					case 3, 4:
						ctx, cancel := context.WithTimeout(context.Background(), t.patience())
						defer cancel()
						if _, _ = t.Wait(ctx, c); ctx.Err() == nil {
							waited.Add(1)
						}
					case 5, 6:
						if t.OnDone != nil {
							t.OnDone(c, func(any, error) { called.Add(1) })
						}
					case 7:
						if t.Then != nil {
							ctx, cancel := context.WithTimeout(context.Background(), t.patience())
							defer cancel()
							if _, _ = t.Wait(ctx, t.Then(c, func(v any) (any, error) { return v, nil })); ctx.Err() == nil {
								derived.Add(1)
							}
						}
					}
				})
				if t.OnDone != nil {
					t.Until(func() bool { return called.Load() >= want })
				}
				switch {
				case waited.Load() != want:
					t.Fatalf("of 2 waiters %d woke", waited.Load())
				case t.OnDone != nil && called.Load() != want:
					t.Fatalf("2 observers were called %d times", called.Load())
				case t.Then != nil && derived.Load() != 1:
					t.Fatalf("a derived future did not settle")
				}
			}
		},
	},
	{
		Number: 162, Name: "happens before", Level: Required,
		Rule:   "What was written before the settle is visible to waiters and handlers; the race detector sees it.",
		Source: "the Go memory model",
		Check: func(t *T) {
			for range t.Rounds(20) {
				c := t.Fresh()
				written := 0
				if t.OnDone != nil {
					t.OnDone(c, func(any, error) {
						if written != 1 {
							t.Errorf("a handler does not see what was written before the settle")
						}
						t.Mark("called")
					})
				}
				go func() {
					runtime.Gosched()
					written = 1
					_ = c.Settle("v", nil)
				}()
				t.Value("the future", c, "v")
				if written != 1 {
					t.Errorf("a waiter does not see what was written before the settle")
				}
			}
			if t.OnDone != nil {
				t.Until(func() bool { return len(t.Marked()) >= t.Rounds(20) })
			}
		},
	},
	{
		Number: 163, Name: "settling in a handler", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "A handler may settle its own and other futures.",
		Source: "Twisted, reentrant callbacks; folly",
		Check: func(t *T) {
			a, b := t.Fresh(), t.Fresh()
			t.OnDone(a, func(any, error) {
				t.Mark("a")
				_ = b.Settle("w", nil)
			})
			t.OnDone(b, func(any, error) { t.Mark("b") })
			t.Returns("settling, with a handler that settles another future,", func() {
				t.Source("v", nil, func(c Case) {
					t.OnDone(c, func(any, error) {
						t.Mark("c")
						if len(t.Marked()) > 9 {
							return // who calls observers again for each settle would never end
						}
						_ = recovered(func() { _ = c.Settle("again", nil) })
						_ = a.Settle("v", nil)
					})
				})
			})
			t.Set("a b c")
			t.Value("the last future", b, "w")
		},
	},
	{
		Number: 164, Name: "what a pending chain costs", Level: Info, Needs: "Then",
		Rule:   "A step of a pending chain holds no goroutine.",
		Source: "no suite has it; a public library has one a step",
		Check: func(t *T) {
			const n = 100
			c := t.Fresh()
			before := t.goroutines()
			end := t.Hops(c, n)
			t.Rest()
			t.Notef("a step of a pending chain holds %d goroutines", (t.goroutines()-before+n/2)/n)
			_ = c.Settle("v", nil)
			_, _ = t.Get(end)
		},
	},
	{
		Number: 165, Name: "what a settled future keeps", Level: Info, Needs: "OnDone",
		Rule:   "A settled future releases its handlers.",
		Source: "CompletableFutureTest, the garbage retention tests; folly CallbackLifetimeTest; Twisted canceller_circular_reference; Tornado RunnerGCTest",
		Check: func(t *T) {
			c := t.New()
			freed := t.watchGarbage(func(keep func() any) {
				t.OnDone(c, func(any, error) { keep() })
				_ = c.Settle("v", nil)
				t.Rest()
			})
			t.Notef("what the handler of a settled future held is %s", freed)
			runtime.KeepAlive(c)
		},
	},
	{
		Number: 166, Name: "futures share nothing", Level: Required,
		Rule:   "Futures used at the same time do not affect each other.",
		Source: "go test -parallel",
		Check: func(t *T) {
			const n = 8
			cs := t.several(n)
			if t.together(n, func(i int) {
				end := cs[i]
				if t.Then != nil {
					end = t.Then(end, func(v any) (any, error) { return fmt.Sprintf("%v!", v), nil })
				}
				var err error
				if i%2 == 1 {
					err = fmt.Errorf("error %d", i)
				}
				_ = cs[i].Settle(fmt.Sprint(i), err)
				ctx, cancel := context.WithTimeout(context.Background(), t.patience())
				defer cancel()
				v, got := t.Wait(ctx, end)
				want := fmt.Sprint(i)
				if t.Then != nil {
					want += "!"
				}
				if err == nil && (!same(v, want) || got != nil) || err != nil && (got == nil || depthOf(got, err) < 0) {
					t.Errorf("future %d came to %s", i, show(v, got))
				}
			}); t.Failed() {
				return
			}
		},
	},
	{
		Number: 167, Name: "in a bubble", Level: Info,
		Rule:   "Waiting blocks durably, so that tests with testing/synctest need no sleep.",
		Source: "package testing/synctest",
		Check: func(t *T) {
			if !t.bubble {
				t.Notef("it cannot be in a bubble: RealTime is declared")
				return
			}
			c := t.Fresh()
			start := time.Now()
			o, settled := t.Within(time.Hour, c)
			t.Notef("in a bubble, an hour's wait takes no time: %v", !settled && o.Err == nil && time.Since(start) == time.Hour)
		},
	},
}

// together calls f on n goroutines at once, and waits for them.
func (t *T) together(n int, f func(i int)) bool {
	start := make(chan bool)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	return t.Returns("what runs at once", wg.Wait)
}

// depthOf is how deep in its tree an error has target; -1 if nowhere.
func depthOf(err, target error) int {
	if identical(err, target) {
		return 0
	}
	for _, inner := range unwrap(err) {
		if d := depthOf(inner, target); d >= 0 {
			return d + 1
		}
	}
	return -1
}
