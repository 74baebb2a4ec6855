package fakeloop_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestShieldPassesTheOutcomeOn(t *testing.T) {
	for _, fail := range []error{nil, io.EOF} {
		var f *fakeloop.Future[int]
		threeCases(t, func(p *fakeloop.Promise[int]) { _ = p.Settle(7, fail) }, func(loop *fakeloop.Loop, g *fakeloop.Future[int]) {
			f = fakeloop.Shield(g)
		}, func(t *testing.T, when string) {
			v, err := f.Wait()
			equal(t, when, v == 7 == (fail == nil) && err == fail, true)
		})
	}
}

// Who gives the shield up leaves the work alone; an error to which it comes then is
// nobody's, and told.
func TestShield(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "work")
		p.OnCancel(func(error) { t.Error("the work was cancelled") })
		shield := fakeloop.Shield(p.Future())
		equal(t, "Cancel", fakeloop.Then(shield, same).Cancel(errEnough), true)
		equal(t, "the shield", outcome(shield), "fakeloop: cancelled: enough")
		equal(t, "the work", outcome(p.Future()), "pending")
		_, err := fakeloop.Timeout(fakeloop.Shield(p.Future()), time.Second).Wait()
		sameError(t, "Timeout", err, context.DeadlineExceeded)
		equal(t, "the work", outcome(p.Future()), "pending")
		p.Reject(io.EOF)
		mustIdle(t, loop)
		wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "work" (#): EOF; handle it with Catch, OnSettled or Await`)
	})
}

func TestShieldOfAFutureThatIsCancelled(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		f := fakeloop.NewPromise[int](loop, "work").Future()
		shield := fakeloop.Shield(f)
		f.Cancel(errEnough)
		equal(t, "the same error", must2(shield.Result()), must2(f.Result()))
		// A shield that is over does not count as somebody who waits.
		f = fakeloop.NewPromise[int](loop, "work").Future()
		fakeloop.Shield(f).Cancel(nil)
		fakeloop.Then(f, same).Cancel(errEnough)
		equal(t, "the work", outcome(f), "fakeloop: cancelled: enough")
		mustClose(t, loop)
	})
}

// Of nested timeouts the shorter one wins, and the error says which it was.
func TestTimeoutsNested(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		inner, outer := errors.New("inner"), errors.New("outer")
		for _, c := range []struct {
			in, out time.Duration
			want    error
		}{{time.Second, 2 * time.Second, inner}, {2 * time.Second, time.Second, outer}} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			p := fakeloop.NewPromise[int](loop, "reply")
			first := fakeloop.TimeoutCause(p.Future(), c.in, inner)
			second := fakeloop.TimeoutCause(first, c.out, outer)
			_, err := second.Wait()
			equal(t, "time", loop.Elapsed(), time.Second)
			equal(t, "inner", errors.Is(err, inner), c.want == inner)
			equal(t, "outer", errors.Is(err, outer), c.want == outer)
			equal(t, "cause", as[*fakeloop.TimeoutError](t, err).Cause, c.want)
			sameError(t, "a timeout", err, context.DeadlineExceeded)
			mustIdle(t, loop)
			equal(t, "no timer is left", loop.Elapsed(), time.Second)
			mustClose(t, loop)
		}
	})
}

// A timeout, the producer's own deadline, a cancellation and a failure are told apart.
func TestOutcomesAreDistinguishable(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		pending := func() *fakeloop.Future[int] { return fakeloop.NewPromise[int](loop, "p").Future() }
		kind := func(err error) (is string) {
			var timeout *fakeloop.TimeoutError
			var cancelled *fakeloop.CancelError
			var gaveUp *fakeloop.WaitError
			for name, found := range map[string]bool{
				"timeout": errors.As(err, &timeout), "cancel": errors.As(err, &cancelled), "wait": errors.As(err, &gaveUp),
			} {
				if found {
					is += name
				}
			}
			return is
		}
		_, err := fakeloop.Timeout(pending(), time.Second).Wait()
		equal(t, "a timeout", kind(err), "timeout")
		_, err = fakeloop.Timeout(rejected(loop, context.DeadlineExceeded), time.Second).Wait()
		equal(t, "the producer's deadline", kind(err), "")
		f := pending()
		f.Cancel(nil)
		_, err = f.Wait()
		equal(t, "a cancellation", kind(err), "cancel")
		_, err = rejected(loop, context.Canceled).Wait()
		equal(t, "the producer's cancellation", kind(err), "")
		ctx, cancel := loop.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = pending().WaitContext(ctx)
		equal(t, "the waiter's deadline", kind(err), "wait")
		mustClose(t, loop)
	})
}

// A late error is told, but for one that says nothing more, and for a quiet future.
func TestLateErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  error
		quiet bool
		told  bool
	}{
		{"an error", io.EOF, false, true},
		{"a typed nil", (*pointerError)(nil), false, true},
		{"uncomparable", sliceError{"x"}, false, true},
		{"broken", brokenIs{}, false, true},
		{"the cancellation", context.Canceled, false, false},
		{"the cause, wrapped", errors.Join(errEnough), false, false},
		{"quiet", io.EOF, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				var told []error
				loop := newLoop(t, fakeloop.Config{Mode: mode, OnUnobserved: func(e *fakeloop.UnobservedError) { told = append(told, e) }})
				onLoop(t, loop, func() {
					p := fakeloop.NewPromise[int](loop, "reply")
					if c.quiet {
						p.Future().Quiet()
					}
					p.Future().Cancel(errEnough)
					equal(t, "a late value", p.Resolve(1), false)
					equal(t, "a late error", p.Reject(c.late), false)
				})
				want := map[bool]int{true: 1}[c.told]
				equal(t, "told while running", len(told), want)
				err := loop.Close()
				equal(t, "told by Close", len(joined(err)), want)
				if c.told {
					equal(t, "late", as[*fakeloop.UnobservedError](t, err).Late, true)
				}
				equal(t, "told once", len(told), want)
			})
		})
	}
}
