package futures

import (
	"errors"
	"fmt"
)

var settling = []Property{
	{
		Number: 1, Name: "pending", Level: Required,
		Rule:   "A future that is not settled is pending: nobody has an outcome, and no observer is called.",
		Source: "Promises/A+ 2.2.2.2, 2.2.3.2; asyncio test_initial_state; CompletableFutureTest.testConstructor; Guava testGetBlocksUntilValueAvailable",
		Check: func(t *T) {
			c := t.Fresh()
			if t.OnDone != nil {
				t.OnDone(c, func(any, error) { t.Mark("called") })
			}
			t.Pending("a fresh future", c)
			if o, settled := t.Within(t.Unit(), c); settled {
				t.Errorf("Await returned with %s; want it to wait", show(o.Value, o.Err))
			}
			t.Marks("")
		},
	},
	{
		Number: 2, Name: "fulfilled", Level: Required,
		Rule:   "A fulfilled future has the same value for every reader, for ever.",
		Source: "Promises/A+ 2.1.2; asyncio test_result; CompletableFutureTest.testComplete",
		Check: func(t *T) {
			c := t.Settled("v", nil)
			for range 3 {
				t.Value("the future", c, "v")
				t.Rest()
			}
		},
	},
	{
		Number: 3, Name: "rejected", Level: Required,
		Rule:   "A rejected future has the same error for every reader, for ever.",
		Source: "Promises/A+ 2.1.3; asyncio test_exception",
		Check: func(t *T) {
			c := t.Settled(nil, errBoom)
			first := t.FailsSomehow("the future", c)
			for range 3 {
				if err := t.FailsSomehow("the future, read again,", c); !identical(err, first) {
					t.Errorf("read again, the future had the error %#v; want %#v as before", err, first)
				}
				t.Rest()
			}
			t.Same("the error", first, errBoom)
		},
	},
	first(4, "value then value", "Twisted testAlreadyCalled_CC; concurrent.futures test_multiple_set_result", Outcome{Value: "v"}, Outcome{Value: "w"}),
	first(5, "value then error", "Twisted testAlreadyCalled_CE", Outcome{Value: "v"}, Outcome{Err: errSecond}),
	first(6, "error then value", "Twisted testAlreadyCalled_EC", Outcome{Err: errBoom}, Outcome{Value: "w"}),
	first(7, "error then error", "Twisted testAlreadyCalled_EE; concurrent.futures test_multiple_set_exception", Outcome{Err: errBoom}, Outcome{Err: errSecond}),
	{
		Number: 8, Name: "a settle that loses", Level: Required,
		Rule:   "A settle of a settled future does what the library declares (nothing, a report, a panic), on all four paths alike.",
		Source: "Twisted AlreadyCalledError; asyncio InvalidStateError; CompletableFutureTest assertFalse(complete)",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				for _, o2 := range []Outcome{{Value: "w"}, {Err: errSecond}} {
					c := t.Settled(o.Value, o.Err)
					t.lost(fmt.Sprintf("Settle(%v, %v) behind (%v, %v)", o2.Value, o2.Err, o.Value, o.Err), t.Caps.SecondSettle,
						func() error { return c.Settle(o2.Value, o2.Err) })
				}
			}
		},
	},
	{
		Number: 9, Name: "nil as a value", Level: Required,
		Rule:   "Nil, or the zero value, is a success and not the same as pending.",
		Source: "Promises/A+ 2.3.4; CompletableFutureTest, whose loops run over 1 and null",
		Check: func(t *T) {
			for _, v := range []any{nil, 0, ""} {
				c := t.Fresh()
				t.Pending("a fresh future", c)
				if err := c.Settle(v, nil); err != nil {
					t.Errorf("the first Settle was refused: %v", err)
				}
				t.Value(fmt.Sprintf("a future settled with %#v", v), c, v)
			}
		},
	},
	{
		Number: 10, Name: "an error as a value", Level: Required,
		Rule:   "A value whose type is error stays a value.",
		Source: "Netty signalSuccessCompletionValue: a user's value that equals an internal marker",
		Three:  true,
		Check: func(t *T) {
			var end Case
			t.Source(errBoom, nil, func(c Case) {
				end = c
				if t.Then != nil {
					end = t.Hops(c, 1)
				}
			})
			v, err := t.Get(end)
			if got, ok := v.(error); err != nil || !ok || !errors.Is(got, errBoom) {
				t.Errorf("the future came to %s; want the value %v and no error", show(v, err), errBoom)
			}
		},
	},
	{
		Number: 11, Name: "rejection with nil", Level: Required, Needs: "RejectNil",
		Rule:   "A rejection with a nil error panics or becomes a named error, as declared; it is never a success.",
		Source: "Promises/A+ helpers/reasons.js (undefined, null); CompletableFutureTest.testCompleteExceptionally_null",
		Check: func(t *T) {
			c := t.Fresh()
			v := recovered(func() { _ = t.RejectNil(c) })
			switch t.Caps.NilReject {
			case NilPanics:
				if v == nil {
					t.Errorf("the call did not panic, as is declared")
				}
				t.Pending("the future", c)
			default:
				if v != nil {
					t.Fatalf("the call panicked: %v; want a named error, as is declared", v)
				}
				if err := t.FailsSomehow("the future", c); err.Error() == "" {
					t.Errorf("the error says nothing")
				}
			}
		},
	},
	{
		Number: 12, Name: "value or error", Level: Required, Three: true,
		Rule:   "An outcome is a value or an error, never both, never neither.",
		Source: "CompletableFutureTest, the assertions in whenComplete",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				var c Case
				t.Source(o.Value, o.Err, func(source Case) {
					c = source
					if t.OnDone != nil {
						t.OnDone(c, func(v any, err error) { t.either("an observer", v, err, o.Err) })
					}
				})
				v, err := t.Get(c)
				t.either("a waiter", v, err, o.Err)
				if t.Peek != nil {
					v, err, _ := t.Peek(c)
					t.either("Peek", v, err, o.Err)
				}
				t.Rest()
			}
		},
	},
	{
		Number: 13, Name: "the zero value of the type", Level: Info, Needs: "Zero",
		Rule:   "The zero value of the future type works, or fails loudly.",
		Source: "asyncio test_uninitialized; folly Promise.makeEmpty, hasPreconditionValid",
		Check: func(t *T) {
			settled := false
			v := recovered(func() {
				c := t.Zero()
				_ = c.Settle("v", nil)
				_, settled = t.Within(t.Unit(), c)
			})
			switch {
			case v != nil:
				t.Notef("the zero value panics: %v", v)
			case settled:
				t.Notef("the zero value works")
			default:
				t.Notef("the zero value takes a settle and never wakes who waits")
			}
		},
	},
	{
		Number: 14, Name: "the producer is gone", Level: Optional, Needs: "Abandon",
		Rule:   "A future whose producer is gone without having settled it is no success: it fails with an error that says so or, if that is not declared, stays pending.",
		Source: "folly Promise.brokenOnDelete, brokenPromiseHasTypeInfo; asyncio test_log_destroyed_pending_task",
		Check: func(t *T) {
			c := t.New()
			t.Abandon(c)
			if t.Caps.Broken {
				t.FailsSomehow("the future", c)
				return
			}
			if o, settled := t.Within(t.Unit(), c); settled && o.Err == nil {
				t.Errorf("the future came to %s; want an error, or nothing", show(o.Value, o.Err))
			}
		},
	},
}

// first is the property that of two settles the first one wins.
func first(number int, name, source string, one, two Outcome) Property {
	return Property{
		Number: number, Name: name, Level: Required, Source: source, Three: true,
		Rule: "Of two settles the first one wins, and the second changes nothing, for whomever.",
		Check: func(t *T) {
			var c Case
			t.Source(one.Value, one.Err, func(source Case) {
				c = source
				if t.OnDone != nil {
					t.OnDone(c, func(v any, err error) {
						t.Mark("called")
						t.is("an observer", v, err, one)
					})
				}
			})
			_ = recovered(func() { _ = c.Settle(two.Value, two.Err) })
			for range 2 {
				v, err := t.Get(c)
				t.is("a waiter", v, err, one)
				t.Rest()
			}
			if t.OnDone != nil {
				t.Marks("called")
			}
		},
	}
}

// is checks what somebody got against an outcome.
func (t *T) is(who string, v any, err error, want Outcome) {
	if want.Err == nil && err == nil && same(v, want.Value) || want.Err != nil && errors.Is(err, want.Err) {
		return
	}
	t.Errorf("%s got %s; want %s", who, show(v, err), show(want.Value, want.Err))
}

// either checks that what somebody got is a value or an error, as failed says.
func (t *T) either(who string, v any, err, failed error) {
	switch {
	case failed == nil && err != nil, failed != nil && err == nil:
		t.Errorf("%s got %s; want the other of value and error", who, show(v, err))
	case err != nil && v != nil:
		t.Errorf("%s got %s; want the error alone", who, show(v, err))
	}
}

// lost checks what becomes of a call that comes too late.
func (t *T) lost(what string, policy SettlePolicy, call func() error) {
	var err error
	v := recovered(func() { err = call() })
	switch {
	case policy == Panics && v == nil:
		t.Errorf("%s did not panic, as is declared", what)
	case policy == Panics:
	case v != nil:
		t.Errorf("%s panicked: %v; it is declared that it does not", what, v)
	case policy == Reported && err == nil:
		t.Errorf("%s returned as if it had had an effect; it is declared that it reports", what)
	case policy == Ignored && err != nil:
		t.Errorf("%s was reported (%v); it is declared that it is ignored", what, err)
	}
}
