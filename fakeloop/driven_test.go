package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

const unseen = "fakeloop: a driving call has returned this, and nobody has looked at the error: to compare it with nil is no look, to use its text, errors.Is or errors.As is:\n"

// The panics in an error that was dropped are returned by Close, and those of one that was
// looked at are not, however that was done.
func TestPanicsOfADroppedError(t *testing.T) {
	for _, c := range []struct {
		name string
		look func(error)
		lost bool
	}{
		{"dropped", func(error) {}, true},
		{"compared with nil", func(err error) { equal(t, "there is an error", err != nil, true) }, true},
		{"joined, and dropped", func(err error) { _ = errors.Join(err, io.EOF) }, true},
		{"its text", func(err error) { _ = err.Error() }, false},
		{"printed", func(err error) { _ = fmt.Sprintf("%+v", err) }, false},
		{"wrapped", func(err error) { _ = fmt.Errorf("driving: %w", err) }, false},
		{"errors.Is", func(err error) { equal(t, "is it", errors.Is(err, io.EOF), true) }, false},
		{"errors.Is of something else", func(err error) { equal(t, "is it", errors.Is(err, io.ErrNoProgress), false) }, false},
		{"errors.As", func(err error) { as[*fakeloop.PanicError](t, err) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode, TellDropped: true})
				loop.Named("first").Post(func() { panic(io.EOF) })
				loop.Named("second").Post(func() { panic("two") })
				c.look(loop.Settle())
				mustIdle(t, loop)
				err := loop.Close()
				if !c.lost {
					equal(t, "Close", err, nil)
					return
				}
				wantErrorText(t, err, unseen+`fakeloop: callback "first" (#) panicked at FILE: EOF`+"\n"+`fakeloop: callback "second" (#) panicked at FILE: two`)
				equal(t, "it is the same error", errors.Is(err, io.EOF), true)
			})
		})
	}
}

// Without that a panic is returned once, whoever drops it.
func TestPanicsAreReturnedOnce(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		loop.Post(func() { panic(io.EOF) })
		equal(t, "there is an error", loop.Settle() != nil, true)
		equal(t, "Close", loop.Close(), nil)
	})
}

// What nobody looked at comes first, then what no call has returned, each once; what the
// call itself came to is there as well.
func TestSeveralDroppedErrors(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{TellDropped: true})
	for i := range 20 {
		loop.Named("tick").Post(func() { panic(fmt.Sprint("tick ", i)) })
		if err := loop.Settle(); i%5 != 2 {
			as[*fakeloop.PanicError](t, err)
		}
	}
	loop.Named("last").Post(func() { panic("last") })
	dropped := loop.Run() // which nobody stops
	equal(t, "there is an error", dropped == nil, false)
	loop.Named("kept").Post(func() { panic("kept") })
	p := fakeloop.NewPromise[int](loop, "p")
	loop.AfterFunc(time.Second, func() { p.Resolve(1) })
	if err := loop.Await(p.Future()); err != nil {
		t.Fatal(err)
	}
	err := loop.Close()
	var panicked []string
	for line := range strings.Lines(err.Error()) {
		if _, what, found := strings.Cut(line, " panicked at "); found {
			_, what, _ = strings.Cut(what, ": ")
			panicked = append(panicked, strings.TrimSpace(what))
		}
	}
	equal(t, "panics", strings.Join(panicked, ", "), "tick 2, tick 7, tick 12, tick 17, last, kept")
	equal(t, "heads", strings.Count(err.Error(), unseen), 5)
	as[*fakeloop.IdleError](t, err)
	equal(t, "a second Close", loop.Close(), nil)
}
