package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Finally runs once on either outcome and passes it on; what fails is told, and of two
// failures both, that of the source first.
func TestFinally(t *testing.T) {
	source, own := errors.New("source"), errors.New("own")
	for _, c := range []struct {
		name    string
		err     error
		finally func() error
		want    string
	}{
		{"value, ok", nil, func() error { return nil }, "7 <nil>"},
		{"error, ok", source, func() error { return nil }, "0 source"},
		{"value, fails", nil, func() error { return own }, "0 own"},
		{"error, fails", source, func() error { return own }, "0 source|own"},
		{"value, panics", nil, func() error { panic(own) }, "0 fakeloop: handler of Finally panicked at FILE: own"},
		{"error, panics", source, func() error { panic(own) }, "0 source|fakeloop: handler of Finally panicked at FILE: own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			runs := 0
			var f *fakeloop.Future[int]
			threeCases(t, func(p *fakeloop.Promise[int]) { _ = p.Settle(7, c.err) }, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
				runs = 0
				f = fakeloop.Finally(g, func() error { runs++; return c.finally() })
			}, func(t *testing.T, when string) {
				v, err := f.Wait()
				equal(t, when, strings.ReplaceAll(masked(fmt.Sprint(v, " ", err)), "\n", "|"), c.want)
				equal(t, when+": runs", runs, 1)
				if c.err != nil {
					sameError(t, when+": the source's", err, source)
				}
				if strings.Contains(c.want, "own") {
					sameError(t, when+": its own", err, own)
				} else {
					equal(t, when+": the same value", err, c.err)
				}
			})
		})
	}
}

// A Finally that does not return loses no error either.
func TestFinallyGoexit(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		f := fakeloop.Finally(rejected(loop, io.EOF), func() error { runtime.Goexit(); return nil })
		if how := ending(func() { _ = loop.RunUntilIdle() }); mode == fakeloop.Virtual {
			equal(t, "the driver's end", how, "goexit")
		}
		_, err := f.Wait()
		sameError(t, "the source's", err, io.EOF)
		sameError(t, "its own", err, fakeloop.ErrGoexit)
		mustClose(t, loop)
	})
}

func TestFinallyOfACancelledFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		ran := false
		p := fakeloop.NewPromise[int](loop, "p")
		f := fakeloop.Finally(p.Future(), func() error { ran = true; return nil })
		equal(t, "Cancel", f.Cancel(nil), true)
		equal(t, "the source", outcome(p.Future()), "fakeloop: cancelled")
		mustIdle(t, loop)
		equal(t, "it ran", ran, true)
		mustClose(t, loop)
	})
}
