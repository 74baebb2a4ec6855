package fakeloop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestEvent(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			e := fakeloop.NewEvent(loop, "e")
			equal(t, "IsSet", e.IsSet(), false)
			before := e.Wait()
			equal(t, "before Set", outcome(before), "pending")
			e.Set()
			e.Set()
			equal(t, "IsSet", e.IsSet(), true)
			equal(t, "after Set", outcome(before), granted)
			equal(t, "while set", outcome(e.Wait()), granted)
			e.Clear()
			equal(t, "IsSet", e.IsSet(), false)
			after := e.Wait()
			equal(t, "after Clear", outcome(after), "pending")
			e.Clear()
			equal(t, "after another Clear", outcome(after), "pending")
			e.Set()
			equal(t, "after another Set", outcome(after), granted)
		})
		mustClose(t, loop)
	})
}

// Set wakes all, in the order in which they came, and those who waited are awake
// even if the event is cleared at once.
func TestEventWakesAll(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		e := fakeloop.NewEvent(loop, "e")
		var log journal
		onLoop(t, loop, func() {
			for i := range 5 {
				f := e.Wait()
				if i == 3 {
					f.Cancel(nil)
					continue
				}
				noted(&log, i, f)
			}
			e.Set()
			e.Clear()
			noted(&log, "late", e.Wait())
			log.add("set")
		})
		log.want(t, "set 0 1 2 4")
		wantText(t, "event", e, `event "e" (#), not set, 1 waiting`)
		mustClose(t, loop)
	})
}

func TestEventTimeout(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		e := fakeloop.NewEvent(loop, "e")
		_, err := fakeloop.Timeout(e.Wait(), time.Second).Wait()
		wantErrorText(t, err, `fakeloop: at 1s future "e wait" (#) had not settled within 1s`)
		wantText(t, "event", e, `event "e" (#), not set, 0 waiting`)
		var f *fakeloop.Future[struct{}]
		onLoop(t, loop, func() {
			loop.AfterFunc(time.Second, e.Set)
			f = fakeloop.Timeout(e.Wait(), 2*time.Second)
		})
		equal(t, "after a timeout", outcome(f), granted)
		equal(t, "time", loop.Elapsed(), 2*time.Second)
		mustClose(t, loop)
	})
}

func TestEventTexts(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	e := fakeloop.NewEvent(loop, "ready")
	wantText(t, "clear", e, `event "ready" (#), not set, 0 waiting`)
	waits := e.Wait()
	wantText(t, "wait", waits, `future "ready wait" (#), pending`)
	equal(t, "GomegaString", masked(e.GomegaString()), `event "ready" (#), not set, 1 waiting`)
	mustClose(t, loop)
	equal(t, "a wait", outcome(waits), "fakeloop: the loop is closed")
	e.Set()
	wantText(t, "set", e, `event "ready" (#), set`)
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { e.Wait() })
}

// Coroutines that wait for each other's events, many times over.
func TestEventPingPong(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(1)})
	events := [2]*fakeloop.Event{fakeloop.NewEvent(loop, "ping"), fakeloop.NewEvent(loop, "pong")}
	var log journal
	var players []*fakeloop.Future[int]
	for i := range 2 {
		players = append(players, fakeloop.Async(loop, fmt.Sprint("player ", i), func(co *fakeloop.Coroutine) (int, error) {
			for n := range 3 {
				if _, err := fakeloop.Await(co, events[i].Wait()); err != nil {
					return n, err
				}
				events[i].Clear()
				log.add("%d", i)
				events[1-i].Set()
			}
			return 3, nil
		}))
	}
	events[0].Set()
	for _, p := range players {
		equal(t, "rounds", must(p.Wait()), 3)
	}
	log.want(t, "0 1 0 1 0 1")
	mustClose(t, loop)
}
