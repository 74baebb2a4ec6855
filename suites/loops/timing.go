package loops

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"time"
)

var timing = []Case{
	{
		Number: 17, Name: "zero and negative delays",
		Rule:   "Delays of zero and less are due at once and fire in the order of their deadlines, without time going back.",
		Why:    "a deadline that has passed while it was computed never comes, or comes out of order",
		Source: "CPython test_call_later_negative_delays; quartz TestTimer_NegativeDuration",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				armed := l.Now()
				mark := func(word string) func() {
					return func() {
						t.Mark(word)
						t.At("a timer that was due fired", l.Now(), armed)
					}
				}
				l.After(0, mark("0"))
				l.After(-t.U(1), mark("-1"))
				l.After(-t.U(2), mark("-2"))
			})
			t.Order("-2 -1 0")
		},
	},
	{
		Number: 18, Letter: "a", Name: "time never goes back",
		Rule:   "A negative Advance is refused and changes nothing.",
		Why:    "a test that computes a duration wrongly runs on in a world in which causes follow effects",
		Source: "trio test_mock_clock; Kotlin testAdvanceTimeByWithNegativeDelay; looptime test_backward_time_moves_warns",
		Needs:  "Advance",
		Check: func(t *T) {
			l := t.New()
			l.After(t.U(2), t.Marker("2"))
			t.advance(l, t.U(1))
			before := l.Now()
			t.Refused("Advance(-1)", func() error { return l.Advance(-t.U(1)) })
			t.At("after a refused Advance the loop was", l.Now(), before)
			t.Order("")
			t.advance(l, t.U(1))
			t.Order("2")
		},
	},
	{
		Number: 18, Letter: "b", Name: "time never goes back",
		Rule:   "Now never decreases from one callback to the next.",
		Why:    "durations come out negative",
		Source: "trio#1190, an autojump with a deadline that was past",
		Check: func(t *T) {
			l := t.New()
			latest := l.Now()
			check := func() {
				now := l.Now()
				if now < latest {
					t.Errorf("Now went from %v back to %v", latest, now)
				}
				latest = now
			}
			t.Do(l, func() {
				for _, n := range []float64{2, -1, 1, 0, 1} {
					l.After(t.U(n), func() {
						check()
						l.After(-t.U(3), check)
						l.Post(check)
					})
				}
			})
			check()
		},
	},
	{
		Number: 19, Letter: "a", Name: "enormous delays",
		Rule:   "A delay that overflows the clock does not fire before any other.",
		Why:    "a deadline of \"never\" wraps around and is due at once",
		Source: "libuv timer_huge_timeout; Kotlin testAdvanceTimeByEnormousDelays; tokio greater_than_max, exactly_max; twisted test_distantDelayedCall",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.After(t.U(1), func() {
					var huge []Timer
					for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2} {
						huge = append(huge, l.After(d, t.Marker("huge")))
					}
					t.Mark("1")
					l.After(t.U(1), func() {
						t.Mark("2")
						for _, timer := range huge {
							l.Cancel(timer)
						}
					})
				})
			})
			t.Order("1 2")
		},
	},
	{
		Number: 19, Letter: "b", Name: "enormous delays",
		Rule:   "A ticker of an enormous period does not fire early or spin.",
		Why:    "the addition of the period wraps around",
		Source: "libuv timer_huge_repeat",
		Needs:  "Every",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.After(t.U(1), func() {
					stop := t.every(l.Every)(math.MaxInt64, t.Marker("huge"))
					l.After(t.U(1), func() {
						t.Mark("2")
						stop()
					})
				})
			})
			t.Order("2")
		},
	},
	{
		Number: 19, Letter: "c", Name: "enormous delays",
		Rule:   "An enormous Advance fires what comes due and leaves the clock ahead of where it was.",
		Why:    "a test that advances \"for ever\" finds itself in the past",
		Source: "Kotlin testAdvanceTimeByEnormousDelays",
		Needs:  "Advance",
		Check: func(t *T) {
			l := t.New()
			l.After(t.U(2), t.Marker("2"))
			t.advance(l, t.U(1)) // from here on it overflows
			before := l.Now()
			for range 2 {
				if err := l.Advance(math.MaxInt64); err != nil {
					t.Errorf("Advance(%d) returned an error: %v", int64(math.MaxInt64), err)
				}
				if now := l.Now(); now < before+t.U(1) {
					t.Errorf("an enormous Advance took the loop from %v to %v", before, now)
				}
				before = l.Now() - t.U(1)
			}
			t.Order("2")
		},
	},
	{
		Number: 20, Name: "delays below the resolution",
		Rule:   "No timer fires before its delay has passed, be it a nanosecond or a unit and a nanosecond.",
		Why:    "the clock shows that it is too early, the callback arms its timer again, and the loop spins",
		Source: "CPython test_timeout_rounding; tokio sub_ms_delayed_sleep, test_time_advance_sub_ms; libuv timer_early_check",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				for _, d := range []time.Duration{1, 999, 1500, time.Millisecond + 1, t.U(1) + 1, t.U(1) + 999_999} {
					armed := l.Now()
					l.After(d, func() { t.At("a timer of "+d.String()+" fired", l.Now()-armed, d) })
				}
				t.Mark("armed")
			})
			t.Order("armed")
		},
	},
	{
		Number: 21, Letter: "a", Name: "the time in a callback",
		Rule:   "Now in a timer's callback is the instant for which it was armed, never before it.",
		Why:    "schedules that compute the next deadline from Now drift, or repeat an instant",
		Source: "Reactor captureNowInScheduledTask; twisted test_callbackTimeSkips",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				armed := l.Now()
				for _, n := range []float64{1, 2.5, 2} {
					l.After(t.U(n), func() { t.At("in the callback it was", l.Now()-armed, t.U(n)) })
				}
			})
		},
	},
	{
		Number: 21, Letter: "b", Name: "the time in a callback",
		Rule:   "Now does not change within a turn.",
		Why:    "two callbacks of one instant compute different deadlines, and their timers fire out of order",
		Source: "libuv uv_now; asyncio _run_once",
		Check: func(t *T) {
			l := t.New()
			var first, second, third time.Duration
			t.Do(l, func() {
				l.Post(func() {
					first = l.Now()
					if t.adapter.Mode != Bubble { // whose clock a callback that sleeps moves, as it must
						time.Sleep(2 * time.Millisecond)
					}
					second = l.Now()
				})
				l.Post(func() { third = l.Now() })
			})
			if first != second || second != third {
				t.Errorf("within a turn it was %v, %v and %v", first, second, third)
			}
		},
	},
	{
		Number: 21, Letter: "c", Name: "the time in a callback",
		Rule:   "Charge moves Now by as much, for the rest of the turn, and later timers do not see it go back.",
		Why:    "the cost of computing cannot be simulated",
		Source: "twisted test_callbackTimeSkips",
		Needs:  "Charge",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				begin := l.Now()
				l.After(t.U(2), func() { t.At("an overdue timer fired", l.Now()-begin, t.U(3)) })
				l.Post(func() {
					l.Charge(t.U(3))
					if t.Virtual() {
						t.At("after Charge it was", l.Now()-begin, t.U(3))
					}
				})
			})
		},
	},
	{
		Number: 22, Name: "the end of an advance",
		Rule:   "Advance(d) includes the instant now+d, and nothing behind it.",
		Why:    "a test that advances by a timeout sees it fire or not depending on the library",
		Source: "contrast Kotlin testAdvanceTimeByDoesNotRunCurrent, which excludes it; twisted, tokio and Reactor include it",
		Needs:  "Advance",
		Check: func(t *T) {
			l := t.New()
			l.After(t.U(1)+1, t.Marker("behind"))
			l.After(t.U(1), t.Marker("at"))
			l.After(t.U(1)-1, t.Marker("before"))
			t.advance(l, t.U(1))
			t.Order("before at")
			t.advance(l, 1)
			t.Order("behind")
		},
	},
	{
		Number: 23, Name: "no drift of the clock",
		Rule:   "Many small delays add up to exactly their sum.",
		Why:    "a clock of floating point numbers loses an event at a boundary",
		Source: "looptime test_floating_point_precision_fixed; twisted test_withCountFloatingPointBoundary",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			for _, d := range []time.Duration{100 * time.Millisecond, 333_333_333, 1} {
				const n = 3000
				l := t.New()
				begin := l.Now()
				left := n
				var again func()
				again = func() {
					if left--; left > 0 {
						l.After(d, again)
					}
				}
				t.Do(l, func() { l.After(d, again) })
				t.At("after 3000 delays of "+d.String()+" it was", l.Now()-begin, n*d)
				t.closed(l)
			}
		},
	},
	{
		Number: 24, Name: "two goroutines advance",
		Rule:   "Advances by two goroutines add up exactly: each counts in full, or is refused with an error.",
		Why:    "time, or what came due in it, gets lost between them",
		Source: "Reactor racingAdvanceTimeOnEmptyQueue, FullQueue, VaryingQueue",
		Needs:  "Advance",
		Not:    map[Mode]string{Bubble: "to advance is to sleep there, and two goroutines sleep at the same time"},
		Check: func(t *T) {
			const each = 50
			l := t.New()
			begin := l.Now()
			for i := range 2 * each {
				l.After(t.U(float64(i+1)), func() {
					t.Mark("tick")
					time.Sleep(50 * time.Microsecond) // so that they meet
				})
			}
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					for range each {
						for l.Advance(t.U(1)) != nil {
							runtime.Gosched()
						}
					}
				})
			}
			wg.Wait()
			t.At("after all advances it was", l.Now()-begin, t.U(2*each))
			if n := t.Count("tick"); n != 2*each {
				t.Errorf("%d timers fired on the way, want %d", n, 2*each)
			}
		},
	},
	{
		Number: 25, Letter: "a", Name: "a result at the deadline",
		Rule:   "A result that comes at the very instant of the timeout, and first, wins; so does one that was there before.",
		Why:    "an operation that succeeded is reported as timed out",
		Source: "tokio simultaneous_deadline_future_completion, completed_future_past_deadline; tornado test_already_resolved, test_completes_before_timeout",
		Needs:  "NewPromise Timeout",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				early, late := l.NewPromise("early"), l.NewPromise("at the deadline")
				early.Resolve("early")
				l.After(t.U(1), func() { late.Resolve("late") })
				for _, p := range []Promise{early, late} {
					l.Timeout(p.Future(), t.U(1)).OnSettled(func(v any, err error) {
						if err != nil {
							t.Errorf("the timeout won: %v", err)
						}
						t.Mark(v.(string))
					})
				}
			})
			t.Order("early late")
		},
	},
	{
		Number: 25, Letter: "b", Name: "a result at the deadline",
		Rule:   "A timeout fails its future once the time has passed, and not before.",
		Why:    "waiting has no end",
		Source: "tornado WithTimeoutTest.test_timeout_future",
		Needs:  "NewPromise Timeout",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				begin := l.Now()
				p := l.NewPromise("too late")
				l.Timeout(p.Future(), t.U(1)).OnSettled(func(_ any, err error) {
					if err == nil {
						t.Errorf("a future that was not settled in time did not fail")
					}
					t.At("it failed", l.Now()-begin, t.U(1))
					t.Mark("timeout")
				})
				l.After(t.U(2), func() { p.Resolve("late") })
			})
			t.Order("timeout")
		},
	},
	{
		Number: 26, Name: "time moves only when idle",
		Rule:   "Time does not move on to the next timer while anything is ready.",
		Why:    "a timeout fires before the code that it watches was ever run",
		Source: "trio test_mock_clock_autojump_0_and_wait_all_tasks_blocked_0; looptime test_timeout_doesnt_happen_before_entered_the_code",
		Not:    map[Mode]string{Wall: goesOn},
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				begin, left := l.Now(), 50
				l.After(1, t.Marker("timer"))
				var again func()
				again = func() {
					t.At("a posted callback ran", l.Now(), begin)
					if left--; left > 0 {
						l.Post(again)
						return
					}
					t.Mark("posts")
				}
				l.Post(again)
			})
			t.Order("posts timer")
		},
	},
	{
		Number: 27, Letter: "a", Name: "the same run twice",
		Rule:   "The same program runs in the same order every time.",
		Why:    "a failure cannot be repeated",
		Source: "tokio paused_time_is_deterministic; trio test_scheduler_determinism",
		Check: func(t *T) {
			first := t.scenario(Options{})
			for range 9 {
				if again := t.scenario(Options{}); again != first {
					t.Fatalf("one run was %q, another %q", brief(first), brief(again))
				}
			}
		},
	},
	{
		Number: 27, Letter: "b", Name: "the same run twice",
		Rule:   "One seed gives one run; among twenty seeds there are at least two runs.",
		Why:    "a failure that a seed found cannot be repeated, or seeds find nothing",
		Source: "madsim random_select_from_ready_tasks; trio test_scheduler_determinism",
		Needs:  "Seed",
		Check: func(t *T) {
			var runs []string
			for seed := range uint64(20) {
				run := t.scenario(Options{Seed: seed + 1})
				if again := t.scenario(Options{Seed: seed + 1}); again != run {
					t.Fatalf("seed %d gave the runs %q and %q", seed+1, brief(run), brief(again))
				}
				runs = append(runs, run)
			}
			if slices.Sort(runs); len(slices.Compact(runs)) < 2 {
				t.Errorf("20 seeds gave one run only: %q", brief(runs[0]))
			}
		},
	},
}

// scenario runs callbacks that post callbacks of equal right, and timers of one
// instant, and returns the order.
func (t *T) scenario(o Options) string {
	l := t.NewWith(o)
	t.Do(l, func() {
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			l.Post(func() {
				l.Post(t.Marker(name))
				if t.Exact() || o.Seed == 0 { // which timers come due together is not in a seed's hands
					l.After(t.U(1), t.Marker("timer-"+name))
				}
			})
		}
	})
	t.closed(l)
	return t.Marks()
}
