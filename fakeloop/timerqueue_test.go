package fakeloop_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// More timers than the loop keeps in order at one time, whose deadlines come in every
// order: they fire by deadline, equal ones in the order in which they were set.
func TestManyTimersFireInOrder(t *testing.T) {
	n := scaled(t, "timers at one time", 300_000, 15_000)
	var r *rand.Rand
	for name, deadline := range map[string]func(i int) time.Duration{
		"rising":   func(i int) time.Duration { return time.Duration(i) },
		"falling":  func(i int) time.Duration { return time.Duration(n - i) },
		"equal":    func(int) time.Duration { return time.Second },
		"few":      func(int) time.Duration { return time.Duration(r.IntN(3)) },
		"random":   func(int) time.Duration { return time.Duration(r.IntN(n)) },
		"enormous": func(int) time.Duration { return time.Duration(r.Int64N(math.MaxInt64)) },
		"saw":      func(i int) time.Duration { return time.Duration(i % 5000 * 3) },
	} {
		r = rand.New(rand.NewPCG(1, 2))
		loop := newLoop(t, fakeloop.Config{})
		type timer struct {
			due time.Duration
			i   int
		}
		var want, got []timer
		for i := range n {
			tm := timer{deadline(i), i}
			want = append(want, tm)
			loop.AfterFunc(tm.due, func() {
				got = append(got, tm)
				if now := loop.Elapsed(); now != tm.due {
					t.Fatalf("%s: timer %d, due at %d, fired at %d", name, i, tm.due, now)
				}
			})
		}
		slices.SortStableFunc(want, func(a, b timer) int { return cmp.Compare(a.due, b.due) })
		equal(t, name+": timers pending", len(loop.Pending()), n)
		equal(t, name+": the first", loop.Pending()[0].Due, want[0].due)
		mustIdle(t, loop)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d timers fired in another order than they were due", name, len(got))
		}
		mustClose(t, loop)
	}
}

// The same with timers that are set, stopped and set anew while others fire.
func TestManyTimersComeAndGo(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	loop := newLoop(t, fakeloop.Config{})
	n := scaled(t, "timers at one time", 200_000, 12_000)
	type timer struct {
		*fakeloop.Timer
		due, order int // order is -1 when the timer is not set
		number     int
	}
	var timers []*timer
	armed, fired := 0, 0
	last := timer{due: -1, order: -1}
	set := func(tm *timer, delay int) {
		tm.due, tm.order = int(loop.Elapsed())+delay, armed
		armed++
	}
	for i := range n {
		tm := &timer{number: i}
		delay := r.IntN(n)
		set(tm, delay)
		tm.Timer = loop.AfterFunc(time.Duration(delay), func() {
			fired++
			if tm.order < 0 || tm.due != int(loop.Elapsed()) || tm.due < last.due || tm.due == last.due && tm.order < last.order {
				t.Fatalf("seed %d: timer %d fired at %v behind the one due at %d: %+v", seed, tm.number, loop.Elapsed(), last.due, *tm)
			}
			last, tm.order = *tm, -1
			for range r.IntN(3) { // one timer a callback, so that they get fewer but slowly
				switch other := timers[r.IntN(len(timers))]; r.IntN(4) {
				case 0:
					equal(t, "Stop", other.Stop(), other.order >= 0)
					other.order = -1
				case 1:
					delay := 1 + r.IntN(n)
					equal(t, "Reset", other.Reset(time.Duration(delay)), other.order >= 0)
					set(other, delay)
				}
			}
		})
		timers = append(timers, tm)
	}
	for fired < 2*n && !loop.Idle() {
		mustAdvance(t, loop, time.Duration(n/10))
		left := 0
		for _, tm := range timers {
			if tm.order >= 0 {
				left++
			}
		}
		equal(t, fmt.Sprint("pending after ", fired), len(loop.Pending()), left)
	}
	if fired < n/4 {
		t.Errorf("seed %d: only %d of %d timers fired", seed, fired, n)
	}
}
