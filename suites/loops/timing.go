package loops

import (
	"math"
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
}
