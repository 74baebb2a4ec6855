package loops

import (
	"time"
)

var turns = []Case{
	{
		Number: 6, Letter: "a", Name: "posts of a callback run next turn",
		Rule:   "What a callback posts runs in the next turn, behind the timers that were due in this one.",
		Why:    "a callback that posts keeps timers from their turn",
		Source: "asyncio _run_once (the ntodo snapshot); tornado gen_test.test_moment",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.Post(func() {
					t.Mark("a")
					l.Post(t.Marker("c"))
				})
				l.After(0, t.Marker("timer"))
			})
			t.Order("a timer c")
		},
	},
	{
		Number: 6, Letter: "b", Name: "posts of a callback run next turn",
		Rule:   "One turn runs the callbacks that were ready when it began and no others.",
		Why:    "a test that steps a loop cannot stop between cause and effect",
		Source: "Kotlin testRunCurrentNotDrainingQueue",
		Needs:  "Turn",
		Check: func(t *T) {
			l := t.New()
			l.Post(func() {
				t.Mark("a")
				l.Post(t.Marker("c"))
			})
			l.Post(t.Marker("b"))
			for _, want := range []string{"a b", "c", ""} {
				if err := l.Turn(); err != nil {
					t.Errorf("Turn returned an error: %v", err)
				}
				t.Order(want)
			}
		},
	},
	{
		Number: 7, Letter: "a", Name: "a timer of zero",
		Rule:   "A timer of zero armed in a callback fires in the next turn, at the same instant.",
		Why:    "code that yields with a timer of zero runs inside its caller, or loses time",
		Source: "libuv timer_zero_timeout, timer_run_once; tornado test_add_callback_return_sequence",
		Check: func(t *T) {
			l := t.New()
			var armed, fired time.Duration
			t.Do(l, func() {
				armed = l.Now()
				l.After(0, func() {
					fired = l.Now()
					l.After(0, t.Marker("second"))
					l.Post(t.Marker("post"))
					t.Mark("first")
				})
				t.Mark("armed")
			})
			t.Order("armed first post second")
			t.At("a timer of zero fired", fired, armed)
		},
	},
	{
		Number: 7, Letter: "b", Name: "a timer of zero",
		Rule:   "Timers of zero that arm each other take turns with callbacks that post each other.",
		Why:    "one of them starves the other",
		Source: "libuv timer_zero_timeout; tornado test_add_callback_return_sequence",
		Check: func(t *T) {
			l := t.New()
			const n = 50
			timers, posts, apart := 0, 0, 0
			var again func()
			again = func() {
				if posts++; posts < n {
					apart = max(apart, posts-timers, timers-posts)
					l.Post(again)
				}
			}
			var rearm func()
			rearm = func() {
				if timers++; timers < n {
					l.After(0, rearm)
				}
			}
			t.Do(l, func() {
				l.Post(again)
				l.After(0, rearm)
			})
			if timers != n || posts != n || apart > 2 {
				t.Errorf("of %d each, %d timers and %d posts ran, at most %d apart; want all, at most 2 apart", n, timers, posts, apart)
			}
		},
	},
	{
		Number: 8, Name: "timers armed during a big advance",
		Rule:   "Within one Advance callbacks see their own due time, and what they arm for an instant on the way still fires on it.",
		Why:    "a test that advances an hour sees less happen than one that advances sixty minutes",
		Source: "Reactor nestedSchedule, captureNowInScheduledTask; the failure in twisted #9819",
		Needs:  "Advance",
		Check: func(t *T) {
			l := t.New()
			begin := l.Now()
			var at []time.Duration
			note := func() { at = append(at, l.Now()-begin) }
			l.After(t.U(1), func() {
				note()
				l.After(0, note)
				l.After(t.U(1), func() {
					note()
					l.After(t.U(3), note)
				})
			})
			t.advance(l, t.U(10))
			t.Times("the timers fired", at, []time.Duration{t.U(1), t.U(1), t.U(2), t.U(5)})
			t.At("Advance ended", l.Now()-begin, t.U(10))
		},
	},
	{
		Number: 9, Name: "running the loop from inside",
		Rule:   "A callback that drives its own loop gets an error; the loop goes on.",
		Why:    "it waits for itself for ever, or callbacks run inside each other",
		Source: "tornado test_reentrant; CPython test_run_until_complete_nesting, test_running_loop_within_a_loop; trio test_run_nesting; Kotlin testNestedAdvanceUntilIdle",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.Post(t.Marker("b"))
				t.Refused("Drive in a callback", l.Drive)
				if l.Advance != nil {
					t.Refused("Advance in a callback", func() error { return l.Advance(t.U(1)) })
				}
				if l.Run != nil {
					t.Refused("Run in a callback", l.Run)
				}
				t.Mark("a")
			})
			t.Order("a b")
		},
	},
	{
		Number: 10, Name: "an overdue repeating timer",
		Rule:   "A repeating timer that is overdue by several periods fires once, and then on its grid.",
		Why:    "after a pause a burst of ticks makes the pause longer",
		Source: "libuv timer_no_double_call_once, timer_no_double_call_nowait",
		Needs:  "Every Charge",
		Check: func(t *T) {
			l := t.New()
			var begin time.Duration
			var at []time.Duration
			var stop func()
			t.Do(l, func() {
				begin = l.Now()
				stop = t.every(l.Every)(t.U(1), func() {
					at = append(at, l.Now()-begin)
					t.Mark("tick")
					if len(at) == 1 {
						l.Post(t.Marker("next"))
					}
					if len(at) == 3 {
						stop()
					}
				})
				l.Post(func() { l.Charge(t.U(4.5)) })
			})
			t.Order("tick next tick tick")
			t.Times("it fired", at, []time.Duration{t.U(4.5), t.U(5), t.U(6)})
		},
	},
	{
		Number: 11, Letter: "a", Name: "stopping from inside",
		Rule:   "Quit in a callback lets the turn under way end; later turns wait for the next Run.",
		Why:    "what was ready is lost, or the loop does not stop",
		Source: "CPython test_single_selecter_event_callback_after_stopping; libuv loop_stop; tornado test_stop_no_timeout",
		Needs:  "Run Quit",
		Check: func(t *T) {
			l := t.New()
			l.Post(func() {
				t.Mark("a")
				l.Quit()
				l.Post(t.Marker("c"))
			})
			l.Post(t.Marker("b"))
			t.run(l)
			t.Order("a b")
			l.Post(l.Quit)
			t.run(l)
			t.Order("c")
		},
	},
	{
		Number: 11, Letter: "b", Name: "stopping from inside",
		Rule:   "Run after Quit makes one turn.",
		Why:    "whether a loop that was told to stop polls once is left to luck",
		Source: "CPython test_run_forever_pre_stopped; libuv loop_stop_before_run",
		Needs:  "Run Quit",
		Check: func(t *T) {
			l := t.New()
			l.Quit()
			l.Post(func() {
				t.Mark("a")
				l.Post(t.Marker("b"))
			})
			t.run(l)
			t.Order("a")
		},
	},
}

// advance is Advance where it must succeed.
func (t *T) advance(l *Loop, d time.Duration) {
	if err := l.Advance(d); err != nil {
		t.Errorf("Advance(%v) returned an error: %v", d, err)
	}
}

// run is Run where it must succeed.
func (t *T) run(l *Loop) {
	if err := l.Run(); err != nil {
		t.Errorf("Run returned an error: %v", err)
	}
}

// every is Every, or one of its kind, where it must succeed.
func (t *T) every(kind func(time.Duration, func()) (func(), error)) func(time.Duration, func()) func() {
	return func(period time.Duration, f func()) func() {
		stop, err := kind(period, f)
		if err != nil {
			t.Errorf("a ticker of %v was refused: %v", period, err)
			return func() {}
		}
		return stop
	}
}
