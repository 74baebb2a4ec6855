package fakeloop_test

import (
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestTurn(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.Post(func() { log.add("a"); loop.Post(log.note("c")) })
	loop.Post(func() { log.add("b"); panic(io.EOF) })
	loop.AfterFunc(time.Second, log.note("d"))
	turn := func(want int, happened string) error {
		t.Helper()
		n, err := loop.Turn()
		equal(t, "callbacks", n, want)
		log.want(t, happened)
		return err
	}
	sameError(t, "first turn", turn(2, "a b"), io.EOF)
	equal(t, "second turn", turn(1, "c"), nil)
	equal(t, "Elapsed", loop.Elapsed(), 0)
	equal(t, "third turn", turn(1, "d"), nil)
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	equal(t, "fourth turn", turn(0, ""), nil)
}

// Turn ends the turn that Step began; a sibling that was stopped does not count.
func TestTurnEndsTheTurnUnderWay(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	for _, name := range []string{"a", "b", "c"} {
		loop.Post(log.note(name))
	}
	_, _ = loop.Step()
	loop.Post(log.note("next"))
	n, err := loop.Turn()
	equal(t, "callbacks", n, 2)
	equal(t, "Turn", err, nil)
	log.want(t, "a b c")
	mustIdle(t, loop)
	log.want(t, "next")

	var sibling *fakeloop.Timer
	loop.AfterFunc(time.Second, func() { log.add("first"); sibling.Stop() })
	sibling = loop.AfterFunc(time.Second, log.note("sibling"))
	loop.AfterFunc(2*time.Second, log.note("later"))
	n, _ = loop.Turn()
	equal(t, "callbacks", n, 1)
	log.want(t, "first")
}

func TestAdvanceToNext(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.Post(func() {
		log.add("ready")
		loop.AfterFunc(time.Second, func() { log.add("due"); loop.Post(log.note("posted")) })
		loop.AfterFunc(time.Second, log.note("sibling"))
		loop.AfterFunc(3*time.Second, func() { panic(io.EOF) })
	})
	moved, err := loop.AdvanceToNext()
	equal(t, "moved", moved, time.Second)
	equal(t, "error", err, nil)
	log.want(t, "ready due sibling posted")
	moved, err = loop.AdvanceToNext()
	equal(t, "moved", moved, 2*time.Second)
	sameError(t, "error", err, io.EOF)
	moved, err = loop.AdvanceToNext()
	equal(t, "moved", moved, 0)
	wantErrorText(t, err, `fakeloop: at 3s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
a timer to which AdvanceToNext could move
If another goroutine is going to bring it, announce that work with Loop.Outside.`)
	loop.Post(func() { panic(io.EOF) })
	_, err = loop.AdvanceToNext()
	sameError(t, "a callback that panics first", err, io.EOF)
}

func TestRunUntil(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Horizon: time.Minute})
		ticks := 0
		var tick func()
		tick = func() { ticks++; loop.AfterFunc(time.Second, tick) }
		loop.AfterFunc(time.Second, tick)
		equal(t, "RunUntil", loop.RunUntil(func() bool { return loop.Elapsed() >= 3*time.Second }), nil)
		equal(t, "ticks", ticks, 3)
		equal(t, "RunUntil of what is", loop.RunUntil(func() bool { return true }), nil)
		equal(t, "Elapsed", loop.Elapsed(), 3*time.Second)
	})
}

func TestRunUntilOfWhatNeverComes(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Horizon: time.Minute})
		loop.Post(func() { panic(io.EOF) })
		err := loop.RunUntil(func() bool { return false })
		as[*fakeloop.IdleError](t, err)
		sameError(t, "the panic", err, io.EOF)
		wantPanic(t, "fakeloop: RunUntil with a nil function", func() { _ = loop.RunUntil(nil) })
	})
}

// The condition may use the loop.
func TestRunUntilCallsWithoutTheLock(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.AfterFunc(time.Hour, func() {})
	equal(t, "RunUntil", loop.RunUntil(func() bool { return len(loop.Pending()) == 0 }), nil)
	loop.Post(func() {})
	equal(t, "ended with", ending(func() { _ = loop.RunUntil(func() bool { panic("boom") }) }), "panic: boom")
	mustIdle(t, loop)
}

func TestRunFor(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		loop.AfterFunc(time.Second, log.note("in"))
		loop.AfterFunc(3*time.Second, log.note("out"))
		equal(t, "RunFor", loop.RunFor(2*time.Second), nil)
		equal(t, "Elapsed", loop.Elapsed(), 2*time.Second)
		log.want(t, "in")
		loop.Post(func() { panic(io.EOF) })
		sameError(t, "RunFor", loop.RunFor(time.Millisecond), io.EOF)
		err := loop.RunFor(-1)
		sameError(t, "RunFor back", err, fakeloop.ErrPast)
		wantErrorText(t, err, "fakeloop: time does not go back: RunFor(-1ns)")
	})
}

// What is due at the last instant runs, where time is exact.
func TestAdvanceIncludesTheInstant(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble} {
		synctestOr(t, fakeloop.Virtual, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			var log journal
			loop.AfterFunc(time.Second, func() { log.add("at"); loop.Post(log.note("posted")) })
			equal(t, "Advance", loop.Advance(time.Second), nil)
			log.want(t, "at posted")
			equal(t, "Advance by nothing", loop.Advance(0), nil)
			equal(t, "Elapsed", loop.Elapsed(), time.Second)
		})
	}
}

func TestSettle(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		loop.Post(func() { // on the loop, since one that runs by itself would begin before all is set
			loop.AfterFunc(0, log.note("due"))
			loop.AfterFunc(time.Hour, log.note("later"))
			loop.Post(func() { log.add("ready"); loop.Post(log.note("posted")); panic(io.EOF) })
		})
		err := loop.Settle()
		sameError(t, "Settle", err, io.EOF)
		log.want(t, "ready due posted")
		equal(t, "Elapsed", loop.Elapsed(), 0)
	})
}

func TestPeek(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	item, ok := loop.Peek()
	equal(t, "nothing", ok, false)
	equal(t, "nothing", item, fakeloop.Item{})
	peek := func(want string) {
		t.Helper()
		item, ok := loop.Peek()
		equal(t, "something", ok, true)
		equal(t, "Peek", masked(item.String()), want)
	}
	loop.AfterFunc(math.MaxInt64, func() {})
	_, ok = loop.Peek()
	equal(t, "what never comes", ok, false)
	timer := loop.Named("t").AfterFunc(time.Second, func() {})
	peek(`timer "t" (#), due at 1s, made at FILE`)
	loop.Named("a").Post(func() {})
	loop.Named("b").Post(func() { timer.Stop() })
	peek(`callback "a" (#)`)
	_, _ = loop.Step()
	peek(`callback "b" (#)`)
	_, _ = loop.Step()
	_, ok = loop.Peek()
	equal(t, "a stopped timer", ok, false)
	loop.AfterFunc(time.Second, func() {})
	loop.Named("sibling").AfterFunc(time.Second, func() {})
	_, _ = loop.Step()
	peek(`timer "sibling" (#), due at 1s, made at FILE`)
}

func TestHorizon(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		if mode == fakeloop.Wall {
			return // has none: its time is real
		}
		loop := newLoop(t, fakeloop.Config{Mode: mode, Horizon: time.Minute})
		var tick func()
		tick = func() { loop.Named("tick").AfterFunc(25*time.Second, tick) }
		tick()
		err := loop.RunUntilIdle()
		limit := as[*fakeloop.LimitError](t, err)
		equal(t, "Horizon", limit.Horizon, time.Minute)
		at := map[fakeloop.Mode]string{fakeloop.Virtual: "50s", fakeloop.Bubble: "1m0s"}[mode]
		wantErrorText(t, err, `fakeloop: gave up at `+at+`: the loop would go on beyond its horizon of 1m0s in one call. The last callbacks were callback "tick" (#), callback "tick" (#). Config.Horizon sets the horizon.`)
		equal(t, "a call that is told how far", loop.Advance(time.Hour), nil)
	})
}

func TestOnError(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var log journal
		var loop *fakeloop.Loop
		loop = newLoop(t, fakeloop.Config{Mode: mode, OnError: func(err error) {
			log.add("told/%v", errors.Is(err, io.EOF))
			_ = loop.Pending() // without the lock
			if errors.Is(err, io.ErrUnexpectedEOF) {
				panic("broken handler")
			}
		}})
		onLoopAfter := func() error {
			loop.Post(func() { panic(io.EOF) })
			loop.Post(func() { log.add("next"); panic(io.ErrUnexpectedEOF) })
			loop.Post(log.note("last"))
			return loop.RunUntilIdle()
		}
		wantErrorText(t, onLoopAfter(), `fakeloop: callback # panicked at FILE: EOF
fakeloop: callback # panicked at FILE: unexpected EOF
fakeloop: Config.OnError panicked at FILE: broken handler`)
		log.want(t, "told/true next told/false last")
	})
}
