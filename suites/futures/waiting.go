package futures

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

var oneWaiter = map[string]string{"Caps.SingleWaiter": "one waiter at a time is its documented limit"}

var waiting = []Property{
	{
		Number: 15, Name: "waiting for what is settled", Level: Required,
		Rule:   "Await of a settled future returns at once, any number of times.",
		Source: "asyncio test_yield_from_twice; folly Wait.multipleWait; Tornado GenBasic.test_multi_future_duplicate",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				c := t.Settled(o.Value, o.Err)
				t.Rest()
				start := time.Now()
				for range 20 {
					v, err := t.Get(c)
					t.is("a waiter", v, err, o)
				}
				if d := time.Since(start); t.bubble && d != 0 {
					t.Errorf("twenty times Await took %v", d)
				}
			}
		},
	},
	{
		Number: 16, Name: "many waiters", Level: Required, Unless: oneWaiter,
		Rule:   "All who wait wake with the same outcome.",
		Source: "Guava testAllListenersCompleteSuccessfully; Netty testSignalRace",
		Check: func(t *T) {
			for _, o := range []Outcome{{Value: "v"}, {Err: errBoom}} {
				c := t.Fresh()
				waiters := t.waiters(8, c)
				t.Rest()
				_ = c.Settle(o.Value, o.Err)
				waiters(func(v any, err error) { t.is("a waiter", v, err, o) })
			}
		},
	},
	{
		Number: 17, Name: "one waiter gives up", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "A waiter whose deadline passes leaves the future pending for the others.",
		Source: "Tornado WithTimeoutTest.test_timeout; CompletableFutureTest.checkIncomplete, whose timed get expires",
		Check: func(t *T) {
			c := t.Fresh()
			others := 0
			if !t.Caps.SingleWaiter {
				others = 2
			}
			waiters := t.waiters(others, c)
			t.Rest()
			if o, settled := t.Within(t.Unit(), c); settled {
				t.Fatalf("a waiter with a deadline got %s from a pending future", show(o.Value, o.Err))
			}
			t.Pending("the future", c)
			if err := c.Settle("v", nil); err != nil {
				t.Errorf("Settle was refused: %v", err)
			}
			waiters(func(v any, err error) { t.is("another waiter", v, err, Outcome{Value: "v"}) })
			t.Value("the future", c, "v")
		},
	},
	{
		Number: 18, Name: "a deadline beside another waiter", Level: Required, Needs: "Caps.OwnDeadline", Unless: oneWaiter,
		Rule:   "A waiter's deadline is honoured while another one waits.",
		Source: "no suite has it; a waiter that holds a lock breaks it",
		Check: func(t *T) {
			c := t.Fresh()
			waiters := t.waiters(1, c)
			t.Rest()
			start := time.Now()
			t.Returns("Await with a deadline, beside one without,", func() {
				if o, settled := t.Within(t.Unit(), c); settled {
					t.Errorf("a waiter with a deadline got %s from a pending future", show(o.Value, o.Err))
				}
				if d := time.Since(start); t.bubble && d != t.Unit() {
					t.Errorf("a waiter with a deadline in %v waited for %v", t.Unit(), d)
				}
			})
			_ = c.Settle("v", nil)
			waiters(func(v any, err error) { t.is("the other waiter", v, err, Outcome{Value: "v"}) })
		},
	},
	{
		Number: 19, Name: "settled, and the context is over", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "Await of a settled future under a context that is over is deterministic.",
		Source: "Tornado test_already_resolved; CompletableFutureTest, timed get of a done future",
		Check: func(t *T) {
			dead, cancel := context.WithCancel(context.Background())
			cancel()
			n := map[bool]int{}
			c := t.Settled("v", nil)
			t.Rest()
			for range 100 {
				_, err := t.Wait(dead, c)
				n[err == nil]++
			}
			if n[true] > 0 && n[false] > 0 {
				t.Errorf("of 100 waits, %d had the outcome and %d the error of the context", n[true], n[false])
			}
			if n[true] == 0 {
				t.Notef("the context wins; recommended is that the outcome does")
			}
		},
	},
	{
		Number: 20, Name: "no time to wait", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "With a timeout of zero or less, Await of a pending future returns at once with an error, of a settled one the outcome.",
		Source: "concurrent.futures test_result_with_timeout, timeout=0; Tornado QueueGetTest.test_get_zero_timeout",
		Check: func(t *T) {
			for _, d := range []time.Duration{0, -time.Hour} {
				ctx, cancel := context.WithTimeout(context.Background(), d)
				defer cancel()
				c := t.Fresh()
				start := time.Now()
				t.Returns(fmt.Sprintf("Await with a timeout of %v", d), func() {
					if v, err := t.Wait(ctx, c); err == nil {
						t.Errorf("Await of a pending future, with a timeout of %v, returned %s", d, show(v, err))
					}
				})
				if passed := time.Since(start); t.bubble && passed != 0 {
					t.Errorf("with a timeout of %v Await took %v", d, passed)
				}
				_ = c.Settle("v", nil)
				t.Rest()
				for range 20 {
					v, err := t.Wait(ctx, c)
					t.is(fmt.Sprintf("Await of a settled future, with a timeout of %v,", d), v, err, Outcome{Value: "v"})
				}
			}
		},
	},
	{
		Number: 21, Name: "settled just in time", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "If the future is settled in the instant of the deadline, and before it, the outcome wins.",
		Source: "Tornado locks and queues, the tests named timeout_preempted; Twisted test_successResultBeforeTimeout",
		Check: func(t *T) {
			for range 10 {
				c := t.Fresh()
				ctx, cancel := context.WithCancel(context.Background())
				over := make(chan Outcome, 1)
				go func() {
					v, err := t.Wait(ctx, c)
					over <- Outcome{v, err}
				}()
				t.Rest()
				_ = c.Settle("v", nil)
				cancel()
				t.Returns("Await", func() {
					o := <-over
					t.is("a waiter whose context ended right after the settle", o.Value, o.Err, Outcome{Value: "v"})
				})
			}
		},
	},
	{
		Number: 22, Name: "the error of a wait given up", Level: Optional, Needs: "Caps.OwnDeadline",
		Rule:   "An Await that its context ended has an error in which errors.Is finds the context's error and, as declared, its cause.",
		Source: "package context",
		Check: func(t *T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errCause)
			late, cancelLate := context.WithTimeout(context.Background(), t.Unit())
			defer cancelLate()
			for _, ctx := range []context.Context{ctx, late} {
				c := t.Fresh()
				_, err := t.Wait(ctx, c)
				is, hasCause := errors.Is(err, ctx.Err()), errors.Is(err, context.Cause(ctx))
				switch {
				case t.Caps.CtxCause && !(is && hasCause):
					t.Errorf("the error was %v; want one that is both %v and the cause, %v", err, ctx.Err(), context.Cause(ctx))
				case !is && !hasCause:
					t.Errorf("the error was %v; want one that is %v", err, ctx.Err())
				}
			}
		},
	},
	{
		Number: 23, Name: "what a waiter leaves", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "A wait that was given up leaves no goroutine.",
		Source: "Tornado ConditionTest.test_garbage_collection, QueueGetTest.test_get_clears_timed_out_getters; folly futureWithinNoValueReferenceWhenTimeOut",
		Check: func(t *T) {
			c := t.Fresh()
			t.Within(t.Unit(), c) // what is started once is no leak
			t.Rest()
			before := t.goroutines()
			for range 20 {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(t.Unit()/20, cancel)
				_, _ = t.Wait(ctx, c)
			}
			left := 0
			t.Until(func() bool {
				left = t.goroutines() - before
				return left < 10
			})
			if left >= 10 {
				t.Errorf("20 waits that were given up left %d goroutines", left)
			}
		},
	},
	{
		Number: 24, Name: "three ways not to get a value", Level: Required, Needs: "Caps.OwnDeadline",
		Rule:   "The waiter's own timeout, a producer that failed with DeadlineExceeded, and a cancellation can be told apart.",
		Source: "CompletableFutureTest checkCompletedWithTimeoutException against checkCancelled; kotlinx FutureAsDeferredUnhandledCompletionException",
		Check: func(t *T) {
			waits := t.Fresh()
			if _, settled := t.Within(t.Unit(), waits); settled {
				t.Errorf("the waiter's own timeout looks like an outcome")
			}
			t.Pending("the future behind the waiter's timeout", waits)
			failed := t.Settled(nil, context.DeadlineExceeded)
			t.Fails("the future whose producer failed", failed, context.DeadlineExceeded)
			if o, settled := t.Within(t.Unit(), failed); !settled && o.Err == nil {
				t.Errorf("the producer's DeadlineExceeded looks like the waiter's own")
			}
			if t.Cancel != nil {
				c := t.Fresh()
				_ = t.Cancel(c, errCause)
				if err := t.FailsSomehow("the cancelled future", c); errors.Is(err, t.Caps.timeoutErr()) {
					t.Errorf("the cancelled future has the error %v, which looks like a timeout", err)
				}
			}
		},
	},
	{
		Number: 25, Name: "waiting on the loop", Level: Optional, Needs: "Post Caps.LoopAffine",
		Rule:   "Await of a pending future on the loop's own goroutine fails loudly, at once, instead of deadlocking.",
		Source: "Scala \"should not deadlock with nested await (ticket 1313)\"",
		Check: func(t *T) {
			c := t.Fresh()
			var err error
			start := time.Now()
			t.onLoop(func() {
				ctx, cancel := context.WithTimeout(context.Background(), t.patience())
				defer cancel()
				if v := recovered(func() { _, err = c.Await(ctx) }); v != nil {
					err = fmt.Errorf("panic: %v", v)
				}
				if ctx.Err() != nil || t.bubble && time.Since(start) != 0 {
					t.Errorf("it waited on the loop until its deadline")
				}
			})
			if err == nil {
				t.Errorf("it returned no error")
			}
			t.Pending("the future", c)
		},
	},
	{
		Number: 26, Name: "looking without waiting", Level: Required, Needs: "Peek",
		Rule:   "Peek never blocks and, once settled, the future never looks pending again.",
		Source: "concurrent.futures test_done; CompletableFutureTest getNow",
		Check: func(t *T) {
			c := t.Fresh()
			if _, _, settled := t.Peek(c); settled {
				t.Errorf("a fresh future looks settled")
			}
			var settled atomic.Bool
			over := make(chan bool)
			go func() {
				defer close(over)
				seen := false
				for range 200 {
					must := settled.Load()
					v, err, is := t.Peek(c)
					if !is && (seen || must) {
						t.Errorf("a settled future looked pending")
						return
					}
					if is {
						t.is("who looked", v, err, Outcome{Value: "v"})
					}
					seen = is
					runtime.Gosched()
				}
			}()
			_ = c.Settle("v", nil)
			t.Rest()
			settled.Store(true)
			t.Returns("Peek", func() { <-over })
			v, err, is := t.Peek(c)
			if !is {
				t.Errorf("a settled future looks pending")
			}
			t.is("who looked", v, err, Outcome{Value: "v"})
		},
	},
}

// waiters starts n waiters; the function it returns has each of their outcomes looked at.
func (t *T) waiters(n int, c Case) func(look func(v any, err error)) {
	over := make(chan Outcome, n)
	for range n {
		go func() {
			ctx, cancel := context.WithTimeoutCause(context.Background(), t.patience(), errGivenUp)
			defer cancel()
			o := Outcome{Err: errNoOutcome}
			defer func() {
				if v := recover(); v != nil {
					o.Err = fmt.Errorf("panic: %v", v)
				}
				over <- o
			}()
			o.Value, o.Err = t.Wait(ctx, c)
		}()
	}
	return func(look func(v any, err error)) {
		for range n {
			o := <-over
			look(o.Value, o.Err)
		}
	}
}

var errNoOutcome = errors.New("the waiter's goroutine ended")

// goroutines counts the goroutines in the bubble of the check, or in the process.
func (t *T) goroutines() int {
	if !t.bubble {
		return runtime.NumGoroutine()
	}
	buf := make([]byte, 64)
	own := string(buf[:runtime.Stack(buf, false)])
	_, own, found := strings.Cut(own, "synctest bubble ")
	own, _, _ = strings.Cut(own, "]")
	if !found {
		return runtime.NumGoroutine()
	}
	return strings.Count(checks.Stacks(), "synctest bubble "+own+"]")
}

// onLoop runs f on the loop and returns when it has ended, or when it has waited long
// enough for that.
func (t *T) onLoop(f func()) {
	if t.Post == nil {
		f()
		return
	}
	var over atomic.Bool
	if err := t.Post(func() {
		defer over.Store(true)
		f()
	}); err != nil {
		t.Fatalf("Post returned an error: %v", err)
	}
	if !t.Until(over.Load) {
		t.Fatalf("what was posted did not run, or did not end")
	}
}
