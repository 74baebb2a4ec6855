package fakeloop_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// The tests of futures and chains follow research on nine conformance suites;
// the clauses are Promises/A+'s.

// threeCases runs a test with a future settled before, right after, and later
// than the handlers are registered (Promises/A+'s testThreeCases), in both
// modes. The test registers in register and checks in check.
func threeCases[T any](t *testing.T, settle func(p *fakeloop.Promise[T]), register func(loop *fakeloop.Loop, f *fakeloop.Future[T]), check func(t *testing.T, when string)) {
	t.Helper()
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, when := range []string{"already settled", "settled at once", "settled later"} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			onLoop(t, loop, func() {
				p := fakeloop.NewPromise[T](loop, "p")
				if when == "already settled" {
					settle(p)
				}
				register(loop, p.Future())
				switch when {
				case "settled at once":
					settle(p)
				case "settled later":
					loop.AfterFunc(1, func() { settle(p) })
				}
			})
			check(t, when)
		}
	})
}

func TestPendingFuture(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := fakeloop.NewPromise[int](loop, "p").Future()
	f.OnSettled(func(int, error) { t.Error("a handler of a pending future ran") })
	mustIdle(t, loop)
	equal(t, "Settled", f.Settled(), false)
	v, err, settled := f.Result()
	equal(t, "Result", fmt.Sprint(v, err, settled), "0 <nil> false")
	a, err, settled := f.Outcome()
	equal(t, "Outcome", fmt.Sprint(a, err, settled), "<nil> <nil> false")
	equal(t, "Loop", f.Loop(), loop)
	wantText(t, "String", f, `future "p" (#), pending`)
}

func TestResolvedFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[*int](loop, "p")
		value := new(int)
		equal(t, "Resolve", p.Resolve(value), true)
		f := p.Future()
		for range 3 { // the same for every reader, for ever
			v, err := f.Wait()
			equal(t, "value", v, value)
			equal(t, "error", err, nil)
			v, err, settled := f.Result()
			equal(t, "Result", v == value && err == nil && settled, true)
			a, err, settled := f.Outcome()
			equal(t, "Outcome", a == any(value) && err == nil && settled, true)
		}
		wantText(t, "String", f, `future "p" (#), resolved`)
		mustClose(t, loop)
	})
}

func TestRejectedFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		cause := errors.New("cause")
		equal(t, "Reject", p.Reject(cause), true)
		f := p.Future()
		for range 3 {
			v, err := f.Wait()
			equal(t, "value", v, 0)
			equal(t, "error", err, cause)
			v, err, settled := f.Result()
			equal(t, "Result", v == 0 && err == cause && settled, true)
			a, err, settled := f.Outcome()
			equal(t, "Outcome", a == nil && err == cause && settled, true)
		}
		wantText(t, "String", f, `future "p" (#), rejected: cause`)
		mustClose(t, loop)
	})
}

// First wins, the loser is told, on all four paths, and the record has both.
func TestSettleOnce(t *testing.T) {
	e1, e2 := errors.New("e1"), errors.New("e2")
	settle := map[string]func(p *fakeloop.Promise[string]) bool{
		"v1": func(p *fakeloop.Promise[string]) bool { return p.Resolve("v1") },
		"v2": func(p *fakeloop.Promise[string]) bool { return p.Resolve("v2") },
		"e1": func(p *fakeloop.Promise[string]) bool { return p.Reject(e1) },
		"e2": func(p *fakeloop.Promise[string]) bool { return p.Reject(e2) },
	}
	for _, pair := range [][2]string{{"v1", "v2"}, {"v1", "e2"}, {"e1", "v2"}, {"e1", "e2"}, {"v1", "v1"}, {"e1", "e1"}} {
		loop := newLoop(t, fakeloop.Config{})
		p := fakeloop.NewPromise[string](loop, "p")
		var log journal
		p.Future().OnSettled(func(v string, err error) { log.add("%s/%v", v, err) })
		equal(t, "first settle", settle[pair[0]](p), true)
		equal(t, "second settle", settle[pair[1]](p), false)
		mustIdle(t, loop)
		equal(t, "third settle, after the handlers", settle[pair[1]](p), false)
		v, err := p.Future().Wait()
		want := map[string]string{"v1": "v1/<nil>", "e1": "/e1"}[pair[0]]
		equal(t, fmt.Sprint("outcome of ", pair), fmt.Sprintf("%s/%v", v, err), want)
		log.want(t, want)
		refused := ""
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Refused {
				refused += e.Detail + "; "
			}
		}
		once := map[byte]string{'v': "resolved; ", 'e': "rejected: " + pair[1] + "; "}[pair[1][0]]
		equal(t, "losers in the record", refused, once+once)
	}
}

// A zero value is a value, an error is a value where it is the value, and a
// rejection is never a success.
func TestOddOutcomes(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[error](loop, "")
	p.Resolve(nil)
	v, err, settled := p.Future().Outcome()
	equal(t, "nil value", v == nil && err == nil && settled, true)

	q := fakeloop.NewPromise[error](loop, "")
	q.Resolve(fakeloop.ErrClosed)
	value, err := q.Future().Wait()
	equal(t, "an error as value", value, fakeloop.ErrClosed)
	equal(t, "its error", err, nil)

	r := fakeloop.NewPromise[int](loop, "")
	equal(t, "Reject(nil)", r.Reject(nil), true)
	n, err := r.Future().Wait()
	equal(t, "value of a nil rejection", n, 0)
	equal(t, "error of a nil rejection", err, fakeloop.ErrNilRejection)
}

// pointerError is an error whose method does not bear a nil receiver.
type pointerError struct{ text string }

func (e *pointerError) Error() string { return e.text }

// brokenError panics when asked for its text.
type brokenError struct{}

func (brokenError) Error() string { panic("broken Error method") }

// sliceError cannot be compared with ==.
type sliceError []string

func (e sliceError) Error() string { return fmt.Sprint([]string(e)) }

// Errors that misbehave reject all the same: the typed nil above all, which is
// what a function that declares `var err *pointerError` returns.
func TestOddErrorsReject(t *testing.T) {
	var typedNil *pointerError
	for _, odd := range []error{typedNil, brokenError{}, sliceError{"a", "b"}, errors.Join(sliceError{"c"}, brokenError{})} {
		t.Run(fmt.Sprintf("%T", odd), func(t *testing.T) {
			ways := map[string]func(loop *fakeloop.Loop) *fakeloop.Future[int]{
				"Reject": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
					p := fakeloop.NewPromise[int](loop, "")
					p.Reject(odd)
					return p.Future()
				},
				"Then": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
					p := fakeloop.NewPromise[int](loop, "")
					p.Resolve(1)
					return fakeloop.Then(p.Future(), func(int) (int, error) { return 1, odd })
				},
				"Async": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
					return fakeloop.Async(loop, "", func(*fakeloop.Coroutine) (int, error) { return 1, odd })
				},
				"Offload": func(loop *fakeloop.Loop) *fakeloop.Future[int] {
					return fakeloop.Offload(loop, "", failing(odd))
				},
			}
			for name, reject := range ways {
				t.Run(name, func(t *testing.T) {
					loop := newLoop(t, fakeloop.Config{})
					f := fakeloop.Then(reject(loop), func(int) (int, error) { t.Error("taken for a success"); return 0, nil })
					if name == "Then" || name == "Async" || name == "Offload" {
						// what is returned beside an error does not get out
						v, _ := f.Wait()
						equal(t, "value", v, 0)
					}
					_, err := f.Wait()
					if err == nil || fmt.Sprintf("%T %v", err, err) != fmt.Sprintf("%T %v", odd, odd) {
						t.Errorf("got %T %v, want %T %v", err, err, odd, odd)
					}
					_ = f.String()
					mustClose(t, loop)
				})
			}
		})
	}
}

// A function that returns a value and an error has failed; the future has no
// value beside its error.
func TestNeverBothValueAndError(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	both := errors.New("both")
	p := fakeloop.NewPromise[int](loop, "")
	p.Resolve(1)
	futures := map[string]*fakeloop.Future[int]{
		"Then":    fakeloop.Then(p.Future(), func(int) (int, error) { return 7, both }),
		"Async":   fakeloop.Async(loop, "", func(*fakeloop.Coroutine) (int, error) { return 7, both }),
		"Offload": fakeloop.Offload(loop, "", failing(both)),
	}
	for name, f := range futures {
		f.OnSettled(func(v int, err error) { equal(t, name+": value beside an error in a handler", v, 0) })
		v, err := f.Wait()
		equal(t, name+": value beside an error", v, 0)
		equal(t, name+": error", err, both)
		equal(t, name+": Catch", must(fakeloop.Catch(f, func(err error) (int, error) { return 1, nil }).Wait()), 1)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestHandlersRunOnceInOrder(t *testing.T) {
	for _, reject := range []bool{false, true} {
		var log journal
		fn := func(v int, err error) { log.add("same/%d/%v", v, err) }
		threeCases(t, func(p *fakeloop.Promise[int]) {
			if reject {
				p.Reject(errors.New("x"))
			} else {
				p.Resolve(5)
			}
		}, func(loop *fakeloop.Loop, f *fakeloop.Future[int]) {
			f.OnSettled(func(int, error) { log.add("first") })
			f.OnSettled(fn)
			f.OnSettled(fn) // the same function twice runs twice
			f.OnSettled(func(int, error) { log.add("last") })
		}, func(t *testing.T, when string) {
			same := map[bool]string{false: " same/5/<nil>", true: " same/0/x"}[reject]
			log.want(t, "first"+same+same+" last")
		})
	}
}

// Handlers never run inside the call that registers or settles (A+ 2.2.4).
func TestHandlersAreNeverInline(t *testing.T) {
	var log journal
	threeCases(t, func(p *fakeloop.Promise[int]) {
		log.add("settling")
		p.Resolve(1)
		log.add("settled")
	}, func(loop *fakeloop.Loop, f *fakeloop.Future[int]) {
		log.add("registering")
		f.OnSettled(func(int, error) { log.add("handler") })
		fakeloop.Then(f, func(int) (int, error) { log.add("then"); return 0, nil })
		log.add("registered")
		loop.Post(func() { log.add("posted") })
	}, func(t *testing.T, when string) {
		log.want(t, map[string]string{
			"already settled": "settling settled registering registered handler then posted",
			"settled at once": "registering registered settling settled posted handler then",
			"settled later":   "registering registered posted settling settled handler then",
		}[when])
	})
}

// A handler registered in a handler of the same future runs after the current
// one has returned, and after those that are queued already (A+ 2.2.6).
func TestHandlerRegisteredInAHandler(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "")
		onLoop(t, loop, func() {
			p.Future().OnSettled(func(int, error) {
				p.Future().OnSettled(func(int, error) { log.add("late") })
				fakeloop.Then(p.Future(), func(int) (int, error) { log.add("later"); return 0, nil })
				log.add("a")
			})
			p.Future().OnSettled(func(int, error) { log.add("b") })
			p.Resolve(1)
		})
		log.want(t, "a b late later")
	})
}

// No user code is called with a lock held: a handler may do anything.
func TestHandlersMayDoAnything(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p, q := fakeloop.NewPromise[int](loop, ""), fakeloop.NewPromise[int](loop, "")
		ran := false
		p.Future().OnSettled(func(int, error) {
			equal(t, "settling oneself again", p.Resolve(2), false)
			equal(t, "settling another", q.Resolve(3), true)
			v, err, settled := p.Future().Result()
			equal(t, "own outcome", fmt.Sprint(v, err, settled), "1 <nil> true")
			equal(t, "Wait on oneself", must(p.Future().Wait()), 1)
			_ = p.Future().String()
			_ = loop.Pending()
			_ = loop.Timeline().Digest()
			_ = loop.Now()
			equal(t, "unobserved", len(loop.Unobserved()), 0)
		})
		q.Future().OnSettled(func(v int, _ error) { ran = v == 3 })
		p.Resolve(1)
		mustIdle(t, loop)
		equal(t, "the other's handler ran", ran, true)
	})
}

// A panicking observer stops neither its siblings nor the loop, and is told.
func TestAPanickingObserver(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "p")
		p.Future().OnSettled(func(int, error) { panic("boom") })
		p.Future().OnSettled(func(int, error) { log.add("sibling") })
		f := fakeloop.Then(p.Future(), func(int) (int, error) { log.add("then"); return 1, nil })
		loop.Post(func() {
			equal(t, "Resolve", p.Resolve(1), true) // it does not unwind into the settler
			log.add("settler")
		})
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "p" (#) panicked at FILE: boom`)
		log.want(t, "settler sibling then")
		equal(t, "derived", must(f.Wait()), 1)
	})
}

// Handlers run where callbacks run; see TestCallbackFramesAreInTheStack.
func TestHandlersRunOnTheLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "")
	ran := false
	p.Future().OnSettled(func(int, error) { ran = true })
	done := make(chan bool)
	go func() { done <- p.Resolve(1) }() // settled elsewhere, while nobody drives
	equal(t, "Resolve", <-done, true)
	equal(t, "the handler ran elsewhere", ran, false)
	mustIdle(t, loop)
	equal(t, "the handler ran", ran, true)
}

func TestSettleStorm(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		rounds := scaled(t, "rounds of settle and register", 10_000, 200)
		const settlers, registrars = 4, 3
		for range rounds {
			loop := fakeloop.New(fakeloop.Config{Mode: mode})
			p := fakeloop.NewPromise[int](loop, "")
			f := p.Future()
			var wins, winner, calls atomic.Int64
			var shared [settlers]int // written before the settle, read after it
			var storm sync.WaitGroup
			start := make(chan struct{})
			for s := range settlers {
				storm.Go(func() {
					<-start
					spin(rand.IntN(50))
					shared[s] = s + 1
					won := false
					if s%2 == 0 {
						won = p.Resolve(s + 1)
					} else {
						won = p.Reject(fmt.Errorf("%d", s+1))
					}
					if won {
						wins.Add(1)
						winner.Store(int64(s + 1))
					}
				})
			}
			outcome := func(v int, err error) int {
				if err != nil {
					_, _ = fmt.Sscan(err.Error(), &v)
				}
				return v
			}
			for range registrars {
				storm.Go(func() {
					<-start
					spin(rand.IntN(50))
					f.OnSettled(func(v int, err error) {
						calls.Add(1)
						v = outcome(v, err)
						if shared[v-1] != v {
							t.Errorf("a handler does not see what was written before the settle by %d", v)
						}
					})
				})
				storm.Go(func() {
					<-start
					if v, err, settled := f.Result(); settled && outcome(v, err) == 0 {
						t.Error("settled without an outcome")
					}
				})
			}
			close(start)
			storm.Wait()
			mustIdle(t, loop)
			v, err := f.Wait()
			if wins.Load() != 1 || int64(outcome(v, err)) != winner.Load() || calls.Load() != registrars {
				t.Fatalf("%d winners, outcome %d of winner %d, %d of %d handlers ran", wins.Load(), outcome(v, err), winner.Load(), calls.Load(), registrars)
			}
			_ = loop.Close()
		}
	})
}

// spin takes an uncertain while, in which others may run.
func spin(n int) {
	for range n {
		if rand.IntN(8) == 0 {
			runtime.Gosched()
		}
	}
}

func TestUnobserved(t *testing.T) {
	x := errors.New("x")
	cases := map[string]struct {
		make func(loop *fakeloop.Loop)
		want int
	}{
		"rejected":           {func(loop *fakeloop.Loop) { rejected(loop, x) }, 1},
		"resolved":           {func(loop *fakeloop.Loop) { fakeloop.NewPromise[int](loop, "").Resolve(1) }, 0},
		"pending":            {func(loop *fakeloop.Loop) { fakeloop.NewPromise[int](loop, "") }, 0},
		"Result looked":      {func(loop *fakeloop.Loop) { _, _, _ = rejected(loop, x).Result() }, 0},
		"Outcome looked":     {func(loop *fakeloop.Loop) { _, _, _ = rejected(loop, x).Outcome() }, 0},
		"Result, too early":  {func(loop *fakeloop.Loop) { lookEarly(loop, x) }, 1},
		"Settled is no look": {func(loop *fakeloop.Loop) { rejected(loop, x).Settled() }, 1},
		"String is no look":  {func(loop *fakeloop.Loop) { _ = rejected(loop, x).String() }, 1},
		"handler, late":      {func(loop *fakeloop.Loop) { rejected(loop, x).OnSettled(func(int, error) {}) }, 0},
		"handler, early": {func(loop *fakeloop.Loop) {
			p := fakeloop.NewPromise[int](loop, "")
			p.Future().OnSettled(func(int, error) {})
			p.Reject(x)
		}, 0},
		"handled a turn later": {func(loop *fakeloop.Loop) {
			f := rejected(loop, x)
			loop.AfterFunc(1, func() { f.OnSettled(func(int, error) {}) })
		}, 0},
		"the leaf of a chain": {func(loop *fakeloop.Loop) {
			fakeloop.Then(fakeloop.Then(rejected(loop, x), same), same)
		}, 1},
		"a handled chain": {func(loop *fakeloop.Loop) {
			f := rejected(loop, x)
			for range 5 {
				f = fakeloop.Then(f, same)
			}
			fakeloop.Catch(f, func(error) (int, error) { return 0, nil })
		}, 0},
		"two branches": {func(loop *fakeloop.Loop) {
			f := rejected(loop, x)
			fakeloop.Then(f, same)
			fakeloop.Then(f, same)
			fakeloop.Catch(f, func(error) (int, error) { return 0, nil })
		}, 2},
		"Catch that passes on": {func(loop *fakeloop.Loop) {
			fakeloop.Catch(rejected(loop, x), func(err error) (int, error) { return 0, err })
		}, 1},
		"Catch that fails": {func(loop *fakeloop.Loop) {
			fakeloop.Catch(rejected(loop, errors.New("other")), func(err error) (int, error) { return 0, x })
		}, 1},
		"awaited": {func(loop *fakeloop.Loop) {
			f := rejected(loop, x)
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { _, _ = fakeloop.Await(co, f); return 0, nil })
		}, 0},
		"awaited and returned": {func(loop *fakeloop.Loop) {
			f := rejected(loop, x)
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) })
		}, 1},
		"offloaded": {func(loop *fakeloop.Loop) { fakeloop.Offload(loop, "", failing(x)) }, 1},
		"many":      {func(loop *fakeloop.Loop) { rejected(loop, x); rejected(loop, x); rejected(loop, x) }, 3},
		"the middle of many": {func(loop *fakeloop.Loop) {
			fs := []*fakeloop.Future[int]{rejected(loop, x), rejected(loop, x), rejected(loop, x)}
			_, _, _ = fs[1].Result()
		}, 2},
		"the ends of many": {func(loop *fakeloop.Loop) {
			fs := []*fakeloop.Future[int]{rejected(loop, x), rejected(loop, x), rejected(loop, x)}
			_, _, _ = fs[2].Result()
			_, _, _ = fs[0].Result()
			_, _, _ = fs[0].Result()
		}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				onLoop(t, loop, func() { c.make(loop) })
				equal(t, "Unobserved", len(loop.Unobserved()), c.want)
				equal(t, "Unobserved, asked again", len(loop.Unobserved()), c.want)
				err := loop.Close()
				equal(t, "reports of Close", len(joined(err)), c.want)
				for _, e := range joined(err) {
					as[*fakeloop.UnobservedError](t, e)
					sameError(t, "report", e, x)
				}
				equal(t, "Unobserved after Close", len(loop.Unobserved()), 0)
				sameError(t, "second Close", loop.Close(), nil)
			})
		})
	}
}

func rejected(loop *fakeloop.Loop, err error) *fakeloop.Future[int] {
	p := fakeloop.NewPromise[int](loop, "p")
	p.Reject(err)
	return p.Future()
}

func lookEarly(loop *fakeloop.Loop, err error) {
	p := fakeloop.NewPromise[int](loop, "")
	_, _, _ = p.Future().Result()
	p.Reject(err)
}

func same(v int) (int, error) { return v, nil }

// joined returns the members of a joined error, in order, flattened.
func joined(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, joined(e)...)
		}
		return out
	}
	return []error{err}
}

// Looking late, after Close has reported, changes nothing.
func TestLookingAfterClose(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	x := errors.New("x")
	fs := []*fakeloop.Future[int]{rejected(loop, x), rejected(loop, x), rejected(loop, x)}
	equal(t, "reports", len(joined(loop.Close())), 3)
	for _, i := range []int{1, 0, 2} {
		_, err, _ := fs[i].Result()
		equal(t, "error", err, x)
		equal(t, "Unobserved", len(loop.Unobserved()), 0)
	}
	sameError(t, "Close", loop.Close(), nil)
}

func TestUnobservedOrderAndText(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	for i := range 4 {
		f := rejected(loop, fmt.Errorf("e%d", i))
		if i == 2 {
			_, _, _ = f.Result()
		}
	}
	wantErrorText(t, errors.Join(loop.Unobserved()...), `fakeloop: nobody looked at the error of future "p" (#): e0; handle it with Catch, OnSettled or Await
fakeloop: nobody looked at the error of future "p" (#): e1; handle it with Catch, OnSettled or Await
fakeloop: nobody looked at the error of future "p" (#): e3; handle it with Catch, OnSettled or Await`)
	_ = loop.Close()
	n := 0
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Unobserved {
			n++
		}
	}
	equal(t, "reports in the timeline", n, 3)
}

func TestNilHandlers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := rejected(loop, errors.New("x"))
	wantPanic(t, "fakeloop: OnSettled with a nil function", func() { f.OnSettled(nil) })
	wantPanic(t, "fakeloop: Then with a nil function", func() { fakeloop.Then[int, int](f, nil) })
	wantPanic(t, "fakeloop: Catch with a nil function", func() { fakeloop.Catch(f, nil) })
	equal(t, "unobserved", len(loop.Unobserved()), 1)
	equal(t, "pending", len(loop.Pending()), 0)
}

// Any future is an Awaitable, whatever its value.
func TestAwaitable(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[[]string](loop, "list")
	var a fakeloop.Awaitable = p.Future()
	loop.AfterFunc(1, func() { p.Resolve([]string{"x"}) })
	sameError(t, "Await", loop.Await(a), nil)
	v, err, settled := a.Outcome()
	if !slices.Equal(v.([]string), []string{"x"}) || err != nil || !settled {
		t.Errorf("Outcome: %v %v %v", v, err, settled)
	}
	equal(t, "Settled", a.Settled(), true)
	equal(t, "Loop", a.Loop(), loop)
	equal(t, "GomegaString", p.Future().GomegaString(), a.String())
}
