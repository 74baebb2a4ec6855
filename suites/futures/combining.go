package futures

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

var combining = []Property{
	{
		Number: 106, Name: "results in order", Level: Optional, Needs: "All",
		Rule:   "The results of All are in the order of its arguments, whatever settles first.",
		Source: "Tornado test_multi_delayed",
		Check: func(t *T) {
			cs := t.several(4)
			all := t.All(cs...)
			for _, i := range []int{2, 0, 3, 1} {
				_ = cs[i].Settle(fmt.Sprint(i), nil)
				t.Rest()
			}
			t.Value("All", all, []any{"0", "1", "2", "3"})
		},
	},
	{
		Number: 107, Name: "failing fast, or not", Level: Optional, Needs: "All",
		Rule:   "All fails with the first failure, or when all are settled, as declared.",
		Source: "folly collect against collectAll",
		Check: func(t *T) {
			cs := t.several(3)
			all := t.All(cs...)
			_ = cs[0].Settle("v", nil)
			_ = cs[2].Settle(nil, errBoom)
			if t.Caps.FailFast {
				t.Fails("All, with one member pending,", all, errBoom)
				return
			}
			t.Pending("All, with one member pending,", all)
			_ = cs[1].Settle("w", nil)
			t.Fails("All", all, errBoom)
		},
	},
	{
		Number: 108, Name: "the first failure", Level: Optional, Needs: "All",
		Rule:   "errors.Is finds the first failure in the error of All.",
		Source: "CompletableFutureTest.testAllOf_exceptional",
		Check: func(t *T) {
			cs := t.several(3)
			all := t.All(cs...)
			_ = cs[1].Settle(nil, errBoom)
			t.Rest()
			_ = cs[0].Settle(nil, errSecond)
			_ = cs[2].Settle("v", nil)
			t.Fails("All", all, errBoom)
		},
	},
	{
		Number: 109, Name: "the second failure", Level: Optional, Needs: "All",
		Rule:   "A second failure is in the error of All, or is reported.",
		Source: "Tornado test_multi_exceptions; asyncio TaskGroup; Twisted consumeErrors; asyncio.gather drops it",
		Check: func(t *T) {
			told := t.hooks()
			cs := t.several(2)
			all := t.All(cs...)
			one, two := fmt.Errorf("one: %w", errLoud), fmt.Errorf("two: %w", errLoud)
			_ = cs[0].Settle(nil, one)
			_ = cs[1].Settle(nil, two)
			if err := t.FailsSomehow("All", all); !errors.Is(err, one) || !errors.Is(err, two) {
				cs, all = nil, Case{} // for a library whose reports come from the collector
				t.forget()
				t.told(told, "the second failure")
			}
		},
	},
	{
		Number: 110, Name: "All of nothing", Level: Optional, Needs: "All",
		Rule:   "All of nothing settles, with no results.",
		Source: "Tornado test_multi_empty; CompletableFutureTest.testAllOf_empty; Twisted DeferredListEmptyTests",
		Check: func(t *T) {
			v, err := t.Get(t.All())
			if err != nil || v != nil && (reflect.ValueOf(v).Kind() != reflect.Slice || reflect.ValueOf(v).Len() != 0) {
				t.Errorf("All of nothing came to %s; want no results and no error", show(v, err))
			}
		},
	},
	{
		Number: 111, Name: "one future twice", Level: Optional, Needs: "All", Three: true,
		Rule:   "All of one future twice has its value twice.",
		Source: "Tornado test_multi_future_duplicate; asyncio test_duplicate_coroutines",
		Check: func(t *T) {
			t.Value("All", t.derive("v", nil, func(c Case) Case { return t.All(c, c) }), []any{"v", "v"})
		},
	},
	{
		Number: 112, Name: "members that are settled", Level: Optional, Needs: "All", Three: true,
		Rule:   "All works the same with members that are settled already.",
		Source: "Twisted, the DeferredList tests named AlreadyFired",
		Check: func(t *T) {
			settled := t.Settled("s", nil)
			t.Value("All", t.derive("v", nil, func(c Case) Case { return t.All(settled, c, settled) }), []any{"s", "v", "s"})
			t.Fails("All", t.derive(nil, errBoom, func(c Case) Case { return t.All(settled, c) }), errBoom)
			failed := t.Settled(nil, errBoom)
			t.Fails("All", t.derive("v", nil, func(c Case) Case { return t.All(failed, c) }), errBoom)
		},
	},
	{
		Number: 113, Name: "all of Any failed", Level: Optional, Needs: "Any", Three: true,
		Rule:   "Any has the first value; if all fail, an error in which errors.Is finds every one.",
		Source: "bluebird any.js, AggregateError",
		Check: func(t *T) {
			one, two := t.Fresh(), t.Fresh()
			_ = one.Settle(nil, errSecond)
			any := t.derive(nil, errBoom, func(c Case) Case { return t.Any(one, c, two) })
			t.Pending("Any, with one member pending,", any)
			_ = two.Settle(nil, errCause)
			err := t.FailsSomehow("Any, all of whose members failed,", any)
			for _, want := range []error{errBoom, errSecond, errCause} {
				if !errors.Is(err, want) {
					t.Errorf("the error of Any is %q, in which errors.Is does not find %q", err, want)
				}
			}
			failed := t.Settled(nil, errSecond)
			t.Value("Any", t.derive("v", nil, func(c Case) Case { return t.Any(failed, c) }), "v")
		},
	},
	{
		Number: 114, Name: "a race", Level: Optional, Needs: "Race",
		Rule:   "Race has the first outcome, be it an error; if reports exist, an error that lost is reported.",
		Source: "Twisted RaceTests",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				cs := t.several(2)
				race := t.Race(cs...)
				_ = cs[1].Settle(o.Value, o.Err)
				v, err := t.Get(race)
				t.is("who waits for Race", v, err, o)
				t.Rest()
				_ = cs[0].Settle("late", nil)
				v, err = t.Get(race)
				t.is("who waits for Race later", v, err, o)
			}
			if t.Unobserved == nil {
				return
			}
			told := t.hooks()
			func() {
				a, b := t.New(), t.New()
				race := t.Race(a, b)
				_ = a.Settle("v", nil)
				t.Value("Race", race, "v")
				if lost := b.Settle(nil, errLoud); lost != nil { // cancelled with the race
					told = func() bool { return true }
				}
			}()
			t.forget()
			t.told(told, "the error that lost a race")
		},
	},
	{
		Number: 115, Name: "Any and Race of nothing", Level: Optional, Needs: "Any|Race",
		Rule:   "Any and Race of nothing fail, or stay pending, or panic; they do not succeed.",
		Source: "CompletableFutureTest.testAnyOf_empty",
		Check: func(t *T) {
			try := func(name string, combine func(...Case) Case) {
				if combine == nil {
					return
				}
				var c Case
				if v := recovered(func() { c = combine() }); v != nil {
					t.Notef("%s of nothing panics", name)
					return
				}
				o, settled := t.Within(t.Unit(), c)
				switch {
				case !settled:
					t.Notef("%s of nothing stays pending", name)
				case o.Err != nil:
					t.Notef("%s of nothing fails: %v", name, o.Err)
				default:
					t.Errorf("%s of nothing came to %s", name, show(o.Value, o.Err))
				}
			}
			try("Any", t.Any)
			try("Race", t.Race)
		},
	},
	{
		Number: 116, Name: "all settled", Level: Optional, Needs: "AllSettled", Three: true,
		Rule:   "AllSettled has each outcome at its own index, and does not fail.",
		Source: "bluebird settle.js",
		Check: func(t *T) {
			other := t.Settled("w", nil)
			failed := t.Settled(nil, errSecond)
			v, err := t.Get(t.derive(nil, errBoom, func(c Case) Case { return t.AllSettled(other, c, failed) }))
			os := outcomes(v)
			if err != nil || len(os) != 3 {
				t.Fatalf("AllSettled came to %s; want three outcomes", show(v, err))
			}
			for i, want := range []Outcome{{Value: "w"}, {Err: errBoom}, {Err: errSecond}} {
				t.is(fmt.Sprintf("AllSettled at index %d", i), os[i].Value, os[i].Err, want)
			}
		},
	},
	{
		Number: 117, Name: "cancelling an aggregate", Level: Optional, Needs: "All Cancel Caps.CancelsUp",
		Rule:   "Cancelling what All returned cancels the members.",
		Source: "Twisted, the cancelGatherResults tests; asyncio test_cancel_gather_1, _2",
		Check: func(t *T) {
			cs := t.several(2)
			all := t.All(cs...)
			t.Rest()
			_ = t.Cancel(all, errCause)
			t.Fails("All", all, t.Caps.cancelErr())
			for _, c := range cs {
				t.Fails("a member", c, t.Caps.cancelErr())
			}
		},
	},
	{
		Number: 118, Name: "many members", Level: Info, Needs: "All",
		Rule:   "All of 2,000 members takes linear time.",
		Source: "Tornado test_multi_performance",
		Check: func(t *T) {
			took := func(n int) time.Duration {
				cs := t.several(n)
				start := time.Now()
				all := t.All(cs...)
				for _, c := range cs {
					_ = c.Settle("v", nil)
				}
				if v, err := t.Get(all); err != nil || !reflect.ValueOf(v).IsValid() || reflect.ValueOf(v).Len() != n {
					t.Notef("All of many members does not come to as many results")
				}
				return time.Since(start).Round(time.Millisecond)
			}
			n := t.Rounds(2000)
			if d := took(n); !t.bubble {
				t.Notef("All of %d members took %v", n, d)
			}
		},
	},
	{
		Number: 119, Name: "as completed", Level: Optional, Needs: "AsCompleted",
		Rule:   "Iterating as members settle goes on past an error, and yields each outcome once, in the order in which they settled.",
		Source: "Tornado WaitIteratorTest.test_iterator",
		Check: func(t *T) {
			cs := t.several(3)
			next := t.AsCompleted(cs...)
			ctx, cancel := context.WithTimeout(context.Background(), t.patience())
			defer cancel()
			for _, step := range []struct {
				i    int
				want Outcome
			}{{2, Outcome{Err: errBoom}}, {0, Outcome{Value: "0"}}, {1, Outcome{Value: "1"}}} {
				_ = cs[step.i].Settle(step.want.Value, step.want.Err)
				o, ok := next(ctx)
				if !ok {
					t.Fatalf("the iteration ended before all had settled")
				}
				t.is("the iteration", o.Value, o.Err, step.want)
			}
			if o, ok := next(ctx); ok {
				t.Errorf("behind the last member the iteration yields %s", show(o.Value, o.Err))
			}
		},
	},
	{
		Number: 120, Name: "members of a handled aggregate", Level: Required, Needs: "All Unobserved",
		Rule:   "No error of a member is reported whose aggregate is handled and has it.",
		Source: "bluebird GH-1501, GH-1487; WPT promise-rejection-events, Promise.all",
		Check: func(t *T) {
			reports := t.reports()
			try := func(combine func(...Case) Case) {
				if combine == nil {
					return
				}
				a, b := t.New(), t.New()
				all := combine(a, b)
				if t.Caps.RealTime && t.OnDone != nil { // or the error may be found before anybody waits
					t.OnDone(all, func(any, error) {})
				}
				_ = a.Settle(nil, errBoom)
				_ = b.Settle("v", nil)
				_, _ = t.Get(all)
			}
			try(t.All)
			try(t.AllSettled)
			t.forget()
			t.flush()
			if got := reports(); len(got) > 0 {
				t.Errorf("reported was %v", got)
			}
		},
	},
	{
		Number: 121, Name: "what a race keeps", Level: Info, Needs: "Race",
		Rule:   "A long-lived future does not retain the races that are over.",
		Source: "CompletableFutureTest testAnyOfGarbageRetention",
		Check: func(t *T) {
			forever := t.Fresh()
			freed := t.watchGarbage(func(keep func() any) {
				winner := t.New()
				race := t.Race(forever, winner)
				if t.Then != nil {
					t.Then(race, func(any) (any, error) { return keep(), nil })
				}
				_ = winner.Settle("v", nil)
				_, _ = t.Get(race)
				t.Rest()
			})
			t.Notef("what a finished race held is %s", freed)
			_ = forever.Settle("v", nil)
		},
	},
}

// several returns n fresh cases.
func (t *T) several(n int) []Case {
	var out []Case
	for range n {
		out = append(out, t.Fresh())
	}
	return out
}
