package futures

import (
	"regexp"
	"strings"
)

var diagnostics = []Property{
	{
		Number: 176, Name: "what a future says of itself", Level: Info, Needs: "String",
		Rule:   "The text of a future does not block, and shows its state and its error.",
		Source: "asyncio test_future_repr; Twisted test_reprWithChaining; CompletableFutureTest, the testToString tests",
		Check: func(t *T) {
			pending, failed := t.Fresh(), t.Settled(nil, errBoom)
			before, after := t.String(pending), t.String(failed)
			t.Notef("the text tells pending from rejected: %v; shows the error: %v", state(before) != state(after), strings.Contains(after, errBoom.Error()))
		},
	},
	{
		Number: 177, Name: "where a future was made", Level: Optional, Needs: "Debug Site Caps.Debug",
		Rule:   "In debug mode a future knows the line that made it.",
		Source: "asyncio test_future_source_traceback; Tornado test_asyncio_future_debug_info",
		Check: func(t *T) {
			t.Debug(true)
			if site := t.Site(t.Fresh()); !line.MatchString(site) {
				t.Errorf("the future says it was made at %q; want file:line", site)
			}
		},
	},
	{
		Number: 178, Name: "who settled it first", Level: Optional, Needs: "Debug Caps.Debug Caps.SecondSettle=reported",
		Rule:   "In debug mode a settle that loses is told where the first one was.",
		Source: "Twisted, the tests named testAlreadyCalledDebug",
		Check: func(t *T) {
			t.Debug(true)
			c := t.Settled("v", nil)
			lost := c.Settle("w", nil)
			if lost == nil || !line.MatchString(lost.Error()) {
				t.Errorf("a settle that lost was told %v; want the line of the first one", lost)
			}
		},
	},
	{
		Number: 179, Name: "who waits for whom", Level: Optional, Needs: "Debug Trace Then Caps.Debug",
		Rule:   "In debug mode a future can tell who waits for it, and who for that one, to the end of the chain.",
		Source: "kotlinx StackTraceRecovery; V8 \"at async b\"; bluebird long_stack_traces",
		Check: func(t *T) {
			t.Debug(true)
			c := t.Fresh()
			end := t.Hops(c, 3)
			if trace := t.Trace(c); len(trace) < 4 {
				t.Errorf("the first of 4 futures tells of %d: %q", len(trace), trace)
			}
			if trace := t.Trace(end); len(trace) != 1 {
				t.Errorf("the last of 4 futures tells of %d: %q", len(trace), trace)
			}
		},
	},
	{
		Number: 180, Name: "switching debug mode", Level: Optional, Needs: "Debug Caps.Debug",
		Rule:   "Debug mode may be switched on and off at any time.",
		Source: "Twisted testSwitchDebugging",
		Check: func(t *T) {
			for _, modes := range [][3]bool{{false, true, false}, {true, false, true}} {
				t.Debug(modes[0])
				c := t.Fresh()
				end := c
				t.Debug(modes[1])
				if t.Then != nil {
					end = t.Hops(c, 2)
				}
				_ = c.Settle("v", nil)
				t.Debug(modes[2])
				_ = recovered(func() { _ = c.Settle("w", nil) })
				t.Value("the future", end, "v")
				if t.Site != nil {
					t.Site(c)
				}
			}
			c := t.Fresh()
			t.together(2, func(i int) {
				for n := range 20 {
					if i == 0 {
						t.Debug(n%2 == 0)
					} else {
						_ = recovered(func() { _ = c.Settle("v", nil) })
					}
				}
			})
			t.Value("the future", c, "v")
		},
	},
}

// line matches a place in a source file.
var line = regexp.MustCompile(`\.go:[0-9]+`)

// state is a text without what tells two futures apart.
func state(s string) string { return regexp.MustCompile(`[0-9a-fx#]+`).ReplaceAllString(s, "") }
