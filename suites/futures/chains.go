package futures

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

var chains = []Property{
	{
		Number: 46, Name: "Then maps", Level: Required, Needs: "Then", Three: true,
		Rule:   "The value that the function of Then returns is that of the derived future.",
		Source: "Promises/A+ 2.2.7.1; CompletableFutureTest.testThenApply_normalCompletion",
		Check: func(t *T) {
			t.Value("the derived future", t.derive("v", nil, func(c Case) Case { return t.Then(c, t.mapping("f")) }), "f(v)")
			t.Marks("f")
		},
	},
	{
		Number: 47, Name: "Then skips an error", Level: Required, Needs: "Then", Three: true,
		Rule:   "The function of Then is not called for an error.",
		Source: "Promises/A+ 2.2.7.4; CompletableFutureTest.testThenApply_exceptionalCompletion",
		Check: func(t *T) {
			_, _ = t.Get(t.derive(nil, errBoom, func(c Case) Case { return t.Then(c, t.mapping("f")) }))
			t.Marks("")
		},
	},
	{
		Number: 48, Name: "an error passes many hops", Level: Required, Needs: "Then", Three: true,
		Rule:   "An error passes 1, 3 and 1,000 steps that have no function for it.",
		Source: "Promises/A+ 2.2.7.4; folly Then.voidThenShouldPropagateExceptions; Twisted, the ImplicitErrorChain tests",
		Check: func(t *T) {
			for _, n := range []int{1, 3, t.Rounds(1000)} {
				end := t.derive(nil, errBoom, func(c Case) Case { return t.Hops(c, n) })
				t.Fails(fmt.Sprintf("the end of %d steps", n), end, errBoom)
			}
			t.Marks("")
		},
	},
	{
		Number: 49, Name: "a value passes Catch", Level: Required, Needs: "Catch", Three: true,
		Rule:   "A value passes through Catch, whose function is not called.",
		Source: "Promises/A+ 2.2.7.3; CompletableFutureTest.testExceptionally_normalCompletion",
		Check: func(t *T) {
			t.Value("the derived future", t.derive("v", nil, func(c Case) Case { return t.Catch(c, t.recovering("f", "r", nil)) }), "v")
			t.Marks("")
		},
	},
	{
		Number: 50, Name: "Catch recovers", Level: Optional, Needs: "Then Catch", Three: true,
		Rule:   "A Catch whose function returns a value makes the chain succeed, and the next Then is called.",
		Source: "Tornado GenCoroutine.test_swallow_yieldpoint_exception; Scala recover",
		Check: func(t *T) {
			end := t.derive(nil, errBoom, func(c Case) Case {
				return t.Then(t.Catch(c, t.recovering("f", "r", nil)), t.mapping("g"))
			})
			t.Value("the step behind Catch", end, "g(r)")
			t.Marks("f g")
		},
	},
	{
		Number: 51, Name: "Catch replaces the error", Level: Optional, Needs: "Catch", Three: true,
		Rule:   "A Catch whose function returns another error fails with that one.",
		Source: "Tornado test_replace_yieldpoint_exception; CompletableFutureTest.testExceptionally_exceptionalCompletionActionFailed",
		Check: func(t *T) {
			end := t.derive(nil, errBoom, func(c Case) Case { return t.Catch(c, t.recovering("f", nil, errSecond)) })
			t.Fails("the derived future", end, errSecond)
			t.Marks("f")
		},
	},
	{
		Number: 52, Name: "a function returns an error", Level: Required, Needs: "Then", Three: true,
		Rule:   "The error that the function of Then returns fails the derived future.",
		Source: "Promises/A+ 2.2.7.2",
		Check: func(t *T) {
			end := t.derive("v", nil, func(c Case) Case {
				return t.Then(c, func(any) (any, error) { return nil, errBoom })
			})
			t.Fails("the derived future", end, errBoom)
		},
	},
	{
		Number: 53, Name: "one of two arms", Level: Required, Needs: "Both", Three: true,
		Rule:   "Of two arms exactly one is called, once.",
		Source: "Promises/A+ 2.2.2.3, 2.2.3.3; CompletableFutureTest, the invocation counts",
		Check: func(t *T) {
			both := func(c Case) Case { return t.Both(c, t.mapping("ok"), t.recovering("bad", "r", nil)) }
			t.Value("the derived future of a value", t.derive("v", nil, both), "ok(v)")
			t.Value("the derived future of an error", t.derive(nil, errBoom, both), "r")
			failing := func(c Case) Case {
				return t.Both(c, func(any) (any, error) { return nil, errSecond }, t.recovering("sibling", "r", nil))
			}
			t.Fails("the derived future whose first arm fails", t.derive("v", nil, failing), errSecond)
			t.Marks("ok bad")
		},
	},
	{
		Number: 54, Name: "a typed Catch", Level: Optional, Needs: "CatchIs", Three: true,
		Rule:   "A typed Catch takes the errors that match, and lets others pass unchanged.",
		Source: "folly thenErrorTakesExnReturnsValueWrong; bluebird catch_filter; Scala recover, MatchError",
		Check: func(t *T) {
			catch := func(c Case) Case { return t.CatchIs(c, errBoom, t.recovering("f", "r", nil)) }
			t.Value("the derived future of the error", t.derive(nil, fmt.Errorf("in a way: %w", errBoom), catch), "r")
			_, err := t.Get(t.derive(nil, errSecond, catch))
			t.Same("another error, behind the Catch,", err, errSecond)
			t.Marks("f")
		},
	},
	{
		Number: 55, Name: "Finally", Level: Optional, Needs: "Finally", Three: true,
		Rule:   "The function of Finally is called once on either path, and the outcome passes.",
		Source: "CompletableFutureTest, the testWhenComplete tests; bluebird finally.js",
		Check: func(t *T) {
			finally := func(c Case) Case { return t.Finally(c, t.ending("f", nil)) }
			t.Value("the derived future of a value", t.derive("v", nil, finally), "v")
			_, err := t.Get(t.derive(nil, errBoom, finally))
			t.Same("the error behind Finally", err, errBoom)
			t.Marks("f f")
		},
	},
	{
		Number: 56, Name: "Finally fails behind a failure", Level: Optional, Needs: "Finally", Three: true,
		Rule:   "If the source fails and then Finally does, errors.Is finds both, and the source's error comes first.",
		Source: "CompletableFutureTest.testWhenComplete_sourceFailedActionFailed (suppressed)",
		Check: func(t *T) {
			_, err := t.Get(t.derive(nil, errBoom, func(c Case) Case { return t.Finally(c, t.ending("f", errSecond)) }))
			if count(err, errBoom) == 0 || count(err, errSecond) == 0 {
				t.Fatalf("the error was %v; want one that has both %q and %q", err, errBoom, errSecond)
			}
			text := err.Error()
			if i, j := strings.Index(text, errBoom.Error()), strings.Index(text, errSecond.Error()); i > j && j >= 0 {
				t.Errorf("the error reads %q; want the source's error, %q, first", text, errBoom)
			}
		},
	},
	{
		Number: 57, Name: "Finally fails behind a success", Level: Optional, Needs: "Finally", Three: true,
		Rule:   "If the source succeeds and Finally fails, the derived future fails.",
		Source: "CompletableFutureTest.testWhenComplete_sourceCompletedNormallyActionFailed; bluebird \"throwing in finally turns into a rejection\"",
		Check: func(t *T) {
			end := t.derive("v", nil, func(c Case) Case { return t.Finally(c, t.ending("f", errSecond)) })
			t.Fails("the derived future", end, errSecond)
		},
	},
	{
		Number: 58, Name: "derived futures are one-way", Level: Required, Needs: "Then",
		Unless: map[string]string{"Caps.CancelsUp": "cancelling a derived future cancels its source"},
		Rule:   "Settling or cancelling a derived future does not change its source.",
		Source: "CompletableFutureTest.testCopy_oneWayPropagation",
		Check: func(t *T) {
			c := t.Fresh()
			d := t.Then(c, t.mapping("f"))
			switch {
			case t.Cancel != nil:
				_ = t.Cancel(d, errCause)
			case d.Settle != nil:
				_ = d.Settle("other", nil)
			default:
				t.Lack("neither settles nor cancels a derived future")
			}
			t.Pending("the source", c)
			_ = c.Settle("v", nil)
			t.Value("the source", c, "v")
		},
	},
	{
		Number: 59, Name: "branches", Level: Required, Needs: "Then", Three: true,
		Rule:   "Two chains on one future are independent, and both settle.",
		Source: "Promises/A+ 2.2.6, branching",
		Check: func(t *T) {
			var one, two, three Case
			t.Source("v", nil, func(c Case) {
				one = t.Then(c, func(any) (any, error) { return nil, errBoom })
				two = t.Then(c, t.mapping("f"))
				three = t.Then(two, t.mapping("g"))
			})
			t.Fails("the branch that fails", one, errBoom)
			t.Value("the other branch", two, "f(v)")
			t.Value("what is derived from it", three, "g(f(v))")
		},
	},
	{
		Number: 60, Name: "before, at and after the settle", Level: Required, Needs: "Then",
		Rule:   "Chains built before, right after and long after the settle behave the same.",
		Source: "Promises/A+ testThreeCases",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				c := t.Fresh()
				ends := []Case{t.Hops(c, 2)}
				t.Rest()
				_ = c.Settle(o.Value, o.Err)
				ends = append(ends, t.Hops(c, 2))
				t.Rest()
				ends = append(ends, t.Hops(c, 2))
				for i, when := range []string{"before", "right after", "long after"} {
					v, err := t.Get(ends[i])
					t.is("the chain built "+when+" the settle", v, err, o)
				}
			}
			t.Marks(strings.Repeat("hop ", 6))
		},
	},
	{
		Number: 61, Name: "a deep chain", Level: Required, Needs: "Then",
		Rule:   "A chain of 5,000 steps settles, and the stack does not grow with it.",
		Source: "Twisted test_boundedStackDepth; Netty's StackOverflow tests; folly ThenRecursion; CompletableFutureTest testRecursiveChains, testManyDependents",
		Check: func(t *T) {
			n := t.Rounds(5000)
			c := t.Fresh()
			depths := [2]int{}
			frames := func(i int) func(any) (any, error) {
				return func(v any) (any, error) {
					depths[i] = runtime.Callers(0, make([]uintptr, 20_000))
					return v, nil
				}
			}
			through := func(c Case, n int) Case {
				for range n {
					c = t.Then(c, func(v any) (any, error) { return v, nil })
				}
				return c
			}
			end := t.Then(through(t.Then(through(c, 3), frames(0)), n), frames(1))
			start := time.Now()
			_ = c.Settle("v", nil)
			t.Value("the end of the chain", end, "v")
			if grown := depths[1] - depths[0]; grown > n/4 {
				t.Errorf("over %d steps the stack grew by %d frames", n, grown)
			}
			if !t.bubble {
				t.Notef("%d steps settled in %v", n, time.Since(start).Round(time.Millisecond))
			}
		},
	},
	{
		Number: 62, Name: "the cost of a rejected chain", Level: Required, Needs: "Then",
		Rule:   "An error passes a chain at a cost of the same order as a value.",
		Source: "no suite has it; a public library took 0 ms against 6.14 s for 1,200 steps",
		Check: func(t *T) {
			n := t.Rounds(1200)
			ok, bad := t.cost(n, nil), t.cost(n, errBoom)
			most := 10*ok.allocated + 1<<20
			for tries := 0; tries < 5 && bad.virtual <= ok.virtual && bad.allocated > most; tries++ {
				bad = t.cost(n, errBoom) // what others allocate meanwhile is no fact about the chain
			}
			if bad.virtual > ok.virtual {
				t.Errorf("an error took %v of the clock's time to pass %d steps, a value %v", bad.virtual, n, ok.virtual)
			}
			if bad.allocated > most {
				t.Errorf("to pass %d steps an error allocated %d bytes, a value %d", n, bad.allocated, ok.allocated)
			}
		},
	},
	{
		Number: 63, Name: "a nil arm", Level: Required, Needs: "Both", Three: true,
		Rule:   "An arm that is nil lets the outcome pass.",
		Source: "Promises/A+ 2.2.7.3, 2.2.7.4; Twisted test_addCallbacksNoneErrback",
		Check: func(t *T) {
			onlyOK := func(c Case) Case { return t.Both(c, t.mapping("f"), nil) }
			onlyBad := func(c Case) Case { return t.Both(c, nil, t.recovering("r", "r", nil)) }
			t.Value("a value, through a nil arm,", t.derive("v", nil, onlyBad), "v")
			_, err := t.Get(t.derive(nil, errBoom, onlyOK))
			t.Same("the error, through a nil arm,", err, errBoom)
			t.Marks("")
		},
	},
}

// derive is Source with the future that build makes of it.
func (t *T) derive(v any, err error, build func(c Case) Case) (derived Case) {
	t.Source(v, err, func(c Case) { derived = build(c) })
	return derived
}

// mapping is a function for Then that leaves a mark and puts its name around the value.
func (t *T) mapping(name string) func(any) (any, error) {
	return func(v any) (any, error) {
		t.Mark(name)
		return fmt.Sprintf("%s(%v)", name, v), nil
	}
}

// recovering is a function for Catch that leaves a mark and returns this.
func (t *T) recovering(name string, v any, err error) func(error) (any, error) {
	return func(error) (any, error) {
		t.Mark(name)
		return v, err
	}
}

// ending is a function for Finally.
func (t *T) ending(name string, err error) func() error {
	return func() error {
		t.Mark(name)
		return err
	}
}

// expense is what a chain cost.
type expense struct {
	virtual   time.Duration
	allocated uint64
}

// cost measures what a chain of n steps costs that passes an error, or a value.
func (t *T) cost(n int, err error) (least expense) {
	for round := range 3 { // others allocate, too: the least counts
		c := t.Fresh()
		end := c
		for range n {
			end = t.Then(end, func(v any) (any, error) { return v, nil })
		}
		t.Rest()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_ = c.Settle(nil, err)
		_, _ = t.Get(end)
		e := expense{time.Since(start), 0}
		runtime.ReadMemStats(&after)
		e.allocated = after.TotalAlloc - before.TotalAlloc
		if !t.bubble && e.virtual < 2*time.Second {
			e.virtual = 0 // less than any machine needs to be slow
		}
		if round == 0 || e.virtual < least.virtual || e.virtual == least.virtual && e.allocated < least.allocated {
			least = e
		}
	}
	return least
}
