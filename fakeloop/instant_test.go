package fakeloop_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A callback of a bubble that posts itself for ever is stopped, also if nobody waits for the
// loop: then time moves on.
func TestInstantLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, InstantLimit: 10})
		time.Sleep(time.Second)
		n := 0
		var again func()
		again = func() { n++; loop.Named("again").Post(again) }
		loop.Post(again)
		loop.AfterFunc(time.Second, func() { t.Error("a callback ran on a loop that has given up") })
		time.Sleep(time.Hour)
		for _, err := range []error{loop.Settle(), loop.RunUntilIdle(), loop.RunFor(time.Hour), loop.Await(fakeloop.NewPromise[int](loop, "p").Future())} {
			limit := as[*fakeloop.LimitError](t, err)
			equal(t, "Callbacks", limit.Callbacks, 10)
			equal(t, "At", limit.At, time.Second)
			equal(t, "Moved", limit.Moved, 0)
			equal(t, "Instant", limit.Instant, true)
			wantErrorText(t, limit, `fakeloop: gave up at 1s after 10 callbacks at one instant: do callbacks post each other for ever? The last were callback "again" (#), callback "again" (#), callback "again" (#). Config.InstantLimit raises the limit.`)
		}
		equal(t, "callbacks", n, 10)
		equal(t, "Elapsed", loop.Elapsed(), time.Hour+time.Second)
		as[*fakeloop.LimitError](t, loop.Close())
	})
}

// Two loops of a bubble that post to each other at one instant never rest either.
func TestInstantLimitOfTwoLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, InstantLimit: 10})
		b := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		var ping, pong func()
		ping = func() { _ = b.PostFrom("a", pong) }
		pong = func() { _ = a.PostFrom("b", ping) }
		a.Post(ping)
		sameError(t, "RunFor", b.RunFor(time.Hour), nil) // for which the other one has to give up
		as[*fakeloop.LimitError](t, a.Settle())
		as[*fakeloop.LimitError](t, a.Close())
		mustClose(t, b)
	})
}

// As many callbacks as the limit allows may run at one instant, and as many again when the
// loop has come to rest there, or time has moved.
func TestInstantLimitIsInclusive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, InstantLimit: 10})
		post := func() {
			for range 10 {
				loop.Post(func() {})
			}
		}
		for range 3 {
			post()
			sameError(t, "Settle", loop.Settle(), nil)
		}
		post()
		for i := range 5 {
			loop.AfterFunc(time.Duration(i+1), func() {
				for range 9 {
					loop.Post(func() {})
				}
			})
		}
		time.Sleep(time.Hour)
		mustClose(t, loop)
	})
}

// A loop that is not in a bubble has no such limit, and one that is told of none has none.
func TestNoInstantLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		for range 100 {
			loop.Post(func() {})
		}
		mustIdle(t, loop)
	})
	loop := newLoop(t, fakeloop.Config{InstantLimit: 10})
	for range 100 {
		loop.Post(func() {})
	}
	mustIdle(t, loop)
	wantPanic(t, "fakeloop: New: PassLimit (0), InstantLimit (-1) and Spread (0s) must not be negative; zero means the default", func() {
		fakeloop.New(fakeloop.Config{InstantLimit: -1})
	})
}
