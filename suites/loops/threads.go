package loops

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// breathe lets others run: in a bubble the loop does not while anything else does.
func (t *T) breathe() {
	if t.adapter.Mode == Bubble {
		time.Sleep(time.Nanosecond)
		return
	}
	runtime.Gosched()
}

var threads = []Case{
	{
		Number: 28, Letter: "a", Name: "a post wakes the loop",
		Rule:   "A post by another goroutine runs while the loop waits for work outside.",
		Why:    "work that asks its loop for something waits for ever",
		Source: "tornado test_add_callback_wakeup_other_thread; CPython test_call_soon_threadsafe",
		Needs:  "PostFrom Offload",
		Check: func(t *T) {
			l := t.New()
			answer := make(chan struct{})
			t.Do(l, func() {
				l.Offload(func() {
					t.mustPost(l, func() {
						t.Mark("answer")
						close(answer)
					})
					<-answer
				}, t.Marker("done"))
			})
			t.Order("answer done")
		},
	},
	{
		Number: 28, Letter: "b", Name: "a post wakes the loop",
		Rule:   "A post by another goroutine ends the loop's sleep until a timer.",
		Why:    "the loop answers when its next timer comes, which may be never",
		Source: "tornado test_add_callback_wakeup, test_add_callback_wakeup_other_thread",
		Needs:  "PostFrom",
		Not:    map[Mode]string{Virtual: noSleep},
		Check: func(t *T) {
			l := t.New()
			l.Post(func() {
				far := l.After(t.U(100), t.Marker("far"))
				go func() {
					time.Sleep(t.U(2)) // so that the loop sleeps
					t.mustPost(l, func() {
						t.Mark("post")
						l.Cancel(far)
					})
				}()
			})
			t.drive(l)
			t.Order("post")
		},
	},
	{
		Number: 29, Name: "posts that race with close",
		Rule:   "A post to a loop that is being closed runs, is dropped, or gets an error; none runs once Close has returned.",
		Why:    "a message that arrives during the shutdown crashes the process",
		Source: "tornado test_add_callback_while_closing; trio test_TrioToken_run_sync_soon_too_late, _late_crash",
		Needs:  "PostFrom",
		Check: func(t *T) {
			l := t.New()
			var ran atomic.Int64
			var quit atomic.Bool
			var begun, wg sync.WaitGroup
			begun.Add(2)
			for range 2 {
				wg.Go(func() {
					begun.Done()
					for !quit.Load() {
						var refused error
						if err := attempt(func() error {
							refused = l.PostFrom(func() { ran.Add(1) })
							return nil
						}); err != nil {
							t.Errorf("PostFrom to a loop that closes: %v", err)
							return
						}
						if refused != nil {
							return
						}
						t.breathe()
					}
				})
			}
			begun.Wait()
			t.Do(l, func() {})
			t.closed(l)
			before := ran.Load()
			t.pause()
			if err := attempt(func() error { _ = l.PostFrom(func() { ran.Add(1) }); return nil }); err != nil {
				t.Errorf("PostFrom to a closed loop: %v", err)
			}
			t.pause()
			quit.Store(true)
			wg.Wait()
			if after := ran.Load(); after != before {
				t.Errorf("%d callbacks ran behind Close", after-before)
			}
		},
	},
	{
		Number: 30, Name: "foreign goroutines are told",
		Rule:   "In strict mode, Post and After from a goroutine that is not the loop's are refused.",
		Why:    "a data race between a callback and a stray goroutine is found in production",
		Source: "CPython test_check_thread",
		Needs:  "Strict PostFrom",
		Check: func(t *T) {
			l := t.NewWith(Options{Strict: true})
			t.mustPost(l, func() { // to a loop that runs by itself, the check is foreign too
				l.Post(t.Marker("own"))
				over := make(chan struct{})
				go func() {
					defer close(over)
					t.Refused("Post by a foreign goroutine", calls(func() { l.Post(func() {}) }))
					t.Refused("After by a foreign goroutine", calls(func() { l.After(0, func() {}) }))
				}()
				<-over
			})
			t.drive(l)
			t.Order("own")
		},
	},
	{
		Number: 31, Name: "a flood of posts",
		Rule:   "Of the posts of many goroutines none is lost, and those of one goroutine keep their order.",
		Why:    "one message in a million never arrives",
		Source: "trio test_TrioToken_run_sync_soon_threaded_stress_test",
		Needs:  "PostFrom",
		Check: func(t *T) {
			const goroutines, each = 8, 500
			l := t.New()
			var next [goroutines]int
			post := func(from, to int) *sync.WaitGroup {
				wg := new(sync.WaitGroup)
				for g := range goroutines {
					wg.Go(func() {
						for i := from; i < to; i++ {
							t.mustPost(l, func() {
								if next[g] != i {
									t.Errorf("goroutine %d: post %d ran where %d was due", g, i, next[g])
								}
								next[g] = i + 1
							})
						}
					})
				}
				return wg
			}
			post(0, each/2).Wait() // a long queue
			over := make(chan struct{})
			go func() {
				post(each/2, each).Wait() // into a loop that is running
				close(over)
			}()
			for posting := true; posting; {
				select {
				case <-over:
					posting = false
				default:
				}
				t.Do(l, func() {})
			}
			for g, n := range next {
				if n != each {
					t.Errorf("of %d posts of goroutine %d, %d ran", each, g, n)
				}
			}
		},
	},
	{
		Number: 32, Letter: "a", Name: "the clock while work is outside",
		Rule:   "Frozen: no timer of the future fires while work is in flight, however long the work takes.",
		Why:    "a fast computer sees the answer, a slow one the timeout",
		Source: "looptime test_time_on_executors; Temporal Test_MockActivityWait; tornado test_run_in_executor_set_default",
		Needs:  "Offload",
		Not:    map[Mode]string{Wall: goesOn},
		Check: func(t *T) {
			l := t.New()
			var begin, at time.Duration
			var fired atomic.Bool
			t.Do(l, func() {
				begin = l.Now()
				l.After(1, func() {
					t.Mark("timer")
					fired.Store(true)
				})
				l.Offload(func() {
					// Long enough for a loop that does not wait, without a clock: in a
					// bubble to sleep would be to let time go on.
					for i := 0; i < 100_000 && !fired.Load(); i++ {
						runtime.Gosched()
					}
				}, func() {
					t.Mark("done")
					at = l.Now() - begin
				})
			})
			t.Order("done timer")
			t.At("the work came back", at, 0)
		},
	},
	{
		Number: 32, Letter: "b", Name: "the clock while work is outside",
		Rule:   "Jump: time goes on to the next timer while work is in flight.",
		Why:    "work that waits for something that a timer does waits for ever",
		Source: "looptime test_time_on_executors",
		Needs:  "Jump",
		Check: func(t *T) {
			l := t.New()
			fired := make(chan struct{})
			t.Do(l, func() {
				l.After(t.U(1), func() {
					t.Mark("timer")
					close(fired)
				})
				l.Jump(func() { <-fired }, t.Marker("done"))
			})
			t.Order("timer done")
		},
	},
	{
		Number: 32, Letter: "c", Name: "the clock while work is outside",
		Rule:   "Lock step: a timer fires while work is in flight once as much real time has passed, and not before.",
		Why:    "a timeout cannot be tried out against real work",
		Source: "looptime test_time_on_executors",
		Needs:  "LockStep",
		Check: func(t *T) {
			l := t.New()
			const delay = 20 * time.Millisecond
			fired := make(chan struct{})
			var spent time.Duration
			t.Do(l, func() {
				begin := time.Now()
				l.After(delay, func() {
					spent = time.Since(begin)
					t.Mark("timer")
					close(fired)
				})
				l.LockStep(func() { <-fired }, t.Marker("done"))
			})
			t.Order("timer done")
			if spent < delay {
				t.Errorf("a timer of %v fired after %v of real time, while work was in flight", delay, spent)
			}
		},
	},
}
