package loops

import (
	"runtime"
	"sync"
	"time"
)

var clock = []Case{
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
}
