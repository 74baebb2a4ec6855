package loops

import (
	"sync/atomic"
	"time"
)

var starvation = []Case{
	{
		Number: 33, Letter: "a", Name: "callbacks that post themselves",
		Rule:   "A callback that posts itself again and again does not keep a timer that is due from firing.",
		Why:    "one busy piece of code stops all timeouts",
		Source: "trio test_TrioToken_run_sync_soon_starvation_resistance; libuv idle_starvation; tokio time_rt starving",
		Check: func(t *T) {
			l := t.New()
			var delay time.Duration // on an exact clock time stands while callbacks are ready
			most := 1000
			if !t.Exact() {
				delay, most = t.U(1), 1_000_000 // real timers are late
			}
			fired, posts := false, 0
			t.Do(l, func() {
				due := l.Now() + delay
				var again func()
				again = func() {
					if l.Now() >= due {
						posts++
					}
					switch {
					case posts > most:
						t.Errorf("%d turns behind the instant at which a timer was due it had not fired", posts)
					case !fired:
						l.Post(again)
					}
				}
				l.Post(again)
				l.After(delay, func() { fired = true })
			})
			if !fired {
				t.Errorf("the timer did not fire")
			}
		},
	},
	{
		Number: 33, Letter: "b", Name: "callbacks that post themselves",
		Rule:   "A callback that posts itself again and again does not keep the post of another goroutine from running.",
		Why:    "one busy piece of code makes the loop deaf",
		Source: "trio test_TrioToken_run_sync_soon_starvation_resistance",
		Needs:  "PostFrom",
		Check: func(t *T) {
			l := t.New()
			heard, posts := false, 0
			t.Do(l, func() {
				var again func()
				again = func() {
					if posts++; posts == 10 {
						over := make(chan struct{})
						go func() {
							defer close(over)
							t.mustPost(l, func() { heard = true })
						}()
						<-over
					}
					if posts > 1000 {
						t.Errorf("the post of another goroutine had not run after %d turns", posts-10)
						return
					}
					if !heard {
						l.Post(again)
					}
				}
				again()
			})
		},
	},
	{
		Number: 34, Letter: "a", Name: "loops without end",
		Rule:   "Driving a loop whose callbacks post each other for ever ends at the limit with an error; the loop can be driven again.",
		Why:    "the test hangs and says nothing",
		Source: "RxJS VirtualTimeScheduler.maxFrames; turmoil's simulation duration",
		Needs:  "Limit",
		Check: func(t *T) {
			l := t.NewWith(Options{Limit: 1000})
			var over atomic.Bool // a loop that runs by itself goes on meanwhile
			var again func()
			again = func() {
				if !over.Load() {
					l.Post(again)
				}
			}
			if err := t.Try(l, again); err == nil {
				t.Errorf("Drive ended without an error, though callbacks post each other for ever")
			}
			over.Store(true)
			t.Do(l, t.Marker("after"))
			t.Order("after")
		},
	},
	{
		Number: 34, Letter: "b", Name: "loops without end",
		Rule:   "Driving a loop with an eternal ticker ends at the limit with an error.",
		Why:    "the test hangs while virtual time runs through the centuries",
		Source: "golang/go#70857, a ticker in a synctest bubble",
		Needs:  "Limit",
		Check: func(t *T) {
			l := t.NewWith(Options{Limit: 1000})
			before := l.Now()
			var over atomic.Bool
			var again func()
			again = func() {
				if !over.Load() {
					l.After(t.U(1), again)
				}
			}
			if err := t.Try(l, again); err == nil {
				t.Errorf("Drive ended without an error, though a timer sets itself again for ever")
			}
			if moved := l.Now() - before; moved < t.U(500) {
				t.Errorf("Drive gave up after %v, want half of the limit of 1000 callbacks at least", moved)
			}
			over.Store(true)
			t.Do(l, t.Marker("after"))
			t.Order("after")
		},
	},
}
