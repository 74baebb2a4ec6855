package loops

import (
	"slices"
)

var deadlines = []Case{
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
