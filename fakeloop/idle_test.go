package fakeloop_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Each thing that can still happen keeps a loop from being idle, and nothing else
// does: neither a pending future nor a timer that never fires.
func TestIdle(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	equal(t, "a new loop", loop.Idle(), true)

	loop.Post(func() { equal(t, "in a callback", loop.Idle(), false) })
	equal(t, "with a callback ready", loop.Idle(), false)
	mustIdle(t, loop)
	equal(t, "after it", loop.Idle(), true)

	timer := loop.AfterFunc(time.Hour, func() {})
	equal(t, "with a timer set", loop.Idle(), false)
	timer.Stop()
	equal(t, "with the timer stopped", loop.Idle(), true)
	loop.AfterFunc(math.MaxInt64, func() {})
	equal(t, "with a timer that never fires", loop.Idle(), true)

	work := loop.Outside("work")
	equal(t, "with work outside", loop.Idle(), false)
	equal(t, "return", work.Return(nil), nil)
	mustIdle(t, loop)
	equal(t, "with the work back", loop.Idle(), true)

	fakeloop.NewPromise[int](loop, "never")
	equal(t, "with a future pending", loop.Idle(), true)
}

// Recovered is for those who run functions on behalf of a future.
func TestRecovered(t *testing.T) {
	boom := errors.New("boom")
	var err *fakeloop.PanicError
	func() {
		defer func() { err = fakeloop.Recovered(recover(), "a helper") }()
		panic(boom)
	}()
	if !errors.Is(err, boom) {
		t.Errorf("%v does not unwrap to what it panicked with", err)
	}
	equal(t, "text", err.Error(), "fakeloop: a helper panicked at idle_test.go:46: boom")
}
