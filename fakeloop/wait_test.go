package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A waiter's own deadline is told as such, with the cause, and leaves the future to the
// others.
func TestWaitContext(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		loop.AfterFunc(time.Minute, func() { p.Resolve(7) })
		ctx, cancel := loop.WithTimeoutCause(context.Background(), time.Second, errEnough)
		defer cancel()
		_, err := p.Future().WaitContext(ctx)
		equal(t, "time", loop.Elapsed(), time.Second)
		sameError(t, "the context's error", err, context.DeadlineExceeded)
		sameError(t, "its cause", err, errEnough)
		equal(t, "type", as[*fakeloop.WaitError](t, err).Cause, errEnough)
		wantErrorText(t, err, `fakeloop: at 1s gave up waiting for future "p" (#): context deadline exceeded: enough`)
		equal(t, "the future", outcome(p.Future()), "pending")
		ctx2, cancel2 := loop.WithTimeout(context.Background(), time.Hour)
		defer cancel2()
		v, err := p.Future().WaitContext(ctx2)
		equal(t, "another waiter", v, 7)
		equal(t, "another waiter", err, nil)
		mustClose(t, loop)
	})
}

// A context that has ended fails the wait for a pending future at once, and does not
// matter for a settled one.
func TestWaitContextThatHasEnded(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		dead, cancel := context.WithCancelCause(context.Background())
		cancel(errEnough)
		expired, cancel2 := loop.WithTimeout(context.Background(), -1)
		defer cancel2()
		for _, ctx := range []context.Context{dead, expired} {
			_, err := fakeloop.NewPromise[int](loop, "p").Future().WaitContext(ctx)
			as[*fakeloop.WaitError](t, err)
			sameError(t, "error", err, ctx.Err())
			sameError(t, "cause", err, context.Cause(ctx))
			for range 100 { // not now this, now that
				v, err := fakeloop.Resolved(loop, 7).WaitContext(ctx)
				equal(t, "value", v == 7 && err == nil, true)
				_, err = rejected(loop, io.EOF).WaitContext(ctx)
				equal(t, "error", err, io.EOF)
			}
		}
		equal(t, "time", loop.Elapsed(), 0)
		_, err := fakeloop.NewPromise[int](loop, "p").Future().WaitContext(dead)
		wantErrorText(t, err, `fakeloop: at 0s gave up waiting for future "p" (#): context canceled: enough`)
		_, err = fakeloop.NewPromise[int](loop, "p").Future().WaitContext(expired)
		wantErrorText(t, err, `fakeloop: at 0s gave up waiting for future "p" (#): context deadline exceeded`)
		wantPanic(t, "fakeloop: a wait with a nil context; use Wait or Await, which have none",
			func() { _, _ = fakeloop.Resolved(loop, 1).WaitContext(noContext) })
		mustClose(t, loop)
	})
}

// Settled at the instant of the deadline, before or behind it: the outcome wins.
func TestWaitContextAtTheInstantOfTheDeadline(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble} {
		for _, before := range []bool{true, false} {
			for _, hops := range []int{0, 3} {
				test := func(t *testing.T) {
					loop := newLoop(t, fakeloop.Config{Mode: mode})
					p := fakeloop.NewPromise[int](loop, "p")
					f := p.Future()
					for range hops {
						f = fakeloop.Then(f, same)
					}
					set := func() { loop.AfterFunc(time.Second, func() { p.Resolve(7) }) }
					if before {
						set()
					}
					ctx, cancel := loop.WithTimeout(context.Background(), time.Second)
					defer cancel()
					if !before {
						set()
					}
					v, err := f.WaitContext(ctx)
					equal(t, "error", err, nil)
					equal(t, "value", v, 7)
					equal(t, "time", loop.Elapsed(), time.Second)
					mustClose(t, loop)
				}
				t.Run(mode.String(), func(t *testing.T) {
					if mode == fakeloop.Bubble {
						synctest.Test(t, test)
					} else {
						test(t)
					}
				})
			}
		}
	}
}

// noContext is nil, which the type of a context does not keep one from passing.
var noContext context.Context

// What cannot settle is told at once, and the context does not hide it.
func TestWaitContextOfAnIdleLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	_, err := fakeloop.NewPromise[int](loop, "p").Future().WaitContext(ctx)
	as[*fakeloop.IdleError](t, err)
	other := newLoop(t, fakeloop.Config{})
	sameError(t, "foreign", loop.AwaitContext(ctx, fakeloop.Resolved(other, 1)), fakeloop.ErrForeignLoop)
	onLoop(t, loop, func() {
		_, err = fakeloop.NewPromise[int](loop, "p").Future().WaitContext(ctx)
		sameError(t, "on the loop", err, fakeloop.ErrReentrant)
	})
	mustClose(t, loop)
}

// A driver that waits for work outside is woken by its context.
func TestWaitContextWhileWorkIsOutside(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		release, started := make(chan struct{}), make(chan struct{})
		f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
			close(started)
			<-release
			return 7, nil
		})
		ctx, cancel := context.WithCancelCause(context.Background())
		var group sync.WaitGroup
		group.Go(func() { <-started; cancel(errEnough) })
		_, err := f.WaitContext(ctx)
		sameError(t, "cause", err, errEnough)
		close(release)
		equal(t, "value", must(f.Wait()), 7)
		group.Wait()
		mustClose(t, loop)
	})
}

// Offloaded work waits with a context too.
func TestWaitContextOfAWorker(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p, never := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[int](loop, "never")
		f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errEnough)
			_, err := never.Future().WaitContext(ctx)
			sameError(t, "cause", err, errEnough)
			later, stop := context.WithCancel(context.Background())
			defer stop()
			return p.Future().WaitContext(later)
		})
		loop.Post(func() { p.Resolve(7) })
		equal(t, "value", must(f.Wait()), 7)
		mustClose(t, loop)
	})
}

// asked is a context that calls a function each time it has been asked whether it has
// ended, before it answers.
type asked struct {
	context.Context
	then func()
}

func (c asked) Err() error {
	err := c.Context.Err()
	c.then()
	return err
}

// What happens between the answer of a context and the sleep of who asked it is heard
// of: here everything else goes as far as it can in that time.
func TestWaitContextHearsWhatHappensWhileItAsks(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		for _, what := range []string{"settled", "ended"} {
			for _, who := range []string{"driver", "worker"} {
				if mode == fakeloop.Virtual && what == "ended" && who == "worker" {
					continue // the driver has left the worker alone by then, and waits for the other work
				}
				t.Run(fmt.Sprint(mode, "/", what, "/", who), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { hearWhileAsked(t, mode, what, who) })
				})
			}
		}
	}
}

func hearWhileAsked(t *testing.T, mode fakeloop.Mode, what, who string) {
	loop := newLoop(t, fakeloop.Config{Mode: mode})
	p := fakeloop.NewPromise[int](loop, "p")
	ended, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	act, times := make(chan struct{}), 0
	ctx := asked{ended, func() {
		if times++; times == 2 { // the first time is before the wait
			close(act)
			synctest.Wait()
		}
	}}
	var other *fakeloop.Work
	go func() {
		<-act
		if what == "ended" {
			cancel(errEnough)
		} else {
			_ = other.Return(func() { p.Resolve(7) })
		}
	}()
	posted, wait := make(chan struct{}), func() (int, error) { return p.Future().WaitContext(ctx) }
	loop.Post(func() {
		if who == "worker" {
			wait = fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
				<-posted
				return p.Future().WaitContext(ctx)
			}).Wait
		}
		other = loop.Outside("other")
		close(posted)
	})
	if mode == fakeloop.Virtual {
		loop.Step()
	}
	<-posted
	began := time.Now()
	v, err := wait()
	if what == "ended" {
		sameError(t, "cause", err, errEnough)
	} else {
		equal(t, "value", must(v, err), 7)
	}
	equal(t, "the time that it took", time.Since(began), 0)
	_ = other.Return(nil)
	mustIdle(t, loop)
	mustClose(t, loop)
}

// A wait that was given up leaves no goroutine and nobody who looks.
func TestAbandonedWaitsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		p := fakeloop.NewPromise[int](loop, "p")
		work := loop.Outside("work") // so that the loop is not idle
		for range 100 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, err := p.Future().WaitContext(ctx)
			sameError(t, "error", err, context.DeadlineExceeded)
			cancel()
		}
		_ = work.Return(nil)
		p.Reject(io.EOF)
		equal(t, "the error is nobody's", lost(loop), "[EOF]")
		_ = loop.Close()
	})
}

// A waiter counts as somebody who looks as long as it waits.
func TestWaitersLook(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		var told []error
		loop := newLoop(t, fakeloop.Config{Mode: mode, OnUnobserved: func(e *fakeloop.UnobservedError) { told = append(told, e) }})
		p := fakeloop.NewPromise[int](loop, "p")
		loop.AfterFunc(time.Second, func() { p.Reject(io.EOF) })
		_, err := p.Future().Wait()
		equal(t, "error", err, io.EOF)
		// One who has given up does not.
		q := fakeloop.NewPromise[int](loop, "q")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = q.Future().WaitContext(ctx)
		equal(t, "error", errors.Is(err, context.Canceled), true)
		q.Reject(io.ErrShortWrite)
		mustIdle(t, loop)
		equal(t, "told", len(told), 1)
		sameError(t, "Close", loop.Close(), io.ErrShortWrite)
	})
}
