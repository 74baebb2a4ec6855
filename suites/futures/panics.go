package futures

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
)

var panics = []Property{
	{
		Number: 79, Name: "a task panics", Level: Required, Needs: "Spawn",
		Rule:   "A task that panics is dealt with as declared: its future fails, or each waiter panics, or the process ends. If nothing is declared, it is at least no success.",
		Source: "x/sync/errgroup, the comment on panics; sourcegraph/conc; singleflight",
		Check: func(t *T) {
			if t.Caps.Panic == Crashes || t.Caps.Panic == Unknown {
				t.crashes()
				return
			}
			c := t.Spawn(func(context.Context) (any, error) { panic(errBoom) })
			var v any
			var err error
			p := recovered(func() { v, err = t.Get(c) })
			if _, over := p.(ended); over {
				panic(p)
			}
			switch {
			case t.Caps.Panic == Propagate && p == nil:
				t.Errorf("Await returned %s; it is declared that it panics", show(v, err))
			case t.Caps.Panic == Contain && p != nil:
				t.Errorf("Await panicked: %v; it is declared that the panic is contained", p)
			case t.Caps.Panic == Contain && err == nil:
				t.Errorf("Await returned %s; want an error", show(v, err))
			}
		},
	},
	contains(80, "panic with an error", "errors.Is finds the error that a task panicked with.", "CompletableFutureTest, the ActionFailed tests; Twisted testCallbackErrors",
		func() { panic(fmt.Errorf("wrapped: %w", errBoom)) },
		func(err error) bool { return errors.Is(err, errBoom) }),
	contains(81, "panic with something else", "The text of what a task panicked with is in the error.", "package runtime",
		func() { panic("a text and " + fmt.Sprint(4711)) },
		func(err error) bool { return strings.Contains(err.Error(), "a text and 4711") }),
	contains(82, "panic with nil", "A panic with nil is an error, a *runtime.PanicNilError.", "package runtime, Go 1.21",
		func() { panic(nil) }, //nolint:govet // that is the point
		func(err error) bool {
			var nilPanic *runtime.PanicNilError
			return errors.As(err, &nilPanic)
		}),
	contains(83, "a run-time error", "errors.As finds the runtime.Error that a task panicked with.", "package runtime",
		func() { _ = []int{}[len(fmt.Sprint())] },
		func(err error) bool {
			var rt runtime.Error
			return errors.As(err, &rt)
		}),
	contains(84, "the stack of a panic", "The error shows, with %+v, the line that panicked.", "Twisted LogTests; kotlinx StackTraceRecoveryTest",
		func() { explode() },
		func(err error) bool { return strings.Contains(fmt.Sprintf("%+v", err), "explode(") }),
	{
		Number: 85, Name: "a function panics", Level: Optional, Needs: "Then Caps.Panic=contain", Three: true,
		Rule:   "A function of Then that panics fails the derived future.",
		Source: "Promises/A+ 2.2.7.2",
		Check: func(t *T) {
			end := t.derive("v", nil, func(c Case) Case { return t.Then(c, func(any) (any, error) { panic(errBoom) }) })
			t.Fails("the derived future", end, errBoom)
		},
	},
	{
		Number: 86, Name: "a panic and the settler", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "A panic of a handler never unwinds into who settles the future.",
		Source: "no suite has it; a producer must not fail because of a consumer",
		Check: func(t *T) {
			if t.Caps.Panic == Crashes {
				t.ExpectCrash()
			}
			c := t.Fresh()
			boom := func(any, error) { panic(errBoom) }
			if t.When == Already {
				_ = c.Settle("v", nil)
				if v := recovered(func() { t.OnDone(c, boom) }); v != nil {
					t.Errorf("who registered the handler met its panic: %v", v)
				}
			} else {
				t.OnDone(c, boom)
				if t.When == Later {
					t.Rest()
				}
				if v := recovered(func() { _ = c.Settle("v", nil) }); v != nil {
					t.Errorf("who settled the future met the panic of a handler: %v", v)
				}
			}
			t.Rest()
			t.Value("the future", c, "v")
		},
	},
	{
		Number: 87, Name: "siblings of a panic", Level: Required, Needs: "Then OnDone", Unless: crashes, Three: true,
		Rule:   "When a handler panics its siblings are called all the same, and derived futures settle.",
		Source: "concurrent.futures test_done_callback_raises; Promises/A+ 2.2.6",
		Check: func(t *T) {
			var failing, other Case
			_ = recovered(func() {
				t.Source("v", nil, func(c Case) {
					_ = recovered(func() { failing = t.Then(c, func(any) (any, error) { panic(errBoom) }) })
					_ = recovered(func() { t.OnDone(c, func(any, error) { t.Mark("sibling") }) })
					_ = recovered(func() { other = t.Then(c, t.mapping("f")) })
				})
			})
			t.Set("f sibling")
			if other.Await == nil || failing.Await == nil {
				t.Fatalf("the panic of a handler met who registered it")
			}
			t.Value("the other derived future", other, "f(v)")
			t.Returns("Await of the one whose function panicked", func() {
				if v, err := t.Get(failing); err == nil {
					t.Errorf("the derived future whose function panicked came to %s", show(v, err))
				}
			})
		},
	},
	{
		Number: 88, Name: "a panic in Catch, Finally, Flat", Level: Optional, Needs: "Then Caps.Panic=contain", Three: true,
		Rule:   "A panic in the function of Catch, Finally or Flat is contained like that of Then.",
		Source: "CompletableFutureTest testHandle_sourceFailedActionFailed, testThenCompose_actionFailed",
		Check: func(t *T) {
			tried := 0
			try := func(what string, v any, err error, build func(c Case) Case) {
				tried++
				t.Fails("the derived future of "+what, t.derive(v, err, build), errSecond)
			}
			if t.Catch != nil {
				try("Catch", nil, errBoom, func(c Case) Case { return t.Catch(c, func(error) (any, error) { panic(errSecond) }) })
			}
			if t.Finally != nil {
				try("Finally", "v", nil, func(c Case) Case { return t.Finally(c, func() error { panic(errSecond) }) })
			}
			if t.Flat != nil {
				try("Flat", "v", nil, func(c Case) Case { return t.Flat(c, func(any) Case { panic(errSecond) }) })
			}
			if tried == 0 {
				t.Lack("lacks Catch, Finally and Flat")
			}
		},
	},
	{
		Number: 89, Name: "a panic behind the settle", Level: Required,
		Rule:   "A panic of a task whose future is settled already is told to somebody, and not swallowed.",
		Source: "Scala reportFailure; Promises/A+ 2.3.3.3.4.1 ignores it",
		Check: func(t *T) {
			told := t.hooks()
			switch {
			case t.Start != nil:
				t.ExpectCrash()
				var c Case
				if recovered(func() {
					c = t.Start(func(settle func(any, error)) {
						settle("v", nil)
						panic(errLoud)
					})
				}) != nil {
					return // the caller knows
				}
				t.Value("the future", c, "v")
			case t.Spawn != nil && t.Cancel != nil:
				t.ExpectCrash()
				gate := make(chan bool)
				c := t.Spawn(func(context.Context) (any, error) {
					<-gate
					panic(errLoud)
				})
				t.Rest()
				_ = t.Cancel(c, errCause)
				close(gate)
			default:
				t.Lack("lacks Start, and Spawn with Cancel")
			}
			t.told(told, "the panic of a task whose future was settled already")
		},
	},
	{
		Number: 90, Name: "Goexit in a task", Level: Required, Needs: "Spawn",
		Rule:   "A task that ends by runtime.Goexit, as t.FailNow does, settles its future with an error: never a success, never a hang.",
		Source: "golang/go#53757",
		Check: func(t *T) {
			c := t.Spawn(func(context.Context) (any, error) {
				runtime.Goexit()
				return "not reached", nil
			})
			var v any
			var err error
			t.Returns("Await", func() {
				if p := recovered(func() { v, err = t.Get(c) }); p != nil {
					err = fmt.Errorf("panic: %v", p)
				}
			})
			if err == nil {
				t.Errorf("the task came to %s; want an error", show(v, err))
			}
		},
	},
	{
		Number: 91, Name: "Goexit in a handler", Level: Required, Needs: "Then", Three: true,
		Rule:   "A function that ends by runtime.Goexit fails the derived future, and later handlers are called.",
		Source: "golang/go#53757; a worker that dies of it accepts jobs and never runs them",
		Check: func(t *T) {
			var end Case
			done := make(chan bool)
			go func() { // it may be the settler's goroutine that ends
				defer close(done)
				t.Source("v", nil, func(c Case) {
					end = t.Then(c, func(any) (any, error) {
						runtime.Goexit()
						return "not reached", nil
					})
				})
			}()
			<-done
			if end.Await == nil {
				t.Fatalf("the goroutine that registered the function ended with it")
			}
			for range 3 { // it may be a waiter's goroutine that ends, of a loop that a waiter drives
				if !t.ended(func() {
					if v, err := t.Get(end); err == nil {
						t.Errorf("the derived future came to %s; want an error", show(v, err))
					}
				}) {
					break
				}
			}
			t.Value("a chain built afterwards", t.Hops(t.Settled("w", nil), 2), "w")
		},
	},
	{
		Number: 92, Name: "no success before the crash", Level: Optional, Needs: "Spawn Caps.Panic=crash",
		Rule:   "Where a panic ends the process, Await does not return a success before.",
		Source: "golang/go#74702, golang/go#76126",
		Check:  func(t *T) { t.crashes() },
	},
	{
		Number: 93, Name: "each waiter panics", Level: Optional, Needs: "Spawn Caps.Panic=propagate",
		Rule:   "Each waiter, also a late one, panics with the original value and its stack.",
		Source: "sync.OnceValues; conc panics.Recovered",
		Check: func(t *T) {
			c := t.Spawn(func(context.Context) (any, error) {
				explode()
				return nil, nil
			})
			for range 3 {
				v := recovered(func() { _, _ = t.Get(c) })
				text := fmt.Sprintf("%v %+v", v, v)
				switch {
				case v == nil:
					t.Errorf("a waiter did not panic")
				case !strings.Contains(text, "exploded"):
					t.Errorf("a waiter panicked with %v, which does not tell of the original value", v)
				case !strings.Contains(text, "explode("):
					t.Errorf("a waiter panicked with %v, which does not show the stack", v)
				}
			}
		},
	},
}

// explode panics in a function with a name.
//
//go:noinline
func explode() { panic(errors.New("exploded")) }

// contains is the property that a panic of a task is in the error of its future.
func contains(number int, name, rule, source string, blow func(), whole func(error) bool) Property {
	return Property{
		Number: number, Name: name, Level: Optional, Needs: "Caps.Panic=contain", Rule: rule, Source: source,
		Check: func(t *T) {
			check := func(what string, c Case) {
				if err := t.FailsSomehow(what, c); !whole(err) {
					t.Errorf("the error of %s is %q (%T)", what, brief(fmt.Sprintf("%+v", err)), err)
				}
			}
			switch {
			case t.Spawn != nil:
				check("the task", t.Spawn(func(context.Context) (any, error) {
					blow()
					return nil, nil
				}))
			case t.Then == nil:
				t.Lack("lacks Spawn and Then")
			}
			if t.Then != nil {
				check("the derived future", t.Then(t.Settled("v", nil), func(any) (any, error) {
					blow()
					return nil, nil
				}))
			}
		},
	}
}

// ended calls f on a goroutine of its own and reports whether that ended before f did.
func (t *T) ended(f func()) bool {
	over := make(chan bool, 1)
	go func() {
		finished := false
		defer func() {
			if v := recover(); v != nil {
				if _, fatal := v.(ended); !fatal {
					t.Errorf("panic: %v", v)
				}
				finished = true
			}
			over <- !finished
		}()
		f()
		finished = true
	}()
	return <-over
}

// crashes checks that a task that panics ends the process, and that nobody gets a
// success before that. Go asks the value of a panic for its text before it ends the
// process; this one gives a waiter the time to tell what it got.
func (t *T) crashes() {
	t.ExpectCrash()
	blast := &slowError{told: make(chan bool), pause: t.Unit()}
	c := t.Spawn(func(context.Context) (any, error) { panic(blast) })
	var v any
	var err error
	p := recovered(func() { v, err = t.Get(c) })
	if _, over := p.(ended); over {
		panic(p)
	}
	if p == nil && err == nil {
		t.Errorf("Await returned %s, though the task panicked", show(v, err))
	}
	close(blast.told)
	t.Pass(10 * t.Unit())
	if t.Caps.Panic == Crashes {
		t.Errorf("the process did not end, as is declared")
	}
}

// slowError is an error whose text takes its time.
type slowError struct {
	told  chan bool
	pause time.Duration
}

func (e *slowError) Error() string {
	select {
	case <-e.told:
	case <-time.After(e.pause):
	}
	return "boom, slowly"
}
