package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

var errEnough = errors.New("enough")

func TestCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, c := range []struct {
			cause error
			text  string
		}{
			{nil, "fakeloop: cancelled"},
			{errEnough, "fakeloop: cancelled: enough"},
			{fmt.Errorf("deeper: %w", errEnough), "fakeloop: cancelled: deeper: enough"},
			{context.DeadlineExceeded, "fakeloop: cancelled: context deadline exceeded"},
			{(*nilError)(nil), "fakeloop: cancelled: <nil>"},
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			p := fakeloop.NewPromise[int](loop, "p")
			f := p.Future()
			equal(t, "Cancel", f.Cancel(c.cause), true)
			equal(t, "Cancel again", f.Cancel(io.EOF), false)
			v, err := f.Wait()
			equal(t, "value", v, 0)
			equal(t, "cause", as[*fakeloop.CancelError](t, err).Cause, c.cause)
			wantErrorText(t, err, c.text)
			wantText(t, "String", f, `future "p" (#), rejected: `+c.text)
			sameError(t, "error", err, context.Canceled)
			if c.cause != nil {
				sameError(t, "error", err, c.cause)
			}
			equal(t, "unwrapped", errors.Unwrap(err), c.cause)
			equal(t, "is another error", errors.Is(err, io.EOF) || errors.Is(err, fakeloop.ErrClosed), false)
			equal(t, "is a timeout", errors.Is(err, context.DeadlineExceeded), c.cause == context.DeadlineExceeded)
			// A value that comes later is dropped; an error is not lost.
			equal(t, "Resolve", p.Resolve(1), false)
			equal(t, "unobserved", len(loop.Unobserved()), 0)
			equal(t, "Reject", p.Reject(io.EOF), false)
			_, late, _ := f.Result()
			equal(t, "error", late, err)
			wantErrorText(t, loop.Close(), `fakeloop: nobody will see the error to which future "p" (#) came after it had been given up: EOF; call Quiet if it does not matter`)
		}
	})
}

// nilError is an error whose method panics if it is nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestCancelAfterSettling(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p, q := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[int](loop, "q")
		for _, r := range []*fakeloop.Promise[int]{p, q} {
			r.OnCancel(func(error) { t.Error("a settled future's work was stopped") })
		}
		p.Resolve(1)
		q.Reject(io.EOF)
		equal(t, "Cancel", p.Future().Cancel(errEnough), false)
		equal(t, "Cancel", q.Future().Cancel(errEnough), false)
		equal(t, "outcome", outcome(p.Future()), "1")
		mustIdle(t, loop)
		// Cancel did not look at the error.
		equal(t, "unobserved", len(loop.Unobserved()), 1)
		equal(t, "outcome", outcome(q.Future()), "EOF")
		left := fakeloop.NewPromise[int](loop, "left")
		mustClose(t, loop)
		equal(t, "Cancel after Close", left.Future().Cancel(errEnough), false)
		equal(t, "outcome", outcome(left.Future()), "fakeloop: the loop is closed")
	})
}

func TestCancelWakesEveryWaiter(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		f := fakeloop.NewPromise[int](loop, "").Future()
		var log journal
		see := func(who string) func(int, error) {
			return func(_ int, err error) { log.add("%s:%v", who, errors.Is(err, errEnough)) }
		}
		onLoop(t, loop, func() {
			f.OnSettled(see("handler"))
			fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
				_, err := fakeloop.Await(co, f)
				see("coroutine")(0, err)
				return 0, nil
			})
			fakeloop.Catch(f, func(err error) (int, error) { see("catch")(0, err); return 1, nil }).
				OnSettled(func(v int, _ error) { log.add("value:%d", v) })
			loop.AfterFunc(time.Second, func() {
				f.Cancel(errEnough)
				log.add("cancelled") // never inside Cancel
			})
		})
		log.want(t, "cancelled handler:true catch:true coroutine:true value:1")
		mustClose(t, loop)
	})
}

func TestOnCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "p")
		p.OnCancel(func(error) { t.Error("a function that was replaced ran") })
		p.OnCancel(func(cause error) {
			equal(t, "on the loop", loop.RunUntilIdle(), fakeloop.ErrReentrant)
			equal(t, "settled before", outcome(p.Future()), "fakeloop: cancelled: enough")
			equal(t, "Resolve", p.Resolve(1), false)
			log.add("stop:%v", cause)
		})
		p.Future().OnSettled(func(int, error) { log.add("handler") })
		onLoop(t, loop, func() {
			equal(t, "Cancel", p.Future().Cancel(errEnough), true)
			equal(t, "Cancel", p.Future().Cancel(io.EOF), false)
			log.add("cancelled")
		})
		log.want(t, "cancelled handler stop:enough")
		// Too late: it would have been called already.
		p.OnCancel(func(error) { t.Error("a function registered after Cancel ran") })
		p.Future().Cancel(io.EOF)
		// Nil is a cause like any other.
		q := fakeloop.NewPromise[int](loop, "q")
		q.OnCancel(func(cause error) { log.add("stop:%v", cause) })
		q.Future().Cancel(nil)
		mustIdle(t, loop)
		log.want(t, "stop:<nil>")
		wantPanic(t, "fakeloop: OnCancel with a nil function", func() { q.OnCancel(nil) })
		fired := loop.Timeline().Events()
		equal(t, "label of the function", fired[len(fired)-1].Label, "q")
		// Close is not a cancellation.
		fakeloop.NewPromise[int](loop, "left").OnCancel(func(error) { t.Error("Close cancelled a promise") })
		mustClose(t, loop)
	})
}

// A function that panics is an error of the loop, and the future stays
// cancelled.
func TestOnCancelPanics(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		p.OnCancel(func(error) { panic("stop") })
		p.Future().Cancel(nil)
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "p" (#) panicked at FILE: stop`)
		equal(t, "outcome", outcome(p.Future()), "fakeloop: cancelled")
		mustClose(t, loop)
	})
}

// Whoever cancels knows, also what follows from it; but not what others make of it.
func TestCancelIsObserved(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		fakeloop.NewPromise[int](loop, "p").Future().Cancel(errEnough)
		fakeloop.Then(fakeloop.NewPromise[int](loop, "source").Future(), same).Cancel(errEnough)
		fakeloop.Async(loop, "coroutine", func(co *fakeloop.Coroutine) (int, error) {
			return fakeloop.Await(co, fakeloop.NewPromise[int](loop, "awaited").Future())
		}).Cancel(errEnough)
		mustIdle(t, loop)
		equal(t, "unobserved", len(loop.Unobserved()), 0)
		p := fakeloop.NewPromise[int](loop, "p")
		fakeloop.Then(p.Future(), same)
		p.Future().Cancel(errEnough)
		mustIdle(t, loop)
		fakeloop.All(loop, p.Future())
		fakeloop.Catch(p.Future(), func(err error) (int, error) { return 0, fmt.Errorf("not stored: %w", err) })
		mustIdle(t, loop)
		wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "catch" (#): not stored: fakeloop: cancelled: enough; handle it with Catch, OnSettled or Await`)
	})
}

// From the end of a chain to its beginning, each with its own function.
func TestCancelGoesUpAChain(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p := fakeloop.NewPromise[int](loop, "p")
		p.OnCancel(func(cause error) { log.add("stop:%v", cause) })
		var chain []*fakeloop.Future[int]
		onLoop(t, loop, func() {
			then := fakeloop.Then(p.Future(), func(int) (int, error) { t.Error("Then ran"); return 0, nil })
			catch := fakeloop.Catch(then, func(err error) (int, error) { log.add("catch"); return 0, err })
			co := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				_, err := fakeloop.Await(co, catch)
				log.add("await:%v", errors.Is(err, errEnough))
				return 1, nil // dropped
			})
			last := fakeloop.Then(co, same)
			chain = []*fakeloop.Future[int]{p.Future(), then, catch, co, last}
		})
		onLoop(t, loop, func() {
			equal(t, "Cancel", chain[4].Cancel(errEnough), true)
			for i, f := range chain {
				equal(t, fmt.Sprint("outcome of future ", i), outcome(f), "fakeloop: cancelled: enough")
			}
		})
		log.want(t, "await:true catch stop:enough")
		mustClose(t, loop)
	})
}

// A long chain is cancelled, too.
func TestCancelOfALongChain(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	first := fakeloop.NewPromise[int](loop, "").Future()
	last := first
	for range scaled(t, "futures", 200_000, 20_000) {
		last = fakeloop.Then(last, same)
	}
	last.Cancel(errEnough)
	equal(t, "the first", outcome(first), "fakeloop: cancelled: enough")
	mustClose(t, loop)
}

// A source that somebody else waits for goes on: until the last has gone.
func TestCancelSparesASharedSource(t *testing.T) {
	await := func(f *fakeloop.Future[int]) *fakeloop.Future[int] {
		return fakeloop.Async(f.Loop(), "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) })
	}
	then := func(f *fakeloop.Future[int]) *fakeloop.Future[int] { return fakeloop.Then(f, same) }
	catch := func(f *fakeloop.Future[int]) *fakeloop.Future[int] {
		return fakeloop.Catch(f, func(err error) (int, error) { return 0, err })
	}
	kinds := map[string]func(*fakeloop.Future[int]) *fakeloop.Future[int]{"then": then, "catch": catch, "coroutine": await}
	for nameA, a := range kinds {
		for nameB, b := range kinds {
			t.Run(nameA+" beside "+nameB, func(t *testing.T) {
				inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
					loop := newLoop(t, fakeloop.Config{Mode: mode})
					var stopped atomic.Int32
					newShared := func() (p *fakeloop.Promise[int], fa, fb *fakeloop.Future[int]) {
						p = fakeloop.NewPromise[int](loop, "shared")
						p.OnCancel(func(error) { stopped.Add(1) })
						onLoop(t, loop, func() { fa, fb = a(p.Future()), b(p.Future()) })
						return p, fa, fb
					}
					// One gives up: the other gets the value.
					p, fa, fb := newShared()
					fa.Cancel(errEnough)
					equal(t, "the source", outcome(p.Future()), "pending")
					equal(t, "the other", outcome(fb), "pending")
					p.Resolve(7)
					equal(t, "the other", must(fb.Wait()), 7)
					mustIdle(t, loop)
					equal(t, "the first", outcome(fa), "fakeloop: cancelled: enough")
					equal(t, "stopped", stopped.Load(), 0)
					// Both give up: nobody waits for it any more.
					p, fa, fb = newShared()
					fb.Cancel(errEnough)
					fb.Cancel(errEnough)
					equal(t, "the source", outcome(p.Future()), "pending")
					fa.Cancel(io.EOF)
					equal(t, "the source", outcome(p.Future()), "fakeloop: cancelled: EOF")
					mustIdle(t, loop)
					equal(t, "stopped", stopped.Load(), 1)
					// A handler waits for good.
					p, fa, fb = newShared()
					p.Future().OnSettled(func(int, error) {})
					fa.Cancel(errEnough)
					fb.Cancel(errEnough)
					equal(t, "the source", outcome(p.Future()), "pending")
					mustIdle(t, loop)
					equal(t, "stopped", stopped.Load(), 1)
					mustClose(t, loop)
				})
			})
		}
	}
}

// It goes up, never down beyond what the error does, and not to the siblings.
func TestCancelOfASourceReachesWhatWasDerived(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		thrown := fakeloop.Then(p.Future(), same)
		caught := fakeloop.Catch(p.Future(), func(err error) (int, error) { return 5, nil })
		p.Future().Cancel(errEnough)
		_, err := thrown.Wait()
		_, first, _ := p.Future().Result()
		equal(t, "the same error", err, first)
		equal(t, "caught", must(caught.Wait()), 5)
		mustClose(t, loop)
	})
}

// The coroutine that is told can clean up, and what it awaits while it does is
// not cancelled.
func TestCancelOfACoroutine(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		never := fakeloop.NewPromise[int](loop, "never")
		f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			_, err := fakeloop.Await(co, never.Future())
			log.add("told:%v", err == error(as[*fakeloop.CancelError](t, err)))
			log.add("slept:%v", co.Sleep(time.Second) == nil)
			return 1, io.EOF
		})
		mustIdle(t, loop)
		f.Cancel(errEnough)
		mustIdle(t, loop)
		log.want(t, "told:true slept:true")
		equal(t, "outcome", outcome(f), "fakeloop: cancelled: enough")
		equal(t, "Cancel", f.Cancel(errEnough), false)
		wantErrorText(t, loop.Close(), `fakeloop: nobody will see the error to which future "co" (#) came after it had been given up: EOF; call Quiet if it does not matter`)
	})
}

// A panic is never dropped.
func TestLatePanicOfWhatWasCancelled(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			_, err := fakeloop.Await(co, fakeloop.NewPromise[int](loop, "").Future())
			panic(err)
		})
		mustIdle(t, loop)
		f.Cancel(errEnough)
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: coroutine "co" (#) panicked at FILE: fakeloop: cancelled: enough`)
		work := fakeloop.Offload(loop, "work", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			panic(context.Cause(ctx))
		})
		work.Cancel(errEnough)
		err := loop.RunUntilIdle()
		sameError(t, "cause", err, errEnough)
		wantErrorText(t, err, `fakeloop: offloaded work "work" (#) panicked at FILE: enough`)
		equal(t, "outcome", outcome(work), "fakeloop: cancelled: enough")
		mustClose(t, loop)
	})
}

func TestCancelInAHandler(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		p, q := fakeloop.NewPromise[int](loop, "p"), fakeloop.NewPromise[int](loop, "q")
		var derived *fakeloop.Future[int]
		p.Future().OnSettled(func(int, error) {
			equal(t, "Cancel of the one that is settled", p.Future().Cancel(nil), false)
			equal(t, "Cancel of another", q.Future().Cancel(nil), true)
			equal(t, "Cancel of one whose handler is next", derived.Cancel(errEnough), true)
			log.add("handler")
		})
		derived = fakeloop.Then(p.Future(), same)
		q.OnCancel(func(error) {
			equal(t, "Cancel in OnCancel", q.Future().Cancel(nil), false)
			log.add("stop")
		})
		onLoop(t, loop, func() { p.Resolve(1) })
		log.want(t, "handler stop")
		equal(t, "outcome", outcome(derived), "fakeloop: cancelled: enough")
		mustClose(t, loop)
	})
}

// A coroutine that awaits itself waits for ever; Cancel ends it, and itself.
func TestCancelOfACycle(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var f *fakeloop.Future[int]
	var log journal
	f = fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		_, err := fakeloop.Await(co, f)
		log.add("told:%v", errors.Is(err, errEnough))
		return 0, err
	})
	mustIdle(t, loop)
	equal(t, "Cancel", f.Cancel(errEnough), true)
	mustIdle(t, loop)
	log.want(t, "told:true")
	mustClose(t, loop)
}

func TestCancelOfOffloadedWork(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, cause := range []error{errEnough, nil} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			causes := make(chan error, 1)
			started := make(chan struct{})
			var log journal
			f := fakeloop.Offload(loop, "work", func(ctx context.Context) (int, error) {
				close(started)
				<-ctx.Done()
				equal(t, "error of the context", ctx.Err(), context.Canceled)
				causes <- context.Cause(ctx)
				return 5, io.EOF
			})
			f.OnSettled(func(_ int, err error) { log.add("%v", errors.Is(err, context.Canceled)) })
			<-started
			equal(t, "Cancel", f.Cancel(cause), true)
			mustIdle(t, loop)
			log.want(t, "true")
			want := cause
			if want == nil {
				want = context.Canceled
			}
			equal(t, "cause of the context", <-causes, want)
			equal(t, "outcome", outcome(f), (&fakeloop.CancelError{Cause: cause}).Error())
			wantErrorText(t, loop.Close(), `fakeloop: nobody will see the error to which future "work" (#) came after it had been given up: EOF; call Quiet if it does not matter`)
		}
	})
}

// The end of a chain reaches the work at its beginning; Close and the end of
// the work have causes of their own.
func TestCauseOfOffloadedWorksContext(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		cause := make(chan error, 1)
		wait := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return 0, ctx.Err()
		}
		fakeloop.Then(fakeloop.Offload(loop, "chained", wait), same).Cancel(errEnough)
		mustIdle(t, loop)
		equal(t, "cause by a chain", <-cause, errEnough)

		var kept context.Context
		done := fakeloop.Offload(loop, "done", func(ctx context.Context) (int, error) { kept = ctx; return 1, nil })
		equal(t, "value", must(done.Wait()), 1)
		equal(t, "Cancel of what is done", done.Cancel(errEnough), false)
		<-kept.Done()
		equal(t, "cause by the end", context.Cause(kept), context.Canceled)

		fakeloop.Offload(loop, "left", wait)
		mustClose(t, loop)
		equal(t, "cause by Close", <-cause, fakeloop.ErrClosed)
	})
}

// Work that is cancelled is still outside until it returns: the order of the run
// does not depend on how fast it gives up.
func TestCancelledWorkKeepsItsPlace(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	release := make(chan struct{})
	slow := fakeloop.Offload(loop, "slow", func(ctx context.Context) (int, error) { <-ctx.Done(); <-release; return 0, nil })
	fast := fakeloop.Offload(loop, "fast", func(context.Context) (int, error) { return 1, nil })
	fast.OnSettled(func(int, error) { log.add("fast") })
	slow.OnSettled(func(int, error) { log.add("slow"); close(release) })
	loop.AfterFunc(time.Second, func() { log.add("later") })
	slow.Cancel(nil)
	mustIdle(t, loop)
	log.want(t, "slow fast later")
}

// A deferred call that cancels while the loop is being closed: the outcome is
// there, what cannot run any more is not posted.
func TestCancelWhileClosing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		p.OnCancel(func(error) { t.Error("a callback ran after Close") })
		fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			defer func() { equal(t, "Cancel", p.Future().Cancel(errEnough), true) }()
			return fakeloop.Await(co, fakeloop.NewPromise[int](loop, "").Future())
		})
		mustIdle(t, loop)
		mustClose(t, loop)
		equal(t, "outcome", outcome(p.Future()), "fakeloop: cancelled: enough")
		closed := false
		for _, e := range loop.Timeline().All() {
			closed = closed || e.Kind == timeline.Closed
			if closed && e.Kind == timeline.Posted {
				t.Errorf("posted on a closed loop: %v", e)
			}
		}
	})
}

// Settle, cancel, register and cancel what was derived, all at once: one wins,
// and the function is called if and only if Cancel did.
func TestCancelStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			for range scaled(t, "rounds", 4000, 200) {
				p := fakeloop.NewPromise[int](loop, "p")
				f := p.Future()
				var stopped, won, cancelled atomic.Int32
				p.OnCancel(func(error) { stopped.Add(1) })
				derived := fakeloop.Catch(f, func(error) (int, error) { return 0, nil })
				var all sync.WaitGroup
				for i := range 6 {
					all.Go(func() {
						runtime.Gosched()
						switch i {
						case 0:
							if p.Resolve(1) {
								won.Add(1)
							}
						case 1, 2:
							if f.Cancel(errEnough) {
								won.Add(1)
								cancelled.Add(1)
							}
						case 3:
							f.OnSettled(func(int, error) {})
						case 4:
							derived.Cancel(nil)
						case 5:
							p.OnCancel(func(error) { stopped.Add(1) })
						}
					})
				}
				all.Wait()
				mustIdle(t, loop)
				// The derived one may have cancelled it as well.
				_, err, settled := f.Result()
				equal(t, "settled", settled, true)
				if won.Load() > 1 || won.Load() == 0 && !errors.Is(err, context.Canceled) {
					t.Fatalf("%d settled it; outcome %v", won.Load(), err)
				}
				want := int32(0)
				if errors.Is(err, context.Canceled) {
					want = 1
				}
				if stopped.Load() != want {
					t.Fatalf("the work was stopped %d times, want %d (outcome %v)", stopped.Load(), want, err)
				}
			}
			mustClose(t, loop)
		})
	}
}

// Work that is offloaded by another goroutine while the loop is closed is
// refused, or its context is cancelled.
func TestOffloadWhileClosing(t *testing.T) {
	for range scaled(t, "rounds", 4000, 100) {
		loop := fakeloop.New(fakeloop.Config{})
		done := make(chan error)
		go func() {
			defer func() {
				v := recover()
				if v != nil && !strings.Contains(fmt.Sprint(v), "on a closed loop") {
					t.Errorf("panic: %v", v)
				}
				if v != nil {
					done <- fakeloop.ErrClosed
				}
			}()
			fakeloop.Offload(loop, "work", func(ctx context.Context) (int, error) {
				<-ctx.Done()
				done <- context.Cause(ctx)
				return 0, nil
			})
		}()
		runtime.Gosched()
		mustClose(t, loop)
		equal(t, "cause", <-done, fakeloop.ErrClosed)
	}
}

func TestCancelIsDeterministic(t *testing.T) {
	run := func() timeline.Digest {
		loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(5)})
		for i := range 6 {
			p := fakeloop.NewPromise[int](loop, "p")
			p.OnCancel(func(error) { loop.Post(func() {}) })
			f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				return fakeloop.Await(co, fakeloop.Then(p.Future(), same))
			})
			work := fakeloop.Offload(loop, "work", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			loop.AfterFunc(0, func() {
				if loop.Choose("settle", 2) == 1 {
					p.Resolve(i)
				}
				f.Cancel(errEnough)
				work.Cancel(errEnough)
			})
		}
		mustIdle(t, loop)
		mustClose(t, loop)
		return loop.Timeline().Digest()
	}
	first := run()
	for range 200 {
		if d := run(); d != first {
			t.Fatalf("digest %v, want %v", d, first)
		}
	}
}

// A cancelled sleep leaves nothing behind: virtual time does not go on to an alarm
// for which nobody waits.
func TestCancelOfASleepStopsItsTimer(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var slept error
	f := fakeloop.Async(loop, "sleeper", func(co *fakeloop.Coroutine) (int, error) {
		slept = co.Sleep(time.Hour)
		return 0, slept
	})
	loop.AfterFunc(time.Second, func() { f.Cancel(io.EOF) })
	mustIdle(t, loop)
	equal(t, "elapsed", loop.Elapsed(), time.Second)
	if !errors.Is(slept, context.Canceled) || !errors.Is(slept, io.EOF) {
		t.Errorf("Sleep returned %v", slept)
	}
}

// The error of a source is on its way to a derived future that is cancelled: it was
// counted as looked at, and nobody looks at it any more.
func TestCancelBeforeTheErrorPasses(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, derive := range []func(*fakeloop.Future[int]) *fakeloop.Future[int]{
			func(f *fakeloop.Future[int]) *fakeloop.Future[int] {
				return fakeloop.Then(f, func(n int) (int, error) { return n, nil })
			},
			func(f *fakeloop.Future[int]) *fakeloop.Future[int] {
				return fakeloop.ThenFuture(f, func(int) *fakeloop.Future[int] { return f })
			},
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			loop.Post(func() {
				p := fakeloop.NewPromise[int](loop, "p")
				derived := derive(p.Future())
				p.Reject(io.EOF)
				derived.Cancel(nil)
			})
			equal(t, "run", loop.RunUntilIdle(), nil)
			sameError(t, "Close", loop.Close(), io.EOF)
		}
	})
}
