package futures

import (
	"fmt"
	"strings"
	"sync/atomic"
)

var crashes = map[string]string{"Caps.Panic=crash": "a panic ends the process"}

var observers = []Property{
	fires(27, "fulfilled", "Promises/A+ 2.2.2.1, 2.2.2.3; asyncio test_callbacks_invoked_on_set_result", Outcome{Value: "v"}, false),
	fires(28, "rejected", "Promises/A+ 2.2.3.1, 2.2.3.3; asyncio test_callbacks_invoked_on_set_exception; Guava testListenersNotifiedOnError", Outcome{Err: errBoom}, false),
	fires(29, "settled already", "concurrent.futures test_done_callback_already_failed; Promises/A+ \"already-rejected\"", Outcome{Err: errBoom}, true),
	{
		Number: 30, Name: "an observer that registers one", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "An observer registered by an observer of the same future is called once; if there is an order, when the first one has returned.",
		Source: "Promises/A+ 2.2.4, 2.2.6; Twisted test_nonReentrantCallbacks",
		Check: func(t *T) {
			t.Source("v", nil, func(c Case) {
				t.OnDone(c, func(any, error) {
					t.Mark("a")
					t.OnDone(c, func(any, error) { t.Mark("b") })
					t.Mark("/a")
				})
			})
			if t.Caps.Ordered {
				t.Marks("a /a b")
			} else {
				t.Set("/a a b")
			}
		},
	},
	{
		Number: 31, Name: "in order", Level: Optional, Needs: "OnDone Caps.Ordered", Three: true,
		Rule:   "Observers are called in the order of their registration.",
		Source: "Promises/A+ 2.2.6.1, 2.2.6.2; Netty testListenerNotifyOrder",
		Check: func(t *T) {
			var want []string
			t.Source("v", nil, func(c Case) {
				for i := range 20 {
					word := fmt.Sprint(i)
					want = append(want, word)
					t.OnDone(c, func(any, error) { t.Mark(word) })
				}
			})
			t.Marks(strings.Join(want, " "))
		},
	},
	{
		Number: 32, Name: "a late observer", Level: Optional, Needs: "OnDone Caps.Ordered",
		Rule:   "An observer that comes while others wait for their turn does not overtake them.",
		Source: "Netty testLateListenerIsOrderedCorrectly; Twisted test_reentrantRunCallbacks",
		Check: func(t *T) {
			c := t.Fresh()
			on := func(word string, more func()) {
				t.OnDone(c, func(any, error) {
					t.Mark(word)
					more()
				})
			}
			nothing := func() {}
			on("a", func() { on("late", nothing) })
			on("b", nothing)
			on("c", nothing)
			_ = c.Settle("v", nil)
			t.Marks("a b c late")
		},
	},
	{
		Number: 33, Name: "what an observer sees", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "An observer sees the future settled, with the outcome that a waiter gets.",
		Source: "concurrent.futures, whose callbacks call result()",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				var c Case
				t.Source(o.Value, o.Err, func(source Case) {
					c = source
					t.OnDone(c, func(v any, err error) {
						t.Mark("called")
						t.is("an observer", v, err, o)
						if t.Peek != nil {
							v, err, settled := t.Peek(c)
							if !settled {
								t.Errorf("within an observer the future looks pending")
								return
							}
							t.is("who looks within an observer", v, err, o)
						}
					})
				})
				v, err := t.Get(c)
				t.is("a waiter", v, err, o)
			}
			t.Marks("called called")
		},
	},
	{
		Number: 34, Name: "one function several times", Level: Required, Needs: "OnDone", Three: true,
		Rule:   "A function registered three times is called three times.",
		Source: "asyncio test_remove_done_callback",
		Check: func(t *T) {
			f := func(any, error) { t.Mark("called") }
			t.Source("v", nil, func(c Case) {
				for range 3 {
					t.OnDone(c, f)
				}
			})
			t.Marks("called called called")
		},
	},
	{
		Number: 35, Name: "taking an observer back", Level: Optional, Needs: "OnDone",
		Rule:   "An observer that was taken back is not called; taking it back says whether it did something, once.",
		Source: "asyncio test_callbacks_remove_*",
		Check: func(t *T) {
			c := t.Fresh()
			remove := t.OnDone(c, func(any, error) { t.Mark("removed") })
			if remove == nil {
				t.Lack("cannot take an observer back")
			}
			late := t.OnDone(c, func(any, error) { t.Mark("kept") })
			if !remove() {
				t.Errorf("taking an observer back said that it did nothing")
			}
			if remove() {
				t.Errorf("taking it back twice said that it did something")
			}
			_ = c.Settle("v", nil)
			t.Marks("kept")
			if late() {
				t.Errorf("taking back an observer that had been called said that it did something")
			}
		},
	},
	{
		Number: 36, Name: "observers change meanwhile", Level: Optional, Needs: "OnDone",
		Rule:   "Observers may be added and taken back while observers are called: each of the others is called once.",
		Source: "asyncio test_schedule_callbacks_list_mutation_1, _2",
		Check: func(t *T) {
			if t.OnDone(t.Fresh(), func(any, error) {}) == nil {
				t.Lack("cannot take an observer back")
			}
			c := t.Fresh()
			var second func() bool
			var taken atomic.Bool
			t.OnDone(c, func(any, error) {
				t.Mark("a")
				taken.Store(second())
				t.OnDone(c, func(any, error) { t.Mark("d") })
			})
			second = t.OnDone(c, func(any, error) { t.Mark("b") })
			t.OnDone(c, func(any, error) { t.Mark("c") })
			_ = c.Settle("v", nil)
			t.Until(func() bool { return len(t.Marked()) >= 3 })
			t.Rest()
			if taken.Load() {
				t.Set("a c d")
			} else {
				t.Set("a b c d")
			}
		},
	},
	{
		Number: 37, Name: "an observer panics", Level: Required, Needs: "OnDone", Unless: crashes,
		Rule:   "An observer that panics does not keep its siblings from being called.",
		Source: "concurrent.futures test_done_callback_raises; Promises/A+ 2.2.6 \"one of which throws\"; Scala shouldHandleThrowables",
		Check: func(t *T) {
			c := t.Fresh()
			t.OnDone(c, func(any, error) { t.Mark("a") })
			t.OnDone(c, func(any, error) { panic(errBoom) })
			t.OnDone(c, func(any, error) { t.Mark("b") })
			_ = recovered(func() { _ = c.Settle("v", nil) })
			t.Set("a b")
		},
	},
	{
		Number: 38, Name: "whom a panic is told", Level: Required, Needs: "OnDone",
		Rule:   "The panic of an observer is told to somebody: a hook, the log, the settler or, by ending the process, everybody.",
		Source: "concurrent.futures, which checks stderr; Tornado TestIOLoop.test_exception_logging; Scala reportFailure",
		Check: func(t *T) {
			told := t.hooks()
			c := t.Fresh()
			t.OnDone(c, func(any, error) { panic(errLoud) })
			t.ExpectCrash()
			if v := recovered(func() { _ = c.Settle("v", nil) }); v != nil {
				return // the settler knows
			}
			t.told(told, "the panic of an observer")
		},
	},
}

// fires is the property that an observer is called once.
func fires(number int, name, source string, o Outcome, late bool) Property {
	return Property{
		Number: number, Name: "observing what is " + name, Level: Required, Source: source, Needs: "OnDone",
		Rule: "An observer is called once, with the outcome.",
		Check: func(t *T) {
			t.When = Later
			if late {
				t.When = Already
			}
			t.Source(o.Value, o.Err, func(c Case) {
				t.OnDone(c, func(v any, err error) {
					t.Mark("called")
					t.is("an observer", v, err, o)
				})
				if !late {
					t.Rest()
					if len(t.Marked()) > 0 {
						t.Errorf("an observer of a pending future was called")
					}
				}
			})
			t.Marks("called")
		},
	}
}
