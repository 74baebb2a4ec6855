package futures

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

var onLoop = []Property{
	{
		Number: 168, Name: "handlers on the loop", Level: Optional, Needs: "OnDone OnLoop Caps.LoopAffine", Three: true,
		Rule:   "Handlers and functions of chains run on the goroutine of the loop, and only there.",
		Source: "asyncio; Tornado IOLoop.add_future",
		Check: func(t *T) {
			on := func(what string) {
				if !t.OnLoop() {
					t.Errorf("%s ran outside the loop", what)
				}
				t.Mark("called")
			}
			want := "called"
			t.Source("v", nil, func(c Case) {
				t.OnDone(c, func(any, error) { on("an observer") })
				if t.Then != nil {
					want += " called"
					t.Then(c, func(v any) (any, error) {
						on("the function of Then")
						return v, nil
					})
				}
			})
			t.Marks(want)
		},
	},
	{
		Number: 169, Name: "waking the loop", Level: Optional, Needs: "OnDone Caps.LoopAffine",
		Rule:   "A settle on another goroutine wakes the loop.",
		Source: "Tornado test_add_callback_wakeup_other_thread, add_future_threads",
		Check: func(t *T) {
			c := t.Fresh()
			t.OnDone(c, func(any, error) { t.Mark("called") })
			t.Rest() // it sleeps
			t.Returns("Settle, on another goroutine,", func() { _ = c.Settle("v", nil) })
			t.Marks("called")
		},
	},
	{
		Number: 170, Name: "a callback fails", Level: Optional, Needs: "Post Errors",
		Rule:   "A callback that panics is reported, and the loop goes on.",
		Source: "Tornado test_exception_logging, test_spawn_callback; asyncio test_error_in_call_soon",
		Check: func(t *T) {
			told := t.hooks()
			if err := t.Post(func() { panic(errLoud) }); err != nil {
				t.Errorf("Post returned an error: %v", err)
			}
			if err := t.Post(func() { t.Mark("next") }); err != nil {
				t.Errorf("Post returned an error: %v", err)
			}
			t.Marks("next")
			t.told(told, "the panic of a callback")
		},
	},
	{
		Number: 171, Name: "behind the end of the loop", Level: Optional, Needs: "Post Stop",
		Rule:   "What is posted to a loop that has ended is refused; it is never accepted and then not run.",
		Source: "Tornado test_add_callback_while_closing; CompletableFutureTest.testRejectingExecutor; folly, the viaExecutorDiscardsTask tests",
		Check: func(t *T) {
			_, _ = t.Stop()
			var err error
			refused := recovered(func() { err = t.Post(func() { t.Mark("ran") }) }) != nil || err != nil
			if t.Rest(); !refused && len(t.Marked()) == 0 {
				t.Errorf("Post to a loop that had ended was accepted, and what was posted never ran")
			}
		},
	},
	{
		Number: 172, Name: "running for one future", Level: Optional, Needs: "RunFor",
		Rule:   "Running the loop until a future is settled returns that future's outcome.",
		Source: "Tornado TestIOLoopRunSync",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				c := t.Settled(o.Value, o.Err)
				t.Returns("RunFor", func() {
					v, err := t.RunFor(c)
					t.is("RunFor", v, err, o)
				})
			}
		},
	},
	{
		Number: 173, Name: "pending at the end", Level: Optional, Needs: "Stop",
		Rule:   "Futures that are pending when the loop ends fail, or are listed.",
		Source: "asyncio test_log_destroyed_pending_task",
		Check: func(t *T) {
			c := t.Fresh()
			pending, _ := t.Stop()
			if len(pending) > 0 {
				return
			}
			if o, settled := t.Within(t.Unit(), c); !settled || o.Err == nil {
				t.Errorf("the loop ended with a future pending, which is not listed and did not fail")
			}
		},
	},
	{
		Number: 174, Name: "chains and timers", Level: Optional, Needs: "Post After OnDone Caps.LoopAffine",
		Rule:   "A chain of futures that are settled already does not keep a timer from firing that is due.",
		Source: "Tornado test_moment",
		Check: func(t *T) {
			var step func(n int)
			step = func(n int) {
				t.Mark("step")
				if n == 0 || len(t.Marked()) > 100 { // who calls observers twice would never end
					return
				}
				t.OnDone(t.Settled("v", nil), func(any, error) { step(n - 1) })
			}
			t.onLoop(func() {
				t.After(t.Unit(), func() { t.Mark("timer") })
				t.charge(2 * t.Unit())
				step(50)
			})
			t.Until(func() bool { return len(t.Marked()) >= 52 })
			marks := t.Marked()
			if i := slices.Index(marks, "timer"); i < 0 || i == len(marks)-1 {
				t.Errorf("a timer that was due fired behind the last of %d steps, or not at all", len(marks)-1)
			}
		},
	},
	{
		Number: 175, Name: "no blocking by bookkeeping", Level: Optional, Needs: "Watch Post OnDone",
		Rule:   "What the library itself does on the loop does not block it.",
		Source: "no suite has it",
		Check: func(t *T) {
			var n atomic.Int32
			blocks, err := t.Watch(func() {
				for i := range 20 {
					c := t.Fresh()
					t.OnDone(c, func(any, error) { n.Add(1) })
					if t.Then != nil {
						t.Then(t.Then(c, t.passing), t.passing)
					}
					var err error
					if i%2 == 1 {
						err = fmt.Errorf("error %d: %w", i, errBoom)
					}
					if posted := t.Post(func() { _ = c.Settle("v", err) }); posted != nil {
						t.Errorf("Post returned an error: %v", posted)
					}
				}
				t.Until(func() bool { return n.Load() == 20 })
			})
			t.unblocked(blocks, err)
		},
	},
}

// charge lets d pass within a callback.
func (t *T) charge(d time.Duration) {
	if t.Charge != nil {
		t.Charge(d)
		return
	}
	time.Sleep(d)
}

func (t *T) passing(v any) (any, error) { return v, nil }
