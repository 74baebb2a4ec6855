package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A coroutine gets the outcomes in the order of the settles, and goes on past errors.
func TestAsCompleted(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		onLoop(t, loop, func() {
			ps, fs := promises(loop)
			fs = append(fs, fakeloop.Resolved(loop, 4), fakeloop.Rejected[int](loop, io.ErrShortWrite))
			loop.AfterFunc(1, func() { ps[1].Reject(io.EOF) })
			loop.AfterFunc(2, func() { ps[0].Resolve(1); ps[2].Future().Cancel(nil) })
			done := fakeloop.AsCompleted(loop, fs...)
			clear(fs) // it has a list of its own
			fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
				for i, o := range done.All(co) {
					log.add("%d/%d/%v/%d@%d", i, o.Value, o.Err != nil, done.Len(), loop.Elapsed())
					if i == 0 {
						equal(t, "Sleep", co.Sleep(time.Second), nil)
					}
				}
				log.add("end")
				return 0, nil
			})
		})
		log.want(t, "3/4/false/4@0 4/0/true/3@0 1/0/true/2@1 0/1/false/1@2 2/0/true/0@1000000002 end")
		mustClose(t, loop)
	})
}

// Whoever asks first is served first, at the moment of the settle.
func TestCompletedNext(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			ps, fs := promises(loop)
			done := fakeloop.AsCompleted(loop, fs...)
			first, second, third := done.Next(), done.Next(), done.Next()
			equal(t, "one too many", text(done.Next()), "{0 {0 <nil>}} fakeloop: all of these futures have been handed out")
			second.Cancel(nil) // gives its place up
			ps[2].Resolve(3)
			equal(t, "the first", text(first), "{2 {3 <nil>}} <nil>")
			equal(t, "the third", text(third), "pending")
			wantText(t, "it waits", third, `future "next completed" (#), pending, waits for future "as completed" (#)`)
			ps[0].Reject(io.EOF)
			equal(t, "the third", text(third), "{0 {0 EOF}} <nil>")
			equal(t, "left", done.Len(), 1)
			ps[1].Resolve(2)
			equal(t, "settled before it is asked for", text(done.Next()), "{1 {2 <nil>}} <nil>")
			equal(t, "left", done.Len(), 0)
			equal(t, "Cancel of what is over", done.Cancel(nil), false)
			sameError(t, "when all is over", must2(done.Next().Result()), fakeloop.ErrExhausted)
			sameError(t, "of nothing", must2(fakeloop.AsCompleted[int](loop).Next().Result()), fakeloop.ErrExhausted)
		})
		mustClose(t, loop)
	})
}

func TestCompletedCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		ps, fs := promises(loop)
		done := fakeloop.AsCompleted(loop, fs...)
		next := done.Next()
		ps[1].Resolve(2)
		equal(t, "handed out", text(next), "{1 {2 <nil>}} <nil>")
		waiting := done.Next()
		equal(t, "Cancel", done.Cancel(errEnough), true)
		equal(t, "Cancel again", done.Cancel(errEnough), false)
		equal(t, "the members", outcome(fs[0])+outcome(fs[2]), "fakeloop: cancelled: enoughfakeloop: cancelled: enough")
		sameError(t, "who waits", must2(waiting.Result()), errEnough)
		sameError(t, "Next", must2(done.Next().Result()), context.Canceled)
		mustClose(t, loop)
	})
}

// Errors that nobody asked for are not lost, neither with the iteration nor with the
// loop.
func TestCompletedLosesNoError(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		const want = `fakeloop: nobody looked at the error of future "a" (#): EOF; handle it with Catch, OnSettled or Await`
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		ps, fs := promises(loop)
		done := fakeloop.AsCompleted(loop, fs...)
		ps[0].Reject(io.EOF)
		equal(t, "lost", lost(loop), "[]")
		done.Cancel(nil)
		equal(t, "lost", lost(loop), "[EOF]")
		wantErrorText(t, loop.Close(), want)

		loop = newLoop(t, fakeloop.Config{Mode: mode})
		ps, fs = promises(loop)
		fakeloop.AsCompleted(loop, fs...)
		ps[0].Reject(io.EOF)
		wantErrorText(t, loop.Close(), want)
	})
}

// The end of the coroutine, or of the loop, is the last thing that an iteration tells.
func TestCompletedInterrupted(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, how := range []string{"cancel", "close"} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			var log journal
			ps, fs := promises(loop)
			ps[0].Resolve(1)
			co := fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
				for i, o := range fakeloop.AsCompleted(loop, fs...).All(co) {
					log.add("%d/%v/%v", i, errors.Is(o.Err, context.Canceled), errors.Is(o.Err, fakeloop.ErrClosed))
				}
				return 0, nil
			})
			mustIdle(t, loop)
			want := "0/false/false -1/true/false"
			if how == "cancel" {
				co.Cancel(nil)
				mustIdle(t, loop)
			} else {
				want = "0/false/false -1/false/true"
			}
			mustClose(t, loop)
			log.want(t, want)
		}
	})
}

func TestCompletedBreak(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ps, fs := promises(loop)
	ps[0].Resolve(1)
	ps[1].Resolve(2)
	done := fakeloop.AsCompleted(loop, fs...)
	f := fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (string, error) {
		out := ""
		for i := range done.All(co) {
			out += fmt.Sprint("first:", i)
			break
		}
		for i := range done.All(co) { // goes on where the other stopped
			out += fmt.Sprint(" second:", i)
			ps[2].Resolve(3)
		}
		return out, nil
	})
	equal(t, "order", must(f.Wait()), "first:0 second:1 second:2")
	mustClose(t, loop)
}
