package tcp

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
)

// A clock does what is due in the order of the instants, also what only becomes due because
// of that, and shows which instant it is.
func TestClock(t *testing.T) {
	for name, broken := range map[string]func(c *Clock){
		"": nil,
		// What the test would say to clocks that are wrong:
		"an alarm too many":     func(c *Clock) { c.armed = append(c.armed, &alarm{at: 3, do: c.armed[0].do}) },
		"one that is forgotten": func(c *Clock) { c.armed = c.armed[1:] },
		"another order":         func(c *Clock) { slices.Reverse(c.armed) },
		"an hour ahead":         func(c *Clock) { c.now += time.Hour },
	} {
		var c Clock
		var got []string
		arm := func(at time.Duration, what string) func() {
			return c.after(at, func() { got = append(got, fmt.Sprintf("%s at %d", what, c.Now())) })
		}
		arm(5, "late")
		arm(1, "early")
		arm(5, "late too")
		stop := arm(4, "stopped")
		c.after(2, func() {
			got = append(got, "again")
			stop()
			arm(3, "in turn") // at 5
			arm(9, "behind")
			arm(math.MaxInt64, "never")
		})
		if broken != nil {
			broken(&c)
		}
		c.Advance(5)
		c.Advance(0)
		got = append(got, fmt.Sprint(c.Now()))
		want := []string{"early at 1", "again", "late at 5", "late too at 5", "in turn at 5", "5ns"}
		if slices.Equal(got, want) != (broken == nil) {
			t.Errorf("%q: got %q", name, got)
		}
	}
}

func TestClockPanics(t *testing.T) {
	var c Clock
	c.Advance(time.Second)
	for d, want := range map[time.Duration]string{
		-1:            "toxics/tcp: Advance(-1ns) at 1s: a clock moves on, and not further than 2562047h47m16.854775807s",
		math.MaxInt64: "toxics/tcp: Advance(2562047h47m16.854775807s) at 1s: a clock moves on, and not further than 2562047h47m16.854775807s",
	} {
		panics(t, func() { c.Advance(d) }, want)
	}
	c.Advance(math.MaxInt64 - time.Second)
	if c.Now() != math.MaxInt64 {
		t.Errorf("the clock shows %v", c.Now())
	}
}

func TestClockOfManyGoroutines(t *testing.T) {
	var c Clock
	fired := 0 // by one Advance at a time
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 100 {
				c.after(1, func() {})() // which may have been done before
				c.after(1, func() { fired++ })
				c.Advance(1)
			}
		})
	}
	all.Wait()
	if fired != 1000 || c.Now() != 1000 {
		t.Errorf("%d of 1000 fired until %v", fired, c.Now())
	}
}

func panics(t *testing.T, f func(), want string) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic:\n got %v\nwant %v", got, want)
		}
	}()
	f()
}
