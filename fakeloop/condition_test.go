package fakeloop_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// noted notes under which key a wait is over, or that it timed out.
func noted(log *journal, key any, f *fakeloop.Future[struct{}]) {
	f.OnSettled(func(_ struct{}, err error) {
		if err != nil {
			key = "timeout"
		}
		log.add("%v", key)
	})
}

func TestConditionNotify(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		c := fakeloop.NewCondition(loop, "c")
		var log journal
		equal(t, "woken", c.Notify(3), 0) // is remembered by nobody
		onLoop(t, loop, func() {
			for i := range 7 {
				noted(&log, i, c.Wait())
			}
		})
		log.want(t, "")
		for _, step := range []struct {
			n, woken int
			want     string
		}{{0, 0, ""}, {1, 1, "0"}, {3, 3, "1 2 3"}, {1, 1, "4"}, {100, 2, "5 6"}, {1, 0, ""}} {
			onLoop(t, loop, func() {
				equal(t, "woken", c.Notify(step.n), step.woken)
				log.want(t, "") // handlers never run inside Notify
			})
			log.want(t, step.want)
		}
		mustClose(t, loop)
	})
}

func TestConditionNotifyAll(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		c := fakeloop.NewCondition(loop, "c")
		var log journal
		onLoop(t, loop, func() {
			for i := range 4 {
				noted(&log, i, c.Wait())
			}
			equal(t, "woken", c.NotifyAll(), 4)
			equal(t, "woken", c.NotifyAll(), 0)
			log.add("notified")
			noted(&log, "late", c.Wait())
		})
		log.want(t, "notified 0 1 2 3")
		wantText(t, "condition", c, `condition "c" (#), 1 waiting`)
		mustClose(t, loop)
	})
}

func TestConditionTimeout(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		c := fakeloop.NewCondition(loop, "c")
		var log journal
		onLoop(t, loop, func() {
			noted(&log, "preempted", fakeloop.Timeout(c.Wait(), 3*time.Second))
			noted(&log, "late", fakeloop.Timeout(c.Wait(), time.Second))
			loop.AfterFunc(2*time.Second, func() { equal(t, "woken", c.Notify(1), 1) })
		})
		log.want(t, "timeout preempted")
		equal(t, "time", loop.Elapsed(), 2*time.Second)
		mustClose(t, loop)
	})
}

// Who has given up does not use up a notification.
func TestConditionPassesOverWhoGaveUp(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		c := fakeloop.NewCondition(loop, "c")
		var log journal
		onLoop(t, loop, func() {
			noted(&log, 0, c.Wait())
			noted(&log, 1, fakeloop.Timeout(c.Wait(), time.Second))
			noted(&log, 2, c.Wait())
			noted(&log, 3, c.Wait())
		})
		log.want(t, "timeout")
		onLoop(t, loop, func() { equal(t, "woken", c.Notify(2), 2) })
		log.want(t, "0 2")
		onLoop(t, loop, func() {
			noted(&log, 4, c.Wait())
			cancelled := c.Wait()
			cancelled.Cancel(nil)
			noted(&log, 5, c.Wait())
			equal(t, "woken", c.NotifyAll(), 3)
		})
		log.want(t, "3 4 5")

		// In one turn: the notification that came first is not taken back, and is not
		// passed on either, since Notify has said whom it woke.
		onLoop(t, loop, func() {
			first, second := c.Wait(), c.Wait()
			equal(t, "woken", c.Notify(1), 1)
			equal(t, "Cancel", first.Cancel(io.EOF), false)
			equal(t, "second", outcome(second), "pending")
			equal(t, "Cancel", second.Cancel(io.EOF), true)
			equal(t, "woken", c.Notify(1), 0)
		})
		mustClose(t, loop)
	})
}

// A waiter that is woken notifies the next.
func TestConditionNotifiedByWhoWasWoken(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	c := fakeloop.NewCondition(loop, "c")
	waits := []*fakeloop.Future[struct{}]{c.Wait(), c.Wait(), c.Wait(), c.Wait()}
	waits[1].OnSettled(func(struct{}, error) { c.Notify(1) })
	c.Notify(2)
	mustIdle(t, loop)
	for i, want := range []string{granted, granted, granted, "pending"} {
		equal(t, fmt.Sprint("waiter ", i), outcome(waits[i]), want)
	}
}

func TestConditionForgetsWhoGaveUp(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	c := fakeloop.NewCondition(loop, "c")
	for range 101 {
		fakeloop.Timeout(c.Wait(), time.Second).OnSettled(func(struct{}, error) {})
	}
	last := c.Wait()
	wantText(t, "before", c, `condition "c" (#), 102 waiting`)
	mustAdvance(t, loop, 2*time.Second)
	wantText(t, "after", c, `condition "c" (#), 1 waiting`)
	equal(t, "last", outcome(last), "pending")
	c.Notify(1)
	equal(t, "last", outcome(last), granted)
}

func TestConditionTexts(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	c := fakeloop.NewCondition(loop, "c")
	equal(t, "GomegaString", masked(c.GomegaString()), `condition "c" (#), 0 waiting`)
	waits := c.Wait()
	wantText(t, "wait", waits, `future "c wait" (#), pending`)
	wantPanic(t, "fakeloop: Notify(-1); NotifyAll wakes all who wait", func() { c.Notify(-1) })
	mustClose(t, loop)
	equal(t, "a wait", outcome(waits), "fakeloop: the loop is closed")
	equal(t, "woken", c.NotifyAll(), 0)
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { c.Wait() })
}
