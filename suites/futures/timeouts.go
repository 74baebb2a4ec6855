package futures

import (
	"context"
	"errors"
	"time"
)

var timeouts = []Property{
	{
		Number: 137, Name: "at the deadline", Level: Optional, Needs: "Timeout",
		Rule:   "A timeout fails the future at its deadline: not before and, where instants are exact, not after.",
		Source: "Twisted test_timedOut, with Clock",
		Check: func(t *T) {
			d := 3 * t.Unit()
			start := t.now()
			c := t.Timeout(t.Fresh(), d)
			if t.exact() && t.Peek != nil {
				t.Pass(d - time.Nanosecond)
				t.Pending("a nanosecond before the deadline, the future", c)
				t.Pass(time.Nanosecond)
				t.Rest()
				if _, _, settled := t.Peek(c); !settled {
					t.Errorf("at the deadline the future was pending")
				}
			}
			_, err := t.Get(c)
			t.timedOut("the future", err)
			passed := t.now().Sub(start)
			if passed < d || t.exact() && passed != d {
				t.Errorf("a timeout of %v took %v", d, passed)
			}
		},
	},
	{
		Number: 138, Name: "a value in time", Level: Optional, Needs: "Timeout",
		Rule:   "A value before the deadline is the outcome, and the deadline does nothing any more.",
		Source: "Twisted test_successResultBeforeTimeout",
		Check: func(t *T) {
			c := t.Fresh()
			d := t.Timeout(c, t.long())
			if t.OnCancel != nil {
				t.OnCancel(c, func(error) { t.Mark("cancelled") })
			}
			t.Rest()
			_ = c.Settle("v", nil)
			t.Value("the future", d, "v")
			if t.exact() {
				t.Pass(2 * t.long())
			}
			t.Value("the future, behind the deadline,", d, "v")
			t.Value("the source, behind the deadline,", c, "v")
			t.Marks("")
		},
	},
	{
		Number: 139, Name: "a failure in time", Level: Optional, Needs: "Timeout",
		Rule:   "A failure before the deadline is the outcome, with its own error.",
		Source: "Tornado test_fails_before_timeout",
		Check: func(t *T) {
			c := t.Fresh()
			d := t.Timeout(c, t.long())
			t.Rest()
			_ = c.Settle(nil, errBoom)
			_, err := t.Get(d)
			t.Same("the error", err, errBoom)
		},
	},
	{
		Number: 140, Name: "a timeout for what is settled", Level: Optional, Needs: "Timeout",
		Rule:   "A timeout of a settled future has its outcome, however short it is.",
		Source: "Tornado test_already_resolved",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				for _, d := range []time.Duration{t.long(), t.Unit(), 0} {
					c := t.Settled(o.Value, o.Err)
					t.Rest()
					v, err := t.Get(t.Timeout(c, d))
					t.is("a waiter", v, err, o)
				}
			}
		},
	},
	{
		Number: 141, Name: "an error behind the timeout", Level: Optional, Needs: "Timeout Unobserved",
		Rule:   "An error that comes behind the timeout is told to its producer, or reported, unless it was quieted.",
		Source: "Tornado with_timeout quiet_exceptions; asyncio, shield",
		Check: func(t *T) {
			told := t.hooks()
			var lost error
			func() {
				c := t.New()
				d := t.Timeout(c, t.Unit())
				_, err := t.Get(d)
				t.timedOut("the future", err)
				lost = c.Settle(nil, errLoud)
			}()
			if lost == nil {
				t.forget()
				t.told(told, "an error behind the timeout")
			}
		},
	},
	{
		Number: 142, Name: "a typed timeout", Level: Optional, Needs: "Timeout",
		Rule:   "errors.Is finds context.DeadlineExceeded, or an exported error, in that of a timeout.",
		Source: "package context; a public library has a bare text",
		Check: func(t *T) {
			c := t.Timeout(t.Fresh(), t.Unit())
			end := c
			if t.Then != nil {
				end = t.Hops(c, 2)
			}
			_, err := t.Get(end)
			t.timedOut("the future", err)
		},
	},
	{
		Number: 143, Name: "two timeouts", Level: Optional, Needs: "Timeout",
		Rule:   "Of two timeouts the shorter one counts, and a DeadlineExceeded from within is not taken for the outer timeout.",
		Source: "package context, WithTimeout of WithTimeout",
		Check: func(t *T) {
			for _, d := range [][2]time.Duration{{t.Unit(), t.long()}, {t.long(), t.Unit()}} {
				start := t.now()
				c := t.Timeout(t.Timeout(t.Fresh(), d[0]), d[1])
				_, err := t.Get(c)
				t.timedOut("the future", err)
				if passed := t.now().Sub(start); passed < t.Unit() || t.exact() && passed != t.Unit() {
					t.Errorf("timeouts of %v and %v took %v", d[0], d[1], passed)
				}
			}
			inner := t.Fresh()
			c := t.Timeout(inner, t.long())
			own := errors.Join(errBoom, context.DeadlineExceeded)
			_ = inner.Settle(nil, own)
			_, err := t.Get(c)
			t.Same("the error of a source that failed with DeadlineExceeded", err, own)
		},
	},
	{
		Number: 144, Name: "a timeout with an error of one's own", Level: Optional, Needs: "TimeoutAs",
		Rule:   "A timeout can fail with an error that the caller chose.",
		Source: "Twisted onTimeoutCancel",
		Check: func(t *T) {
			t.Fails("the future", t.TimeoutAs(t.Fresh(), t.Unit(), errCause), errCause)
			c := t.Fresh()
			d := t.TimeoutAs(c, t.long(), errCause)
			_ = c.Settle("v", nil)
			t.Value("the future", d, "v")
		},
	},
}

// exact reports whether instants of the library's clock are exact.
func (t *T) exact() bool { return t.bubble || t.Sleep != nil }

// now reads the clock of the library.
func (t *T) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

// long is a time that nothing in a check takes, were it for the machine's sake.
func (t *T) long() time.Duration {
	if t.exact() {
		return 20 * t.Unit()
	}
	return time.Hour
}

// timedOut checks that an error is that of a timeout.
func (t *T) timedOut(who string, err error) {
	if err == nil || !errors.Is(err, t.Caps.timeoutErr()) {
		t.Errorf("%s came to the error %v; want %v", who, err, t.Caps.timeoutErr())
	}
}
