package fakeloop_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func mustHold(t testing.TB, trap *fakeloop.Trap) *fakeloop.Held {
	t.Helper()
	h, err := trap.Wait()
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	return h
}

// Whatever carries the label is held when it is about to run; the rest goes on.
func TestTrapHoldsEveryKindOfCallback(t *testing.T) {
	for what, start := range map[string]func(loop *fakeloop.Loop, log *journal){
		"a post":        func(loop *fakeloop.Loop, log *journal) { loop.Named("x").Post(log.note("x")) },
		"a post from":   func(loop *fakeloop.Loop, log *journal) { _ = loop.PostFrom("x", log.note("x")) },
		"a timer":       func(loop *fakeloop.Loop, log *journal) { loop.Named("x").AfterFunc(0, log.note("x")) },
		"returned work": func(loop *fakeloop.Loop, log *journal) { _ = loop.Outside("x").Return(log.note("x")) },
		"a handler": func(loop *fakeloop.Loop, log *journal) {
			p := fakeloop.NewPromise[int](loop, "x")
			p.Future().OnSettled(func(int, error) { log.add("x") })
			p.Resolve(1)
		},
		"the start of a coroutine": func(loop *fakeloop.Loop, log *journal) {
			fakeloop.Async(loop, "x", func(*fakeloop.Coroutine) (int, error) { log.add("x"); return 0, nil })
		},
		"a coroutine that goes on": func(loop *fakeloop.Loop, log *journal) {
			p := fakeloop.NewPromise[int](loop, "x")
			p.Resolve(1)
			fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				v, err := fakeloop.Await(co, p.Future())
				log.add("x")
				return v, err
			})
		},
		"a cancelled promise": func(loop *fakeloop.Loop, log *journal) {
			p := fakeloop.NewPromise[int](loop, "x")
			p.OnCancel(func(error) { log.add("x") })
			p.Future().Cancel(nil)
		},
	} {
		t.Run(what, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				var log journal
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				trap := loop.Trap("x")
				onLoop(t, loop, func() {
					start(loop, &log)
					loop.Post(log.note("other"))
				})
				log.want(t, "other")
				h := mustHold(t, trap)
				equal(t, "label", h.Label, "x")
				var held, fired []timeline.ID
				for _, e := range loop.Timeline().All() {
					switch e.Kind {
					case timeline.Held:
						held = append(held, e.ID)
					case timeline.Fired:
						fired = append(fired, e.ID)
					}
				}
				if !slices.Equal(held, []timeline.ID{h.ID}) || slices.Contains(fired, h.ID) {
					t.Errorf("held: %v, fired: %v, want only %v held", held, fired, h.ID)
				}
				equal(t, "Release", h.Release(), true)
				mustIdle(t, loop)
				log.want(t, "x")
			})
		})
	}
}

// Wait stops the loop where the callback was about to run.
func TestTrapWaitStopsThere(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(log.note("before"))
	loop.Named("x").AfterFunc(time.Second, log.note("x"))
	loop.AfterFunc(time.Second, log.note("after"))
	loop.AfterFunc(time.Hour, log.note("late"))
	h := mustHold(t, loop.Trap("x"))
	log.want(t, "before")
	equal(t, "elapsed", loop.Elapsed(), time.Second)
	equal(t, "At", h.At, time.Second)
	equal(t, "Due", h.Due, time.Second)
	equal(t, "Cause", h.Cause, timeline.Driver)
	equal(t, "text", masked(h.String()), `held by trap "x": callback "x" (#)`)
	mustAdvance(t, loop, time.Minute) // time passes it by
	log.want(t, "after")
	h.Release()
	mustIdle(t, loop)
	log.want(t, "x late")
}

// Due is the deadline, also of a timer that is late.
func TestTrapOfALateTimer(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{})
	mustAdvance(t, loop, time.Minute)
	loop.Named("x").AfterFunc(-time.Second, log.note("x"))
	h := mustHold(t, loop.Trap("x"))
	equal(t, "At", h.At, time.Minute)
	equal(t, "Due", h.Due, time.Minute-time.Second)
	loop.Named("y").Post(log.note("y"))
	h = mustHold(t, loop.Trap("y"))
	equal(t, "Due of a callback", h.Due, time.Minute)
}

// What is released runs next, in the order of release, whatever is ready and
// whatever the source would choose, and is not held again.
func TestReleasedRunsNext(t *testing.T) {
	for seed := range uint64(20) {
		var log journal
		loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(seed)})
		x, y := loop.Trap("x"), loop.Trap("y")
		origins(&log, "x", "y")(loop)
		hx, hy := mustHold(t, x), mustHold(t, y)
		origins(&log, "a", "b", "c")(loop)
		loop.Post(func() { hy.Release(); hx.Release(); origins(&log, "d", "e")(loop) })
		mustIdle(t, loop)
		got := strings.Join(log.read(), "")
		if !strings.Contains(got, "yx") || strings.Index(got, "yx") > 3 || len(got) != 7 {
			t.Errorf("seed %d: %s", seed, got)
		}
		if i := strings.Index(got, "d"); i < strings.Index(got, "yx") {
			t.Errorf("seed %d: %s", seed, got)
		}
	}
}

func TestTrapWaitReturnsEachOnce(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{})
	trap := loop.Trap("x")
	for i := range 3 {
		_ = loop.PostFrom("x", log.note(fmt.Sprint("x", i)))
	}
	mustIdle(t, loop)
	var held []*fakeloop.Held
	for range 3 {
		held = append(held, mustHold(t, trap))
	}
	for i, pending := range loop.Pending() {
		equal(t, "pending", pending.String(), held[i].String())
	}
	_, err := trap.Wait()
	e := as[*fakeloop.IdleError](t, err)
	equal(t, "held, in the error", len(e.Held), 3)
	held[2].Release()
	held[0].Release()
	mustIdle(t, loop)
	log.want(t, "x2 x0")
	trap.Close()
	mustIdle(t, loop)
	log.want(t, "x1")
}

func TestTrapWaitForNothing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var log journal
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		y := loop.Trap("y")
		onLoop(t, loop, func() { origins(&log, "a", "y")(loop) })
		log.want(t, "a")
		_, err := loop.Trap("x").Wait()
		at := map[fakeloop.Mode]string{fakeloop.Virtual: "0s", fakeloop.Bubble: "24h0m0s", fakeloop.Wall: "0s"}[mode]
		so, end := "so this will never come", "If another goroutine is going to bring it, announce that work with Loop.Outside."
		if mode == fakeloop.Bubble {
			so, end = "and this has not come", "Other goroutines had 24h0m0s to bring it, which Config.Horizon sets: if one is going to bring it later, raise that."
		}
		wantErrorText(t, err, `fakeloop: at `+at+` the loop is idle (nothing is ready, no timer is set, no work is outside), `+so+`:
a callback "x", for which a trap waits
held by trap "y": callback "y" (#)
`+end)
		y.Close()
		mustIdle(t, loop)
		log.want(t, "y")
	})
}

// A panic that no call has returned yet is shown where it may be the reason.
func TestTrapWaitShowsPanics(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Named("first").Post(func() { panic("boom") })
	_, err := loop.Trap("x").Wait()
	equal(t, "panics", len(as[*fakeloop.IdleError](t, err).Panics), 1)
	as[*fakeloop.PanicError](t, loop.RunUntilIdle())
}

// Others that wait in vain learn what is held: it is often the reason.
func TestIdleErrorsSayWhatIsHeld(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "answer")
	loop.Named("x").Post(func() { p.Resolve(1) })
	trap := loop.Trap("x")
	mustHold(t, trap)
	equal(t, "idle", loop.Idle(), true)
	for what, err := range map[string]error{"Await": loop.Await(p.Future()), "Run": loop.Run()} {
		e := as[*fakeloop.IdleError](t, err)
		if len(e.Held) != 1 || masked(e.Held[0]) != `held by trap "x": callback "x" (#)` || !strings.Contains(err.Error(), e.Held[0]) {
			t.Errorf("%s: held: %q, text: %v", what, e.Held, err)
		}
	}
	trap.Close()
	v, err := p.Future().Wait()
	equal(t, "value", v, 1)
	sameError(t, "Wait", err, nil)
}

func TestDrop(t *testing.T) {
	var log journal
	loop := fakeloop.New(fakeloop.Config{})
	trap := loop.Trap("x")
	timer := loop.Named("x").AfterFunc(time.Second, log.note("timer"))
	loop.Named("x").Post(log.note("post"))
	post, timed := mustHold(t, trap), mustHold(t, trap)
	equal(t, "Drop", post.Drop(), true)
	equal(t, "Drop", timed.Drop(), true)
	equal(t, "second Drop", post.Drop(), false)
	equal(t, "Release of what was dropped", post.Release(), false)
	equal(t, "Stop of a timer that was dropped", timer.Stop(), false)
	equal(t, "pending", len(loop.Pending()), 0)
	trap.Close()
	mustIdle(t, loop)
	log.want(t, "")
	equal(t, "Reset of a timer that was dropped", timer.Reset(time.Second), false)
	mustIdle(t, loop)
	log.want(t, "timer")
	var details []string
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Released {
			details = append(details, e.Label+" "+e.Detail)
		}
	}
	if !slices.Equal(details, []string{"x dropped", "x dropped"}) {
		t.Errorf("released: %q", details)
	}
	mustClose(t, loop)
}

// A timer that is held can be stopped and set anew like any that has not fired.
func TestStopOfAHeldTimer(t *testing.T) {
	var log journal
	loop := fakeloop.New(fakeloop.Config{})
	trap := loop.Trap("x")
	stopped := loop.Named("x").AfterFunc(time.Second, log.note("stopped"))
	reset := loop.Named("x").AfterFunc(time.Second, log.note("reset"))
	never := loop.Named("x").AfterFunc(time.Second, log.note("never"))
	mustIdle(t, loop)
	equal(t, "Stop", stopped.Stop(), true)
	equal(t, "Stop again", stopped.Stop(), false)
	equal(t, "Reset", reset.Reset(time.Second), true)
	h := mustHold(t, trap) // the first two are held no more
	equal(t, "pending", len(loop.Pending()), 2)
	again := mustHold(t, trap)
	equal(t, "At", again.At, 2*time.Second)
	equal(t, "Stop", never.Stop(), true)
	equal(t, "Release of a stopped timer", h.Release(), false)
	equal(t, "Release", again.Release(), true)
	equal(t, "Release again", again.Release(), false)
	mustIdle(t, loop)
	log.want(t, "reset")
	mustClose(t, loop)
}

// A released timer can still be stopped by whoever comes before it.
func TestStopOfAReleasedTimer(t *testing.T) {
	var log journal
	loop := fakeloop.New(fakeloop.Config{})
	trap := loop.Trap("x")
	timer := loop.Named("x").AfterFunc(time.Second, log.note("timer"))
	loop.Named("x").AfterFunc(time.Second, func() { equal(t, "Stop", timer.Stop(), true) })
	first, second := mustHold(t, trap), mustHold(t, trap)
	second.Release()
	first.Release()
	mustIdle(t, loop)
	log.want(t, "")
	mustClose(t, loop)
}

func TestTrapClose(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{})
	trap := loop.Trap("x")
	other := loop.Trap("y")
	for _, name := range []string{"x1", "y1", "x2"} {
		_ = loop.PostFrom(name[:1], log.note(name))
	}
	mustIdle(t, loop)
	trap.Close()
	_ = loop.PostFrom("x", log.note("x3"))
	trap.Close()
	mustIdle(t, loop)
	log.want(t, "x1 x2 x3")
	_, err := trap.Wait()
	sameError(t, "Wait on a closed trap", err, fakeloop.ErrTrapClosed)
	again := loop.Trap("x") // the label is free again
	trap.Close()            // and the old trap has nothing to do with it
	origins(&log, "x")(loop)
	mustHold(t, again)
	_, err = trap.Wait()
	sameError(t, "Wait on a closed trap", err, fakeloop.ErrTrapClosed)
	other.Close()
	mustIdle(t, loop)
	log.want(t, "y1")
}

// On a wall loop Close of the trap ends a Wait, and a callback can be held and
// released from anywhere.
func TestTrapOnAWallLoop(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	trap := loop.Trap("x")
	work := loop.Outside("keeps the loop from being idle")
	ended := make(chan error)
	go func() {
		_, err := trap.Wait()
		ended <- err
	}()
	trap.Close()
	sameError(t, "Wait", <-ended, fakeloop.ErrTrapClosed)
	_ = work.Return(nil)

	trap = loop.Trap("x")
	loop.Named("x").AfterFunc(time.Microsecond, log.note("x"))
	h := mustHold(t, trap)
	log.want(t, "")
	equal(t, "Release", h.Release(), true)
	mustIdle(t, loop)
	log.want(t, "x")
}

func TestCloseOfALoopTellsWhatIsHeld(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var log journal
		loop := fakeloop.New(fakeloop.Config{Mode: mode})
		trap := loop.Trap("x")
		origins(&log, "x")(loop)
		loop.Named("x").AfterFunc(0, log.note("timer"))
		h := mustHold(t, trap)
		mustIdle(t, loop)
		err := loop.Close()
		e := as[*fakeloop.HeldError](t, err)
		equal(t, "held", len(e.Held), 2)
		wantErrorText(t, err, `fakeloop: closed with callbacks that never ran: held by trap "x": callback "x" (#); held by trap "x": callback "x" (#); before the loop is closed, release them with Trap.Close, or drop them with Held.Drop`)
		log.want(t, "")
		equal(t, "Release", h.Release(), false)
		equal(t, "Drop", h.Drop(), false)
		trap.Close()
		_, err = trap.Wait()
		sameError(t, "Wait", err, fakeloop.ErrClosed)
		equal(t, "pending", len(loop.Pending()), 0)
		mustClose(t, loop)
	})
}

func TestTrapMisuse(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{})
	wantPanic(t, "fakeloop: Trap without a label; give what is to be held a name, for example with Loop.Named", func() { loop.Trap("") })
	loop.Trap("x")
	wantPanic(t, `fakeloop: Trap("x"): a trap of this label is open already; use that one, or close it first`, func() { loop.Trap("x") })
	loop.Post(func() {
		_, err := loop.Trap("y").Wait()
		sameError(t, "Wait in a callback", err, fakeloop.ErrReentrant)
	})
	mustIdle(t, loop)
	mustClose(t, loop)
	wantPanic(t, "fakeloop: Trap on a closed loop: nothing would be held", func() { loop.Trap("z") })
}

// Holding, and the order of releases, is part of the run: it repeats.
func TestTrapsAreDeterministic(t *testing.T) {
	play := func(source fakeloop.Source) *timeline.Timeline {
		loop := newLoop(t, fakeloop.Config{Decisions: source})
		a, b := loop.Trap("a"), loop.Trap("b")
		mixture(9)(loop)
		for {
			h, err := a.Wait()
			if err != nil {
				break
			}
			if _, err := b.Wait(); err != nil && !errors.As(err, new(*fakeloop.IdleError)) {
				t.Fatal(err)
			}
			h.Release()
		}
		b.Close()
		a.Close()
		mustIdle(t, loop)
		return loop.Timeline()
	}
	recording := fakeloop.Record(fakeloop.Seed(9))
	want := play(recording)
	for name, source := range map[string]fakeloop.Source{"seed": fakeloop.Seed(9), "replay": recording.Replay().Strict()} {
		if d, differ := timeline.Diverge(want, play(source)); differ {
			t.Errorf("%s: %v", name, d)
		}
	}
	held := 0
	for _, e := range want.All() {
		if e.Kind == timeline.Held {
			held++
		}
	}
	if held < 10 {
		t.Errorf("only %d callbacks were held", held)
	}
}

// Step counts callbacks that run, not those that are held.
func TestHeldCallbacksAreNoSteps(t *testing.T) {
	var log journal
	loop := newLoop(t, fakeloop.Config{})
	trap := loop.Trap("x")
	origins(&log, "x", "a", "x", "x")(loop)
	mustIdle(t, loop)
	log.want(t, "a")
	ran, err := loop.Step()
	equal(t, "Step ran something", ran, false)
	sameError(t, "Step", err, nil)
	trap.Close()
	for range 3 {
		ran, err = loop.Step()
		equal(t, "Step ran something", ran, true)
		sameError(t, "Step", err, nil)
	}
	log.want(t, "x x x")
}
