package futures

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

var identity = []Property{
	{
		Number: 64, Name: "the same error", Level: Required, Three: true,
		Rule:   "An error comes out as it went in (==) or, if that is declared, wrapped once.",
		Source: "Promises/A+ 2.2.7.4, strictEqual; CompletableFutureTest, the checks \"raw\" against \"wrapped\"",
		Check: func(t *T) {
			_, err := t.Get(t.carried(errBoom, 3))
			t.Same("the error", err, errBoom)
		},
	},
	carries(65, "errors.Is", "errors.Is finds the error that went in.", "Tornado CapClient.test_future_error",
		func() (whole func(error) bool, went error) {
			sentinel := errors.New("a sentinel")
			return func(err error) bool { return errors.Is(err, sentinel) }, sentinel
		}),
	carries(66, "errors.As", "errors.As finds the very pointer that went in.", "package errors",
		func() (whole func(error) bool, went error) {
			typed := &typedError{code: 7}
			return func(err error) bool {
				var got *typedError
				return errors.As(err, &got) && got == typed
			}, typed
		}),
	carries(67, "wrapped errors", "errors.Is finds all that fmt.Errorf wrapped, with several %w too.", "package fmt",
		func() (whole func(error) bool, went error) {
			err := fmt.Errorf("outer: %w", fmt.Errorf("%w and %w", errBoom, &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}))
			return func(err error) bool {
				var path *os.PathError
				return errors.Is(err, errBoom) && errors.Is(err, os.ErrNotExist) && errors.As(err, &path) && path.Op == "open"
			}, err
		}),
	{
		Number: 68, Name: "joined errors", Level: Required, Three: true,
		Rule:   "Every member of a joined error can be reached behind a chain and behind every combinator.",
		Source: "package errors",
		Check: func(t *T) {
			third := errors.New("third")
			joined := errors.Join(errBoom, fmt.Errorf("x: %w", errSecond), third)
			all := func(what string, err error) {
				for _, want := range []error{errBoom, errSecond, third} {
					if !errors.Is(err, want) {
						t.Errorf("%s the error was %v, in which errors.Is does not find %q", what, err, want)
					}
				}
			}
			for _, n := range []int{0, 1, 5} {
				_, err := t.Get(t.carried(joined, n))
				all(fmt.Sprintf("behind %d steps", n), err)
			}
			through := func(name string, combine func(...Case) Case) {
				if combine != nil {
					_, err := t.Get(t.derive(nil, joined, func(c Case) Case { return combine(c) }))
					all("behind "+name, err)
				}
			}
			through("All", t.All)
			through("Any", t.Any)
			through("Race", t.Race)
			if t.AllSettled != nil {
				v, err := t.Get(t.derive(nil, joined, func(c Case) Case { return t.AllSettled(c) }))
				if os := outcomes(v); err == nil && len(os) == 1 {
					all("in AllSettled", os[0].Err)
				} else {
					t.Errorf("AllSettled came to %s; want one outcome", show(v, err))
				}
			}
		},
	},
	carries(69, "errors with methods of their own", "An error that has its own Is, As, Unwrap or Timeout keeps working.", "package net, package os",
		func() (whole func(error) bool, went error) {
			return func(err error) bool {
				var timeout net.Error
				var as *typedError
				return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &timeout) && timeout.Timeout() &&
					errors.As(err, &as) && as.code == 42 && errors.Is(err, errBoom)
			}, ownError{}
		}),
	{
		Number: 70, Name: "wrapping does not grow", Level: Required, Needs: "Then",
		Rule:   "The number of wrappers around an error does not grow with the number of steps.",
		Source: "CompletableFutureTest.testExceptionPropagationReusesResultObject",
		Check: func(t *T) {
			one := depth(t.FailsSomehow("one step", t.Hops(t.Settled(nil, errBoom), 1)))
			ten := depth(t.FailsSomehow("ten steps", t.Hops(t.Settled(nil, errBoom), 10)))
			if ten > one {
				t.Errorf("behind one step the error is %d deep, behind ten %d", one, ten)
			}
		},
	},
	{
		Number: 71, Name: "errors that == does not take", Level: Required, Three: true,
		Rule:   "An error of a type that cannot be compared does no harm.",
		Source: "the Go specification: == on such an interface panics",
		Check: func(t *T) {
			for _, n := range []int{0, 2} {
				_, err := t.Get(t.carried(sliceError{"a", "b"}, n))
				var got sliceError
				if !errors.As(err, &got) || len(got) != 2 {
					t.Errorf("behind %d steps the error was %v; want the one that went in", n, err)
				}
			}
			if t.CatchIs != nil {
				_, err := t.Get(t.derive(nil, sliceError{"a"}, func(c Case) Case {
					return t.CatchIs(c, sliceError{"a"}, func(err error) (any, error) { return nil, err })
				}))
				if err == nil {
					t.Errorf("behind CatchIs there was no error")
				}
			}
		},
	},
	{
		Number: 72, Name: "no error is nil", Level: Required, Three: true,
		Rule:   "A success has the error nil, and not a nil pointer of some error type.",
		Source: "hashicorp/go-multierror Group.Wait",
		Check: func(t *T) {
			var end Case
			t.Source("v", nil, func(c Case) {
				end = c
				if t.Then != nil {
					end = t.Hops(c, 1)
				}
				if t.OnDone != nil {
					t.OnDone(c, func(_ any, err error) {
						if err != nil {
							t.Errorf("an observer of a success got an error of type %T", err)
						}
					})
				}
			})
			if _, err := t.Get(end); err != nil {
				t.Errorf("a success has an error of type %T that is not nil", err)
			}
			if t.Spawn != nil {
				if _, err := t.Get(t.Spawn(okTask)); err != nil {
					t.Errorf("a task that succeeded has an error of type %T that is not nil", err)
				}
			}
			if t.All != nil {
				if _, err := t.Get(t.All(t.Settled("v", nil))); err != nil {
					t.Errorf("All of a success has an error of type %T that is not nil", err)
				}
			}
			t.Rest()
		},
	},
	{
		Number: 73, Name: "a nil pointer as the error", Level: Required, Three: true,
		Rule:   "A rejection with a nil pointer of an error type is not a success.",
		Source: "the Go FAQ: why is my nil error value not equal to nil",
		Check: func(t *T) {
			var none *typedError
			c := t.Fresh()
			if v := recovered(func() { _ = c.Settle(nil, none) }); v != nil {
				t.Notef("refused: %v", v)
				return
			}
			t.FailsSomehow("the future", c)
			if end := t.carried(none, 1); t.Then != nil {
				t.FailsSomehow("what is derived from it", end)
			}
		},
	},
	{
		Number: 74, Name: "an error is not changed", Level: Required, Three: true,
		Rule:   "Two consumers get the same error, and consuming it adds nothing to it.",
		Source: "asyncio test_copy_state, where the traceback must not grow; Tornado test_py3_leak_exception_context",
		Check: func(t *T) {
			went := errors.Join(errBoom, errSecond)
			var c Case
			t.Source(nil, went, func(source Case) { c = source })
			first := t.FailsSomehow("the future", c)
			text, members := first.Error(), count(first, errBoom)
			if t.Then != nil {
				t.FailsSomehow("what is derived from it", t.Hops(c, 3))
			}
			for range 3 {
				err := t.FailsSomehow("the future", c)
				if !identical(err, first) || err.Error() != text || count(err, errBoom) != members {
					t.Errorf("first the error was %q, later %q", text, err)
				}
			}
			if n := count(first, errBoom); n != 1 {
				t.Errorf("a member of the error is in it %d times", n)
			}
		},
	},
	{
		Number: 75, Name: "the producer was cancelled", Level: Required, Three: true,
		Rule:   "A producer that fails with context.Canceled is not taken for a waiter that gave up.",
		Source: "kotlinx ListenableFutureExceptionsTest; asyncio test_cancel_inner_future",
		Check: func(t *T) {
			for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
				c := t.carried(err, 1)
				for range 2 {
					t.Fails("the future", c, err)
				}
				if t.Peek != nil {
					if _, _, settled := t.Peek(c); !settled {
						t.Errorf("a future whose producer failed with %v looks pending", err)
					}
				}
				if t.Catch != nil {
					t.Value("behind Catch", t.Catch(c, t.recovering("caught", "r", nil)), "r")
				}
			}
		},
	},
	{
		Number: 76, Name: "the cause of a cancellation, with errors.Is", Level: Optional, Needs: "Cancel Caps.CauseKept", Three: true,
		Rule:   "errors.Is finds the cause of a cancellation, behind a chain too.",
		Source: "package context",
		Check: func(t *T) {
			c := t.Fresh()
			end := c
			build := func() {
				if t.Then != nil {
					end = t.Hops(c, 3)
				}
			}
			if t.When != Already {
				build()
			}
			if t.When == Later {
				t.Rest()
			}
			_ = t.Cancel(c, errCause)
			if t.When == Already {
				build()
			}
			t.Fails("the cancelled future", c, errCause)
			t.Fails("what is derived from it", end, errCause)
		},
	},
	{
		Number: 77, Name: "across goroutines", Level: Required, Three: true,
		Rule:   "An error keeps its identity across goroutines, executors and loops.",
		Source: "Tornado add_future, run_in_executor; asyncio test_run_coroutine_threadsafe_with_exception",
		Check: func(t *T) {
			went := &typedError{code: 3}
			c := t.Fresh()
			end := c
			if t.Then != nil && t.When != Already {
				end = t.Hops(c, 2)
			}
			if t.When == Later {
				t.Rest()
			}
			t.Returns("Settle, on a goroutine of its own,", func() { _ = c.Settle(nil, went) })
			if t.Then != nil && t.When == Already {
				end = t.Hops(c, 2)
			}
			t.Returns("Await, on a goroutine of its own,", func() {
				_, err := t.Get(end)
				t.Same("the error", err, went)
			})
			if t.Spawn != nil {
				_, err := t.Get(t.Spawn(func(context.Context) (any, error) { return nil, went }))
				t.Same("the error of a task", err, went)
			}
		},
	},
	{
		Number: 78, Name: "across a boundary", Level: Optional, Needs: "Remote", Three: true,
		Rule:   "Across a boundary that takes bytes only the text of an error survives, and the name of its type.",
		Source: "workflow engines, ApplicationError",
		Check: func(t *T) {
			err := t.FailsSomehow("the other side", t.derive(nil, &typedError{code: 9}, t.Remote))
			text := fmt.Sprintf("%v %+v", err, err)
			for _, want := range []string{"typed error 9", "typedError"} {
				if !strings.Contains(text, want) {
					t.Errorf("on the other side the error is %q, without %q", text, want)
				}
			}
			t.Value("the other side of a value", t.derive("v", nil, t.Remote), "v")
		},
	},
}

// carries is the property that an error arrives whole: at the future, behind steps,
// and out of a task.
func carries(number int, name, rule, source string, build func() (whole func(error) bool, went error)) Property {
	return Property{
		Number: number, Name: name, Level: Required, Rule: rule, Source: source, Three: true,
		Check: func(t *T) {
			for _, n := range []int{0, 1, 5} {
				whole, went := build()
				if err := t.FailsSomehow("the future", t.carried(went, n)); !whole(err) {
					t.Errorf("behind %d steps the error was %q (%T); something of what went in cannot be reached", n, err, err)
				}
			}
			if t.Spawn != nil {
				whole, went := build()
				task := t.Spawn(func(context.Context) (any, error) { return nil, went })
				if err := t.FailsSomehow("the task", task); !whole(err) {
					t.Errorf("the error of a task was %q (%T); something of what went in cannot be reached", err, err)
				}
			}
		},
	}
}

// carried is the end of n steps, if the library has such, behind a future that fails.
func (t *T) carried(err error, n int) Case {
	return t.derive(nil, err, func(c Case) Case {
		if t.Then == nil {
			return c
		}
		return t.Hops(c, n)
	})
}

func okTask(context.Context) (any, error) { return "v", nil }

// outcomes is the value of AllSettled.
func outcomes(v any) []Outcome {
	out, _ := v.([]Outcome)
	return slices.Clone(out)
}

// typedError is an error that errors.As finds by its type. A nil one can speak.
type typedError struct{ code int }

func (e *typedError) Error() string {
	if e == nil {
		return "a nil typed error"
	}
	return fmt.Sprintf("typed error %d", e.code)
}

// sliceError is an error that == does not take.
type sliceError []string

func (e sliceError) Error() string { return strings.Join(e, "; ") }

// ownError answers errors.Is, errors.As and net.Error by itself.
type ownError struct{}

func (ownError) Error() string        { return "own error" }
func (ownError) Timeout() bool        { return true }
func (ownError) Temporary() bool      { return false }
func (ownError) Unwrap() error        { return errBoom }
func (ownError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

func (ownError) As(target any) bool {
	if p, ok := target.(**typedError); ok {
		*p = &typedError{code: 42}
		return true
	}
	return false
}
