package futures

import (
	"errors"
	"fmt"
	"runtime"
)

var adoption = []Property{
	{
		Number: 94, Name: "adopting what is pending", Level: Optional, Needs: "Flat|Adopt",
		Rule:   "A future that was settled with a pending future stays pending until that one is settled.",
		Source: "Promises/A+ 2.3.2.1",
		Check: func(t *T) {
			for _, way := range t.ways() {
				inner := t.Fresh()
				outer := way.adopt(inner)
				t.Pending("the outer future, by "+way.name+",", outer)
				_ = inner.Settle("v", nil)
				t.Value("the outer future, by "+way.name+",", outer, "v")
			}
		},
	},
	{
		Number: 95, Name: "adopting a value", Level: Optional, Needs: "Flat|Adopt", Three: true,
		Rule:   "A future that was settled with another one has its value.",
		Source: "Promises/A+ 2.3.2.2; CompletableFutureTest.testThenCompose_normalCompletion",
		Check: func(t *T) {
			for _, way := range t.ways() {
				t.Value("the outer future, by "+way.name+",", t.derive("v", nil, way.adopt), "v")
			}
		},
	},
	{
		Number: 96, Name: "adopting an error", Level: Optional, Needs: "Flat|Adopt", Three: true,
		Rule:   "A future that was settled with another one has its error, the same one.",
		Source: "Promises/A+ 2.3.2.3; CompletableFutureTest.testThenCompose_actionReturnsFailingFuture",
		Check: func(t *T) {
			for _, way := range t.ways() {
				_, err := t.Get(t.derive(nil, errBoom, way.adopt))
				t.Same("the error of the outer future, by "+way.name+",", err, errBoom)
			}
		},
	},
	{
		Number: 97, Name: "outer and inner, each at its time", Level: Optional, Needs: "Flat", Three: true,
		Rule:   "Whenever the outer and whenever the inner future is settled, the derived one has the inner outcome.",
		Source: "Promises/A+ 2.3.3.3",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				for _, when := range []When{Already, AtOnce, Later} {
					inner, outer := t.Fresh(), t.Fresh()
					if t.When == Already {
						_ = inner.Settle(o.Value, o.Err)
					}
					if when == Already {
						_ = outer.Settle("outer", nil)
						t.Rest()
					}
					end := t.Flat(outer, func(any) Case { return inner })
					if when == AtOnce {
						_ = outer.Settle("outer", nil)
					}
					if t.When == AtOnce {
						_ = inner.Settle(o.Value, o.Err)
					}
					t.Rest()
					if when == Later {
						_ = outer.Settle("outer", nil)
					}
					if t.When == Later {
						t.Pending("the derived future", end)
						_ = inner.Settle(o.Value, o.Err)
					}
					v, err := t.Get(end)
					t.is(fmt.Sprintf("who waits for the derived future, the outer settled %s,", when), v, err, o)
				}
			}
		},
	},
	{
		Number: 98, Name: "locked in", Level: Optional, Needs: "Adopt",
		Rule:   "A future that was settled with a pending one takes no other outcome.",
		Source: "Promises/A+ 2.3.3.3.3",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "w"}, {Err: errSecond}} {
				inner, outer := t.Fresh(), t.Fresh()
				if err := t.Adopt(outer, inner); err != nil {
					t.Errorf("the first settle, with a future, was refused: %v", err)
				}
				t.lost("a settle behind it", t.Caps.SecondSettle, func() error { return outer.Settle(o.Value, o.Err) })
				other := t.Settled("other", nil)
				t.lost("a settle with another future behind it", t.Caps.SecondSettle, func() error { return t.Adopt(outer, other) })
				t.Pending("the outer future", outer)
				_ = inner.Settle("v", nil)
				t.Value("the outer future", outer, "v")
			}
		},
	},
	{
		Number: 99, Name: "settled with itself", Level: Optional, Needs: "Flat|Adopt",
		Rule:   "A future settled with itself is an error, and not a wait for ever.",
		Source: "Promises/A+ 2.3.1; Twisted, the circular chain tests; asyncio test_task_awaits_on_itself; bluebird cycles.js",
		Check: func(t *T) {
			if t.Adopt != nil {
				c := t.Fresh()
				var refused error
				if recovered(func() { refused = t.Adopt(c, c) }) == nil && refused == nil {
					t.FailsSomehow("the future that was settled with itself", c)
				}
			}
			if t.Flat != nil {
				source := t.Fresh()
				var end Case
				end = t.Flat(source, func(any) Case { return end })
				_ = source.Settle("v", nil)
				t.FailsSomehow("the future whose function returned it", end)
			}
		},
	},
	{
		Number: 100, Name: "a longer cycle", Level: Info, Needs: "Adopt",
		Rule:   "A cycle of two futures is an error, or a wait for ever that is documented.",
		Source: "Promises/A+ note 3.6",
		Check: func(t *T) {
			a, b := t.Fresh(), t.Fresh()
			var refused error
			v := recovered(func() { refused = errors.Join(t.Adopt(a, b), t.Adopt(b, a)) })
			o, settled := t.Within(t.Unit(), a)
			switch {
			case v != nil:
				t.Notef("a cycle of two futures panics")
			case refused != nil:
				t.Notef("a cycle of two futures is refused")
			case settled && o.Err != nil:
				t.Notef("a cycle of two futures fails")
			case settled:
				t.Notef("a cycle of two futures succeeds")
			default:
				t.Notef("a cycle of two futures stays pending")
			}
		},
	},
	{
		Number: 101, Name: "the inner one's observers first", Level: Optional, Needs: "OnDone Flat|Adopt Caps.Ordered",
		Rule:   "Observers of the inner future are called before those of the outer one.",
		Source: "Twisted test_innerCallbacksPreserved, test_callbackOrderPreserved",
		Check: func(t *T) {
			want := ""
			for _, way := range t.ways() {
				inner := t.Fresh()
				t.OnDone(inner, func(any, error) { t.Mark("inner") })
				outer := way.adopt(inner)
				t.OnDone(outer, func(any, error) { t.Mark("outer") })
				t.Rest()
				_ = inner.Settle("v", nil)
				t.Value("the outer future", outer, "v")
				t.Rest()
				want += "inner outer "
			}
			t.Marks(want)
		},
	},
	{
		Number: 102, Name: "nested four deep", Level: Optional, Needs: "Flat|Adopt", Three: true,
		Rule:   "A future of a future of a future of a future has the innermost outcome.",
		Source: "Twisted, the nested asynchronous chained deferreds",
		Check: func(t *T) {
			for _, way := range t.ways() {
				nest := func(c Case) Case {
					for range 4 {
						c = way.adopt(c)
					}
					return c
				}
				t.Value("the outermost future, by "+way.name+",", t.derive("v", nil, nest), "v")
				t.Fails("the outermost future, by "+way.name+",", t.derive(nil, errBoom, nest), errBoom)
			}
		},
	},
	{
		Number: 103, Name: "a nil future", Level: Optional, Needs: "Flat|Adopt",
		Rule:   "A nil future instead of an inner one is an error that says so, and not a nil dereference.",
		Source: "CompletableFutureTest, thenCompose with a function that returns null",
		Check: func(t *T) {
			named := func(what string, v any, err error) {
				var rt runtime.Error
				if e, ok := v.(error); ok && errors.As(e, &rt) || errors.As(err, &rt) {
					t.Errorf("%s: %v", what, rt)
				}
			}
			if t.Adopt != nil {
				c := t.Fresh()
				var err error
				v := recovered(func() { err = t.Adopt(c, Case{}) })
				named("settling with a nil future", v, err)
				if v == nil && err == nil {
					named("the future", nil, t.FailsSomehow("the future that was settled with a nil future", c))
				}
			}
			if t.Flat != nil {
				end := t.Flat(t.Settled("v", nil), func(any) Case { return Case{} })
				named("the derived future", nil, t.FailsSomehow("the future whose function returned a nil future", end))
			}
		},
	},
	{
		Number: 104, Name: "the inner one is cancelled", Level: Optional, Needs: "Cancel Flat|Adopt",
		Rule:   "When the inner future is cancelled the outer one settles, as cancelled.",
		Source: "Twisted test_cancelNestedDeferred",
		Check: func(t *T) {
			for _, way := range t.ways() {
				inner := t.Fresh()
				outer := way.adopt(inner)
				t.Rest()
				_ = t.Cancel(inner, errCause)
				t.Fails("the outer future, by "+way.name+",", outer, t.Caps.cancelErr())
			}
		},
	},
	{
		Number: 105, Name: "linked futures", Level: Required, Needs: "Link", Three: true,
		Rule:   "Linking copies value, error and cancellation, and leaves a target alone that is settled.",
		Source: "Tornado ChainFutureTest, chain_future; asyncio test_copy_state",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				dst := t.Fresh()
				t.Source(o.Value, o.Err, func(c Case) { t.Link(c, dst) })
				v, err := t.Get(dst)
				t.is("the target", v, err, o)

				done := t.Settled("mine", nil)
				t.Source(o.Value, o.Err, func(c Case) { t.Link(c, done) })
				t.Rest()
				t.Value("a target that was settled already", done, "mine")
			}
			if t.Cancel != nil {
				src, dst := t.Fresh(), t.Fresh()
				t.Link(src, dst)
				_ = t.Cancel(src, errCause)
				t.Fails("the target of a cancelled future", dst, t.Caps.cancelErr())
			}
		},
	},
}

// way is one of the means by which a library settles a future with another one.
type way struct {
	name  string
	adopt func(inner Case) (outer Case)
}

func (t *T) ways() []way {
	var out []way
	if t.Flat != nil {
		out = append(out, way{"Flat", func(inner Case) Case {
			return t.Flat(t.Settled("outer", nil), func(any) Case { return inner })
		}})
	}
	if t.Adopt != nil {
		out = append(out, way{"Adopt", func(inner Case) Case {
			outer := t.Fresh()
			if err := t.Adopt(outer, inner); err != nil {
				t.Errorf("the first settle, with a future, was refused: %v", err)
			}
			return outer
		}})
	}
	return out
}
