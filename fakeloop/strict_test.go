package fakeloop_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// use is one use of a loop that has a place in the order of the run.
type use struct {
	what string // as the texts call it
	call func()
}

// usesOf returns all such uses. They are made for being called in their order, once.
func usesOf(l *fakeloop.Loop) []use {
	p := fakeloop.NewPromise[int](l, "p")
	q := fakeloop.NewPromise[int](l, "q")
	done := fakeloop.Offload(l, "done", nothing)
	timer := l.AfterFunc(time.Hour, func() {})
	ticker := l.TickFunc(time.Hour, fakeloop.Skip, func() {})
	mutex := fakeloop.NewMutex(l, "")
	semaphore := fakeloop.NewSemaphore(l, "", 2)
	event := fakeloop.NewEvent(l, "")
	condition := fakeloop.NewCondition(l, "")
	queue := fakeloop.NewQueue[int](l, "", 3)
	registry := fakeloop.NewRegistry[int](l)
	remove := registry.On("x", func(int) {})
	trap := l.Trap("trap")
	_, cancel := l.WithCancel(context.Background())
	handler := func(int) (int, error) { return 0, nil }
	tick := func() fakeloop.Awaitable { return nil }
	body := func(*fakeloop.Coroutine) (int, error) { return 0, nil }
	uses := []use{
		{"Post", func() { l.Post(func() {}) }},
		{"AfterFunc", func() { l.AfterFunc(0, func() {}) }},
		{"Timer.Reset", func() { timer.Reset(time.Minute) }},
		{"Timer.Stop", func() { timer.Stop() }},
		{"TickFunc", func() { l.TickFunc(time.Hour, fakeloop.Skip, func() {}).Stop() }},
		{"TickAsync", func() { l.TickAsync(time.Hour, fakeloop.Skip, tick).Stop() }},
		{"Ticker.Reset", func() { ticker.Reset(time.Minute) }},
		{"Ticker.Stop", func() { ticker.Stop() }},
		{"the making of a context", func() { _, cancel := l.WithCancel(context.Background()); cancel() }},
		{"the cancel function of a context", cancel},
		{"NewPromise", func() { fakeloop.NewPromise[int](l, "") }},
		{"OnCancel", func() { p.OnCancel(func(error) {}) }},
		{"OnSettled", func() { p.Future().OnSettled(func(int, error) {}) }},
		{"Then", func() { fakeloop.Then(p.Future(), handler) }},
		{"Catch", func() { fakeloop.Catch(p.Future(), func(error) (int, error) { return 0, nil }) }},
		{"Timeout", func() { fakeloop.Timeout(p.Future(), time.Hour) }},
		{"Resolve", func() { p.Resolve(1) }},
		{"Reject", func() { p.Reject(nil) }},
		{"Cancel", func() { q.Future().Cancel(nil) }},
		{"Async", func() { fakeloop.Async(l, "", body) }},
		{"Offload", func() { fakeloop.Offload(l, "", nothing) }},
		{"Outside", func() { _ = l.Outside("").Return(nil) }},
		{"Choose", func() { l.Choose("", 2) }},
		{"Touch", func() { l.Touch("data") }},
		{"TouchRead", func() { l.TouchRead("data") }},
		{"NewMutex", func() { fakeloop.NewMutex(l, "") }},
		{"Lock", func() { mutex.Lock() }},
		{"TryLock", func() { mutex.TryLock() }},
		{"Locked", func() { mutex.Locked() }},
		{"Unlock", func() { mutex.Unlock() }},
		{"NewSemaphore", func() { fakeloop.NewSemaphore(l, "", 1) }},
		{"NewBoundedSemaphore", func() { fakeloop.NewBoundedSemaphore(l, "", 1) }},
		{"Acquire", func() { semaphore.Acquire() }},
		{"TryAcquire", func() { semaphore.TryAcquire() }},
		{"Available", func() { semaphore.Available() }},
		{"Release", func() { semaphore.Release() }},
		{"NewEvent", func() { fakeloop.NewEvent(l, "") }},
		{"Wait", func() { event.Wait() }},
		{"Set", func() { event.Set() }},
		{"Clear", func() { event.Clear() }},
		{"IsSet", func() { event.IsSet() }},
		{"NewCondition", func() { fakeloop.NewCondition(l, "") }},
		{"Wait", func() { condition.Wait() }},
		{"Notify", func() { condition.Notify(1) }},
		{"NotifyAll", func() { condition.NotifyAll() }},
		{"NewQueue", func() { fakeloop.NewQueue[int](l, "", 1) }},
		{"NewStack", func() { fakeloop.NewStack[int](l, "", 1) }},
		{"NewPriorityQueue", func() { fakeloop.NewPriorityQueue(l, "", 1, func(a, b int) bool { return a < b }) }},
		{"Put", func() { queue.Put(1) }},
		{"TryPut", func() { queue.TryPut(2) }},
		{"Len", func() { queue.Len() }},
		{"Get", func() { queue.Get() }},
		{"TryGet", func() { queue.TryGet() }},
		{"TaskDone", func() { queue.TaskDone() }},
		{"Join", func() { queue.Join() }},
		{"Close", func() { queue.Close() }},
		{"Registry.On", func() { registry.On("x", func(int) {}) }},
		{"Emit", func() { registry.Emit("x", 1) }},
		{"the removal of a handler", func() { remove() }},
		{"Trap", func() { l.Trap("another") }},
		{"Trap.Close", trap.Close},
	}
	if l.Mode() != fakeloop.Wall { // a real signal does not come to a bubble
		uses = append(uses,
			use{"OnSignal", func() { l.OnSignal(os.Interrupt, func() {})() }},
			use{"Raise", func() { _ = l.Raise(os.Interrupt) }})
	}
	_ = l.Await(done)
	return uses
}

var goroutineNumber = regexp.MustCompile(`goroutine \d+`)

func TestStrictRefusesStrangers(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Strict: true})
		for _, u := range usesOf(loop) {
			before := loop.Timeline().Len()
			got := goroutineNumber.ReplaceAllString(ending(u.call), "goroutine N")
			equal(t, u.what, got, "panic: fakeloop: "+u.what+" by goroutine N, which does not belong to this strict loop: the order of the run would depend on the scheduler; announce the work with Outside and hand it over with Work.Return, or call PostFrom")
			equal(t, u.what+" left events", loop.Timeline().Len()-before, 0)
		}
	})
}

// A trap is held by somebody, so its uses need a run of their own.
func TestStrictRefusesStrangersAtATrap(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Strict: true})
	trap := loop.Trap("x")
	loop.Named("x").Post(func() {})
	held, err := trap.Wait()
	equal(t, "Wait", err, nil)
	for what, call := range map[string]func() bool{"Held.Release": held.Release, "Held.Drop": held.Drop} {
		got := ending(func() { call() })
		equal(t, what, strings.HasPrefix(got, "panic: fakeloop: "+what+" by goroutine "), true)
	}
	equal(t, "Release by the maker", held.Release(), true)
}

func TestStrictAllowsItsOwn(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, in := range map[string]func(*fakeloop.Loop, func()){
			"maker":    func(_ *fakeloop.Loop, f func()) { f() },
			"callback": func(l *fakeloop.Loop, f func()) { l.Post(f) },
			"coroutine": func(l *fakeloop.Loop, f func()) {
				fakeloop.Async(l, "", func(*fakeloop.Coroutine) (int, error) { f(); return 0, nil })
			},
			"resumed coroutine": func(l *fakeloop.Loop, f func()) {
				fakeloop.Async(l, "", func(co *fakeloop.Coroutine) (int, error) {
					_ = co.Sleep(time.Second)
					_ = co.Yield()
					f()
					return 0, nil
				})
			},
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode, Strict: true})
			called := 0
			uses := usesOf(loop)
			in(loop, func() {
				for _, u := range uses {
					u.call()
					called++
				}
			})
			if err := loop.RunFor(time.Minute); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			equal(t, name+" called", called, len(uses))
			mustClose(t, loop)
		}
	})
}

// Whoever drives a virtual loop belongs to it, also between its calls, until another
// does.
func TestStrictAllowsTheDriver(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Strict: true})
	uses := usesOf(loop)
	equal(t, "the driver", ending(func() {
		mustAdvance(t, loop, 0)
		for _, u := range uses {
			u.call()
		}
	}), "return")
	mustAdvance(t, loop, 0) // from here on it is this goroutine that drives
	equal(t, "a stranger", strings.HasPrefix(ending(func() { loop.Post(func() {}) }), "panic: fakeloop: Post by goroutine "), true)
}

// What has a place in the order of the run whoever calls it, and what has none since
// it changes nothing, is open to all.
func TestStrictAllowsStrangers(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Strict: true})
		var log journal
		work := loop.Outside("work")
		p := fakeloop.NewPromise[int](loop, "p")
		equal(t, "ended with", ending(func() {
			equal(t, "PostFrom", loop.PostFrom("stranger", log.note("posted")), nil)
			equal(t, "Return", work.Return(log.note("returned")), nil)
			_, _, _ = p.Future().Result()
			_ = fmt.Sprint(loop.Now(), loop.Elapsed(), loop.Timeline().Len(), loop.Idle(), p.Future(), p.Future().AsyncStack())
			_, _ = loop.Peek()
			_ = fmt.Sprint(loop.Pending(), loop.Unobserved(), loop.Unfinished())
			loop.Stop()
		}), "return")
		mustIdle(t, loop)
		log.want(t, "posted returned")
	})
}

// Offloaded work may wait, which is no use of the loop, and a closed loop says itself
// what is wrong.
func TestStrictAllowsWaitingWork(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Strict: true})
	p := fakeloop.NewPromise[int](loop, "p")
	asks := fakeloop.Offload(loop, "asks", func(context.Context) (int, error) { return p.Future().Wait() })
	loop.Post(func() { p.Resolve(7) })
	equal(t, "value", must(asks.Wait()), 7)
	mustClose(t, loop)
	got := ending(func() { loop.AfterFunc(0, func() {}) })
	equal(t, "a closed loop", got, "panic: fakeloop: AfterFunc on a closed loop: the timer would never fire")
}

func TestWithoutStrictStrangersMayPost(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	for _, u := range usesOf(loop) {
		equal(t, u.what, ending(u.call), "return")
	}
}

// outsider runs functions outside the bubble in which it is called, and tells how they
// ended. The test, not the bubble, makes it.
func outsider(t *testing.T) func(func()) string {
	calls, endings := make(chan func()), make(chan string)
	t.Cleanup(func() { close(calls) })
	go func() {
		for f := range calls {
			endings <- ending(f)
		}
	}()
	return func(f func()) string {
		calls <- f
		return <-endings
	}
}

// The runtime ends the process when a channel of a bubble is used from outside. A loop
// does not let it come to that.
func TestBubbleRefusesWhatIsOutside(t *testing.T) {
	outside := outsider(t)
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Bubble})
		work := loop.Outside("")
		p := fakeloop.NewPromise[int](loop, "")
		uses := append(usesOf(loop),
			use{"PostFrom", func() { _ = loop.PostFrom("x", func() {}) }},
			use{"Work.Return", func() { _ = work.Return(nil) }},
			use{"Stop", loop.Stop},
			use{"Now", func() { loop.Now() }},
			use{"Elapsed", func() { loop.Elapsed() }},
			use{"Close", func() { _ = loop.Close() }},
			use{"RunFor", func() { _ = loop.RunFor(time.Second) }},
			use{"RunFor", func() { _ = loop.Advance(time.Second) }},
			use{"waiting for the loop", func() { _ = loop.Run() }},
			use{"waiting for the loop", func() { _ = loop.RunUntilIdle() }},
			use{"waiting for the loop", func() { _ = loop.RunUntil(func() bool { return true }) }},
			use{"waiting for the loop", func() { _ = loop.Settle() }},
			use{"waiting for the loop", func() { _ = loop.Await(p.Future()) }},
			use{"waiting for the loop", func() { _, _ = p.Future().Wait() }},
		)
		numbers := regexp.MustCompile(`bubble \d+,`)
		for _, u := range uses {
			got := numbers.ReplaceAllString(outside(u.call), "bubble N,")
			equal(t, u.what, got, "panic: fakeloop: "+u.what+" from outside the bubble of the loop (bubble N, the caller's is 0; 0 is none): start the goroutine inside the function given to synctest.Test")
		}
		// No harm is done: neither to the loop nor to its time.
		equal(t, "Elapsed", loop.Elapsed(), 0)
		_ = work.Return(nil)
		loop.Post(func() { p.Resolve(1) })
		equal(t, "value", must(p.Future().Wait()), 1)
	})
}

func TestBubbleModeNeedsABubble(t *testing.T) {
	wantPanic(t, "fakeloop: New in Bubble mode outside a bubble; call it in the function given to synctest.Test, or use Virtual, which needs none", func() {
		fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
	})
}
