package futures

import (
	"context"
	"errors"
	"strings"
)

var cancelling = []Property{
	{
		Number: 122, Name: "cancelling", Level: Optional, Needs: "Cancel",
		Rule:   "Cancelling settles a pending future and wakes all who wait, with the declared error.",
		Source: "asyncio test_cancel; Guava testCanceledFutureThrowsCancellation",
		Check: func(t *T) {
			c := t.Fresh()
			n := 3
			if t.Caps.SingleWaiter {
				n = 1
			}
			waiters := t.waiters(n, c)
			if t.OnDone != nil {
				t.OnDone(c, func(_ any, err error) {
					t.Mark("called")
					t.cancelled("an observer", err)
				})
			}
			t.Rest()
			if err := t.Cancel(c, errCause); err != nil {
				t.Errorf("Cancel of a pending future was refused: %v", err)
			}
			waiters(func(_ any, err error) { t.cancelled("a waiter", err) })
			if t.OnDone != nil {
				t.Marks("called")
			}
		},
	},
	{
		Number: 123, Name: "cancelling twice", Level: Optional, Needs: "Cancel",
		Rule:   "A second cancel changes nothing, and does what the library declares.",
		Source: "asyncio test_cancel",
		Check: func(t *T) {
			c := t.Fresh()
			_ = t.Cancel(c, errCause)
			first := t.FailsSomehow("the future", c)
			t.lost("a second Cancel", t.Caps.LateCancel, func() error { return t.Cancel(c, errSecond) })
			if err := t.FailsSomehow("the future", c); !identical(err, first) {
				t.Errorf("a second Cancel made the error %v of %v", err, first)
			}
		},
	},
	{
		Number: 124, Name: "cancelling what is settled", Level: Optional, Needs: "Cancel",
		Rule:   "A cancel of a settled future changes nothing, and does what the library declares.",
		Source: "Twisted test_cancelAfterCallback",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				c := t.Settled(o.Value, o.Err)
				t.Rest()
				t.lost("Cancel of a settled future", t.Caps.LateCancel, func() error { return t.Cancel(c, errCause) })
				v, err := t.Get(c)
				t.is("a waiter", v, err, o)
			}
		},
	},
	{
		Number: 125, Name: "a late value", Level: Optional, Needs: "Cancel",
		Rule:   "A value that comes behind a cancel changes nothing and is not reported.",
		Source: "Tornado MiscFutureTest; Twisted test_raisesAfterCancelAndCallback",
		Check: func(t *T) {
			reports := func() []error { return nil }
			if t.Unobserved != nil {
				reports = t.reports()
			}
			c := t.Fresh()
			_ = t.Cancel(c, errCause)
			if v := recovered(func() { _ = c.Settle("late", nil) }); v != nil && t.Caps.SecondSettle != Panics {
				t.Errorf("a late value panicked: %v", v)
			}
			_, err := t.Get(c)
			t.cancelled("a waiter", err)
			t.flush()
			if got := reports(); len(got) > 0 {
				t.Errorf("reported was %v", got)
			}
		},
	},
	{
		Number: 126, Name: "a late error", Level: Optional, Needs: "Cancel",
		Rule:   "An error that comes behind a cancel is told to its producer, or reported; it does not vanish.",
		Source: "Tornado future_set_exception_unless_cancelled",
		Check: func(t *T) {
			told := t.hooks()
			c := t.Fresh()
			_ = t.Cancel(c, errCause)
			var lost error
			if v := recovered(func() { lost = c.Settle(nil, errLoud) }); v == nil && lost == nil {
				t.told(told, "an error behind a cancel")
			}
			_, err := t.Get(c)
			t.cancelled("a waiter", err)
			if t.Then != nil {
				t.overtaken()
			}
		},
	},
	{
		Number: 127, Name: "the canceller", Level: Optional, Needs: "Cancel OnCancel",
		Rule:   "The canceller is called once, with the cause if there are causes; not for what is settled.",
		Source: "Twisted test_cancellerMultipleCancel, test_cancellerArg",
		Check: func(t *T) {
			c, settled := t.Fresh(), t.Fresh()
			t.OnCancel(c, func(cause error) {
				t.Mark("called")
				if t.Caps.CauseKept && !errors.Is(cause, errCause) {
					t.Errorf("the canceller got %v, want the cause", cause)
				}
			})
			t.OnCancel(settled, func(error) { t.Mark("wrong") })
			_ = settled.Settle("v", nil)
			_ = recovered(func() { _ = t.Cancel(settled, errCause) })
			_ = t.Cancel(c, errCause)
			_ = recovered(func() { _ = t.Cancel(c, errSecond) })
			t.Marks("called")
		},
	},
	{
		Number: 128, Name: "a canceller with an outcome", Level: Optional, Needs: "Cancel OnCancel",
		Rule:   "The canceller may settle the future with an outcome of its own.",
		Source: "Twisted test_cancellerThatErrbacks, test_cancellerThatCallbacks",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "mine"}, {Err: errSecond}} {
				c := t.Fresh()
				t.OnCancel(c, func(error) { _ = c.Settle(o.Value, o.Err) })
				t.Returns("Cancel, whose canceller settles,", func() { _ = recovered(func() { _ = t.Cancel(c, errCause) }) })
				v, err := t.Get(c)
				t.is("a waiter", v, err, o)
			}
		},
	},
	{
		Number: 129, Name: "a canceller that panics", Level: Optional, Needs: "Cancel OnCancel", Unless: crashes,
		Rule:   "A canceller that panics does not keep the future from being settled.",
		Source: "Twisted, cancellers that raise",
		Check: func(t *T) {
			c := t.Fresh()
			t.OnCancel(c, func(error) { panic(errBoom) })
			_ = recovered(func() { _ = t.Cancel(c, errCause) })
			t.FailsSomehow("the future", c)
		},
	},
	{
		Number: 130, Name: "what is derived from a cancelled future", Level: Optional, Needs: "Cancel Then", Three: true,
		Rule:   "Futures derived from a cancelled one settle, as cancelled, and their functions are not called.",
		Source: "CompletableFutureTest, the tests named sourceCancelled",
		Check: func(t *T) {
			c := t.Fresh()
			var end Case
			build := func() { end = t.Then(t.Hops(c, 2), t.mapping("f")) }
			if t.When != Already {
				build()
			}
			if t.When == Later {
				t.Rest()
			}
			_ = t.Cancel(c, errCause)
			if t.When == Already {
				t.Rest()
				build()
			}
			_, err := t.Get(end)
			t.cancelled("who waits for what is derived", err)
			t.Marks("")
		},
	},
	{
		Number: 131, Name: "cancelling up the chain", Level: Optional, Needs: "Cancel Then",
		Rule:   "Cancelling a derived future cancels its source, or leaves it alone, as declared; never where others wait for it.",
		Source: "bluebird, multi-branch; folly Interrupt.*",
		Check: func(t *T) {
			c := t.Fresh()
			d := t.Then(c, t.mapping("f"))
			_ = t.Cancel(d, errCause)
			_, err := t.Get(d)
			t.cancelled("who waits for the derived future", err)
			if t.Caps.CancelsUp {
				_, err := t.Get(c)
				t.cancelled("who waits for the source", err)
			} else {
				t.Pending("the source", c)
			}
			shared := t.Fresh()
			one, other := t.Then(shared, t.mapping("one")), t.Then(shared, t.mapping("other"))
			_ = t.Cancel(one, errCause)
			t.Pending("a source that another one waits for", shared)
			_ = shared.Settle("v", nil)
			t.Value("the other derived future", other, "other(v)")
		},
	},
	{
		Number: 132, Name: "cancelling in a handler", Level: Optional, Needs: "Cancel OnDone", Three: true,
		Rule:   "A handler may cancel its own and other futures.",
		Source: "bluebird \"callback is called asynchronously but fate is sealed synchronously\"",
		Check: func(t *T) {
			other := t.Fresh()
			var own Case
			t.Returns("a handler that cancels", func() {
				t.Source("v", nil, func(c Case) {
					own = c
					t.OnDone(c, func(any, error) {
						_ = t.Cancel(other, errCause)
						_ = recovered(func() { _ = t.Cancel(c, errCause) })
						t.Mark("done")
					})
				})
			})
			t.Marks("done")
			_, err := t.Get(other)
			t.cancelled("who waits for the other future", err)
			t.Value("the future itself", own, "v")
		},
	},
	{
		Number: 133, Name: "the message of a cancellation", Level: Optional, Needs: "Cancel Caps.CauseKept",
		Rule:   "The error of a cancelled future tells the cause, and is still a cancellation.",
		Source: "asyncio, the tests named cancel_with_message",
		Check: func(t *T) {
			c := t.Fresh()
			_ = t.Cancel(c, errCause)
			err := t.FailsSomehow("the future", c)
			if !strings.Contains(err.Error(), errCause.Error()) {
				t.Errorf("the error is %q, without the cause %q", err, errCause)
			}
			t.cancelled("a waiter", err)
		},
	},
	{
		Number: 134, Name: "a task that does not listen", Level: Optional, Needs: "Spawn Cancel",
		Rule:   "A cancelled future settles though its task goes on; what the task returns then changes nothing. One cancelled before its task began settles, too.",
		Source: "asyncio test_cancel_task_ignoring, test_cancel_task_before_starting",
		Check: func(t *T) {
			gate := make(chan bool)
			c := t.Spawn(func(ctx context.Context) (any, error) {
				<-gate
				t.Mark("ended")
				return "late", nil
			})
			t.Rest()
			_ = t.Cancel(c, errCause)
			_, err := t.Get(c)
			t.cancelled("who waits for the task", err)
			close(gate)
			t.Marks("ended")
			_, err = t.Get(c)
			t.cancelled("who waits for the task later", err)

			early := t.Spawn(func(ctx context.Context) (any, error) {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			})
			_ = t.Cancel(early, errCause)
			_, err = t.Get(early)
			t.cancelled("who waits for a task cancelled before it began", err)
		},
	},
	{
		Number: 135, Name: "a shield", Level: Optional, Needs: "Shield Cancel", Three: true,
		Rule:   "A shielded future passes the outcome on, and cancelling it leaves the source alone.",
		Source: "asyncio, the shield tests",
		Check: func(t *T) {
			t.Value("the shielded future", t.derive("v", nil, t.Shield), "v")
			t.Fails("the shielded future", t.derive(nil, errBoom, t.Shield), errBoom)
			c := t.Fresh()
			s := t.Shield(c)
			_ = t.Cancel(s, errCause)
			_, err := t.Get(s)
			t.cancelled("who waits for the shield", err)
			t.Pending("what is behind the shield", c)
			_ = c.Settle("v", nil)
			t.Value("what is behind the shield", c, "v")
		},
	},
	{
		Number: 136, Name: "cancellations are no news", Level: Required, Needs: "Cancel Unobserved",
		Rule:   "A cancelled future that nobody looks at is not reported.",
		Source: "asyncio test_tb_logger_not_called_after_cancel",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				if t.Then != nil {
					t.Then(c, t.mapping("f"))
				}
				_ = t.Cancel(c, errCause)
			}()
			t.forget()
			t.flush()
			if got := reports(); len(got) > 0 {
				t.Errorf("reported was %v", got)
			}
		},
	},
}

// overtaken checks that a cancel which overtakes an error, on its way to a derived
// future, does not make it vanish.
func (t *T) overtaken() {
	told := t.hooks()
	source := t.Fresh()
	derived := t.Then(source, t.mapping("f"))
	_ = source.Settle(nil, errLoud)
	if v := recovered(func() { _ = t.Cancel(derived, errCause) }); v != nil && t.Caps.LateCancel != Panics {
		t.Errorf("Cancel of a derived future panicked: %v", v)
	}
	if _, err := t.Get(derived); !errors.Is(err, errLoud) {
		t.cancelled("who waits for the derived future", err)
		t.told(told, "an error on its way to a future that was cancelled")
	}
}

// cancelled checks that an error is that of a cancelled future.
func (t *T) cancelled(who string, err error) {
	if err == nil || !errors.Is(err, t.Caps.cancelErr()) {
		t.Errorf("%s got the error %v; want %v", who, err, t.Caps.cancelErr())
	}
}
