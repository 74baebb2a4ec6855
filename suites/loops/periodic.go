package loops

import (
	"errors"
	"time"
)

var periodic = []Case{
	{
		Number: 47, Name: "a ticker does not drift",
		Rule:   "The n-th tick is due n periods behind the start, however long the callbacks take.",
		Why:    "a job of every hour wanders through the day",
		Source: "tornado TestPeriodicCallbackMath.test_basic",
		Needs:  "Every Charge",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			t.ticks(t.New(), (*Loop).every, []float64{0.25, 0.75, 0.5, 0}, []float64{1, 2, 3, 4, 5})
		},
	},
	{
		Number: 48, Letter: "a", Name: "a ticker that takes too long",
		Rule:   "A ticker whose callback overruns skips whole periods and returns to its grid.",
		Why:    "ticks pile up behind each other, or the grid moves",
		Source: "tornado TestPeriodicCallbackMath.test_overrun; twisted test_reactorTimeSkips; tokio skip",
		Needs:  "Every Charge",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			t.ticks(t.New(), (*Loop).every, []float64{0.9, 0.9, 1, 1.1, 2, 2, 3.5, 3.5}, []float64{1, 2, 3, 5, 7, 10, 13, 17})
		},
	},
	{
		Number: 48, Letter: "b", Name: "a ticker that takes too long",
		Rule:   "With the policy Burst, ticks that were missed are made up for at once.",
		Why:    "what counts ticks loses some",
		Source: "tokio time_interval burst",
		Needs:  "Burst Charge",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			t.ticks(t.New(), (*Loop).burst, []float64{3.5}, []float64{1, 4.5, 4.5, 4.5, 5, 6})
		},
	},
	{
		Number: 48, Letter: "c", Name: "a ticker that takes too long",
		Rule:   "With the policy Delay, each tick comes a whole period after the end of the last one.",
		Why:    "the callee gets no rest between two ticks",
		Source: "java.util.concurrent scheduleWithFixedDelay; contrast tokio time_interval delay, which makes up for one tick first",
		Needs:  "Delay Charge",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			t.ticks(t.New(), (*Loop).delay, []float64{3.5}, []float64{1, 5.5, 6.5})
		},
	},
	{
		Number: 49, Letter: "a", Name: "the clock is set back",
		Rule:   "A ticker goes on at its period when the clock is set back under it, or the clock cannot be set back.",
		Why:    "after a correction of the clock the ticks stop for an hour, or come twice",
		Source: "tornado test_clock_backwards",
		Needs:  "Every SetBack",
		Check: func(t *T) {
			l := t.New()
			var begin time.Duration
			var at []time.Duration
			var stop func()
			t.Do(l, func() {
				begin = l.Now()
				stop = t.every(l.Every)(t.U(1), func() {
					at = append(at, l.Now()-begin)
					if len(at) == 2 {
						l.SetBack(t.U(1.5))
					}
					if len(at) == 4 {
						stop()
					}
				})
			})
			t.Times("it ticked", at, []time.Duration{t.U(1), t.U(2), t.U(3), t.U(4)})
		},
	},
	{
		Number: 49, Letter: "b", Name: "the clock is set back",
		Rule:   "Jitter changes each period by half of its fraction at most, to both sides.",
		Why:    "many clients call at one instant, or one of them calls all the time",
		Source: "tornado TestPeriodicCallbackMath.test_jitter",
		Needs:  "Jitter",
		Not:    map[Mode]string{Wall: lateness},
		Check: func(t *T) {
			l := t.New()
			var at []time.Duration
			var stop func()
			t.Do(l, func() {
				at = []time.Duration{l.Now()}
				stop = l.Jitter(t.U(1), 0.5, func() {
					if at = append(at, l.Now()); len(at) == 100 {
						stop()
					}
				})
			})
			shorter, longer := 0, 0
			for i := range at[1:] {
				switch d := at[i+1] - at[i]; {
				case d < t.U(0.75), d > t.U(1.25):
					t.Errorf("a period took %v, want %v to %v", d, t.U(0.75), t.U(1.25))
				case d < t.U(1):
					shorter++
				case d > t.U(1):
					longer++
				}
			}
			if shorter == 0 || longer == 0 {
				t.Errorf("of %d periods %d were shorter and %d longer", len(at)-1, shorter, longer)
			}
		},
	},
	{
		Number: 50, Name: "a ticker that is still busy",
		Rule:   "A coroutine that is still running at the next tick is not entered again.",
		Why:    "slow answers pile up until the process dies",
		Source: "tornado test_periodic_coro, test_periodic_async; twisted test_deferredWithCount",
		Needs:  "EveryAsync",
		Check: func(t *T) {
			l := t.New()
			var begin time.Duration
			var at []time.Duration
			var stop func()
			busy := false
			t.Do(l, func() {
				begin = l.Now()
				stop = l.EveryAsync(t.U(1), func(c Coroutine) {
					if busy {
						t.Errorf("it was entered while it was running")
					}
					busy = true
					if at = append(at, l.Now()-begin); len(at) == 2 {
						stop()
					}
					if err := c.Sleep(t.U(2.5)); err != nil {
						t.Errorf("Sleep returned an error: %v", err)
					}
					busy = false
				})
			})
			t.Times("it was entered", at, []time.Duration{t.U(1), t.U(4)})
		},
	},
	{
		Number: 51, Letter: "a", Name: "a ticker's own callback stops it",
		Rule:   "A ticker stopped by its own callback does not tick again; one started there anew ticks from then on.",
		Why:    "a job that is done goes on, or runs twice as often",
		Source: "twisted testStopAtOnce; libuv timer_start_twice",
		Needs:  "Every",
		Check: func(t *T) {
			l := t.New()
			var begin time.Duration
			var at []time.Duration
			var stop func()
			var tick func()
			t.Do(l, func() {
				begin = l.Now()
				tick = func() {
					at = append(at, l.Now()-begin)
					switch len(at) {
					case 2:
						stop()
						stop = t.every(l.Every)(t.U(3), tick)
					case 4:
						stop()
					}
				}
				stop = t.every(l.Every)(t.U(1), tick)
			})
			t.Times("it ticked", at, []time.Duration{t.U(1), t.U(2), t.U(5), t.U(8)})
		},
	},
	{
		Number: 51, Letter: "b", Name: "a ticker's own callback stops it",
		Rule:   "A period of zero or less is refused.",
		Why:    "the loop spins",
		Source: "twisted testBadDelay, test_withCountIntervalZero; tokio interval_zero_duration",
		Needs:  "Every",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				for _, period := range []time.Duration{0, -1} {
					n := 0
					var stop func()
					t.Refused("a ticker of "+period.String(), func() (err error) {
						stop, err = l.Every(period, func() {
							if n++; n == 10 { // so that the check ends
								stop()
							}
						})
						return err
					})
				}
			})
		},
	},
	{
		Number: 52, Name: "a ticker's callback fails",
		Rule:   "A ticker whose callback panics is reported and ticks on.",
		Why:    "one failure ends a job that nobody looks after any more",
		Source: "tornado PeriodicCallback; contrast twisted testFailure, where it stops",
		Needs:  "Every",
		Check: func(t *T) {
			l := t.New()
			boom := errors.New("boom")
			n := 0
			var stop func()
			err := t.Try(l, func() {
				stop = t.every(l.Every)(t.U(1), func() {
					switch n++; n {
					case 1:
						panic(boom)
					case 3:
						stop()
					}
				})
				l.After(t.U(10), func() { stop() })
			})
			if n != 3 {
				t.Errorf("it ticked %d times, want 3", n)
			}
			t.reported(err, boom)
		},
	},
}

// kind is one of the functions of a loop that make a ticker.
type kind = func(*Loop) func(time.Duration, func()) (func(), error)

func (l *Loop) every() func(time.Duration, func()) (func(), error) { return l.Every }
func (l *Loop) burst() func(time.Duration, func()) (func(), error) { return l.Burst }
func (l *Loop) delay() func(time.Duration, func()) (func(), error) { return l.Delay }

// ticks runs a ticker of one unit whose callbacks take the given times, and
// checks when it ticked.
func (t *T) ticks(l *Loop, k kind, take, want []float64) {
	var begin time.Duration
	var at, due []time.Duration
	var stop func()
	t.Do(l, func() {
		begin = l.Now()
		stop = t.every(k(l))(t.U(1), func() {
			n := len(at)
			if at = append(at, l.Now()-begin); len(at) == len(want) {
				stop()
			}
			if n < len(take) && take[n] > 0 {
				l.Charge(t.U(take[n]))
			}
		})
	})
	for _, n := range want {
		due = append(due, t.U(n))
	}
	t.Times("it ticked", at, due)
}
