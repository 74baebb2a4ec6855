package futures

import (
	"errors"
	"runtime"
	"sync/atomic"
)

var unobserved = []Property{
	{
		Number: 145, Name: "an error that nobody observes", Level: Optional, Needs: "Unobserved",
		Rule:   "A rejected future that was dropped is reported once, with its error.",
		Source: "asyncio test_future_exception_never_retrieved; Twisted test_errorLog; WPT promise-rejection-events; .NET",
		Check: func(t *T) {
			reports := t.reports()
			func() { _ = t.New().Settle(nil, errBoom) }()
			t.reported(reports, errBoom)
		},
	},
	{
		Number: 146, Name: "a value that nobody observes", Level: Optional, Needs: "Unobserved",
		Rule:   "A value that nobody observes is not reported.",
		Source: "asyncio test_tb_logger_result_unretrieved",
		Check: func(t *T) {
			reports := t.reports()
			func() { _ = t.New().Settle("v", nil) }()
			t.reported(reports)
		},
	},
	{
		Number: 147, Name: "a pending future that was dropped", Level: Optional, Needs: "Unobserved",
		Rule:   "A future that was dropped while it was pending has no error that could be reported as unobserved.",
		Source: "asyncio test_tb_logger_abandoned",
		Check: func(t *T) {
			reports := t.reports()
			func() { t.New() }()
			t.forget()
			t.Rest()
			if got := reports(); len(got) > 0 {
				t.Errorf("reported was %v", got)
			}
		},
	},
	{
		Number: 148, Name: "an error that was waited for", Level: Optional, Needs: "Unobserved",
		Rule:   "An error is not reported once somebody got it by Await or Peek.",
		Source: "asyncio test_tb_logger_exception_retrieved",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				t.inTurn(func() { _ = c.Settle(nil, errBoom) }, func() { _, _ = t.Get(c) })
				if t.Peek != nil {
					c := t.New()
					t.inTurn(func() { _ = c.Settle(nil, errSecond) }, func() { t.Peek(c) })
				}
			}()
			t.reported(reports)
		},
	},
	{
		Number: 149, Name: "handled in time", Level: Optional, Needs: "Unobserved OnDone", Three: true,
		Rule:   "An error is not reported whose handler comes in time: before the settle, right behind it, or in the next turn.",
		Source: "WPT promise-rejection-events, the 23 negative cases; bluebird \"handled in time\"",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				settle := func() { _ = c.Settle(nil, errBoom) }
				handle := func() {
					switch {
					case t.Caps.LookCounts:
						t.OnDone(c, func(any, error) { t.Mark("handled") })
					case t.Catch != nil:
						t.Catch(c, t.recovering("handled", "r", nil))
					default:
						t.Lack("has no handler that counts as having observed the error")
					}
				}
				switch t.When {
				case Already:
					t.inTurn(settle, handle)
				case AtOnce:
					t.inTurn(handle, settle)
				case Later:
					handle()
					t.Rest()
					settle()
				}
				t.Marks("handled")
			}()
			t.reported(reports)
		},
	},
	{
		Number: 150, Name: "handled later", Level: Optional, Needs: "Unobserved HandledLater",
		Rule:   "When an error is observed that had been reported, that is told, once.",
		Source: "WPT rejectionhandled; bluebird onUnhandledRejectionHandled; Node",
		Check: func(t *T) {
			reports := t.reports()
			var later atomic.Int32
			t.HandledLater(func(err error) {
				if !errors.Is(err, errBoom) {
					t.Errorf("told was that %v is handled", err)
				}
				later.Add(1)
			})
			c := t.New()
			_ = c.Settle(nil, errBoom)
			t.forget()
			if !t.Until(func() bool { return len(reports()) == 1 }) {
				t.Fatalf("the error was reported %d times before it was handled; want once", len(reports()))
			}
			for range 2 {
				t.Fails("the future", c, errBoom)
			}
			t.Until(func() bool { return later.Load() > 0 })
			t.Rest()
			if n := later.Load(); n != 1 {
				t.Errorf("that it was handled later was told %d times, want once", n)
			}
			t.reported(reports, errBoom)
		},
	},
	{
		Number: 151, Name: "a chain that is handled", Level: Optional, Needs: "Unobserved Then", Three: true,
		Rule:   "A chain whose end is handled yields no report, for none of its steps.",
		Source: "bluebird, deep sequence; Twisted test_chainedErrorCleanup, test_errorLogWithInnerFrameRef",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				var end Case
				settle := func() { _ = c.Settle(nil, errBoom) }
				build := func() {
					end = t.Hops(c, 4)
					if t.Catch != nil {
						end = t.Catch(end, t.recovering("caught", "r", nil))
					} else if t.OnDone != nil {
						t.OnDone(end, func(any, error) {})
					}
				}
				if t.When == Already {
					t.inTurn(settle, build)
				} else {
					t.inTurn(build, settle)
				}
				_, _ = t.Get(end)
			}()
			t.reported(reports)
		},
	},
	{
		Number: 152, Name: "branches that nobody handles", Level: Optional, Needs: "Unobserved Then",
		Rule:   "Of two branches that nobody handles each is reported.",
		Source: "bluebird \"middle parallel deep sequence\", which expects 2",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				t.Hops(c, 2)
				t.Hops(c, 1)
				_ = c.Settle(nil, errBoom)
			}()
			t.reported(reports, errBoom, errBoom)
		},
	},
	{
		Number: 153, Name: "an error made in a handler", Level: Optional, Needs: "Unobserved Then Catch",
		Rule:   "An error that a function of Then or Catch makes is reported for the derived future, if nobody handles it.",
		Source: "WPT \"throw in a rejection handler\"; bluebird \"erroneous code\"",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				a, b := t.New(), t.New()
				t.Then(a, func(any) (any, error) { return nil, errBoom })
				t.Catch(b, func(error) (any, error) { return nil, errSecond })
				_ = a.Settle("v", nil)
				_ = b.Settle(nil, errCause)
			}()
			t.reported(reports, errBoom, errSecond)
		},
	},
	{
		Number: 154, Name: "an observer that ignores the error", Level: Optional, Needs: "Unobserved OnDone",
		Rule:   "Whether an observer that never looks at the error has observed it is declared.",
		Source: "asyncio, where it has not",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				c := t.New()
				t.OnDone(c, func(any, error) {})
				_ = c.Settle(nil, errBoom)
			}()
			if t.Caps.LookCounts {
				t.reported(reports)
			} else {
				t.reported(reports, errBoom)
			}
		},
	},
	{
		Number: 155, Name: "a hook that panics", Level: Optional, Needs: "Unobserved",
		Rule:   "A hook that panics, or uses futures itself, breaks nothing else.",
		Source: "no suite has it; the hook is called at the worst of times",
		Check: func(t *T) {
			var calls atomic.Int32
			t.Unobserved(func(error) {
				n := calls.Add(1)
				if n < 10 { // a library that reports values would never end
					_ = t.New().Settle("from the hook", nil)
				}
				if n == 1 {
					panic("the hook is broken")
				}
			})
			func() {
				_ = t.New().Settle(nil, errBoom)
				_ = t.New().Settle(nil, errSecond)
			}()
			t.forget()
			if v := recovered(t.flush); v != nil {
				t.Errorf("the panic of the hook reached who flushed: %v", v)
			}
			t.Until(func() bool { return calls.Load() >= 2 })
			if n := calls.Load(); n != 2 {
				t.Errorf("the hook was called %d times for two errors", n)
			}
		},
	},
	{
		Number: 156, Name: "the shutdown", Level: Optional, Needs: "Unobserved Flush",
		Rule:   "What nobody observed is reported at the shutdown at the latest, all of it, once.",
		Source: "Twisted trial's flushLoggedErrors; Tornado ExpectLog",
		Check: func(t *T) {
			reports := t.reports()
			kept := []Case{t.New(), t.New(), t.New()} // which no collector finds
			_ = kept[0].Settle(nil, errBoom)
			_ = kept[1].Settle("v", nil)
			_ = kept[2].Settle(nil, errSecond)
			t.Flush()
			t.reported(reports, errBoom, errSecond)
			runtime.KeepAlive(kept)
		},
	},
	{
		Number: 157, Name: "quieted", Level: Optional, Needs: "Unobserved Quiet",
		Rule:   "A future that was quieted is not reported; others are.",
		Source: "Tornado quiet_exceptions; .NET SetObserved",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				quiet, loud := t.New(), t.New()
				t.Quiet(quiet)
				_ = quiet.Settle(nil, errBoom)
				_ = loud.Settle(nil, errSecond)
			}()
			t.reported(reports, errSecond)
		},
	},
	{
		Number: 158, Name: "reporting does not block", Level: Optional, Needs: "Unobserved Watch",
		Rule:   "Reporting an error never blocks the loop.",
		Source: "no suite has it; a log that writes to a terminal does",
		Check: func(t *T) {
			reports := t.reports()
			blocks, err := t.Watch(func() {
				func() { _ = t.New().Settle(nil, errBoom) }()
				t.reported(reports, errBoom)
			})
			t.unblocked(blocks, err)
		},
	},
	{
		Number: 159, Name: "errors in cycles", Level: Info, Needs: "Unobserved",
		Rule:   "The error of a future that is part of a cycle of references is reported all the same.",
		Source: "Twisted test_errorLogWithInnerFrameCycle",
		Check: func(t *T) {
			reports := t.reports()
			func() {
				type node struct {
					c     Case
					other *node
				}
				a, b := &node{c: t.New()}, &node{c: t.New()}
				a.other, b.other = b, a
				if t.OnDone != nil {
					t.OnDone(b.c, func(any, error) { runtime.KeepAlive(a) })
				}
				_ = a.c.Settle(nil, errBoom)
			}()
			t.forget()
			t.flush()
			t.Until(func() bool { return len(reports()) > 0 })
			t.Notef("an error in a cycle is reported: %v", len(reports()) == 1)
		},
	},
}
