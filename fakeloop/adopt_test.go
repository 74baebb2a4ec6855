package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// ways are how a future can be settled with another.
var ways = map[string]func(loop *fakeloop.Loop, inner func() *fakeloop.Future[int]) *fakeloop.Future[int]{
	"Adopt": func(loop *fakeloop.Loop, inner func() *fakeloop.Future[int]) *fakeloop.Future[int] {
		p := fakeloop.NewPromise[int](loop, "outer")
		p.Adopt(inner())
		return p.Future()
	},
	"ThenFuture": func(loop *fakeloop.Loop, inner func() *fakeloop.Future[int]) *fakeloop.Future[int] {
		return fakeloop.ThenFuture(fakeloop.Resolved(loop, ""), func(string) *fakeloop.Future[int] { return inner() })
	},
	"CatchFuture": func(loop *fakeloop.Loop, inner func() *fakeloop.Future[int]) *fakeloop.Future[int] {
		return fakeloop.CatchFuture(fakeloop.Rejected[int](loop, io.EOF), func(error) *fakeloop.Future[int] { return inner() })
	},
}

// Outer and inner, each settled already, at once, or later (A+ 2.3.3.3): the outer one
// stays pending until the inner one is settled, and then has its outcome, error or
// value.
func TestAdoption(t *testing.T) {
	cause := errors.New("cause")
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, way := range ways {
			for _, outerWhen := range []time.Duration{-1, 0, 3} {
				for _, innerWhen := range []time.Duration{-1, 0, 5} {
					for _, fail := range []error{nil, cause} {
						what := fmt.Sprint(name, " outer ", outerWhen, " inner ", innerWhen, " ", fail)
						loop := newLoop(t, fakeloop.Config{Mode: mode})
						inner := fakeloop.NewPromise[int](loop, "inner")
						settle := func() { _ = inner.Settle(7, fail) }
						var outer *fakeloop.Future[int]
						var log journal
						onLoop(t, loop, func() {
							inner.Future().OnSettled(func(int, error) { log.add("inner") })
							if innerWhen < 0 {
								settle()
							} else {
								loop.AfterFunc(innerWhen, settle)
							}
							adopt := func() {
								outer = way(loop, inner.Future)
								outer.OnSettled(func(int, error) { log.add("outer") })
							}
							if outerWhen < 0 {
								adopt()
							} else {
								loop.AfterFunc(outerWhen, adopt)
							}
							loop.AfterFunc(4, func() {
								equal(t, what+": pending with the inner one", outer.Settled(), inner.Future().Settled())
							})
						})
						v, err := outer.Wait()
						equal(t, what, fmt.Sprint(v, " ", err == fail), map[bool]string{true: "7 true", false: "0 true"}[fail == nil])
						log.want(t, "inner outer")
						mustClose(t, loop)
					}
				}
			}
		}
	})
}

func TestAdoptionLocksIn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Sites: true})
		inner, outer := fakeloop.NewPromise[int](loop, "inner"), fakeloop.NewPromise[int](loop, "outer")
		equal(t, "Adopt", outer.Adopt(inner.Future()), true)
		equal(t, "Resolve", outer.Resolve(1), false)
		equal(t, "Reject", outer.Reject(io.EOF), false)
		equal(t, "Adopt another", outer.Adopt(fakeloop.Resolved(loop, 2)), false)
		wantErrorText(t, outer.Settle(1, nil), `fakeloop: too late to settle future "outer" (#), made at FILE, pending, waits for future "inner" (#), and adopted another`)
		fakeloop.Link(fakeloop.Resolved(loop, 3), outer)
		equal(t, "outer", outcome(outer.Future()), "pending")
		inner.Resolve(7)
		equal(t, "outer, at the same moment", outcome(outer.Future()), "7")
		equal(t, "Adopt when settled", outer.Adopt(inner.Future()), false)
		mustClose(t, loop)
	})
}

// What waits for itself is told so, and everything that waits for it fails.
func TestAdoptionCycles(t *testing.T) {
	for name, c := range map[string]struct {
		make func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int]
		want string
	}{
		"itself": {func(_ *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] { return p.Future() }, `future "p" (#)`},
		"derived": {func(_ *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			return fakeloop.Then(fakeloop.Finally(p.Future(), func() error { return nil }), same)
		}, `future "then" (#), which waits for future "finally" (#), which waits for future "p" (#)`},
		"adopted": {func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			q := fakeloop.NewPromise[int](loop, "q")
			q.Adopt(p.Future())
			return q.Future()
		}, `future "q" (#), which waits for future "p" (#)`},
		"a race": {func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			return fakeloop.Race(loop, fakeloop.NewPromise[int](loop, "other").Future(), p.Future())
		}, `future "race" (#), which waits for future "p" (#)`},
		"a coroutine": {func(loop *fakeloop.Loop, p *fakeloop.Promise[int]) *fakeloop.Future[int] {
			co := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, p.Future()) })
			_ = loop.Settle()
			return co
		}, `future "co" (#), which waits for future "p" (#)`},
	} {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				p := fakeloop.NewPromise[int](loop, "p")
				waits := c.make(loop, p)
				equal(t, "Adopt", p.Adopt(waits), true)
				_, err := p.Future().Wait()
				equal(t, "links", len(as[*fakeloop.CycleError](t, err).Chain) > 0, true)
				wantErrorText(t, err, "fakeloop: a future cannot have the outcome of one that waits for it: "+c.want+", which was to wait for the first")
				_, err = waits.Wait()
				as[*fakeloop.CycleError](t, err)
				mustClose(t, loop)
			})
		})
	}
}

// A handler that returns what waits for its own future.
func TestAdoptionOfOneself(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		for _, derived := range []bool{false, true} {
			var f *fakeloop.Future[int]
			onLoop(t, loop, func() {
				f = fakeloop.ThenFuture(fakeloop.Resolved(loop, 1), func(int) *fakeloop.Future[int] {
					if derived {
						return fakeloop.Catch(f, func(err error) (int, error) { return 0, nil })
					}
					return f
				})
			})
			_, err := f.Wait()
			as[*fakeloop.CycleError](t, err)
		}
		mustClose(t, loop)
	})
}

func TestAdoptionOfNothing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop, other := newLoop(t, fakeloop.Config{Mode: mode}), newLoop(t, fakeloop.Config{Mode: mode})
		foreign := fakeloop.Resolved(other, 1)
		for name, way := range ways {
			_, err := way(loop, func() *fakeloop.Future[int] { return nil }).Wait()
			equal(t, name+" of nil", err, fakeloop.ErrNilFuture)
			_, err = way(loop, func() *fakeloop.Future[int] { return foreign }).Wait()
			equal(t, name+" of a foreign future", err, fakeloop.ErrForeignLoop)
			if name != "Adopt" {
				_, err = way(loop, func() *fakeloop.Future[int] { panic(io.ErrNoProgress) }).Wait()
				sameError(t, name+" that panics", err, io.ErrNoProgress)
				wantErrorText(t, err, "fakeloop: handler of "+name+" panicked at FILE: multiple Read calls return no data or error")
			}
		}
		mustClose(t, loop)
		mustClose(t, other)
	})
}

// Each passes over the side that is not its own.
func TestAdoptionPassesOver(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		never := func(any) *fakeloop.Future[int] { t.Error("ran"); return nil }
		f := fakeloop.ThenFuture(rejected(loop, io.EOF), func(v int) *fakeloop.Future[int] { return never(v) })
		_, err := f.Wait()
		equal(t, "ThenFuture", err, io.EOF)
		g := fakeloop.CatchFuture(fakeloop.Resolved(loop, 7), func(err error) *fakeloop.Future[int] { return never(err) })
		equal(t, "CatchFuture", must(g.Wait()), 7)
		mustClose(t, loop)
	})
}

// Cancelling the inner one settles the outer one; cancelling the outer one cancels what
// nobody else waits for.
func TestAdoptionAndCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, way := range ways {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			inner := fakeloop.NewPromise[int](loop, "inner").Future()
			outer := way(loop, func() *fakeloop.Future[int] { return inner })
			mustIdle(t, loop)
			inner.Cancel(errEnough)
			equal(t, name+": outer", outcome(outer), "fakeloop: cancelled: enough")

			inner = fakeloop.NewPromise[int](loop, "inner").Future()
			outer = way(loop, func() *fakeloop.Future[int] { return inner })
			mustIdle(t, loop)
			outer.Cancel(errEnough)
			equal(t, name+": inner", outcome(inner), "fakeloop: cancelled: enough")

			shared := fakeloop.NewPromise[int](loop, "inner")
			other := fakeloop.Then(shared.Future(), same)
			outer = way(loop, shared.Future)
			mustIdle(t, loop)
			outer.Cancel(errEnough)
			equal(t, name+": shared", outcome(shared.Future()), "pending")
			shared.Resolve(7)
			equal(t, name+": the other", must(other.Wait()), 7)
			mustClose(t, loop)
		}
	})
}

// What a handler begins for a future that was cancelled meanwhile is cancelled too.
func TestAdoptionComesTooLate(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, when := range []string{"before the handler", "in the handler"} {
			for _, shared := range []bool{false, true} {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				inner := fakeloop.NewPromise[int](loop, "inner")
				var outer *fakeloop.Future[int]
				onLoop(t, loop, func() {
					if shared {
						fakeloop.Then(inner.Future(), same)
					}
					source := fakeloop.NewPromise[int](loop, "source")
					outer = fakeloop.ThenFuture(source.Future(), func(int) *fakeloop.Future[int] {
						if when == "in the handler" {
							outer.Cancel(errEnough)
						}
						return inner.Future()
					})
					source.Resolve(1)
					if when == "before the handler" {
						outer.Cancel(errEnough)
					}
				})
				want := map[bool]string{false: "fakeloop: cancelled: enough", true: "pending"}[shared]
				equal(t, fmt.Sprint(when, ", shared ", shared, ": inner"), outcome(inner.Future()), want)
				equal(t, "lost", lost(loop), "[]")
				_ = loop.Close()
			}
		}
	})
}

func TestAdoptionNested(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var nest func(depth int) *fakeloop.Future[int]
		nest = func(depth int) *fakeloop.Future[int] {
			if depth == 0 {
				p := fakeloop.NewPromise[int](loop, "last")
				loop.AfterFunc(time.Second, func() { p.Resolve(7) })
				return p.Future()
			}
			return fakeloop.ThenFuture(fakeloop.Resolved(loop, depth), func(d int) *fakeloop.Future[int] { return nest(d - 1) })
		}
		equal(t, "value", must(nest(scaled(t, "levels", 20_000, 1000)).Wait()), 7)
		mustClose(t, loop)
	})
}

// Link copies a value, an error and a cancellation, and leaves both sides free.
func TestLink(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		linked := func() (from, to *fakeloop.Promise[int]) {
			from, to = fakeloop.NewPromise[int](loop, "from"), fakeloop.NewPromise[int](loop, "to")
			fakeloop.Link(from.Future(), to)
			return from, to
		}
		from, to := linked()
		from.Resolve(7)
		equal(t, "a value", outcome(to.Future()), "7")
		from, to = linked()
		from.Reject(io.EOF)
		equal(t, "an error", must2(to.Future().Result()), error(io.EOF))
		from, to = linked()
		from.Future().Cancel(errEnough)
		equal(t, "the same error", must2(to.Future().Result()), must2(from.Future().Result()))
		from, to = linked()
		to.Resolve(1)
		from.Resolve(2)
		equal(t, "settled before", outcome(to.Future()), "1")
		from, to = linked()
		to.Future().Cancel(nil)
		equal(t, "the source of a cancelled one", outcome(from.Future()), "pending")
		from.Reject(io.ErrUnexpectedEOF) // which is its own again
		settled := fakeloop.NewPromise[int](loop, "settled")
		settled.Resolve(3)
		fakeloop.Link(fakeloop.Resolved(loop, 4), settled)
		equal(t, "a target that is done", outcome(settled.Future()), "3")
		wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "from" (#): unexpected EOF; handle it with Catch, OnSettled or Await`)
	})
	a, b := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: Link of futures of different loops; hand the outcome over with PostFrom",
		func() { fakeloop.Link(fakeloop.Resolved(a, 1), fakeloop.NewPromise[int](b, "")) })
}
