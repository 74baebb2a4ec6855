package fakeloop_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestEarlierDeadlinesFirst(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			loop.AfterFunc(3*time.Second, log.note("c"))
			loop.AfterFunc(time.Second, func() {
				log.add("a")
				loop.AfterFunc(time.Second, log.note("b"))
				loop.AfterFunc(3*time.Second, log.note("d"))
			})
		})
		log.want(t, "a b c d")
		equal(t, "Elapsed", loop.Elapsed(), 4*time.Second)
	})
}

func TestEqualDeadlinesFireInTheOrderOfSetting(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var got []int
		onLoop(t, loop, func() {
			for i := range 100 {
				loop.AfterFunc(time.Second, func() { got = append(got, i) })
			}
		})
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("fired as %v", got)
		}
	})
}

// Timers set at different times for one instant are equal too.
func TestEqualDeadlinesSetAtDifferentTimes(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(2*time.Second, log.note("a"))
	loop.AfterFunc(time.Second, func() {
		loop.AfterFunc(time.Second, log.note("c"))
	})
	loop.AfterFunc(2*time.Second, log.note("b"))
	mustIdle(t, loop)
	log.want(t, "a b c")
}

// Twisted's test_callLaterKeepsCallsOrdered and ...ResetKeepsCallsOrdered.
func TestResetGoesBehindEqualDeadlines(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			a := loop.AfterFunc(time.Second, log.note("a"))
			loop.AfterFunc(time.Second, log.note("b"))
			c := loop.AfterFunc(time.Minute, log.note("c"))
			loop.AfterFunc(time.Second, log.note("d"))
			equal(t, "Reset of a timer to its own deadline", a.Reset(time.Second), true)
			equal(t, "Reset of a later one", c.Reset(time.Second), true)
		})
		log.want(t, "b d a c")
	})
}

func TestTimerStop(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		var fired, stopped *fakeloop.Timer
		onLoop(t, loop, func() {
			fired = loop.AfterFunc(time.Second, log.note("fired"))
			stopped = loop.AfterFunc(time.Second, log.note("stopped"))
			equal(t, "Stop", stopped.Stop(), true)
			equal(t, "second Stop", stopped.Stop(), false)
		})
		log.want(t, "fired")
		equal(t, "Stop after fire", fired.Stop(), false)
		equal(t, "Stop of a stopped timer", stopped.Stop(), false)
	})
}

// tornado's test_remove_timeout_from_timeout; mapping onto time.AfterFunc breaks
// it.
func TestStopASiblingOfTheSameBatch(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		var sibling *fakeloop.Timer
		onLoop(t, loop, func() {
			loop.AfterFunc(time.Second, func() {
				log.add("a")
				equal(t, "Stop of the sibling", sibling.Stop(), true)
				equal(t, "second Stop", sibling.Stop(), false)
			})
			sibling = loop.AfterFunc(time.Second, log.note("stopped"))
			loop.AfterFunc(time.Second, log.note("c"))
		})
		log.want(t, "a c")
	})
}

func TestResetASiblingOfTheSameBatch(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		var later, atOnce *fakeloop.Timer
		onLoop(t, loop, func() {
			start := loop.Elapsed()
			loop.AfterFunc(time.Second, func() {
				log.add("a")
				equal(t, "Reset", later.Reset(time.Second), true)
				equal(t, "Reset to now", atOnce.Reset(0), true)
				equal(t, "again", atOnce.Reset(0), true)
			})
			later = loop.AfterFunc(time.Second, func() { log.add("later@%v", loop.Elapsed()-start) })
			atOnce = loop.AfterFunc(time.Second, func() { log.add("atonce@%v", loop.Elapsed()-start) })
			loop.AfterFunc(time.Second, log.note("d"))
		})
		log.want(t, "a d atonce@1s later@2s")
	})
}

func TestATimerSetsItselfAgain(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			start := loop.Elapsed()
			n := 0
			var timer *fakeloop.Timer
			timer = loop.AfterFunc(time.Second, func() {
				log.add("%v", loop.Elapsed()-start)
				equal(t, "Stop of oneself while running", timer.Stop(), false)
				if n++; n < 3 {
					equal(t, "Reset of oneself while running", timer.Reset(time.Second), false)
				}
			})
		})
		log.want(t, "1s 2s 3s")
	})
}

func TestResetAfterFireAndAfterStop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	timer := loop.AfterFunc(time.Second, func() { log.add("%v", loop.Elapsed()) })
	mustIdle(t, loop)
	equal(t, "Reset after fire", timer.Reset(time.Second), false)
	mustIdle(t, loop)
	equal(t, "Reset of a fired timer", timer.Reset(time.Second), false)
	equal(t, "Stop", timer.Stop(), true)
	equal(t, "Reset after Stop", timer.Reset(time.Minute), false)
	mustIdle(t, loop)
	log.want(t, "1s 2s 1m2s")
}

// asyncio's test_call_later_negative_delays: at once, but in deadline order.
func TestZeroAndNegativeDelays(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			now := loop.Now()
			see := func(name string) func() {
				return func() {
					if loop.Now().Before(now) {
						t.Errorf("%s sees a time before it was set", name)
					}
					log.add("%s", name)
				}
			}
			loop.AfterFunc(0, see("0"))
			loop.AfterFunc(-1, see("-1"))
			loop.AfterFunc(math.MinInt64, see("min"))
			loop.AfterFunc(-2, see("-2"))
			loop.AfterFunc(0, see("0again"))
		})
		log.want(t, "min -2 -1 0 0again")
	})
}

// A chain of timers that are due at once takes a turn for each link: what was
// posted meanwhile has its turn.
func TestZeroDelayRunsNextTurn(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.Post(func() {
		loop.AfterFunc(0, func() {
			log.add("timer1")
			loop.AfterFunc(0, log.note("timer2"))
			loop.Post(log.note("posted"))
		})
	})
	mustIdle(t, loop)
	log.want(t, "timer1 posted timer2")
	equal(t, "Elapsed", loop.Elapsed(), 0)
}

func TestHugeDelays(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		century := 100 * 365 * 24 * time.Hour
		if mode == fakeloop.Virtual {
			loop.AfterFunc(century, log.note("century"))
			mustIdle(t, loop)
			equal(t, "Elapsed", loop.Elapsed(), century)
			log.want(t, "century")
		} else {
			time.Sleep(time.Second) // so that the sum overflows
		}
		// A delay that overflows never comes: the loop is idle all the same.
		never := loop.AfterFunc(math.MaxInt64, log.note("never"))
		mustIdle(t, loop)
		log.want(t, "")
		equal(t, "Due lies after Now", never.Due().After(loop.Now()), true)
		equal(t, "Pending", masked(loop.Pending()[0].String()), "timer #, due at no instant that ever comes")
		equal(t, "Stop", never.Stop(), true)
		equal(t, "Reset", never.Reset(time.Second), false)
		mustIdle(t, loop)
		log.want(t, "never")
	})
}

func TestNanosecondDelaysAreExact(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(3, log.note("3"))
	loop.AfterFunc(1, log.note("1"))
	loop.AfterFunc(2, log.note("2"))
	mustAdvance(t, loop, 2)
	log.want(t, "1 2")
	mustAdvance(t, loop, 1)
	log.want(t, "3")
	// No rounding creeps in: a million steps of a third of a second.
	third := time.Second / 3
	for range 1000 {
		mustAdvance(t, loop, third)
	}
	equal(t, "Elapsed", loop.Elapsed(), 3+1000*third)
}

func TestDue(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			now := loop.Now()
			timer := loop.AfterFunc(time.Second, func() {})
			equal(t, "Due", timer.Due(), now.Add(time.Second))
			timer.Reset(-time.Second)
			equal(t, "Due in the past", timer.Due(), now.Add(-time.Second))
			timer.Stop()
			equal(t, "Due of a stopped timer", timer.Due(), now.Add(-time.Second))
		})
	})
}

func TestTimerEvents(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Named("t").AfterFunc(time.Second, func() {}).Reset(2 * time.Second)
	mustIdle(t, loop)
	e := loop.Timeline().Events()
	kinds := []timeline.Kind{}
	for _, x := range e {
		kinds = append(kinds, x.Kind)
	}
	if !slices.Equal(kinds, []timeline.Kind{timeline.Armed, timeline.Stopped, timeline.Armed, timeline.Fired}) {
		t.Fatalf("events:\n%v", loop.Timeline())
	}
	equal(t, "deadline of the first setting", e[0].Due, time.Second)
	equal(t, "what was stopped", e[1].ID, e[0].ID)
	equal(t, "deadline of the second", e[2].Due, 2*time.Second)
	equal(t, "what fired", e[3].ID, e[2].ID)
	if e[0].ID == e[2].ID {
		t.Error("two settings have one identity")
	}
}

// libuv's and tornado's mass cancel: neither a leak nor quadratic.
func TestMassStop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	timers := make([]*fakeloop.Timer, 100_000)
	for i := range timers {
		timers[i] = loop.AfterFunc(time.Duration(i%1000), func() { t.Error("a stopped timer fired") })
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(timers), func(i, j int) { timers[i], timers[j] = timers[j], timers[i] })
	for _, timer := range timers {
		if !timer.Stop() {
			t.Fatal("Stop of a pending timer says false")
		}
	}
	equal(t, "pending", len(loop.Pending()), 0)
	mustIdle(t, loop)
}

func TestTimersOfAnyGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		fired := make(chan time.Duration)
		timer := loop.AfterFunc(time.Hour, func() { fired <- loop.Elapsed() })
		synctest.Wait()
		equal(t, "Reset while the loop sleeps", timer.Reset(time.Minute), true)
		equal(t, "fired at", <-fired, time.Minute)
	})
}

func TestResetOnAClosedLoop(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		timer := loop.AfterFunc(time.Hour, func() {})
		mustClose(t, loop)
		wantPanic(t, "fakeloop: Reset on a closed loop: the timer would never fire", func() { timer.Reset(0) })
		equal(t, "Stop", timer.Stop(), false)
	})
}
