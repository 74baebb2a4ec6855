package loops

import (
	"errors"
	"runtime"
	"strings"
)

var failures = []Case{
	{
		Number: 35, Letter: "a", Name: "a callback fails",
		Rule:   "A callback that panics is reported by Drive; the loop goes on, and callbacks behind it run.",
		Why:    "one bad request ends all others, or nobody hears of it",
		Source: "tornado test_exception_logging, test_spawn_callback; CPython test_default_exc_handler_callback, test_callback_with_exception; twisted's Clock and RxJS's flush do not",
		Check: func(t *T) {
			l := t.New()
			boom := errors.New("boom")
			err := t.Try(l, func() {
				l.Post(func() {
					t.Mark("a")
					panic(boom)
				})
				l.Post(t.Marker("b"))
				l.After(t.U(1), t.Marker("c"))
			})
			t.reported(err, boom)
			t.Order("a b c")
			t.Do(l, t.Marker("d"))
			t.Order("d")
		},
	},
	{
		Number: 35, Letter: "b", Name: "a callback fails",
		Rule:   "When several callbacks panic, each is reported.",
		Why:    "the first failure hides the one that matters",
		Source: "tornado test_exception_logging_future; CPython test_default_exc_handler_coro",
		Check: func(t *T) {
			l := t.New()
			first, second := errors.New("first"), errors.New("second")
			err := t.Try(l, func() {
				l.Post(func() { panic(first) })
				l.After(t.U(1), func() { panic(second) })
			})
			t.reported(err, first)
			t.reported(err, second)
		},
	},
	{
		Number: 36, Name: "a broken error handler",
		Rule:   "An error handler that panics does not end the loop, and what it was told is not lost.",
		Why:    "the code that was to save the day ends it",
		Source: "CPython test_set_exc_handler_broken, test_default_exc_handler_broken",
		Needs:  "OnError",
		Check: func(t *T) {
			boom := errors.New("boom")
			l := t.NewWith(Options{OnError: func(err error) {
				t.reported(err, boom)
				t.Mark("handler")
				panic("the handler is broken")
			}})
			err := t.Try(l, func() {
				l.Post(func() { panic(boom) })
				l.Post(t.Marker("b"))
			})
			t.Order("handler b")
			t.reported(errors.Join(err, l.Close()), boom)
		},
	},
	{
		Number: 37, Letter: "a", Name: "a fatal failure",
		Rule:   "runtime.Goexit in a callback, which is what FailNow does, ends the goroutine that drives the loop; the loop can be driven again.",
		Why:    "a failed test goes on as if nothing were, or hangs",
		Source: "CPython test_run_until_complete_baseexception, test_run_forever_keyboard_interrupt",
		Check: func(t *T) {
			l := t.New()
			how := t.leaves(l, runtime.Goexit)
			if how != "by Goexit" {
				t.Errorf("the goroutine that drove the loop ended %s, want by Goexit", how)
			}
		},
	},
	{
		Number: 37, Letter: "b", Name: "a fatal failure",
		Rule:   "A panic that is declared fatal reaches the caller of Drive as it is; the loop can be driven again.",
		Why:    "the failure of the test framework is taken for one of the code under test",
		Source: "CPython test_run_until_complete_baseexception",
		Needs:  "Fatal",
		Check: func(t *T) {
			l := t.NewWith(Options{Fatal: func(v any) bool { return v == "fatal" }})
			if how := t.leaves(l, func() { panic("fatal") }); how != "with panic: fatal" {
				t.Errorf("the goroutine that drove the loop ended %s, want with panic: fatal", how)
			}
		},
	},
}

// leaves posts a callback that ends by leave, drives the loop, and says how that
// ended. The loop must be able to go on with what is left.
func (t *T) leaves(l *Loop, leave func()) string {
	l.Post(func() {
		t.Mark("a")
		leave()
	})
	l.Post(t.Marker("b"))
	over := make(chan string, 1)
	go func() {
		how := "by Goexit"
		defer func() {
			if v := recover(); v != nil {
				how = strings.TrimSpace("with " + attempt(func() error { panic(v) }).Error())
			}
			over <- how
		}()
		_ = l.Drive()
		how = "by returning"
	}()
	how := <-over
	t.Do(l, t.Marker("c"))
	t.Order("a b c")
	return how
}

// reported checks that err tells of want.
func (t *T) reported(err, want error) {
	if err == nil || !errors.Is(err, want) && !strings.Contains(err.Error(), want.Error()) {
		t.Errorf("the error %q was not reported; reported was: %v", want, err)
	}
}

// count returns how often target is in the tree of err.
func count(err, target error) int {
	if err == nil {
		return 0
	}
	if err == target {
		return 1
	}
	n := 0
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		n = count(e.Unwrap(), target)
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			n += count(child, target)
		}
	}
	return n
}
