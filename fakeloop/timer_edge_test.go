package fakeloop_test

import (
	"context"
	"math"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// tokio's exactly_max and greater_than_max: the last instant comes, and the one
// after it does not.
func TestTheLastInstant(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	mustAdvance(t, loop, 10)
	never := loop.AfterFunc(math.MaxInt64-10, log.note("never"))
	loop.AfterFunc(math.MaxInt64-11, log.note("last"))
	mustIdle(t, loop)
	log.want(t, "last")
	equal(t, "Elapsed", loop.Elapsed(), math.MaxInt64-1)
	equal(t, "pending", never.Stop(), true)

	// Time stands there, and the loop still works.
	loop.AfterFunc(0, log.note("now"))
	loop.AfterFunc(1, log.note("never"))
	loop.Post(log.note("posted"))
	mustAdvance(t, loop, time.Hour)
	log.want(t, "posted now")
	equal(t, "Elapsed", loop.Elapsed(), math.MaxInt64-1)
}

// tokio's reset_sleep_to_past: a timer that is reset to the past fires in the next
// turn, before those that are due later.
func TestResetToThePast(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			late := loop.AfterFunc(time.Hour, log.note("late"))
			loop.AfterFunc(0, log.note("now"))
			equal(t, "Reset", late.Reset(-time.Second), true)
			never := loop.AfterFunc(math.MaxInt64, log.note("never"))
			equal(t, "Reset of one that never comes", never.Reset(math.MinInt64), true)
		})
		log.want(t, "never late now")
	})
}

// A reset from the batch to never takes a timer out of it.
func TestResetToNever(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	var sibling *fakeloop.Timer
	loop.AfterFunc(time.Second, func() { equal(t, "Reset", sibling.Reset(math.MaxInt64), true) })
	sibling = loop.AfterFunc(time.Second, log.note("fired"))
	mustIdle(t, loop)
	log.want(t, "")
	equal(t, "Stop", sibling.Stop(), true)
}

// libuv's timer_early_check: no timer fires before its time, whatever the steps by
// which time moves.
func TestTimersAreNeverEarly(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	fired := 0
	for i := range 1000 {
		var timer *fakeloop.Timer
		timer = loop.AfterFunc(time.Duration(i*i), func() {
			fired++
			equal(t, "Now", loop.Now(), timer.Due())
		})
	}
	for step := 1; fired < 1000; step++ {
		before := loop.Elapsed()
		mustAdvance(t, loop, time.Duration(step))
		equal(t, "Elapsed", loop.Elapsed(), before+time.Duration(step))
	}
}

// A refused step back leaves everything as it is.
func TestNegativeAdvanceChangesNothing(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	mustAdvance(t, loop, time.Second)
	loop.AfterFunc(0, log.note("due"))
	loop.Post(log.note("posted"))
	events := loop.Timeline().Len()
	sameError(t, "Advance", loop.Advance(-time.Second), fakeloop.ErrPast)
	log.want(t, "")
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	equal(t, "events", loop.Timeline().Len(), events)
	mustIdle(t, loop)
	log.want(t, "posted due")
}

// Tornado's test_remove_timeout_cleanup and asyncio's
// test__run_once_cancelled_event_cleanup: what was stopped is gone before its time
// comes, also if other timers stay, and costs one event each.
func TestMassStopHoldsNothing(t *testing.T) {
	n := scaled(t, "timers of each sort", 100_000, many)
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(time.Hour, log.note("stays"))
	stop := map[string]func(d time.Duration, f func()) func(){
		"timers": func(d time.Duration, f func()) func() {
			timer := loop.AfterFunc(d, f)
			return func() { timer.Stop() }
		},
		"tickers": func(d time.Duration, f func()) func() {
			ticker := loop.TickFunc(d, fakeloop.Skip, f)
			return func() { ticker.Stop() }
		},
		"contexts": func(d time.Duration, f func()) func() {
			_, cancel := loop.WithTimeout(context.WithValue(context.Background(), &log, f), d)
			return cancel
		},
	}
	for what, set := range stop {
		var last weak.Pointer[[64]byte]
		before := loop.Timeline().Len()
		func() {
			stops := make([]func(), n)
			for i := range stops {
				payload := new([64]byte)
				last = weak.Make(payload)
				stops[i] = set(time.Duration(1+i%1000)*time.Second, func() { log.add("%s fired: %v", what, payload) })
			}
			for _, stop := range stops {
				stop()
			}
		}()
		equal(t, what+": events", loop.Timeline().Len()-before, 2*n)
		equal(t, what+": pending", len(loop.Pending()), 1)
		runtime.GC()
		if last.Value() != nil {
			t.Errorf("%s: what was stopped is still held", what)
		}
	}
	armed := map[timeline.Kind]int{}
	for _, e := range loop.Timeline().All() {
		armed[e.Kind]++
	}
	equal(t, "set and not stopped", armed[timeline.Armed]-armed[timeline.Stopped], 1)
	mustIdle(t, loop)
	log.want(t, "stays")
}

// Timers that are stopped in the turn in which they are due are not held either.
func TestMassStopInTheBatch(t *testing.T) {
	const n = 100_000
	loop := newLoop(t, fakeloop.Config{})
	timers := make([]*fakeloop.Timer, n)
	stopped := 0
	loop.AfterFunc(time.Second, func() {
		for _, timer := range timers {
			if timer.Stop() {
				stopped++
			}
		}
	})
	for i := range timers {
		timers[i] = loop.AfterFunc(time.Second, func() { t.Error("a stopped timer fired") })
	}
	mustIdle(t, loop)
	equal(t, "stopped", stopped, n)
	equal(t, "pending", len(loop.Pending()), 0)
}
