package fakeloop_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// watchedFor watches a bubble for a number of looks, each as soon as it can be, and calls
// between after each one; then over. What was told of it comes back by the look.
func watchedFor(t *testing.T, looks int, between func(look int), over func(), test func(t *testing.T, loop *fakeloop.Loop)) map[int]*fakeloop.BusyCallback {
	t.Helper()
	bubble, done := make(chan uint64), make(chan struct{})
	go func() {
		defer close(done)
		synctest.Test(t, func(t *testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Sites: true})
			outside(bubble, fakeloop.CurrentBubble())
			test(t, loop)
			mustClose(t, loop)
		})
	}()
	watch := fakeloop.WatchBubble(<-bubble, 20*time.Second)
	equal(t, "Every", watch.Every(), time.Second)
	told := map[int]*fakeloop.BusyCallback{}
	for look := 1; look <= looks; look++ {
		if c := watch.Busy(); c != nil {
			told[look] = c
		}
		between(look)
	}
	over()
	<-done
	return told
}

// outside sends on a channel that is not of the bubble.
func outside(c chan uint64, n uint64) { c <- n }

// compute goes on until somebody outside wants it to end.
func compute(end *atomic.Bool) {
	for !end.Load() {
	}
}

// A callback that computes is told, and again each time that it has gone on for four times as
// long. Whether it is about to begin at the first look is up to the scheduler.
func TestBusyCallback(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(loop *fakeloop.Loop, f func())
		want string
	}{
		{"a callback", func(loop *fakeloop.Loop, f func()) {
			loop.Named("crunch").Post(f)
		}, `callback "crunch" (#) has been running since 0s, `},
		{"a timer", func(loop *fakeloop.Loop, f func()) {
			loop.Named("tick").AfterFunc(time.Minute, f)
		}, `callback "tick" (#) set at FILE has been running since 1m0s, `},
		{"a coroutine", func(loop *fakeloop.Loop, f func()) {
			fakeloop.Async(loop, "fetch", func(co *fakeloop.Coroutine) (int, error) {
				if err := co.Sleep(time.Second); err != nil {
					return 0, err
				}
				f()
				return 0, nil
			})
		}, `coroutine "fetch" (#), made at FILE has been running since 1s, `},
	} {
		t.Run(c.name, func(t *testing.T) {
			var begun, end atomic.Bool
			told := watchedFor(t, 100, func(look int) {
				for look == 1 && !begun.Load() { // its looks are to count
					runtime.Gosched()
				}
			}, func() { end.Store(true) }, func(t *testing.T, loop *fakeloop.Loop) {
				c.do(loop, func() { begun.Store(true); compute(&end) })
				settled(t, loop)
				time.Sleep(time.Hour)
			})
			var looks []int
			for look := range 101 {
				busy := told[look]
				if busy == nil {
					continue
				}
				looks = append(looks, look)
				after := map[int]string{1: "20s", 2: "1m20s"}[len(looks)]
				equal(t, "text", masked(busy.String()), c.want+"for "+after+" of real time: until it returns or waits virtual time stands still, and no other callback runs.")
				equal(t, "the stack is of its goroutine", strings.HasPrefix(busy.Stack, "goroutine "), true)
				equal(t, "the stack shows where it is", strings.Contains(busy.Stack, "fakeloop_test.compute("), true)
			}
			equal(t, "times told", len(looks), 2)
		})
	}
}

// Callbacks that end are not told, however many there are, and however long they take
// together.
func TestCallbacksThatEndAreNotBusy(t *testing.T) {
	const callbacks, each = 10, 19
	var begun, ended atomic.Int64
	told := watchedFor(t, callbacks*each, func(look int) {
		if look%each == 0 {
			n := ended.Add(1)
			for n < callbacks && begun.Load() <= n {
				runtime.Gosched()
			}
		}
	}, func() {}, func(t *testing.T, loop *fakeloop.Loop) {
		for i := range int64(callbacks) {
			loop.Post(func() {
				begun.Add(1)
				for ended.Load() <= i {
					runtime.Gosched()
				}
			})
		}
		settled(t, loop)
	})
	equal(t, "told", len(told), 0)
}

// A callback that waits, durably or not, is not busy, whoever computes meanwhile.
func TestWhoWaitsIsNotBusy(t *testing.T) {
	never := make(chan uint64) // not of the bubble
	for _, c := range []struct {
		name  string
		wait  func()
		heal  func()
		state string
	}{
		{"durably", func() { time.Sleep(time.Minute) }, func() {}, " [sleep (durable), "},
		{"not durably", func() { <-never }, func() { close(never) }, " [chan receive, "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var spins, end atomic.Bool
			told := watchedFor(t, 100, func(look int) {
				for look == 1 && !(spins.Load() && isIn("fakeloop_test.waitsThere(", c.state)) {
					runtime.Gosched()
				}
			}, func() { end.Store(true); c.heal() }, func(t *testing.T, loop *fakeloop.Loop) {
				loop.Named("waits").Post(func() {
					go func() { spins.Store(true); compute(&end) }()
					waitsThere(c.wait)
				})
				settled(t, loop)
			})
			equal(t, "told", len(told), 0)
		})
	}
}

//go:noinline
func waitsThere(wait func()) { wait() }

// isIn reports whether a goroutine that is in a function is in a state, both as the runtime
// prints them.
func isIn(function, state string) bool {
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(stack, function) && strings.Contains(head, state) {
			return true
		}
	}
	return false
}
