package blocking

import (
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"
)

// placeScenes: which waits are a callback's, and which callback's.
var placeScenes = []scene{
	{name: "harmless", check: none, live: func(s *stage) {
		for range 10 {
			s.loop.do(harmless)
		}
	}},
	{name: "coroutine switches", check: none, live: func(s *stage) {
		next, stop := coroutine(func(yield func(int) bool) {
			for i := range 100 {
				yield(i)
			}
		})
		for range 100 {
			s.loop.do(func() { next() })
		}
		s.loop.do(stop)
	}},
	{name: "block in a coroutine", live: func(s *stage) {
		c := make(chan int)
		next, stop := coroutine(func(yield func(int) bool) {
			yield(1)
			s.park("chan receive", func() { wakeUp(c) })
			s.at = below(1)
			<-c
			yield(2)
		})
		for range 3 {
			s.loop.do(func() { next() })
		}
		s.loop.do(stop)
	}, check: func(r *Report, s *stage) error {
		if err := one(Park, Channel, "chan receive")(r, s); err != nil {
			return err
		}
		if cb := r.Blocks[0].Callback.Func; !strings.HasPrefix(cb, FuncName(coroutine)+".") {
			return fmt.Errorf("callback is %s, want the frame below enter", cb)
		}
		return nil
	}},
	// A limit: the body of an iter.Pull without an entry function that is a
	// marker runs on a goroutine that nothing ties to the callback.
	{name: "block in a coroutine without a marker", check: none, live: func(s *stage) {
		next, stop := iter.Pull(func(yield func(int) bool) {
			time.Sleep(time.Nanosecond)
			yield(1)
		})
		s.loop.do(func() { next() })
		s.loop.do(stop)
	}},
	{name: "nested markers", live: func(s *stage) {
		s.loop.do(func() {
			Callback(func() {
				s.at = below(1)
				time.Sleep(time.Nanosecond)
			})
		})
	}, check: func(r *Report, s *stage) error {
		if err := one(Park, Sleep, "sleep")(r, s); err != nil {
			return err
		}
		if b := r.Blocks[0]; b.Callback != s.at || len(b.Stack) != 2 {
			return fmt.Errorf("callback is %s on a stack of %d, want the inner one, %s, on 2", b.Callback, len(b.Stack), s.at)
		}
		return nil
	}},
	{name: "idle marker", check: none, steps: byHand(
		parkOn("chan receive", "runtime.chanrecv1", testMarkers[0], "example.org/x.(*Loop).Run"),
	)},
	{name: "marker below a marker that is idle", steps: byHand(
		parkOn("chan receive", "runtime.chanrecv1", testMarkers[0], "example.org/x.onTick", testMarkers[1]),
	), check: func(r *Report, _ *stage) error {
		return only(r, Block{Kind: Park, Resource: Channel, Reason: "chan receive", User: handFrame(testMarkers[0])})
	}},
	{name: "no marker", check: none, live: func(*stage) { time.Sleep(time.Nanosecond) }},
	{name: "recorder's own waits", check: none, steps: byHand(
		parkOn("sync", "sync.(*WaitGroup).Wait", stopMark, "example.org/x.onTick", testMarkers[0]),
		parkOn("sync", "sync.(*WaitGroup).Wait", startMark, "example.org/x.onTick", testMarkers[0]),
	)},
	{name: "collector", check: none, steps: byHand(
		parkOn("sync", "runtime.gcStart", "runtime.mallocgc", "runtime.newobject", "example.org/x.onTick", testMarkers[0]),
		parkOn("sync", "runtime.gcMarkDone", "runtime.gcAssistAlloc", "example.org/x.onTick", testMarkers[0]),
		parkOn("chan receive", "runtime.chanrecv1", "runtime.gcBgMarkStartWorkers", "runtime.gcStart", "example.org/x.onTick", testMarkers[0]),
		parkOn("GC mark assist wait for work", "example.org/x.onTick", testMarkers[0]),
		parkOn("wait until GC ends", "example.org/x.onTick", testMarkers[0]),
		parkOn("GC weak to strong wait", "weak.runtime_makeStrongFromWeak", "example.org/x.onTick", testMarkers[0]),
	)},
	{name: "preempted", check: none, steps: byHand(parkOn("preempted", "example.org/x.onTick", testMarkers[0]))},
	{name: "coroutine switch with a stack", check: none, steps: byHand(
		parkOn("coroutine", "runtime.coroswitch", "iter.Pull[...].func3", "example.org/x.onTick", testMarkers[0]),
	)},
	{name: "panic", check: one(Park, Sleep, "sleep"), live: func(s *stage) {
		s.loop.do(func() {
			defer func() { recover() }()
			Callback(func() {
				defer func() {
					s.at = below(1)
					time.Sleep(time.Nanosecond)
				}()
				panic("on purpose")
			})
		})
	}},
	{name: "open", live: func(s *stage) {
		c := make(chan int)
		id := make(chan string, 1)
		go s.loop.dispatch(func() {
			id <- goid()
			s.at = below(1)
			<-c
		})
		untilParked(<-id, "chan receive")
		s.later(func() { c <- 1 })
	}, check: func(r *Report, s *stage) error {
		return only(r, Block{Kind: Park, Resource: Channel, Reason: "chan receive", User: s.at, Open: true})
	}},
	{name: "open when a new generation begins", steps: []step{
		parkOn("chan send", "runtime.chansend1", "x.f", headMark),
		{g: 1, from: waiting, to: running},
		parkOn("chan receive", "runtime.chanrecv1", "example.org/x.onTick", testMarkers[0]),
		{g: 1, from: waiting, to: waiting},
		{g: 2, from: running, to: waiting, reason: "chan send", stack: handStack([]string{"runtime.chansend1", "x.f", tailMark})},
	}, check: func(r *Report, _ *stage) error {
		return only(r, Block{Kind: Park, Resource: Channel, Reason: "chan receive", User: handFrame("example.org/x.onTick"), Open: true})
	}},
	{name: "over the CPU budget", steps: byHand(
		overBudgetBy("example.org/x.hash", "example.org/x.onTick", testMarkers[0]),
		overBudgetBy("example.org/x.hash", "example.org/x.onTick", testMarkers[0]),
	), check: func(r *Report, _ *stage) error {
		if err := only(r, Block{Kind: CPU, Resource: Other, Reason: "over 5ms", User: handFrame("example.org/x.hash"), Count: 2}); err != nil {
			return err
		}
		if b := r.Blocks[0]; b.Callback != handFrame("example.org/x.onTick") || b.CPU != 7*time.Millisecond {
			return fmt.Errorf("want 7ms in onTick, got %s", b.Details())
		}
		return nil
	}},
	{name: "count", live: func(s *stage) {
		for range 3 {
			s.loop.do(func() {
				s.at = below(1)
				time.Sleep(time.Nanosecond)
			})
		}
	}, check: func(r *Report, s *stage) error {
		return only(r, Block{Kind: Park, Resource: Sleep, Reason: "sleep", User: s.at, Count: 3})
	}},
	{name: "deep stack", live: func(s *stage) {
		s.loop.do(func() { deep(200, func() { time.Sleep(time.Nanosecond) }) })
	}, check: func(r *Report, s *stage) error {
		if len(r.Blocks) != 0 || len(r.Truncated) != 1 || r.Truncated[0].Callback != (Frame{}) || r.Truncated[0].Resource != Sleep {
			return fmt.Errorf("want one truncated sleep, got:\n%s", r)
		}
		return nil
	}},
	{name: "method value as callback", live: func(s *stage) {
		s.loop.do(func() { Callback((&sleeper{s}).nap) })
	}, check: func(r *Report, s *stage) error {
		if err := one(Park, Sleep, "sleep")(r, s); err != nil {
			return err
		}
		if cb := r.Blocks[0].Callback; cb != s.at {
			return fmt.Errorf("callback is %s, want the method, not its wrapper", cb)
		}
		return nil
	}},
	{name: "standard library as callback", live: func(s *stage) {
		var wg sync.WaitGroup
		wg.Add(1)
		id, ended := make(chan string, 1), make(chan struct{})
		go func() {
			defer close(ended)
			id <- goid()
			Callback(wg.Wait)
		}()
		untilParked(<-id, "sync.WaitGroup.Wait")
		wg.Done()
		<-ended
	}, check: func(r *Report, s *stage) error {
		if len(r.Blocks) != 1 || r.Blocks[0].User != r.Blocks[0].Callback || r.Blocks[0].User.Func != "sync.(*WaitGroup).Wait" {
			return fmt.Errorf("want WaitGroup.Wait as user and callback, got:\n%s", r)
		}
		return nil
	}},
	{name: "blind", fails: ErrBlind, steps: []step{parkOn("sleep", "time.Sleep", "example.org/x.onTick", testMarkers[0])}},
	{name: "stopped early", fails: ErrBlind, steps: []step{parkOn("chan send", "runtime.chansend1", "x.f", headMark)}},
}

type sleeper struct{ s *stage }

func (z *sleeper) nap() {
	z.s.at = below(1)
	time.Sleep(time.Nanosecond)
}

//go:noinline
func deep(n int, f func()) int {
	if n == 0 {
		f()
		return 0
	}
	return deep(n-1, f) + 1
}
