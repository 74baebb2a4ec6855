package loops

import "strings"

var closing = []Case{
	{
		Number: 43, Letter: "a", Name: "closing with things pending",
		Rule:   "Once Close has returned nothing fires any more: no callback that was ready, no timer.",
		Why:    "a test's callbacks run in the middle of the next test",
		Source: "CPython test_close, test_run_until_complete_loop_orphan_future_close_loop",
		Check: func(t *T) {
			l := t.New()
			l.After(t.U(1), t.Marker("timer"))
			if t.Virtual() { // a loop that runs by itself might run it before
				l.Post(t.Marker("post"))
				l.After(0, t.Marker("due"))
			}
			t.closed(l)
			_ = attempt(l.Drive)
			t.pause()
			t.Order("")
		},
	},
	{
		Number: 43, Letter: "b", Name: "closing with things pending",
		Rule:   "Close rejects the futures that are pending.",
		Why:    "whoever waits for them on another goroutine waits for ever",
		Source: "tornado asyncio_test.LeakTest; CPython test_run_until_complete_loop_orphan_future_close_loop",
		Needs:  "NewPromise",
		Check: func(t *T) {
			l := t.New()
			var f Future
			t.Do(l, func() { f = l.NewPromise("pending").Future() })
			t.closed(l)
			if _, err, settled := f.Outcome(); !settled || err == nil {
				t.Errorf("behind Close the future was settled: %v, with the error %v", settled, err)
			}
		},
	},
	{
		Number: 43, Letter: "c", Name: "closing with things pending",
		Rule:   "What is pending can be listed before Close, and the list is empty when all has ended.",
		Why:    "a test cannot tell that it left something behind",
		Source: "tornado testing_test.LeakTest",
		Needs:  "Pending",
		Check: func(t *T) {
			l := t.New()
			far := make(chan Timer, 1)
			set := func() { far <- l.After(t.U(20), t.Marker("timer")) }
			if t.Virtual() {
				set()
			} else {
				l.Post(set)
			}
			timer := <-far
			if list := l.Pending(); len(list) != 1 {
				t.Errorf("with one timer set, this is pending: %q", list)
			}
			t.Do(l, func() { l.Cancel(timer) })
			if list := l.Pending(); len(list) != 0 {
				t.Errorf("with nothing left to do, this is pending: %q", list)
			}
		},
	},
	{
		Number: 44, Letter: "a", Name: "closing at a bad time",
		Rule:   "A callback that closes its own loop is refused, and the loop goes on.",
		Why:    "Close waits for the callback that calls it, or pulls the queue from under the loop",
		Source: "CPython test_close_running_event_loop",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				l.Post(t.Marker("b"))
				t.Refused("Close in a callback", l.Close)
				t.Mark("a")
			})
			t.Order("a b")
		},
	},
	{
		Number: 44, Letter: "b", Name: "closing at a bad time",
		Rule:   "A loop can be closed twice, and without ever having run.",
		Why:    "every owner of a loop needs to know whether another one closed it",
		Source: "libuv loop_close, loop_instant_close; tornado test_add_thread_close_idempotent",
		Check: func(t *T) {
			for _, used := range []bool{true, false} {
				l := t.New()
				if used {
					t.Do(l, t.Marker("ran"))
				}
				for range 2 {
					if err := attempt(l.Close); err != nil {
						t.Errorf("Close returned an error: %v", err)
					}
				}
			}
			t.Order("ran")
		},
	},
	{
		Number: 45, Name: "using a closed loop",
		Rule:   "Every operation on a closed loop is refused with an error or a panic that says so; only PostFrom may drop what it is given.",
		Why:    "a callback is accepted that will never run",
		Source: "CPython test_close; tornado test_init_close_race",
		Check: func(t *T) {
			l := t.New()
			var timer Timer
			t.Do(l, func() { timer = l.After(t.U(1), func() {}) })
			t.closed(l)
			nothing := func() {}
			t.Refused("Post", calls(func() { l.Post(nothing) }))
			t.Refused("After", calls(func() { l.After(t.U(1), nothing) }))
			t.Refused("Drive", l.Drive)
			if l.Reset != nil {
				t.Refused("Reset", calls(func() { l.Reset(timer, t.U(1)) }))
			}
			if l.Run != nil {
				t.Refused("Run", l.Run)
			}
			if l.Advance != nil {
				t.Refused("Advance", func() error { return l.Advance(t.U(1)) })
			}
			if l.Turn != nil {
				t.Refused("Turn", l.Turn)
			}
			if l.Every != nil {
				t.Refused("Every", func() error {
					_, err := l.Every(t.U(1), nothing)
					return err
				})
			}
			if l.Offload != nil {
				t.Refused("Offload", calls(func() { l.Offload(nothing, nothing) }))
			}
		},
	},
	{
		Number: 46, Name: "waiting for what never comes",
		Rule:   "Waiting for a future that nothing can settle ends with an error that names the future; the loop goes on.",
		Why:    "the test hangs, or fails without saying where",
		Source: "tornado GenTest.test_timeout, TestIOLoopRunSync.test_timeout; Kotlin testListingActiveCoroutinesOnTimeout",
		Needs:  "NewPromise Wait",
		Check: func(t *T) {
			l := t.New()
			stuck := l.NewPromise("the stuck one")
			switch _, err := l.Wait(stuck.Future()); {
			case err == nil:
				t.Errorf("Wait returned no error")
			case !strings.Contains(err.Error(), "the stuck one"):
				t.Errorf("the error does not name the future: %v", err)
			}
			t.Do(l, t.Marker("after"))
			t.Order("after")
			soon := l.NewPromise("soon")
			l.Post(func() { soon.Resolve(1) })
			if v, err := l.Wait(soon.Future()); v != 1 || err != nil {
				t.Errorf("Wait for a future that settles returned %v, %v", v, err)
			}
		},
	},
}
