package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func failing(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 7, err }
}

func TestThenMapsTheValue(t *testing.T) {
	var f *fakeloop.Future[string]
	threeCases(t, func(p *fakeloop.Promise[int]) { p.Resolve(20) }, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
		f = fakeloop.Then(fakeloop.Then(g, func(v int) (int, error) { return v + 1, nil }), func(v int) (string, error) { return fmt.Sprint(2 * v), nil })
	}, func(t *testing.T, when string) {
		equal(t, when, must(f.Wait()), "42")
	})
}

// Exactly one arm runs, once; the other side passes through untouched.
func TestArmsOfAChain(t *testing.T) {
	x := errors.New("x")
	for _, reject := range []bool{false, true} {
		var log journal
		var f *fakeloop.Future[int]
		threeCases(t, func(p *fakeloop.Promise[int]) {
			if reject {
				p.Reject(x)
			} else {
				p.Resolve(1)
			}
		}, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
			g = fakeloop.Then(g, func(v int) (int, error) { log.add("then1"); return v + 1, nil })
			g = fakeloop.Catch(g, func(err error) (int, error) { log.add("catch/%v", err); return 10, nil })
			g = fakeloop.Then(g, func(v int) (int, error) { log.add("then2/%d", v); return v + 1, nil })
			f = fakeloop.Catch(g, func(err error) (int, error) { log.add("catch2"); return 0, err })
		}, func(t *testing.T, when string) {
			v, err := f.Wait()
			sameError(t, when, err, nil)
			equal(t, when, v, map[bool]int{false: 3, true: 11}[reject])
			log.want(t, map[bool]string{false: "then1 then2/2", true: "catch/x then2/10"}[reject])
		})
	}
}

// timeoutError has methods of its own, which must keep working.
type timeoutError struct{ op string }

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (e timeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded
}

// An error passes k links as the same value: ==, errors.Is, errors.As, its own
// methods; and it does not grow.
func TestErrorsPassThroughChains(t *testing.T) {
	pointer := &pointerError{"pointer"}
	var typedNil *pointerError
	for _, cause := range []error{
		errors.New("plain"),
		io.EOF,
		pointer,
		typedNil,
		sliceError{"not", "comparable"},
		timeoutError{"read"},
		context.Canceled,
		context.DeadlineExceeded,
		fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF),
		fmt.Errorf("two: %w and %w", fs.ErrNotExist, pointer),
		errors.Join(io.EOF, sliceError{"x"}, fs.ErrExist),
		&net.OpError{Op: "dial", Err: timeoutError{"dial"}},
		fakeloop.ErrClosed,
	} {
		t.Run(fmt.Sprintf("%T", cause), func(t *testing.T) {
			for _, links := range []int{1, 3, 1000} {
				var f *fakeloop.Future[int]
				threeCases(t, func(p *fakeloop.Promise[int]) { p.Reject(cause) }, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
					for range links {
						g = fakeloop.Then(g, func(int) (int, error) { t.Error("a handler ran on an error"); return 0, nil })
					}
					f = fakeloop.Catch(g, func(err error) (int, error) { return 0, err })
				}, func(t *testing.T, when string) {
					_, err := f.Wait()
					if reflect.TypeOf(cause).Comparable() {
						equal(t, when, err, cause)
					} else if !reflect.DeepEqual(err, cause) {
						t.Errorf("%s: got %#v, want %#v", when, err, cause)
					}
				})
			}
		})
	}
}

func TestEveryMemberOfAJoinedErrorIsReachable(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	pointer := &pointerError{"pointer"}
	joinedError := errors.Join(io.EOF, fmt.Errorf("deep: %w", errors.Join(pointer, timeoutError{})), sliceError{"x"})
	f := rejected(loop, joinedError)
	for range 1000 {
		f = fakeloop.Then(f, same)
	}
	_, err := f.Wait()
	sameError(t, "joined", err, io.EOF)
	sameError(t, "its own Is", err, os.ErrDeadlineExceeded)
	equal(t, "errors.As", as[*pointerError](t, err), pointer)
	equal(t, "uncomparable member", len(as[sliceError](t, err)), 1)
	var timeout interface{ Timeout() bool }
	equal(t, "its own methods", errors.As(err, &timeout) && timeout.Timeout(), true)
}

// Two consumers get the same error; neither sees what the other made of it.
func TestBranchesAreIndependent(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	x := errors.New("x")
	f := rejected(loop, x)
	wrapped := fakeloop.Catch(f, func(err error) (int, error) { return 0, fmt.Errorf("a: %w", err) })
	recovered := fakeloop.Catch(f, func(error) (int, error) { return 5, nil })
	plain := fakeloop.Then(f, same)
	_, err := wrapped.Wait()
	wantErrorText(t, err, "a: x")
	equal(t, "recovered", must(recovered.Wait()), 5)
	_, err = plain.Wait()
	equal(t, "passed on", err, x)
	_, err = f.Wait()
	equal(t, "source", err, x)
}

func TestHandlerErrors(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	x, y := errors.New("x"), errors.New("y")
	p := fakeloop.NewPromise[int](loop, "")
	p.Resolve(1)
	_, err := fakeloop.Then(p.Future(), func(int) (int, error) { return 0, x }).Wait()
	equal(t, "Then", err, x)
	_, err = fakeloop.Catch(rejected(loop, x), func(error) (int, error) { return 0, y }).Wait()
	equal(t, "Catch", err, y)
	equal(t, "source of Then", must(p.Future().Wait()), 1) // one way
}

// A panic of a handler rejects the derived future, in Then and in Catch, keeps
// the value and the place, and is no error of the loop.
func TestHandlerPanics(t *testing.T) {
	values := map[string]any{
		"error":  io.ErrUnexpectedEOF,
		"string": "text",
		"int":    42,
		"nil":    nil,
	}
	for name, value := range values {
		for _, catch := range []bool{false, true} {
			var f *fakeloop.Future[int]
			var sibling *fakeloop.Future[int]
			threeCases(t, func(p *fakeloop.Promise[int]) {
				if catch {
					p.Reject(errors.New("x"))
				} else {
					p.Resolve(1)
				}
			}, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
				if catch {
					f = fakeloop.Catch(g, func(error) (int, error) { panic(value) })
				} else {
					f = fakeloop.Then(g, func(int) (int, error) { panic(value) })
				}
				sibling = fakeloop.Catch(g, func(error) (int, error) { return 1, nil })
			}, func(t *testing.T, when string) {
				_, err := f.Wait()
				e := as[*fakeloop.PanicError](t, err)
				what := map[bool]string{false: "handler of Then", true: "handler of Catch"}[catch]
				cause := fmt.Sprint(value)
				if name == "nil" {
					cause = new(runtime.PanicNilError).Error()
					as[*runtime.PanicNilError](t, err)
				} else {
					equal(t, "Value", e.Value, value)
				}
				wantErrorText(t, err, fmt.Sprintf("fakeloop: %s panicked at FILE: %s", what, cause))
				if name == "error" {
					sameError(t, "errors.Is", err, io.ErrUnexpectedEOF)
				}
				equal(t, "sibling", must(sibling.Wait()), 1)
			})
		}
	}
}

func TestGoexitInAHandlerRejects(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "")
		p.Resolve(1)
		f := fakeloop.Then(p.Future(), func(int) (int, error) { runtime.Goexit(); return 1, nil })
		g := fakeloop.Catch(f, func(err error) (int, error) { return 2, err })
		equal(t, "Wait ended with", ending(func() { _, _ = g.Wait() }), "goexit")
		_, err := g.Wait()
		equal(t, "error", err, fakeloop.ErrGoexit)
	})
}

// Derived futures are settled by their handlers only, which have the type for
// it; there is no promise to get at.
func TestDerivedFuturesAreIndependentOfTheirOrigin(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "")
	a, b := fakeloop.Then(p.Future(), same), fakeloop.Then(p.Future(), func(int) (int, error) { return 0, io.EOF })
	p.Resolve(4)
	equal(t, "a", must(a.Wait()), 4)
	_, err := b.Wait()
	equal(t, "b", err, io.EOF)
	equal(t, "p", must(p.Future().Wait()), 4)
}

// A chain of many links, fulfilled or rejected, built before or after the settle, takes
// neither stack nor more than linear time.
func TestDeepChains(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 10))
	most := scaled(t, "links", 100_000, many)
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, early := range []bool{false, true} {
			for _, reject := range []bool{false, true} {
				links := most
				if early != reject { // the length is the same to all four
					links = 5_000
				}
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				p := fakeloop.NewPromise[int](loop, "")
				settle := func() {
					if reject {
						p.Reject(io.EOF)
					} else {
						p.Resolve(0)
					}
				}
				if early {
					settle()
				}
				f := p.Future()
				for range links {
					f = fakeloop.Then(f, func(v int) (int, error) { return v + 1, nil })
				}
				if !early {
					settle()
				}
				v, err := f.Wait()
				if reject {
					equal(t, "error", err, io.EOF)
				} else {
					equal(t, "value", v, links)
				}
				mustClose(t, loop)
			}
		}
	})
}

// One future may have very many handlers.
func TestWideFanOut(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "")
	var got []int
	for i := range 100_000 {
		p.Future().OnSettled(func(int, error) { got = append(got, i) })
	}
	p.Resolve(1)
	mustIdle(t, loop)
	if len(got) != 100_000 || !slices.IsSorted(got) {
		t.Errorf("%d handlers ran, in order: %v", len(got), slices.IsSorted(got))
	}
}

// Chains of resolved futures do not starve timers that are due.
func TestChainsDoNotStarveTimers(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 1000})
	stop := false
	var again func(int, error)
	again = func(int, error) {
		if !stop {
			p := fakeloop.NewPromise[int](loop, "")
			p.Resolve(1)
			p.Future().OnSettled(again)
		}
	}
	loop.AfterFunc(0, func() { stop = true })
	again(0, nil)
	mustIdle(t, loop)
}

func TestChainsOnAClosedLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "")
	p.Resolve(1)
	mustClose(t, loop)
	const made = "fakeloop: a future was made on a closed loop: its handlers would never run"
	wantPanic(t, made, func() { fakeloop.Then(p.Future(), same) })
	wantPanic(t, made, func() { fakeloop.Catch(p.Future(), func(err error) (int, error) { return 0, err }) })
	wantPanic(t, "fakeloop: a handler was registered on a closed loop: it would never run; Result tells the outcome", func() { p.Future().OnSettled(func(int, error) {}) })
	equal(t, "value", must(p.Future().Wait()), 1)
}

// The labels of derived futures say what they are.
func TestDerivedLabels(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := fakeloop.NewPromise[int](loop, "p").Future()
	fakeloop.Catch(fakeloop.Then(f, same), func(err error) (int, error) { return 0, err })
	equal(t, "Pending", masked(pendingText(loop)), `future "p" (#), pending
future "then" (#), pending, waits for future "p" (#)
future "catch" (#), pending, waits for future "then" (#)`)
}
