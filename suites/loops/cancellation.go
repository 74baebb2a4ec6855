package loops

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

var cancellation = []Case{
	{
		Number: 12, Letter: "a", Name: "cancelling too late",
		Rule:   "Cancelling a timer that has fired, or twice, does nothing, to this or to any other timer.",
		Why:    "a deferred cancel hits a timer that has taken the old one's place, or crashes",
		Source: "tornado test_remove_timeout_after_fire; contrast twisted testAdvanceCancel, test_cancelCancelledDelayedCall, which raise an error",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				var a Timer
				a = l.After(t.U(1), func() {
					t.Mark("a")
					l.Post(func() {
						l.After(t.U(1), t.Marker("b"))
						l.Cancel(a)
						l.After(t.U(1), t.Marker("c"))
						l.Cancel(a)
						d := l.After(t.U(1), t.Marker("d"))
						l.Cancel(d)
						l.Cancel(d)
						l.After(t.U(1), t.Marker("e"))
						l.Cancel(d)
					})
				})
			})
			t.Order("a b c e")
		},
	},
	{
		Number: 12, Letter: "b", Name: "cancelling too late",
		Rule:   "Stop returns true for a pending timer, false for one that has fired or was stopped before.",
		Why:    "the caller cannot tell whether the callback will run, and frees what it needs",
		Source: "package time Timer.Stop; twisted test_cancelCalledDelayedCallSynchronous",
		Needs:  "Stop",
		Check: func(t *T) {
			l := t.New()
			stop := func(what string, timer Timer, want bool) {
				if got := l.Stop(timer); got != want {
					t.Errorf("Stop of a timer that %s returned %v, want %v", what, got, want)
				}
			}
			t.Do(l, func() {
				var fired Timer
				fired = l.After(t.U(1), func() { stop("is running", fired, false) })
				pending := l.After(t.U(1), t.Marker("stopped"))
				stop("is pending", pending, true)
				stop("was stopped", pending, false)
				l.After(t.U(2), func() { stop("has fired", fired, false) })
			})
			t.Order("")
		},
	},
	{
		Number: 13, Letter: "a", Name: "cancelling a sibling of the batch",
		Rule:   "A timer cancelled by an earlier callback of the same instant does not run.",
		Why:    "a cleanup that cancels a timeout still sees it fire (time.AfterFunc does this)",
		Source: "tornado test_remove_timeout_from_timeout, test_remove_handler_from_handler; CPython test__add_callback_cancelled_handle",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				var b, d Timer
				l.After(t.U(1), func() {
					t.Mark("a")
					l.Cancel(d)
					l.Cancel(b)
				})
				b = l.After(t.U(1), t.Marker("b"))
				l.After(t.U(1), t.Marker("c"))
				d = l.After(t.U(1), t.Marker("d"))
			})
			t.Order("a c")
		},
	},
	{
		Number: 13, Letter: "b", Name: "cancelling a sibling of the batch",
		Rule:   "A timer reset by an earlier callback of the same instant runs once, at its new instant.",
		Why:    "a timeout that was pushed back at the last moment fires twice",
		Source: "twisted test_callLaterResetInsideCallKeepsCallsOrdered",
		Needs:  "Reset",
		Check: func(t *T) {
			l := t.New()
			var begin, fired time.Duration
			t.Do(l, func() {
				begin = l.Now()
				var b Timer
				l.After(t.U(1), func() {
					t.Mark("a")
					l.Reset(b, t.U(1))
				})
				b = l.After(t.U(1), func() {
					t.Mark("b")
					fired = l.Now() - begin
				})
				l.After(t.U(1), t.Marker("c"))
			})
			t.Order("a c b")
			t.At("the timer that was reset fired", fired, t.U(2))
		},
	},
	{
		Number: 14, Letter: "a", Name: "mass cancel",
		Rule:   "Cancelled timers let go of their callbacks.",
		Why:    "a server that sets a timeout for each request keeps every request until its timeout would have come",
		Source: "tornado test_remove_timeout_cleanup; CPython test__run_once_cancelled_event_cleanup",
		Check:  checkCancelLeak,
	},
	{
		Number: 14, Letter: "b", Name: "mass cancel",
		Rule:   "Cancelling a timer costs no more than the logarithm of how many there are.",
		Why:    "a burst of requests that end well makes the loop stand still",
		Source: "tornado test_remove_timeout_cleanup",
		Not:    map[Mode]string{Bubble: "its clock stands while a callback runs, so that it cannot tell what a callback costs"},
		Check:  checkCancelCost,
	},
	{
		Number: 15, Letter: "a", Name: "a timer's own callback cancels it",
		Rule:   "A timer that cancels itself while it runs does no harm.",
		Why:    "a callback that cleans up after itself corrupts the queue",
		Source: "tokio drop_from_wake",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				var a Timer
				a = l.After(t.U(1), func() {
					t.Mark("a")
					l.Cancel(a)
					l.After(t.U(1), t.Marker("c"))
					l.Cancel(a)
				})
				l.After(t.U(1), t.Marker("b"))
			})
			t.Order("a b c")
		},
	},
	{
		Number: 15, Letter: "b", Name: "a timer's own callback cancels it",
		Rule:   "A timer that resets itself while it runs fires again, also when the new instant is past.",
		Why:    "a retry that re-arms its own timer is lost",
		Source: "tokio reset_future_sleep_after_fire, reset_sleep_to_past; libuv timer_again",
		Needs:  "Reset",
		Check: func(t *T) {
			l := t.New()
			var begin time.Duration
			var at []time.Duration
			t.Do(l, func() {
				begin = l.Now()
				var a Timer
				a = l.After(t.U(1), func() {
					at = append(at, l.Now()-begin)
					switch len(at) {
					case 1:
						l.Reset(a, t.U(1))
					case 2:
						l.Reset(a, -t.U(1))
					}
				})
			})
			t.Times("it fired", at, []time.Duration{t.U(1), t.U(2), t.U(2)})
		},
	},
	{
		Number: 16, Letter: "a", Name: "cancelled work does not call back",
		Rule:   "Work outside that was cancelled does not call back when it is done.",
		Why:    "a result arrives for a request that is over",
		Source: "CPython test_run_in_executor_cancel; libuv threadpool_cancel_work",
		Needs:  "Offload",
		Check: func(t *T) {
			l := t.New()
			release := make(chan struct{})
			t.Do(l, func() {
				cancel := l.Offload(func() { <-release }, t.Marker("cancelled"))
				l.Offload(func() { <-release }, t.Marker("kept"))
				l.Post(func() {
					cancel()
					close(release)
				})
			})
			t.Order("kept")
		},
	},
	{
		Number: 16, Letter: "b", Name: "cancelled work does not call back",
		Rule:   "Work that returns to a closed loop does not call back, and does no harm.",
		Why:    "a slow name lookup crashes the process, or touches what was freed",
		Source: "CPython test_run_in_executor_cancel; libuv threadpool_cancel_getaddrinfo",
		Needs:  "Offload",
		Check: func(t *T) {
			l := t.New()
			release, returned := make(chan struct{}), make(chan struct{})
			begun := make(chan struct{})
			// Posted and not driven, a virtual loop would not run it.
			l.Offload(func() {
				close(begun)
				<-release
				close(returned)
			}, t.Marker("called back"))
			<-begun
			t.closed(l)
			close(release)
			<-returned
			t.pause()
			t.Order("")
		},
	},
}

// pause gives what should not happen an opportunity to happen.
func (t *T) pause() {
	if !t.Virtual() {
		time.Sleep(t.U(2))
		return
	}
	for range 100 {
		runtime.Gosched()
	}
}

// checkCancelLeak counts how many of the things that cancelled callbacks refer
// to the garbage collector takes away.
func checkCancelLeak(t *T) {
	const n = 2000
	l := t.New()
	var gone atomic.Int64
	t.Do(l, func() {
		timers := make([]Timer, n)
		for i := range timers {
			thing := new([64]byte)
			runtime.AddCleanup(thing, func(struct{}) { gone.Add(1) }, struct{}{})
			timers[i] = l.After(t.U(1000), func() { runtime.KeepAlive(thing) })
		}
		for _, timer := range timers {
			l.Cancel(timer)
		}
		clear(timers)
		// A loop may sweep now and then, so that some of them may stay.
		for round := range 200 {
			if round < 20 {
				runtime.GC()
			}
			for range 20_000 { // some milliseconds, for the goroutine that runs cleanups
				runtime.Gosched()
			}
			if gone.Load() > n/2 {
				return
			}
		}
	})
	if got := gone.Load(); got <= n/2 {
		t.Errorf("of %d timers that were cancelled long before their time, the loop still holds %d", n, n-got)
	}
}

// checkCancelCost compares what it costs to cancel a timer among few and among
// many: the cheapest of several attempts each, so that other load does not count.
func checkCancelCost(t *T) {
	const few, many, most = 1000, 64000, 30 // the logarithm and caches make up a quarter of that, a scan thrice as much
	among := func(n int) []time.Duration {
		var spent []time.Duration
		l := t.New()
		over := make(chan struct{})
		l.Post(func() {
			defer close(over)
			timers := make([]Timer, n)
			for i := range timers {
				timers[i] = l.After(t.U(1000+float64(i%97)), func() {})
			}
			cancelled := 0
			for range min(20, n/few) {
				begin := time.Now()
				for range few {
					l.Cancel(timers[cancelled*7919%n])
					cancelled++
				}
				spent = append(spent, time.Since(begin))
			}
		})
		switch { // only the callback matters, so the timers need not come due
		case t.Virtual() && l.Advance != nil:
			if err := l.Advance(0); err != nil {
				t.Errorf("Advance returned an error: %v", err)
			}
		case t.Virtual():
			t.drive(l)
		}
		<-over
		t.closed(l)
		return spent
	}
	var cheap []time.Duration
	for range 50 {
		cheap = append(cheap, among(few)...)
	}
	if ratio := slices.Min(among(many)) / max(1, slices.Min(cheap)); ratio > most {
		t.Errorf("cancelling one of %d timers takes %d times as long as cancelling one of %d, want at most %d times", many, ratio, few, most)
	}
}
