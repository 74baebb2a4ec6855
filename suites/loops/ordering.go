package loops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

var ordering = []Case{
	{
		Number: 1, Letter: "a", Name: "equal deadlines",
		Rule:   "Timers with equal deadlines fire in the order in which they were armed, also when a sibling was cancelled.",
		Why:    "code that arms two timers for one instant works or fails by luck",
		Source: "libuv timer_order; twisted test_callLaterKeepsCallsOrdered; contrast tornado test_timeout_with_arguments, which promises no order",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.After(t.U(1), t.Marker("a"))
				b := l.After(t.U(1), t.Marker("b"))
				l.After(t.U(1), t.Marker("c"))
				l.After(t.U(1), t.Marker("d"))
				l.Cancel(b)
				l.After(t.U(1), t.Marker("e"))
			})
			t.Order("a c d e")
		},
	},
	{
		Number: 1, Letter: "b", Name: "equal deadlines",
		Rule:   "A timer that is reset goes behind those already armed for the same instant.",
		Why:    "a keep-alive that is pushed back overtakes work that was there first",
		Source: "twisted test_callLaterResetKeepsCallsOrdered, test_callLaterResetInsideCallKeepsCallsOrdered",
		Needs:  "Reset",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				a := l.After(t.U(1), t.Marker("a"))
				l.After(t.U(1), t.Marker("b"))
				l.Reset(a, t.U(1))
				l.After(t.U(1), t.Marker("c"))
			})
			t.Order("b a c")
		},
	},
	{
		Number: 2, Name: "total order of timers",
		Rule:   "Deadlines, and the order of arming among equals, order any set of timers completely.",
		Why:    "a comparison that is no total order lets the order depend on the shape of the heap",
		Source: "CPython test_events.TimerTests.test_timer_comparison",
		Check:  checkTotalOrder,
	},
	{
		Number: 3, Letter: "a", Name: "posts in order",
		Rule:   "Posted callbacks run first in, first out.",
		Why:    "two posts of one piece of code overtake each other",
		Source: "CPython test_events.test_call_soon; trio test_TrioToken_run_sync_soon_FIFO, _massive_queue",
		Check: func(t *T) {
			l := t.New()
			var want []string
			t.Do(l, func() {
				for i := range 1000 {
					want = append(want, fmt.Sprint(i))
					l.Post(t.Marker(fmt.Sprint(i)))
				}
			})
			t.Order(strings.Join(want, " "))
		},
	},
	{
		Number: 3, Letter: "b", Name: "posts in order",
		Rule:   "Posts for any goroutine and plain posts, made by one goroutine, run first in, first out together.",
		Why:    "what a library posts safely overtakes, or falls behind, what its user posted before",
		Source: "CPython test_events.test_call_soon_threadsafe_same_thread",
		Needs:  "PostFrom",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.Post(t.Marker("a"))
				t.mustPost(l, t.Marker("b"))
				l.Post(t.Marker("c"))
				t.mustPost(l, t.Marker("d"))
			})
			t.Order("a b c d")
		},
	},
	{
		Number: 4, Letter: "a", Name: "earlier deadline first",
		Rule:   "The earlier deadline fires first, whatever the order of arming.",
		Why:    "a short timeout waits for a long one",
		Source: "Kotlin testDelaysPriority",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				for _, n := range []float64{3, 1, 4, 2, 5} {
					l.After(t.U(n), t.Marker(fmt.Sprint(n)))
				}
			})
			t.Order("1 2 3 4 5")
		},
	},
	{
		Number: 4, Letter: "b", Name: "earlier deadline first",
		Rule:   "A timer armed by a timer takes its place among those armed long before.",
		Why:    "nested delays come out in another order than the instants they stand for",
		Source: "Reactor nestedSchedule; Kotlin testDelaysPriority",
		Not:    map[Mode]string{Wall: lateness + ": a late callback arms its own timers late"},
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.After(t.U(1), func() {
					t.Mark("1")
					l.After(t.U(1), t.Marker("1+1"))
					l.After(t.U(2.5), t.Marker("1+2.5"))
				})
				l.After(t.U(2), t.Marker("2"))
				l.After(t.U(3), t.Marker("3"))
				l.After(t.U(4), t.Marker("4"))
			})
			t.Order("1 2 1+1 3 1+2.5 4")
		},
	},
	{
		Number: 5, Name: "ready before due",
		Rule:   "Timers that come due are appended behind the callbacks that are ready.",
		Why:    "whether a callback runs before a timer of the same instant depends on how the loop was implemented",
		Source: "asyncio _run_once; CPython test_base_events.test__run_once_schedule_handle",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.After(0, t.Marker("timer"))
				l.Post(t.Marker("a"))
				l.Post(t.Marker("b"))
			})
			t.Order("a b timer")
		},
	},
}

// checkTotalOrder arms timers with many ties, cancels some of them, and compares
// with a stable sort.
func checkTotalOrder(t *T) {
	type timer struct {
		delay time.Duration
		name  string
	}
	for round := range 4 {
		l := t.New()
		var want []timer
		random := uint32(round + 1)
		t.Do(l, func() {
			for i := range 60 {
				random = random*1664525 + 1013904223
				tm := timer{t.U(float64(random >> 29)), fmt.Sprintf("%d/%d", random>>29, i)}
				handle := l.After(tm.delay, t.Marker(tm.name))
				if i%7 == 3 {
					l.Cancel(handle)
					continue
				}
				want = append(want, tm)
			}
		})
		t.closed(l)
		slices.SortStableFunc(want, func(a, b timer) int { return cmp.Compare(a.delay, b.delay) })
		var names []string
		for _, tm := range want {
			names = append(names, tm.name)
		}
		t.Order(strings.Join(names, " "))
	}
}

// mustPost is PostFrom where it must not be refused.
func (t *T) mustPost(l *Loop, f func()) {
	if err := l.PostFrom(f); err != nil {
		t.Errorf("PostFrom returned an error: %v", err)
	}
}
