package fakeloop_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestChargeMovesTime(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	see := func(name string) func() { return func() { log.add("%s@%v", name, loop.Elapsed()) } }
	loop.AfterFunc(3*time.Second, see("c"))
	loop.AfterFunc(time.Second, see("a"))
	loop.AfterFunc(2*time.Second, see("b"))
	loop.AfterFunc(11*time.Second, see("d"))
	loop.Post(func() {
		now := loop.Now()
		loop.Charge(4 * time.Second)
		loop.Charge(6 * time.Second)
		equal(t, "Now in the callback", loop.Now(), now.Add(10*time.Second))
		timer := loop.AfterFunc(-5*time.Second, see("past"))
		equal(t, "deadline of a timer set then", timer.Due(), now.Add(5*time.Second))
	})
	loop.Post(see("next"))
	mustIdle(t, loop)
	log.want(t, "next@10s a@10s b@10s c@10s past@10s d@11s")
}

// A timer of the same turn sees the later time as well.
func TestChargeWithinABatch(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	for range 3 {
		loop.AfterFunc(time.Second, func() {
			log.add("%v", loop.Elapsed())
			loop.Charge(time.Second)
		})
	}
	mustIdle(t, loop)
	log.want(t, "1s 2s 3s")
	equal(t, "Elapsed", loop.Elapsed(), 4*time.Second)
}

// Work can take longer than Advance was asked for; what it made due runs.
func TestChargeBeyondTheHorizon(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(time.Second, func() { loop.Charge(time.Hour) })
	loop.AfterFunc(time.Minute, log.note("minute"))
	loop.AfterFunc(2*time.Hour, log.note("later"))
	mustAdvance(t, loop, 2*time.Second)
	log.want(t, "minute")
	equal(t, "Elapsed", loop.Elapsed(), time.Hour+time.Second)
}

func TestChargeInACoroutineAndAHandler(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (time.Duration, error) {
		loop.Charge(time.Second)
		err := co.Sleep(time.Second)
		loop.Charge(time.Second)
		return loop.Elapsed(), err
	})
	d, err := fakeloop.Then(f, func(d time.Duration) (time.Duration, error) {
		loop.Charge(time.Minute)
		return d, nil
	}).Wait()
	if d != 3*time.Second || err != nil {
		t.Errorf("got %v, %v", d, err)
	}
	equal(t, "Elapsed", loop.Elapsed(), 63*time.Second)
}

func TestChargeSaturates(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.AfterFunc(math.MaxInt64, log.note("never"))
	loop.AfterFunc(200*365*24*time.Hour, log.note("late"))
	loop.Post(func() {
		loop.Charge(math.MaxInt64)
		loop.Charge(math.MaxInt64)
		loop.Post(log.note("posted"))
	})
	mustIdle(t, loop)
	log.want(t, "posted late")
	equal(t, "Elapsed", loop.Elapsed(), math.MaxInt64-1)
}

func TestChargeIsRecorded(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			loop.Charge(0)
			loop.Charge(1500 * time.Millisecond)
		})
		var fired timeline.ID
		var log journal
		for _, e := range loop.Timeline().All() {
			switch e.Kind {
			case timeline.Fired:
				fired = e.ID
			case timeline.Charged:
				equal(t, "who is charged", e.ID, fired)
				log.add("%v@%v", e.Detail, e.At)
			}
		}
		log.want(t, "0s@0s 1.5s@0s")
	})
}

// On a wall loop time is package time's.
func TestChargeOnAWallLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		onLoop(t, loop, func() { loop.Charge(time.Hour) })
		equal(t, "Elapsed", loop.Elapsed(), 0)
	})
}

func TestMisuseOfCharge(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		const outside = "fakeloop: Charge outside a callback of the loop: time is charged to the callback or coroutine that calls it; a test moves time with Advance"
		loop, other := newLoop(t, fakeloop.Config{Mode: mode}), newLoop(t, fakeloop.Config{Mode: mode})
		wantPanic(t, outside, func() { loop.Charge(time.Second) })
		onLoop(t, loop, func() {
			wantPanic(t, "fakeloop: Charge(-1ns): work cannot take negative time", func() { loop.Charge(-1) })
			wantPanic(t, outside, func() { other.Charge(time.Second) })
			done := make(chan struct{})
			go func() {
				defer close(done)
				wantPanic(t, outside, func() { loop.Charge(time.Second) })
			}()
			<-done
		})
		wantPanic(t, outside, func() { loop.Charge(time.Second) })
		equal(t, "Elapsed", loop.Elapsed(), 0)
	})
}
