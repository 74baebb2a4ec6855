package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The typed catches take what matches, at any depth, and pass the rest on unchanged.
func TestTypedCatches(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	for _, c := range []struct {
		name      string
		err       error // nil: resolved with 7
		is, as    bool  // who takes it
		asTimeout bool
	}{
		{"a value", nil, false, false, false},
		{"the sentinel", io.EOF, true, false, false},
		{"wrapped", fmt.Errorf("read: %w", io.EOF), true, false, false},
		{"joined", errors.Join(path, io.EOF), true, true, false},
		{"the type", path, false, true, true},
		{"another", io.ErrUnexpectedEOF, false, false, false},
		{"uncomparable", sliceError{"x"}, false, false, false},
		{"a typed nil", (*pointerError)(nil), false, false, false},
		{"an interface", &net.DNSError{IsTimeout: true}, false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var is, as, timeout *fakeloop.Future[int]
			threeCases(t, func(p *fakeloop.Promise[int]) {
				_ = p.Settle(7, c.err)
			}, func(loop *fakeloop.Loop, f *fakeloop.Future[int]) {
				is = fakeloop.CatchIs(f, io.EOF, func(err error) (int, error) {
					equal(t, "the error", fmt.Sprint(err), fmt.Sprint(c.err))
					return 1, nil
				})
				as = fakeloop.CatchAs(f, func(e *fs.PathError) (int, error) {
					equal(t, "the error", e, path)
					return 2, nil
				})
				timeout = fakeloop.CatchAs(f, func(e interface {
					error
					Timeout() bool
				}) (int, error) {
					return 3, nil
				})
			}, func(t *testing.T, when string) {
				for _, x := range []struct {
					f     *fakeloop.Future[int]
					takes bool
					value int
				}{{is, c.is, 1}, {as, c.as, 2}, {timeout, c.asTimeout || c.name == "joined", 3}} {
					v, err := x.f.Wait()
					switch {
					case c.err == nil:
						equal(t, when, fmt.Sprint(v, err), "7 <nil>")
					case x.takes:
						equal(t, when, fmt.Sprint(v, err), fmt.Sprint(x.value, " <nil>"))
					default:
						equal(t, when+": passed on", v == 0 && fmt.Sprintf("%T %v", err, err) == fmt.Sprintf("%T %v", c.err, c.err), true)
					}
				}
			})
		})
	}
}

// The handler of a typed catch is one like that of Catch.
func TestTypedCatchesFail(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		_, err := fakeloop.CatchIs(rejected(loop, io.EOF), io.EOF, func(error) (int, error) { return 0, fs.ErrClosed }).Wait()
		equal(t, "another error", err, fs.ErrClosed)
		_, err = fakeloop.CatchAs(rejected(loop, &pointerError{"x"}), func(*pointerError) (int, error) { panic(io.ErrShortWrite) }).Wait()
		sameError(t, "a panic", err, io.ErrShortWrite)
		wantErrorText(t, err, `fakeloop: handler of CatchAs panicked at FILE: short write`)
		_, err = fakeloop.CatchIs(rejected(loop, io.EOF), io.EOF, func(error) (int, error) { panic("x") }).Wait()
		wantErrorText(t, err, `fakeloop: handler of CatchIs panicked at FILE: x`)
		// Not even an error whose own method panics gets out.
		_, err = fakeloop.CatchIs(rejected(loop, brokenIs{}), io.EOF, func(error) (int, error) { return 1, nil }).Wait()
		as[*fakeloop.PanicError](t, err)
		mustClose(t, loop)
	})
}

// brokenIs is an error whose Is panics.
type brokenIs struct{}

func (brokenIs) Error() string { return "broken" }
func (brokenIs) Is(error) bool { panic("broken Is") }

func TestTypedCatchesMisused(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := fakeloop.NewPromise[int](loop, "").Future()
	wantPanic(t, "fakeloop: CatchIs with a nil function", func() { fakeloop.CatchIs(f, io.EOF, nil) })
	wantPanic(t, "fakeloop: CatchIs with a nil error, which is found in none; Catch takes every error",
		func() { fakeloop.CatchIs(f, nil, func(error) (int, error) { return 0, nil }) })
	wantPanic(t, "fakeloop: CatchAs with a nil function", func() { fakeloop.CatchAs[*pointerError, int](f, nil) })
	wantPanic(t, "fakeloop: Finally with a nil function", func() { fakeloop.Finally(f, nil) })
	wantPanic(t, "fakeloop: ThenFuture with a nil function", func() { fakeloop.ThenFuture[int, int](f, nil) })
	wantPanic(t, "fakeloop: CatchFuture with a nil function", func() { fakeloop.CatchFuture(f, nil) })
	equal(t, "pending", len(loop.Pending()), 1)
}
