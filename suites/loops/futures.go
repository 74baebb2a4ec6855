package loops

import "errors"

var (
	errBoom   = errors.New("boom")
	errSecond = errors.New("second")
)

var futures = []Case{
	{
		Number: 38, Letter: "a", Name: "a failure nobody looked at",
		Rule:   "A rejection that nobody looked at is reported exactly once, when the loop is closed at the latest.",
		Why:    "an error disappears",
		Source: "CPython test_futures.test_tb_logger_exception_unretrieved; tornado LeakTest.test_leaked_coroutine",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			err := t.Try(l, func() { l.NewPromise("lost").Reject(errBoom) })
			err = errors.Join(err, l.Close(), l.Close())
			if n := count(err, errBoom); n != 1 {
				t.Errorf("it was reported %d times, want once: %v", n, err)
			}
		},
	},
	{
		Number: 38, Letter: "b", Name: "a failure nobody looked at",
		Rule:   "A rejection that was handled, or whose future was cancelled, is not reported.",
		Why:    "false alarms teach people to ignore the true ones",
		Source: "CPython test_futures.test_tb_logger_exception_retrieved, test_tb_logger_not_called_after_cancel",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			err := t.Try(l, func() {
				handled, cancelled := l.NewPromise("handled"), l.NewPromise("cancelled")
				handled.Future().OnSettled(func(_ any, err error) { t.Mark(err.Error()) })
				handled.Reject(errBoom)
				cancelled.Future().Cancel(errSecond)
			})
			if err = errors.Join(err, l.Close()); err != nil {
				t.Errorf("something was reported: %v", err)
			}
			t.Order("boom")
		},
	},
	{
		Number: 39, Letter: "a", Name: "several children fail",
		Rule:   "When several children fail, the parent has the first error, and the others are reported.",
		Why:    "all but one of the errors disappear",
		Source: "tornado gen_test.test_multi_exceptions; trio test_two_child_crashes, test_main_and_task_both_crash",
		Needs:  "NewPromise Go",
		Check: func(t *T) {
			l := t.New()
			err := t.family(l, func(Future) {})
			if n := count(errors.Join(err, l.Close()), errSecond); n != 1 {
				t.Errorf("the second child's error was reported %d times, want once", n)
			}
		},
	},
	{
		Number: 39, Letter: "b", Name: "several children fail",
		Rule:   "An error of a child that somebody looked at is not reported.",
		Why:    "code that deals with each error cannot say so",
		Source: "tornado gen_test.test_multi_future_exceptions (quiet_exceptions)",
		Needs:  "NewPromise Go",
		Check: func(t *T) {
			l := t.New()
			err := t.family(l, func(child Future) { child.OnSettled(func(any, error) {}) })
			if err := errors.Join(err, l.Close()); err != nil {
				t.Errorf("something was reported: %v", err)
			}
		},
	},
	{
		Number: 40, Name: "handlers change while they are called",
		Rule:   "A handler that adds a handler does not disturb the delivery: each runs once, in order.",
		Why:    "a handler is skipped or runs twice, because the list shifted under the loop",
		Source: "CPython test_futures.test_remove_done_callbacks_list_mutation, test_schedule_callbacks_list_mutation_1, _2",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				p := l.NewPromise("p")
				f := p.Future()
				on := func(word string, more func()) {
					f.OnSettled(func(any, error) {
						t.Mark(word)
						more()
						t.Mark("/" + word)
					})
				}
				nothing := func() {}
				on("a", func() {
					on("d", func() { on("f", nothing) })
					on("e", nothing)
				})
				on("b", nothing)
				on("c", nothing)
				p.Resolve(1)
			})
			t.Order("a /a b /b c /c d /d e /e f /f")
		},
	},
	{
		Number: 41, Letter: "a", Name: "settling twice",
		Rule:   "The first settlement wins; later ones are told that they lost, and change nothing.",
		Why:    "a late answer overwrites the outcome that others have acted on, or crashes the loop",
		Source: "Temporal TestFutureSet; tornado test_future_set_result_unless_cancelled",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				p := l.NewPromise("p")
				p.Future().OnSettled(func(v any, err error) {
					if v != "first" || err != nil {
						t.Errorf("the handler got %v, %v; want first, no error", v, err)
					}
					t.Mark("settled")
				})
				t.settles("the first Resolve", p.Resolve("first"), true)
				t.settles("a second Resolve", p.Resolve("second"), false)
				t.settles("a Reject behind Resolve", p.Reject(errBoom), false)
				t.settles("a Cancel behind Resolve", p.Future().Cancel(errBoom), false)
			})
			t.Order("settled")
		},
	},
	{
		Number: 41, Letter: "b", Name: "settling twice",
		Rule:   "A settlement behind a cancellation is told that it lost, and changes nothing.",
		Why:    "work that ends a moment after it was cancelled crashes the loop",
		Source: "tornado test_future_set_result_unless_cancelled; CPython test_set_result_unless_cancelled",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				p := l.NewPromise("p")
				p.Future().OnSettled(func(_ any, err error) {
					if !errors.Is(err, errBoom) {
						t.Errorf("the handler got the error %v, want the cause of the cancellation", err)
					}
					t.Mark("settled")
				})
				t.settles("Cancel", p.Future().Cancel(errBoom), true)
				t.settles("Resolve behind Cancel", p.Resolve("late"), false)
				t.settles("Reject behind Cancel", p.Reject(errSecond), false)
				t.settles("a second Cancel", p.Future().Cancel(errSecond), false)
			})
			t.Order("settled")
		},
	},
	{
		Number: 42, Letter: "a", Name: "chains keep the error",
		Rule:   "An error passes through a chain of futures with its identity, and skips what takes values.",
		Why:    "the caller cannot tell a timeout from a refusal any more",
		Source: "tornado ChainFutureTest; CPython test_futures.test_wrap_future_exception",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				p := l.NewPromise("source")
				step := func(v any) (any, error) {
					t.Mark("step")
					return v, nil
				}
				p.Future().Then(step).Then(step).Then(step).OnSettled(func(_ any, err error) {
					if !errors.Is(err, errBoom) {
						t.Errorf("at the end of the chain the error was %v, want %v", err, errBoom)
					}
					t.Mark("end")
				})
				p.Reject(errBoom)
			})
			t.Order("end")
		},
	},
	{
		Number: 42, Letter: "b", Name: "chains keep the error",
		Rule:   "A cancellation passes down a chain of futures with its cause.",
		Why:    "what was derived from a cancelled operation waits for ever, or looks like a failure",
		Source: "CPython test_futures.test_wrap_future_cancel, _cancel2; test_tasks.test_shield_effect, test_cancel_gather_1, _2",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				p := l.NewPromise("source")
				p.Future().Then(func(v any) (any, error) { return v, nil }).OnSettled(func(_ any, err error) {
					if !errors.Is(err, errBoom) {
						t.Errorf("at the end of the chain the error was %v, want the cause %v", err, errBoom)
					}
					t.Mark("end")
				})
				p.Future().Cancel(errBoom)
			})
			t.Order("end")
		},
	},
}

// family runs a coroutine with two children that fail one after the other; it
// awaits both, the first one first. Look is called with the second.
func (t *T) family(l *Loop, look func(Future)) error {
	return t.Try(l, func() {
		first, second := l.NewPromise("first child"), l.NewPromise("second child")
		look(second.Future())
		parent := l.Go("parent", func(c Coroutine) (any, error) {
			if _, err := c.Await(first.Future()); err != nil {
				return nil, err
			}
			return c.Await(second.Future())
		})
		parent.OnSettled(func(_ any, err error) {
			if !errors.Is(err, errBoom) {
				t.Errorf("the parent failed with %v, want the first error, %v", err, errBoom)
			}
		})
		l.After(t.U(1), func() {
			first.Reject(errBoom)
			second.Reject(errSecond)
		})
	})
}

// settles checks what a settling call returned.
func (t *T) settles(what string, got, want bool) {
	if got != want {
		t.Errorf("%s returned %v, want %v", what, got, want)
	}
}
