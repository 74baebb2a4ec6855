package fakeloop_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestPostIsFirstInFirstOut(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var got []int
		for i := range 1000 {
			loop.Post(func() { got = append(got, i) })
		}
		mustIdle(t, loop)
		if len(got) != 1000 || !slices.IsSorted(got) {
			t.Errorf("%d callbacks ran, in order: %v", len(got), slices.IsSorted(got))
		}
	})
}

func TestPostsOfOneGoroutineInterleaveFIFO(t *testing.T) {
	// asyncio's test_call_soon_threadsafe_same_thread: the two ways to post
	// share one queue.
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		loop.Post(log.note("a"))
		sameError(t, "PostFrom", loop.PostFrom("x", log.note("b")), nil)
		loop.Named("c").Post(log.note("c"))
		sameError(t, "PostFrom", loop.PostFrom("x", log.note("d")), nil)
		mustIdle(t, loop)
		log.want(t, "a b c d")
	})
}

func TestPostedInACallbackRunsNextTurn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			loop.Post(func() { log.add("a"); loop.Post(log.note("next")) })
			loop.AfterFunc(0, log.note("timer"))
			loop.Post(log.note("b"))
		})
		log.want(t, "a b timer next")
	})
}

func TestTurnNumbers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Named("a").Post(func() { loop.Named("d").Post(func() {}) })
	loop.Named("b").Post(func() {})
	loop.Named("c").AfterFunc(0, func() {})
	loop.Named("e").AfterFunc(time.Second, func() {})
	mustIdle(t, loop)
	got := ""
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Fired {
			got += fmt.Sprintf("%s%d ", e.Label, e.Turn)
		}
	}
	equal(t, "turns", got, "a1 b1 c1 d2 e3 ")
}

func TestReadyCallbacksGoBeforeTimersThatAreDue(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			loop.AfterFunc(0, log.note("timer"))
			loop.Post(log.note("posted"))
		})
		log.want(t, "posted timer")
	})
}

// A callback that posts itself for ever keeps time from moving, but not the
// timers that are due already: each turn ends with them.
func TestSelfPostingDoesNotStarveDueTimers(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		turns, stop := 0, false
		var again func()
		again = func() {
			if turns++; !stop && turns < 100 {
				loop.Post(again)
			}
		}
		onLoop(t, loop, func() {
			loop.Post(again)
			loop.AfterFunc(0, func() { stop = true })
		})
		equal(t, "turns before the timer was served", turns, 2)
	})
}

func TestNowStartsInTheYear2000(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	equal(t, "Now", loop.Now().Format(time.RFC3339Nano), "2000-01-01T00:00:00Z")
	equal(t, "location", loop.Now().Location(), time.UTC)
	equal(t, "Elapsed", loop.Elapsed(), 0)
	equal(t, "Mode", loop.Mode(), fakeloop.Virtual)
}

func TestNowInACallback(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	start := loop.Now()
	var log journal
	see := func(name string) func() {
		return func() { log.add("%s@%v", name, loop.Now().Sub(start)) }
	}
	loop.AfterFunc(3*time.Second, func() {
		see("a")()
		loop.Post(see("b"))
		loop.AfterFunc(-time.Second, see("late")) // due in the past: sees the later of the two
		loop.AfterFunc(time.Second, see("c"))
	})
	mustAdvance(t, loop, 10*time.Second)
	log.want(t, "a@3s b@3s late@3s c@4s")
	equal(t, "Elapsed", loop.Elapsed(), 10*time.Second)
}

func TestNowStandsStillInACallback(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			before := loop.Now()
			if mode == fakeloop.Wall {
				time.Sleep(time.Second)
			}
			equal(t, "Now after a second of work", loop.Now(), before)
		})
	})
}

func TestWallTimePassesBetweenCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		equal(t, "Mode", loop.Mode(), fakeloop.Wall)
		time.Sleep(time.Minute)
		equal(t, "Elapsed", loop.Elapsed(), time.Minute)
		equal(t, "Now", loop.Now().Equal(time.Now()), true)
		mustClose(t, loop)
		time.Sleep(time.Minute)
		equal(t, "Elapsed of a closed loop", loop.Elapsed(), time.Minute)
	})
}

func TestPostWakesASleepingLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		for range 3 { // a token left over must not be all that wakes it
			loop.AfterFunc(time.Hour, func() {})
			synctest.Wait()
			ran := false
			loop.Post(func() { ran = true })
			synctest.Wait()
			equal(t, "callback ran while the clock stood", ran, true)
		}
	})
}

func TestAnEarlierTimerShortensTheSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		var log journal
		loop.AfterFunc(time.Hour, log.note("late"))
		synctest.Wait()
		loop.AfterFunc(time.Minute, func() { log.add("early@%v", loop.Elapsed()) })
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		log.want(t, "early@1m0s late")
	})
}

func TestFloodFromManyGoroutinesLosesNothing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		const posters, each = 8, 500
		last := make([]int, posters)
		ran := 0
		var posting sync.WaitGroup
		for p := range posters {
			posting.Go(func() {
				for i := range each {
					err := loop.PostFrom(fmt.Sprint("poster ", p), func() {
						ran++
						if last[p]++; last[p] != i+1 {
							t.Errorf("poster %d: callback %d ran as number %d", p, i+1, last[p])
						}
					})
					if err != nil {
						t.Errorf("PostFrom: %v", err)
					}
				}
			})
		}
		posting.Wait()
		mustIdle(t, loop)
		equal(t, "callbacks", ran, posters*each)
	})
}

// An origin's n-th callback has one identity, whoever else posts, and whatever
// runs meanwhile.
func TestPostFromIdentities(t *testing.T) {
	ids := func(others int) map[string][]timeline.ID {
		loop := newLoop(t, fakeloop.Config{})
		for i := range 6 {
			for range others {
				loop.Post(func() {})
				_ = loop.PostFrom("other", func() {})
			}
			_ = loop.PostFrom([]string{"a", "b"}[i%2], func() {})
		}
		mustIdle(t, loop)
		out := map[string][]timeline.ID{}
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Fired && (e.Label == "a" || e.Label == "b") {
				out[e.Label] = append(out[e.Label], e.ID)
			}
		}
		return out
	}
	alone, crowded := ids(0), ids(3)
	for _, origin := range []string{"a", "b"} {
		if len(alone[origin]) != 3 || !slices.Equal(alone[origin], crowded[origin]) {
			t.Errorf("callbacks of %s: %v alone, %v in a crowd", origin, alone[origin], crowded[origin])
		}
	}
	if slices.Equal(alone["a"], alone["b"]) {
		t.Error("two origins share identities")
	}
}

func TestPostFromIsCausedByItsOrigin(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	_ = loop.PostFrom("a", func() {})
	_ = loop.PostFrom("a", func() {})
	_ = loop.PostFrom("b", func() {})
	events := loop.Timeline().Events()
	equal(t, "label", events[0].Label, "a")
	equal(t, "cause of the second", events[1].Cause, events[0].Cause)
	if events[2].Cause == events[0].Cause || events[0].Cause == timeline.Driver {
		t.Errorf("causes %v, %v: want one for each origin, none the driver", events[0].Cause, events[2].Cause)
	}
}

func TestLabels(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	named := loop.Named("refresh")
	named.Post(func() {})
	timer := named.AfterFunc(time.Second, func() {})
	timer.Reset(time.Minute)
	timer.Stop()
	loop.Post(func() {})
	for i, e := range loop.Timeline().All() {
		want := "refresh"
		if i == 5 {
			want = ""
		}
		if e.Label != want {
			t.Errorf("event %d has label %q, want %q: %v", i, e.Label, want, e)
		}
	}
	equal(t, "events", loop.Timeline().Len(), 6)
}

// Everything that is made has an identity of its own, in particular what a
// coroutine makes and the handlers of that coroutine's future.
func TestIdentitiesAreUnique(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	busy := func(co *fakeloop.Coroutine) (int, error) {
		for range 5 {
			loop.Post(func() { loop.Post(func() {}) })
			loop.AfterFunc(0, func() { loop.AfterFunc(0, func() {}) }).Reset(time.Second)
			_ = co.Sleep(time.Millisecond)
			_ = loop.Outside("work").Return(func() { loop.Post(func() {}) })
		}
		return 0, nil
	}
	for range 3 {
		f := fakeloop.Async(loop, "busy", busy)
		for range 5 {
			f.OnSettled(func(int, error) { loop.Post(func() {}) })
			fakeloop.Then(f, func(int) (int, error) { loop.Post(func() {}); return 0, nil })
		}
		_ = loop.PostFrom("origin", func() { loop.Post(func() {}) })
	}
	mustIdle(t, loop)
	seen := map[timeline.ID]timeline.Event{}
	for _, e := range loop.Timeline().All() {
		switch e.Kind {
		case timeline.Posted, timeline.Armed, timeline.Promised, timeline.Left:
			if o, ok := seen[e.ID]; ok {
				t.Fatalf("one identity for two things:\n%v\n%v", o, e)
			}
			seen[e.ID] = e
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d things were made", len(seen))
	}
}

// What begins was announced under the same identity, and says the same cause.
func TestFiredWasPostedOrArmed(t *testing.T) {
	made := map[timeline.ID]timeline.Event{}
	for _, e := range scenario(3).All() {
		switch e.Kind {
		case timeline.Posted, timeline.Armed:
			made[e.ID] = e
		case timeline.Fired:
			m, ok := made[e.ID]
			if !ok || m.Cause != e.Cause || m.Label != e.Label {
				t.Fatalf("%v\nwas announced as\n%v", e, m)
			}
			if m.Kind == timeline.Armed && e.At < m.Due {
				t.Fatalf("fired before it was due:\n%v\n%v", m, e)
			}
			delete(made, e.ID)
		}
	}
}

func TestTimelineIsASnapshot(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	loop.Post(func() {})
	before := loop.Timeline()
	mustIdle(t, loop)
	equal(t, "events of the snapshot", before.Len(), 1)
	equal(t, "events of the run", loop.Timeline().Len(), 2)
}

func TestModeString(t *testing.T) {
	for mode, want := range map[fakeloop.Mode]string{fakeloop.Virtual: "virtual", fakeloop.Wall: "wall", 9: "Mode(9)"} {
		equal(t, "String", mode.String(), want)
	}
}

func TestLoopMisuse(t *testing.T) {
	wantPanic(t, "fakeloop: New: no such mode: Mode(3); use Virtual, Bubble or Wall", func() { fakeloop.New(fakeloop.Config{Mode: 3}) })
	wantPanic(t, "fakeloop: New: Limit (-1), Guard (0s) and Horizon (0s) must not be negative; zero means the default", func() { fakeloop.New(fakeloop.Config{Limit: -1}) })
	wantPanic(t, "fakeloop: New: Limit (0), Guard (-1ns) and Horizon (0s) must not be negative; zero means the default", func() { fakeloop.New(fakeloop.Config{Guard: -1}) })
	wantPanic(t, "fakeloop: New: Limit (0), Guard (0s) and Horizon (-1ns) must not be negative; zero means the default", func() { fakeloop.New(fakeloop.Config{Horizon: -1}) })
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		wantPanic(t, "fakeloop: Post with a nil function", func() { loop.Post(nil) })
		wantPanic(t, "fakeloop: Post with a nil function", func() { loop.Named("x").Post(nil) })
		wantPanic(t, "fakeloop: PostFrom with a nil function", func() { _ = loop.PostFrom("a", nil) })
		wantPanic(t, "fakeloop: PostFrom without an origin; give the posting goroutine a name, the same in every run", func() { _ = loop.PostFrom("", func() {}) })
		wantPanic(t, "fakeloop: AfterFunc with a nil function", func() { loop.AfterFunc(0, nil) })
		mustIdle(t, loop)
		equal(t, "events", loop.Timeline().Len(), 0)
	})
}

// The zero value of the limits is a default, not a limit of zero.
func TestDefaults(t *testing.T) {
	equal(t, "DefaultLimit", fakeloop.DefaultLimit, 1_000_000)
	equal(t, "DefaultGuard", fakeloop.DefaultGuard, 30*time.Second)
	loop := newLoop(t, fakeloop.Config{})
	n, most := 0, fakeloop.DefaultLimit
	if scale(t) < 1 {
		most = fakeloop.DefaultLimit / 20
	}
	var again func()
	again = func() {
		if n++; n != most || most == fakeloop.DefaultLimit {
			loop.Post(again)
		}
	}
	loop.Post(again)
	err := loop.RunUntilIdle()
	equal(t, "callbacks", n, most)
	if most == fakeloop.DefaultLimit {
		equal(t, "callbacks of the LimitError", as[*fakeloop.LimitError](t, err).Callbacks, most)
	}
}

// Loops do not share anything.
func TestLoopsAreIndependent(t *testing.T) {
	a, b := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	ran := false
	b.AfterFunc(time.Second, func() { ran = true })
	a.Post(func() { mustAdvance(t, b, time.Minute) }) // one loop may drive another
	mustIdle(t, a)
	equal(t, "callback of the other loop ran", ran, true)
	equal(t, "time of the first", a.Elapsed(), 0)
	equal(t, "time of the second", b.Elapsed(), time.Minute)
}

func TestVirtualTimeAtItsEnd(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	mustAdvance(t, loop, math.MaxInt64)
	mustAdvance(t, loop, math.MaxInt64)
	if loop.Elapsed() < 290*365*24*time.Hour {
		t.Errorf("time has only moved to %v", loop.Elapsed())
	}
	// At the end of time a callback that is due at once still runs; what is
	// to come later never does.
	var log journal
	loop.AfterFunc(0, log.note("now"))
	loop.AfterFunc(-1, log.note("past"))
	loop.AfterFunc(1, log.note("never"))
	mustIdle(t, loop)
	log.want(t, "past now")
}
