package futures

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Get waits for the outcome of a case. The check ends if it does not come.
func (t *T) Get(c Case) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.patience())
	defer cancel()
	v, err := t.Wait(ctx, c)
	if ctx.Err() != nil {
		t.Fatalf("the future stayed pending: Await had not returned after %v", t.patience())
	}
	return v, err
}

// Wait is Await under ctx. Where Await does not heed its context it waits on a
// goroutine of its own.
func (t *T) Wait(ctx context.Context, c Case) (any, error) {
	if t.Caps.OwnDeadline {
		return c.Await(ctx)
	}
	type ending struct {
		o      Outcome
		panics any
		exited bool
	}
	over := make(chan ending, 1)
	go func() {
		e := ending{exited: true}
		defer func() {
			if v := recover(); v != nil {
				e = ending{panics: v}
			}
			over <- e
		}()
		v, err := c.Await(ctx)
		e = ending{o: Outcome{v, err}}
	}()
	select {
	case e := <-over:
		switch {
		case e.panics != nil:
			panic(e.panics)
		case e.exited:
			t.Fatalf("Await ended its goroutine by runtime.Goexit")
		}
		return e.o.Value, e.o.Err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Within waits for a case for d only, and reports whether it was settled.
func (t *T) Within(d time.Duration, c Case) (o Outcome, settled bool) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, errGivenUp)
	defer cancel()
	v, err := t.Wait(ctx, c)
	if ctx.Err() != nil && (errors.Is(err, errGivenUp) || errors.Is(err, context.DeadlineExceeded)) {
		return Outcome{}, false
	}
	return Outcome{v, err}, true
}

// errGivenUp is the cause of a wait that the check gave up.
var errGivenUp = errors.New("the check gave up waiting")

// Pending checks that a case is not settled.
func (t *T) Pending(what string, c Case) {
	t.Rest()
	if t.Peek != nil {
		if v, err, settled := t.Peek(c); settled {
			t.Errorf("%s was settled, with %s; want it pending", what, show(v, err))
		}
		return
	}
	if o, settled := t.Within(t.Unit(), c); settled {
		t.Errorf("%s was settled, with %s; want it pending", what, show(o.Value, o.Err))
	}
}

// Value checks that a case comes to a value.
func (t *T) Value(what string, c Case, want any) {
	v, err := t.Get(c)
	if err != nil || !same(v, want) {
		t.Errorf("%s came to %s; want the value %v and no error", what, show(v, err), want)
	}
}

// Fails checks that a case comes to an error that is want, as it is or wrapped.
func (t *T) Fails(what string, c Case, want error) {
	v, err := t.Get(c)
	if !errors.Is(err, want) || err == nil {
		t.Errorf("%s came to %s; want the error %q", what, show(v, err), want)
	}
}

// FailsSomehow checks that a case comes to an error and returns it.
func (t *T) FailsSomehow(what string, c Case) error {
	v, err := t.Get(c)
	if err == nil {
		t.Fatalf("%s came to %s; want an error", what, show(v, err))
	}
	return err
}

// Same checks an error for identity: it is the one that went in or, if the library
// declares so, that one wrapped once.
func (t *T) Same(what string, err, want error) {
	if identical(err, want) {
		return
	}
	if t.Caps.WrapsOnce && err != nil {
		for _, inner := range unwrap(err) {
			if identical(inner, want) {
				return
			}
		}
	}
	how := "the same error"
	if t.Caps.WrapsOnce {
		how = "that error, wrapped once"
	}
	t.Errorf("%s was %#v (%v); want %s, %v", what, err, err, how, want)
}

// identical is == for errors of types that == does not take, too.
func identical(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if reflect.TypeOf(a).Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

// unwrap returns what an error wraps directly.
func unwrap(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return []error{inner}
		}
	}
	return nil
}

// depth is how many errors deep the tree of err is.
func depth(err error) int {
	deepest := 0
	for _, inner := range unwrap(err) {
		deepest = max(deepest, depth(inner))
	}
	return 1 + deepest
}

// count returns how often target is in the tree of err.
func count(err, target error) int {
	if err == nil {
		return 0
	}
	if identical(err, target) {
		return 1
	}
	n := 0
	for _, inner := range unwrap(err) {
		n += count(inner, target)
	}
	return n
}

// same compares values by what they say: a library that carries them through a script
// or a file need not keep an int an int.
func same(got, want any) bool {
	if got == nil || want == nil {
		return got == nil && want == nil
	}
	return reflect.DeepEqual(got, want) || fmt.Sprint(got) == fmt.Sprint(want)
}

func show(v any, err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("the value %v and no error", v)
	case v == nil:
		return fmt.Sprintf("the error %q", err)
	}
	return fmt.Sprintf("both the value %v and the error %q", v, err)
}
