package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// reporting returns a loop whose hooks write "lost/error" and "found/error".
func reporting(t *testing.T, mode fakeloop.Mode, log *journal) *fakeloop.Loop {
	return newLoop(t, fakeloop.Config{
		Mode:         mode,
		OnUnobserved: func(e *fakeloop.UnobservedError) { log.add("lost/%v", e.Err) },
		OnObserved:   func(e *fakeloop.UnobservedError) { log.add("found/%v", e.Err) },
	})
}

// Who looks by the time the loop comes to rest at that instant is in time (the negative
// cases of WPT's promise-rejection-events); who comes later is told of too, once.
func TestReportsOfTheUnobserved(t *testing.T) {
	handler := func(int, error) {}
	for _, c := range []struct {
		name string
		body func(loop *fakeloop.Loop)
		want string // what was told while the loop ran
		rest int    // what is left for Close to tell
	}{
		{"nobody", func(loop *fakeloop.Loop) { rejected(loop, io.EOF) }, "lost/EOF", 1},
		{"a value", func(loop *fakeloop.Loop) { fakeloop.Resolved(loop, 1) }, "", 0},
		{"pending", func(loop *fakeloop.Loop) { fakeloop.NewPromise[int](loop, "") }, "", 0},
		{"cancelled", func(loop *fakeloop.Loop) { fakeloop.NewPromise[int](loop, "").Future().Cancel(nil) }, "", 0},
		{"in the same callback", func(loop *fakeloop.Loop) { rejected(loop, io.EOF).OnSettled(handler) }, "", 0},
		{"in the next turn", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.Post(func() { f.OnSettled(handler) })
		}, "", 0},
		{"ten turns later", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			left := 10
			var next func()
			next = func() {
				if left--; left > 0 {
					loop.Post(next)
				} else {
					_, _, _ = f.Result()
				}
			}
			next()
		}, "", 0},
		{"by a timer of that instant", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.AfterFunc(0, func() { f.OnSettled(handler) })
		}, "", 0},
		{"by a coroutine", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
				_ = co.Yield()
				_, _ = fakeloop.Await(co, f)
				return 0, nil
			})
		}, "", 0},
		{"an instant later", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.AfterFunc(1, func() { f.OnSettled(handler); f.OnSettled(handler) })
		}, "lost/EOF found/EOF", 0},
		{"later, by a look", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.AfterFunc(1, func() { _, _, _ = f.Result(); _, _, _ = f.Result() })
		}, "lost/EOF found/EOF", 0},
		{"later, by a combinator", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.AfterFunc(1, func() { fakeloop.AllSettled(loop, f) })
		}, "lost/EOF found/EOF", 0},
		{"made quiet", func(loop *fakeloop.Loop) { rejected(loop, io.EOF).Quiet() }, "", 0},
		{"quiet before", func(loop *fakeloop.Loop) {
			p := fakeloop.NewPromise[int](loop, "")
			p.Future().Quiet()
			p.Reject(io.EOF)
		}, "", 0},
		{"made quiet later", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			loop.AfterFunc(1, func() { f.Quiet() })
		}, "lost/EOF found/EOF", 0},
		{"quiet and derived", func(loop *fakeloop.Loop) { fakeloop.Then(rejected(loop, io.EOF).Quiet(), same) }, "lost/EOF", 1},
		{"a handled chain", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			for range 100 {
				f = fakeloop.Finally(fakeloop.Then(f, same), func() error { return nil })
			}
			fakeloop.Catch(f, func(error) (int, error) { return 0, nil })
		}, "", 0},
		{"a chain that is not", func(loop *fakeloop.Loop) { fakeloop.Then(fakeloop.Then(rejected(loop, io.EOF), same), same) }, "lost/EOF", 1},
		{"three branches", func(loop *fakeloop.Loop) {
			f := rejected(loop, io.EOF)
			for range 3 {
				fakeloop.Then(f, same)
			}
		}, "lost/EOF lost/EOF lost/EOF", 3},
		{"made in a Catch", func(loop *fakeloop.Loop) {
			fakeloop.Catch(rejected(loop, io.EOF), func(error) (int, error) { return 0, io.ErrNoProgress })
		}, "lost/multiple Read calls return no data or error", 1},
		{"members of what is handled", func(loop *fakeloop.Loop) {
			fakeloop.All(loop, rejected(loop, io.EOF), fakeloop.Resolved(loop, 1)).OnSettled(func([]int, error) {})
			fakeloop.AllSettled(loop, rejected(loop, io.EOF), rejected(loop, io.EOF))
			fakeloop.Any(loop, rejected(loop, io.EOF), rejected(loop, io.EOF)).OnSettled(handler)
			fakeloop.Race(loop, rejected(loop, io.EOF), fakeloop.Resolved(loop, 1)).OnSettled(handler)
		}, "", 0},
		{"adopted", func(loop *fakeloop.Loop) {
			fakeloop.ThenFuture(fakeloop.Resolved(loop, 1), func(int) *fakeloop.Future[int] { return rejected(loop, io.EOF) }).OnSettled(handler)
			fakeloop.Shield(rejected(loop, io.EOF)).OnSettled(handler)
			fakeloop.Timeout(rejected(loop, io.EOF), time.Second).OnSettled(handler)
		}, "", 0},
		{"waited for by what is slow", func(loop *fakeloop.Loop) {
			slow := fakeloop.NewPromise[int](loop, "slow")
			all := fakeloop.AllSettled(loop, rejected(loop, io.EOF), slow.Future())
			loop.AfterFunc(time.Second, func() { slow.Resolve(1) })
			all.OnSettled(func([]fakeloop.Outcome[int], error) {})
		}, "", 0},
		{"offloaded", func(loop *fakeloop.Loop) {
			fakeloop.Offload(loop, "", func(context.Context) (int, error) { return 0, io.EOF })
		}, "lost/EOF", 1},
		{"in order", func(loop *fakeloop.Loop) {
			rejected(loop, errors.New("1"))
			rejected(loop, errors.New("2")).OnSettled(handler)
			rejected(loop, errors.New("3"))
			loop.AfterFunc(1, func() { rejected(loop, errors.New("4")) })
		}, "lost/1 lost/3 lost/4", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				var log journal
				loop := reporting(t, mode, &log)
				onLoop(t, loop, func() { c.body(loop) })
				got := fmt.Sprint(log.read())
				want := fmt.Sprint("[", c.want, "]")
				equal(t, "told", got, want)
				equal(t, "Unobserved", len(loop.Unobserved()), c.rest)
				equal(t, "Close", len(joined(loop.Close())), c.rest)
				equal(t, "told once", fmt.Sprint(log.read()), want)
				n := 0
				for _, e := range loop.Timeline().All() {
					if e.Kind == timeline.Unobserved {
						n++
					}
				}
				equal(t, "in the timeline", n >= c.rest, true)
			})
		})
	}
}

// What comes while the loop is closed, and after it last came to rest, is told by Close.
func TestReportsAreFlushed(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var log journal
		loop := reporting(t, mode, &log)
		fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
			_, _ = fakeloop.Await(co, fakeloop.NewPromise[int](loop, "never").Future())
			return 0, errEnough // not because of the end of the loop
		})
		onLoop(t, loop, func() { rejected(loop, io.EOF) })
		log.want(t, "lost/EOF")
		err := loop.Close()
		log.want(t, "lost/enough")
		equal(t, "Close", len(joined(err)), 2)
		equal(t, "Close again", loop.Close(), nil)
	})
	log := new(journal)
	loop := reporting(t, fakeloop.Virtual, log)
	f := rejected(loop, io.EOF)
	sameError(t, "Close", loop.Close(), io.EOF) // nobody drove
	log.want(t, "lost/EOF")
	_, _, _ = f.Result()
	f.Quiet()
	log.want(t, "")
}

// A hook may do anything, and break nothing.
func TestReportHooksThatMisbehave(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var log journal
		var loop *fakeloop.Loop
		var second *fakeloop.Future[int]
		reports := 0
		loop = newLoop(t, fakeloop.Config{
			Mode: mode,
			OnUnobserved: func(e *fakeloop.UnobservedError) {
				log.add("lost/%v", e.Err)
				switch reports++; reports {
				case 1:
					rejected(loop, errEnough)             // reported in its turn
					loop.AfterFunc(1, log.note("timer"))  // uses the loop
					second.OnSettled(func(int, error) {}) // just in time
					equal(t, "Unobserved", lost(loop), "[EOF enough]")
				case 2:
					panic("broken hook")
				}
			},
			OnObserved: func(*fakeloop.UnobservedError) { panic("broken, too") },
		})
		var first *fakeloop.Future[int]
		loop.Post(func() {
			first, second = rejected(loop, io.EOF), rejected(loop, io.ErrUnexpectedEOF)
		})
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "unobserved" (#) panicked at FILE: broken hook`)
		log.want(t, "lost/EOF lost/enough timer")
		_, _, _ = first.Result()
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "observed" (#) panicked at FILE: broken, too`)
		onLoop(t, loop, log.note("on"))
		log.want(t, "on")
		err := loop.Close()
		equal(t, "left", len(joined(err)), 1)
		sameError(t, "left", err, errEnough)
	})
	loop := newLoop(t, fakeloop.Config{OnUnobserved: func(*fakeloop.UnobservedError) { panic("broken") }})
	rejected(loop, io.EOF)
	wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "p" (#): EOF; handle it with Catch, OnSettled or Await
fakeloop: Config.OnUnobserved panicked at FILE: broken`)
}

// Driving calls make reports before they come back, those that stop early excepted.
func TestReportsAndDriving(t *testing.T) {
	var log journal
	loop := reporting(t, fakeloop.Virtual, &log)
	rejected(loop, errors.New("1"))
	equal(t, "Idle", loop.Idle(), false)
	sameError(t, "Settle", loop.Settle(), nil)
	log.want(t, "lost/1")
	equal(t, "Idle", loop.Idle(), true)
	rejected(loop, errors.New("2"))
	loop.AfterFunc(time.Second, log.note("timer"))
	mustAdvance(t, loop, time.Minute)
	log.want(t, "lost/2 timer")
	rejected(loop, errors.New("3"))
	_, err := fakeloop.NewPromise[int](loop, "never").Future().Wait()
	as[*fakeloop.IdleError](t, err)
	log.want(t, "lost/3")
}

// The reports of a run repeat, under every seed.
func TestReportsAreDeterministic(t *testing.T) {
	run := func(seed uint64) timeline.Digest {
		loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(seed), OnUnobserved: func(*fakeloop.UnobservedError) {}, OnObserved: func(*fakeloop.UnobservedError) {}})
		for i := range 5 {
			_ = loop.PostFrom(fmt.Sprint(i), func() {
				f := rejected(loop, errors.New("x"))
				p := fakeloop.NewPromise[int](loop, "late")
				p.Future().Cancel(nil)
				p.Reject(io.EOF)
				p.Reject(io.EOF)
				loop.AfterFunc(1, func() { _, _, _ = f.Result() })
			})
		}
		mustIdle(t, loop)
		ids := map[timeline.ID]bool{}
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Posted {
				equal(t, "identity used before", ids[e.ID], false)
				ids[e.ID] = true
			}
		}
		_ = loop.Close()
		return loop.Timeline().Digest()
	}
	for seed := range uint64(scaled(t, "seeds", 200, 10)) {
		equal(t, "digest", run(seed), run(seed))
	}
}
