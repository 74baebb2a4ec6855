package futures

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// dispatch is the second half of the part about observers.
var dispatch = []Property{
	{
		Number: 39, Name: "whose stack", Level: Optional, Needs: "OnDone Caps.Async", Three: true,
		Rule:   "An observer is not called on the stack of who registers it or settles the future, whenever it was registered.",
		Source: "Promises/A+ 2.2.4; CompletableFutureTest checkExecutionMode",
		Check: func(t *T) {
			var inside atomic.Value
			within := func(f func()) {
				inside.Store(checks.Goroutine())
				f()
				inside.Store("")
			}
			called := func(any, error) {
				if inside.Load() == checks.Goroutine() {
					t.Errorf("an observer was called within the call that registered it or settled the future")
				}
				t.Mark("called")
			}
			c := t.Fresh()
			switch t.When {
			case Already:
				_ = c.Settle("v", nil)
				t.Rest()
				within(func() { t.OnDone(c, called) })
			default:
				within(func() { t.OnDone(c, called) })
				if t.When == Later {
					t.Rest()
				}
				within(func() { _ = c.Settle("v", nil) })
			}
			t.Marks("called")
		},
	},
	{
		Number: 40, Name: "returning first", Level: Optional, Needs: "OnDone Caps.Async", Three: true,
		Rule:   "Registering and settling return though the observer cannot go on.",
		Source: "Promises/A+ 2.2.4, the clean-stack tests",
		Check: func(t *T) {
			gate := make(chan bool)
			t.Returns("OnDone and Settle, with an observer that waits,", func() {
				c := t.Fresh()
				if t.When == Already {
					_ = c.Settle("v", nil)
				}
				t.OnDone(c, func(any, error) {
					<-gate
					t.Mark("called")
				})
				if t.When != Already {
					_ = c.Settle("v", nil)
				}
			})
			close(gate)
			t.Marks("called")
		},
	},
	{
		Number: 41, Name: "registering while it settles", Level: Stochastic, Needs: "OnDone",
		Rule:   "Of observers that register while the future is settled none is lost and none is called twice.",
		Source: "Guava testAllListenersCompleteSuccessfully",
		Check: func(t *T) {
			const goroutines, each = 8, 64
			for range t.Rounds(300) {
				c := t.Fresh()
				var calls [goroutines * each]atomic.Int32
				var wg sync.WaitGroup
				var ready atomic.Int32
				together := func() {
					for ready.Add(1); ready.Load() <= goroutines; {
						runtime.Gosched()
					}
				}
				for g := range goroutines {
					wg.Go(func() {
						together()
						for i := range each {
							t.OnDone(c, func(any, error) { calls[g*each+i].Add(1) })
							if i%16 == 15 {
								runtime.Gosched()
							}
						}
					})
				}
				wg.Go(func() {
					together()
					for range 2 {
						runtime.Gosched()
					}
					_ = c.Settle("v", nil)
				})
				wg.Wait()
				count := func() (lost, twice int) {
					for i := range calls {
						switch n := calls[i].Load(); {
						case n == 0:
							lost++
						case n > 1:
							twice++
						}
					}
					return lost, twice
				}
				t.Until(func() bool { lost, twice := count(); return lost == 0 || twice > 0 })
				if t.bubble {
					t.Rest()
				}
				if lost, twice := count(); lost > 0 || twice > 0 {
					t.Fatalf("of %d observers that registered while the future was settled %d were not called and %d more than once", len(calls), lost, twice)
				}
			}
		},
	},
	{
		Number: 42, Name: "an observer that blocks", Level: Optional, Needs: "OnDone Caps.Async",
		Rule:   "An observer that blocks keeps neither the settler nor other waiters nor, where there is no order and no loop, its siblings.",
		Source: "Scala \"run callbacks async\"; folly Via.*",
		Check: func(t *T) {
			gate := make(chan bool)
			c := t.Fresh()
			siblings := !t.Caps.Ordered && !t.Caps.LoopAffine
			t.OnDone(c, func(any, error) { <-gate })
			if siblings {
				t.OnDone(c, func(any, error) { t.Mark("sibling") })
			}
			t.Returns("Settle", func() { _ = c.Settle("v", nil) })
			if !t.Caps.LoopAffine { // on a loop it may be the loop that wakes a waiter
				t.Returns("Await", func() { t.Value("the future", c, "v") })
			}
			if siblings && !t.Until(func() bool { return len(t.Marked()) == 1 }) {
				t.Errorf("while one observer was blocked its sibling was not called")
			}
			close(gate)
		},
	},
	{
		Number: 43, Name: "an observer that uses the future", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "No lock is held while user code runs: an observer may settle, look at, derive from, and cancel its own future.",
		Source: "folly Via.viaThenGetWasRacy",
		Check: func(t *T) {
			t.Returns("settling, or registering, with an observer that uses the future,", func() {
				t.Source("v", nil, func(c Case) {
					t.OnDone(c, func(any, error) {
						defer t.Mark("done")
						if len(t.Marked()) > 3 {
							return // who calls observers again for each settle would never end
						}
						_ = recovered(func() { _ = c.Settle("w", nil) })
						if t.Peek != nil {
							t.Peek(c)
						}
						if t.Then != nil {
							t.Then(c, func(v any) (any, error) { return v, nil })
						}
						if t.Cancel != nil {
							_ = recovered(func() { _ = t.Cancel(c, errCause) })
						}
						if !t.Caps.LoopAffine && !t.Caps.SingleWaiter {
							t.Value("the future, within an observer,", c, "v")
						}
					})
				})
			})
			t.Marks("done")
		},
	},
	{
		Number: 44, Name: "nobody observes", Level: Info,
		Rule:   "Nothing is dispatched when there is no observer.",
		Source: "Netty test*DoesNotScheduleWhenNoListeners",
		Check: func(t *T) {
			const n = 20
			cs := t.several(n)
			t.Rest()
			before := t.goroutines()
			for _, c := range cs {
				_ = c.Settle("v", nil)
			}
			t.Notef("%d settles that nobody observes start %d goroutines", n, t.goroutines()-before)
		},
	},
	{
		Number: 45, Name: "a nil observer", Level: Required, Needs: "OnDone",
		Rule:   "A nil function is refused when it is registered, or ignored; it does no harm later.",
		Source: "CompletableFutureTest testOnlyNullArgument tests; Promises/A+ 2.2.1",
		Check: func(t *T) {
			c := t.Fresh()
			refused := recovered(func() { t.OnDone(c, nil) })
			t.OnDone(c, func(any, error) { t.Mark("called") })
			if v := recovered(func() { _ = c.Settle("v", nil) }); v != nil {
				t.Errorf("the settler met a panic: %v", v)
			}
			t.Marks("called")
			t.Value("the future", c, "v")
			if refused != nil {
				t.Notef("refused: %v", refused)
			}
		},
	},
}
