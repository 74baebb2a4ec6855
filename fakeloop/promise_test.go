package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestPromiseSettle(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p, q := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[int](loop, "q")
		equal(t, "a value", p.Settle(7, nil), nil)
		equal(t, "an error", q.Settle(7, io.EOF), nil)
		equal(t, "value", outcome(p.Future()), "7")
		v, err, _ := q.Future().Result()
		equal(t, "error", v == 0 && err == io.EOF, true)
		for _, late := range []error{nil, io.ErrShortWrite} {
			wantErrorText(t, p.Settle(1, late), `fakeloop: too late to settle future "p" (#), resolved`)
			wantErrorText(t, q.Settle(1, late), `fakeloop: too late to settle future "q" (#), rejected: EOF`)
		}
		as[*fakeloop.SettledError](t, p.Settle(1, nil))
		equal(t, "Resolved", outcome(fakeloop.Resolved(loop, 7)), "7")
		equal(t, "Rejected", must2(fakeloop.Rejected[int](loop, io.EOF).Result()), error(io.EOF))
		equal(t, "Rejected with nil", must2(fakeloop.Rejected[int](loop, nil).Result()), fakeloop.ErrNilRejection)
		mustClose(t, loop)
	})
}

// A settle that loses is told who was first, if the loop remembers sites at that time.
func TestTheFirstSettlerIsNamed(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		equal(t, "pending", p.Future().SettledBy(), "")
		p.Resolve(1)
		equal(t, "without sites", p.Future().SettledBy(), "")
		loop.SetSites(true)
		by := func(f fakeloop.Awaitable, settler interface{ SettledBy() string }, want string) {
			t.Helper()
			mustIdle(t, loop)
			equal(t, "settled", f.Settled(), true)
			equal(t, "settler", masked(settler.SettledBy()), want)
		}
		q := fakeloop.NewPromise[int](loop, "q")
		onLoop(t, loop, func() { loop.Named("timer").AfterFunc(time.Second, func() { q.Resolve(1) }) })
		by(q.Future(), q.Future(), `callback "timer" (#) at 1s in FILE`)
		wantErrorText(t, q.Settle(2, nil), `fakeloop: too late to settle future "q" (#), made at FILE, resolved; callback "timer" (#) at 1s in FILE was first`)
		then := fakeloop.Then(q.Future(), same)
		by(then, then, `callback "q" (#) at 1s`)
		r := fakeloop.NewPromise[int](loop, "r")
		fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { r.Resolve(1); return 0, nil })
		by(r.Future(), r.Future(), `coroutine "co" (#) at 1s in FILE`)
		s := fakeloop.NewPromise[int](loop, "s")
		s.Future().Cancel(nil)
		by(s.Future(), s.Future(), `the driver, or a goroutine beside the loop, at 1s in FILE`)
		mustClose(t, loop)
	})
}

// Sites may be switched on and off at any time, by anybody.
func TestSwitchingSites(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				for n := range scaled(t, "switches", 2000, 100) {
					loop.SetSites((i+n)%2 == 0)
					_ = fmt.Sprint(loop.Pending())
				}
			})
		}
		for range scaled(t, "futures", 2000, 100) {
			p := fakeloop.NewPromise[int](loop, "p")
			f := fakeloop.Timeout(fakeloop.Then(p.Future(), same), time.Second)
			loop.Post(func() { p.Resolve(7) })
			equal(t, "value", must(f.Wait()), 7)
			_ = f.SettledBy() + p.Settle(1, nil).Error()
		}
		group.Wait()
		mustClose(t, loop)
	})
}

// The zero values fail loudly, whatever is asked of them.
func TestZeroFutures(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f, p := new(fakeloop.Future[int]), new(fakeloop.Promise[int])
	equal(t, "String", f.String(), "a zero future, which belongs to no loop")
	equal(t, "Loop", f.Loop(), (*fakeloop.Loop)(nil))
	for call, do := range map[string]func(){
		"Settled": func() { f.Settled() }, "Result": func() { f.Result() }, "OnSettled": func() { f.OnSettled(func(int, error) {}) },
		"Wait": func() { f.Wait() }, "WaitContext": func() { f.WaitContext(t.Context()) }, "Cancel": func() { f.Cancel(nil) },
		"Quiet": func() { f.Quiet() }, "SettledBy": func() { f.SettledBy() },
		"Then":        func() { fakeloop.Then(f, same) },
		"Catch":       func() { fakeloop.Catch(f, func(error) (int, error) { return 0, nil }) },
		"Finally":     func() { fakeloop.Finally(f, func() error { return nil }) },
		"Shield":      func() { fakeloop.Shield(f) },
		"Timeout":     func() { fakeloop.Timeout(f, 1) },
		"ThenFuture":  func() { fakeloop.ThenFuture(f, func(int) *fakeloop.Future[int] { return f }) },
		"CatchFuture": func() { fakeloop.CatchFuture(f, func(error) *fakeloop.Future[int] { return f }) },
		"Link":        func() { fakeloop.Link(f, p) },
		"Resolve":     func() { p.Resolve(1) }, "Reject": func() { p.Reject(io.EOF) }, "Settle": func() { _ = p.Settle(1, nil) },
		"Adopt": func() { p.Adopt(f) }, "OnCancel": func() { p.OnCancel(func(error) {}) }, "DecideCancel": func() { p.DecideCancel(func(error) {}) },
	} {
		wantPanic(t, "fakeloop: "+call+" on a zero Future or Promise, which belongs to no loop; NewPromise makes one", do)
	}
	equal(t, "pending", len(loop.Pending()), 0)

	wantPanic(t, "fakeloop: Await on a zero Future or Promise, which belongs to no loop; NewPromise makes one", func() { _ = loop.Await(f) })
	wantPanic(t, "fakeloop: All with a zero Future, which belongs to no loop, the one at index 1; NewPromise makes one", func() {
		fakeloop.All(loop, fakeloop.Resolved(loop, 1), f)
	})
	q := fakeloop.NewPromise[int](loop, "q")
	wantPanic(t, "fakeloop: Link on a zero Future or Promise, which belongs to no loop; NewPromise makes one", func() { fakeloop.Link(q.Future(), p) })
	equal(t, "Adopt of a zero Future", q.Adopt(f), true)
	sameError(t, "which is none", must2(q.Future().Result()), fakeloop.ErrNilFuture)
	_, err := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) }).Wait()
	equal(t, "Await in a coroutine", as[*fakeloop.PanicError](t, err).Value,
		any("fakeloop: Await on a zero Future or Promise, which belongs to no loop; NewPromise makes one"))
}

// So do nil futures and promises.
func TestNilFutures(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var f *fakeloop.Future[int]
	var p *fakeloop.Promise[int]
	q := fakeloop.NewPromise[int](loop, "q")
	for call, do := range map[string]func(){
		"Result": func() { f.Result() }, "OnSettled": func() { f.OnSettled(func(int, error) {}) }, "Wait": func() { f.Wait() },
		"WaitContext": func() { f.WaitContext(t.Context()) }, "Cancel": func() { f.Cancel(nil) }, "Quiet": func() { f.Quiet() },
		"Then":    func() { fakeloop.Then(f, same) },
		"Catch":   func() { fakeloop.Catch(f, func(error) (int, error) { return 0, nil }) },
		"Finally": func() { fakeloop.Finally(f, func() error { return nil }) },
		"Shield":  func() { fakeloop.Shield(f) },
		"Timeout": func() { fakeloop.Timeout(f, 1) },
		"Link":    func() { fakeloop.Link(f, q) },
	} {
		wantPanic(t, "fakeloop: "+call+" on a nil Future", do)
	}
	for call, do := range map[string]func(){
		"Resolve": func() { p.Resolve(1) }, "Reject": func() { p.Reject(io.EOF) }, "Settle": func() { _ = p.Settle(1, nil) },
		"Adopt": func() { p.Adopt(q.Future()) }, "OnCancel": func() { p.OnCancel(func(error) {}) }, "Link": func() { fakeloop.Link(q.Future(), p) },
	} {
		wantPanic(t, "fakeloop: "+call+" on a nil Promise; NewPromise makes one", do)
	}
	wantPanic(t, "fakeloop: Await with a nil future", func() { _ = loop.Await(nil) })
	wantPanic(t, "fakeloop: Await with a nil future", func() { _ = loop.Await(f) })
	wantPanic(t, "fakeloop: AwaitContext with a nil future", func() { _ = loop.AwaitContext(t.Context(), f) })
	wantPanic(t, "fakeloop: Await with a nil Coroutine; outside a coroutine, Wait waits for a future", func() { _, _ = fakeloop.Await(nil, q.Future()) })
}

// A loop that New did not make, and what belongs to none, say so.
func TestNoLoop(t *testing.T) {
	const rest = " with a nil or zero Loop, or on a value that belongs to none; New makes a loop, and what lives on it comes from its methods and from functions that take it"
	for name, loop := range map[string]*fakeloop.Loop{"nil": nil, "zero": new(fakeloop.Loop)} {
		for call, do := range map[string]func(){
			"Post": func() { loop.Post(func() {}) }, "PostFrom": func() { _ = loop.PostFrom("x", func() {}) },
			"AfterFunc": func() { loop.AfterFunc(1, func() {}) }, "Choose": func() { loop.Choose("x", 2) },
			"Outside": func() { loop.Outside("x") }, "Now": func() { loop.Now() }, "Stop": func() { loop.Stop() },
			"NewPromise": func() { fakeloop.NewPromise[int](loop, "p") }, "All": func() { fakeloop.All[int](loop) },
			"Async":    func() { fakeloop.Async(loop, "co", func(*fakeloop.Coroutine) (int, error) { return 0, nil }) },
			"Offload":  func() { fakeloop.Offload(loop, "o", func(context.Context) (int, error) { return 0, nil }) },
			"NewMutex": func() { fakeloop.NewMutex(loop, "m") }, "NewQueue": func() { fakeloop.NewQueue[int](loop, "q", 1) },
			"NewRegistry": func() { fakeloop.NewRegistry[int](loop) }, "NewJournal": func() { fakeloop.NewJournal(loop) },
			"a driving call": func() { _ = loop.RunUntilIdle() },
		} {
			t.Run(name+"/"+call, func(t *testing.T) { wantPanic(t, "fakeloop: "+call+rest, do) })
		}
		wantPanic(t, "fakeloop: a driving call"+rest, func() { _, _ = loop.Step() })
	}
	for call, do := range map[string]func(){
		"Next": func() { new(fakeloop.Completed[int]).Next() }, "Len": func() { new(fakeloop.Completed[int]).Len() },
		"Lock": func() { new(fakeloop.Mutex).Lock() }, "Acquire": func() { new(fakeloop.Semaphore).Acquire() },
		"Get": func() { new(fakeloop.Queue[int]).Get() }, "Emit": func() { new(fakeloop.Registry[int]).Emit("x", 1) },
		"Timer.Stop": func() { new(fakeloop.Timer).Stop() }, "Set": func() { new(fakeloop.Event).Set() },
	} {
		wantPanic(t, "fakeloop: "+call+rest, do)
	}
}

// Who decides about a cancellation: with an outcome of its own, by adopting another, or
// not at all.
func TestDecideCancel(t *testing.T) {
	for _, c := range []struct {
		name   string
		decide func(loop *fakeloop.Loop, p *fakeloop.Promise[int])
		want   string
		ran    string // what the driving call returns
	}{
		{"a value", func(_ *fakeloop.Loop, p *fakeloop.Promise[int]) { p.Resolve(7) }, "7", ""},
		{"an error", func(_ *fakeloop.Loop, p *fakeloop.Promise[int]) { p.Reject(io.EOF) }, "EOF", ""},
		{"another future", func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) {
			q := fakeloop.NewPromise[int](loop, "rollback")
			loop.AfterFunc(time.Second, func() { q.Resolve(8) })
			p.Adopt(q.Future())
		}, "8", ""},
		{"nothing", func(*fakeloop.Loop, *fakeloop.Promise[int]) {}, "fakeloop: cancelled: enough", ""},
		{"a panic", func(*fakeloop.Loop, *fakeloop.Promise[int]) { panic("undecided") }, "fakeloop: cancelled: enough",
			`fakeloop: callback "p" (#) panicked at FILE: undecided`},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				p := fakeloop.NewPromise[int](loop, "p")
				asked := 0
				p.OnCancel(func(error) { t.Error("OnCancel beside DecideCancel") })
				p.DecideCancel(func(cause error) {
					asked++
					equal(t, "cause", cause, errEnough)
					c.decide(loop, p)
				})
				loop.Post(func() {
					equal(t, "Cancel", p.Future().Cancel(errEnough), true)
					equal(t, "before it decides", outcome(p.Future()), "pending")
					equal(t, "Cancel again", p.Future().Cancel(nil), false)
				})
				err := loop.RunUntilIdle()
				if c.ran == "" {
					equal(t, "ran", err, nil)
				} else {
					wantErrorText(t, err, c.ran)
				}
				equal(t, "outcome", outcome(p.Future()), c.want)
				equal(t, "asked", asked, 1)
				mustClose(t, loop)
			})
		})
	}
	loop := newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: DecideCancel with a nil function", func() { fakeloop.NewPromise[int](loop, "").DecideCancel(nil) })
}

// The one that decides is asked also by who gave up further down, and an error that
// comes of it is not lost.
func TestDecideCancelFromBelow(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		p.DecideCancel(func(error) { p.Reject(io.EOF) })
		f := fakeloop.Then(p.Future(), same)
		f.Cancel(errEnough)
		equal(t, "the last", outcome(f), "fakeloop: cancelled: enough")
		mustIdle(t, loop)
		wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "p" (#): EOF; handle it with Catch, OnSettled or Await`)
	})
}

// Goexit in the function that decides settles too, and reaches the driver.
func TestDecideCancelGoexit(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "p")
	p.DecideCancel(func(error) { runtime.Goexit() })
	p.Future().Cancel(nil)
	equal(t, "the driver", ending(func() { _ = loop.RunUntilIdle() }), "goexit")
	equal(t, "outcome", outcome(p.Future()), "fakeloop: cancelled")
	// Closing the loop asks nobody.
	q := fakeloop.NewPromise[int](loop, "q")
	q.DecideCancel(func(error) { t.Error("asked by Close") })
	mustClose(t, loop)
	equal(t, "the loop's end", errors.Is(must2(q.Future().Result()), fakeloop.ErrClosed), true)
}
