package fakeloop_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// ticks starts a ticker with a period of 10 seconds whose n-th tick takes the n-th
// duration, in seconds, and returns when, in seconds, the ticks begin and for when
// they were due; the last tick is the first one after the durations.
func ticks(t *testing.T, overrun fakeloop.Overrun, durations ...int) (begin, due []int) {
	t.Helper()
	loop := newLoop(t, fakeloop.Config{})
	mustAdvance(t, loop, 1000*time.Second)
	loop.Named("tick").TickFunc(10*time.Second, overrun, func() {
		begin = append(begin, int(loop.Elapsed()/time.Second))
		if len(begin) <= len(durations) {
			loop.Charge(time.Duration(durations[len(begin)-1]) * time.Second)
		}
	})
	for len(begin) <= len(durations) {
		if ran, err := loop.Step(); !ran || err != nil {
			t.Fatalf("Step: %v, %v", ran, err)
		}
	}
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Armed {
			due = append(due, int(e.Due/time.Second))
		}
	}
	return begin, due[:len(begin)]
}

// Tornado's TestPeriodicCallbackMath.
func TestTickerPolicies(t *testing.T) {
	for _, tc := range []struct {
		name                  string
		overrun               fakeloop.Overrun
		durations, begin, due []int
	}{
		{"basic", fakeloop.Skip, []int{0, 0, 0, 0}, []int{1010, 1020, 1030, 1040, 1050}, nil},
		{"overrun", fakeloop.Skip, []int{9, 9, 10, 11, 20, 20, 35, 35, 0, 0}, []int{1010, 1020, 1030, 1050, 1070, 1100, 1130, 1170, 1210, 1220, 1230}, nil},
		{"burst", fakeloop.Burst, []int{9, 25, 0, 0, 0, 0}, []int{1010, 1020, 1045, 1045, 1050, 1060, 1070}, []int{1010, 1020, 1030, 1040, 1050, 1060, 1070}},
		{"burst of a whole period", fakeloop.Burst, []int{10, 0}, []int{1010, 1020, 1030}, nil},
		{"delay", fakeloop.Delay, []int{9, 0, 25, 0}, []int{1010, 1029, 1039, 1074, 1084}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin, due := ticks(t, tc.overrun, tc.durations...)
			equal(t, "ticks", fmt.Sprint(begin), fmt.Sprint(tc.begin))
			if tc.due == nil {
				tc.due = tc.begin
			}
			equal(t, "due", fmt.Sprint(due), fmt.Sprint(tc.due))
		})
	}
}

// What the policies promise, for ticks of any length.
func TestTickerLaws(t *testing.T) {
	const start, period = 1000, 10
	r := rand.New(rand.NewPCG(1, 2))
	durations := make([]int, 500)
	for i := range durations {
		durations[i] = r.IntN(2 * period)
		if r.IntN(10) == 0 {
			durations[i] = r.IntN(10 * period)
		}
	}
	for _, overrun := range []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay} {
		begin, due := ticks(t, overrun, durations...)
		for i := range durations {
			end, next := begin[i]+durations[i], due[i+1]
			ok := begin[i+1] == max(next, end)
			switch overrun {
			case fakeloop.Skip:
				ok = ok && next%period == start%period && next > end && (next-period <= end || next == due[i]+period)
			case fakeloop.Burst:
				ok = ok && next == start+(i+2)*period
			case fakeloop.Delay:
				ok = ok && next == end+period
			}
			if !ok {
				t.Fatalf("%v: the tick of %d began at %d and ended at %d; the next one was due at %d and began at %d", overrun, due[i], begin[i], end, next, begin[i+1])
			}
		}
	}
}

// A tick that begins late, since others were busy, returns to the grid as well: it
// fires once (libuv's timer_no_double_call_once).
func TestTickerIsHeldUp(t *testing.T) {
	for overrun, want := range map[fakeloop.Overrun]string{
		fakeloop.Skip:  "1s 3.5s 4s 5s",
		fakeloop.Burst: "1s 3.5s 3.5s 4s 5s",
		fakeloop.Delay: "1s 3.5s 4.5s",
	} {
		t.Run(overrun.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			var log journal
			loop.TickFunc(time.Second, overrun, func() { log.add("%v", loop.Elapsed()) })
			loop.AfterFunc(1500*time.Millisecond, func() { loop.Charge(2 * time.Second) })
			mustAdvance(t, loop, 5*time.Second)
			log.want(t, want)
		})
	}
}

// Missed ticks that are made up take a turn each: what others have posted has its
// turn between them.
func TestBurstTakesATurnForEachTick(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	first := true
	loop.TickFunc(time.Second, fakeloop.Burst, func() {
		log.add("tick")
		loop.Post(log.note("posted"))
		if first {
			first = false
			loop.Charge(2 * time.Second)
		}
	})
	mustAdvance(t, loop, 3*time.Second)
	log.want(t, "tick posted tick posted tick posted")
}

func TestTickerInBothModes(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Guard: time.Hour})
		var log journal
		onLoop(t, loop, func() {
			start := loop.Elapsed()
			var ticker *fakeloop.Ticker
			n := 0
			ticker = loop.TickFunc(time.Second/3, fakeloop.Skip, func() {
				n++
				equal(t, "time of the tick", loop.Elapsed()-start, time.Duration(n)*(time.Second/3))
				if n == 1000 {
					equal(t, "Stop in the ticker's own callback", ticker.Stop(), true)
					equal(t, "second Stop", ticker.Stop(), false)
					log.add("stopped")
				}
			})
		})
		log.want(t, "stopped")
	})
}

// On a wall loop, whose time stands within a callback, a tick that takes long ends
// when it ends.
func TestOverrunOnAWallLoop(t *testing.T) {
	for overrun, want := range map[fakeloop.Overrun]string{
		fakeloop.Skip:  "1s 4s 5s",
		fakeloop.Burst: "1s 3.5s 3.5s 4s 5s",
		fakeloop.Delay: "1s 4.5s",
	} {
		t.Run(overrun.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
				var log journal
				slow := true
				ticker := loop.TickFunc(time.Second, overrun, func() {
					log.add("%v", loop.Elapsed())
					if slow {
						slow = false
						time.Sleep(2500 * time.Millisecond)
					}
				})
				time.Sleep(5 * time.Second)
				synctest.Wait()
				log.want(t, want)
				equal(t, "Stop", ticker.Stop(), true)
			})
		})
	}
}

func TestStopATickerDueInTheSameTurn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			var ticker *fakeloop.Ticker
			loop.AfterFunc(2*time.Second, func() {
				log.add("stop")
				equal(t, "Stop", ticker.Stop(), true)
			})
			ticker = loop.TickFunc(time.Second, fakeloop.Skip, log.note("tick"))
		})
		log.want(t, "tick stop")
	})
}

func TestResetOfATicker(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	ticker := loop.TickFunc(time.Second, fakeloop.Skip, func() { log.add("%v", loop.Elapsed()) })
	mustAdvance(t, loop, 2500*time.Millisecond)
	equal(t, "Reset", ticker.Reset(2*time.Second), true)
	mustAdvance(t, loop, 4*time.Second)
	log.want(t, "1s 2s 4.5s 6.5s")
	equal(t, "Stop", ticker.Stop(), true)
	mustIdle(t, loop)
	equal(t, "Reset of a stopped ticker", ticker.Reset(time.Second), false)
	mustAdvance(t, loop, 2*time.Second)
	log.want(t, "7.5s 8.5s")
}

func TestATickerResetsItself(t *testing.T) {
	for overrun, want := range map[fakeloop.Overrun]string{
		fakeloop.Skip:  "1s 16s 21s",
		fakeloop.Burst: "1s 13s 13s 16s 21s",
		fakeloop.Delay: "1s 18s",
	} {
		t.Run(overrun.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			var log journal
			var ticker *fakeloop.Ticker
			first := true
			ticker = loop.TickFunc(time.Second, overrun, func() {
				log.add("%v", loop.Elapsed())
				if first {
					first = false
					equal(t, "Reset", ticker.Reset(5*time.Second), true)
					equal(t, "Due", ticker.Due(), loop.Now().Add(5*time.Second))
					loop.Charge(12 * time.Second)
				}
			})
			mustAdvance(t, loop, 22*time.Second)
			log.want(t, want)
		})
	}
}

func TestATickerStopsAndStartsItself(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var ticker *fakeloop.Ticker
	ticker = loop.TickFunc(time.Second, fakeloop.Skip, func() {
		log.add("%v", loop.Elapsed())
		equal(t, "Stop", ticker.Stop(), true)
		if loop.Elapsed() == time.Second {
			equal(t, "Reset", ticker.Reset(time.Minute), false)
		}
	})
	mustIdle(t, loop)
	log.want(t, "1s 1m1s")
}

func TestDueOfATicker(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			start := loop.Now()
			at := func(d time.Duration) time.Time { return start.Add(d) }
			var ticker *fakeloop.Ticker
			ticker = loop.TickFunc(time.Second, fakeloop.Skip, func() {
				equal(t, "Due in a tick", ticker.Due(), at(2*time.Second))
				ticker.Stop()
				equal(t, "Due of a ticker stopped in its tick", ticker.Due(), at(time.Second))
			})
			equal(t, "Due", ticker.Due(), at(time.Second))
		})
	})
}

func TestHugePeriods(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, overrun := range []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			var log journal
			never := loop.TickFunc(math.MaxInt64, overrun, log.note("never"))
			mustIdle(t, loop)
			log.want(t, "")
			equal(t, "Due lies after Now", never.Due().After(loop.Now()), true)
			equal(t, "Stop", never.Stop(), true)
			if mode == fakeloop.Virtual {
				// The tick after the first one overflows.
				loop.TickFunc(math.MaxInt64/2+1, overrun, log.note("once"))
				mustIdle(t, loop)
				log.want(t, "once")
			}
		}
	})
}

func TestPanicOfATick(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		n := 0
		loop.Post(func() {
			var ticker *fakeloop.Ticker
			ticker = loop.Named("poll").TickFunc(time.Second, fakeloop.Skip, func() {
				if n++; n == 3 {
					ticker.Stop()
				}
				panic(fmt.Sprint("tick ", n))
			})
		})
		err := loop.RunUntilIdle()
		equal(t, "ticks", n, 3)
		wantErrorText(t, err, strings.Join([]string{
			`fakeloop: callback "poll" (#) panicked at FILE: tick 1`,
			`fakeloop: callback "poll" (#) panicked at FILE: tick 2`,
			`fakeloop: callback "poll" (#) panicked at FILE: tick 3`,
		}, "\n"))
	})
}

// A test that fails in a tick ends; the loop and the ticker can go on.
func TestGoexitInATick(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	n := 0
	loop.TickFunc(time.Second, fakeloop.Skip, func() {
		if n++; n == 1 {
			runtime.Goexit()
		}
	})
	equal(t, "Advance", ending(func() { _ = loop.Advance(time.Minute) }), "goexit")
	mustAdvance(t, loop, time.Second)
	equal(t, "ticks", n, 2)
}

func TestAnEternalTickerIsNamed(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 5})
	loop.Named("heartbeat").TickFunc(time.Second, fakeloop.Skip, func() {})
	wantErrorText(t, loop.RunUntilIdle(), `fakeloop: gave up at 5s after 5 callbacks while time moved by 5s: is there a timer that sets itself again for ever? `+
		`The last were callback "heartbeat" (#), callback "heartbeat" (#), callback "heartbeat" (#). Config.Limit raises the limit.`)
}

func TestMisuseOfTickers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	tick := func() {}
	async := func() fakeloop.Awaitable { return nil }
	ticker := loop.TickFunc(time.Second, fakeloop.Skip, tick)
	for _, period := range []time.Duration{0, -1} {
		wantPanic(t, fmt.Sprintf("fakeloop: TickFunc with a period of %v: it must be positive, or time would never get past the ticker", period),
			func() { loop.TickFunc(period, fakeloop.Skip, tick) })
		wantPanic(t, fmt.Sprintf("fakeloop: TickAsync with a period of %v: it must be positive, or time would never get past the ticker", period),
			func() { loop.TickAsync(period, fakeloop.Skip, async) })
		wantPanic(t, fmt.Sprintf("fakeloop: Reset of a ticker with a period of %v: it must be positive, or time would never get past the ticker", period),
			func() { ticker.Reset(period) })
	}
	wantPanic(t, "fakeloop: TickFunc with a nil function", func() { loop.TickFunc(time.Second, fakeloop.Skip, nil) })
	wantPanic(t, "fakeloop: TickAsync with a nil function", func() { loop.TickAsync(time.Second, fakeloop.Skip, nil) })
	wantPanic(t, "fakeloop: TickFunc: no such policy: Overrun(3); use Skip, Burst or Delay", func() { loop.TickFunc(time.Second, 3, tick) })
	mustClose(t, loop)
	wantPanic(t, "fakeloop: TickFunc on a closed loop: the ticker would never tick", func() { loop.TickFunc(time.Second, fakeloop.Skip, tick) })
	wantPanic(t, "fakeloop: TickAsync on a closed loop: the ticker would never tick", func() { loop.TickAsync(time.Second, fakeloop.Skip, async) })
	wantPanic(t, "fakeloop: Reset on a closed loop: the ticker would never tick", func() { ticker.Reset(time.Second) })
	equal(t, "Stop", ticker.Stop(), false)
}

func TestTickerString(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	loop.TickFunc(time.Hour, fakeloop.Skip, func() {})
	equal(t, "Pending says where", strings.Contains(loop.Pending()[0].String(), ", made at ticker_test.go:"), true)
	wantText(t, "String", loop.Named("poll").TickFunc(time.Second, fakeloop.Skip, func() {}), `ticker "poll" (#), made at FILE`)
	for _, overrun := range []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay, 9} {
		equal(t, "String", overrun.String(), []string{"skip", "burst", "delay", 9: "Overrun(9)"}[overrun])
	}
}

// Tickers are part of a run that repeats, and each tick has an identity.
func TestTickersRepeat(t *testing.T) {
	run := func() *timeline.Timeline {
		loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(1)})
		for _, overrun := range []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay} {
			loop.Named(overrun.String()).TickFunc(time.Second, overrun, func() { loop.Charge(time.Duration(loop.Choose("work", 2000)) * time.Millisecond) })
		}
		ctx, cancel := loop.WithTimeout(context.Background(), 50*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			if _, err := loop.Step(); err != nil {
				t.Fatal(err)
			}
		}
		return loop.Timeline()
	}
	a, b := run(), run()
	equal(t, "digest", a.Digest(), b.Digest())
	ids := map[timeline.ID]bool{}
	for _, e := range a.All() {
		if e.Kind == timeline.Armed {
			if ids[e.ID] {
				t.Fatalf("two ticks with the identity %v", e.ID)
			}
			ids[e.ID] = true
		}
	}
}
