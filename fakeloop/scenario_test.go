package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// scenario runs a virtual loop through everything it can do, well over 1,000
// events, with offloaded work that takes a really random time, and returns the
// record. The record must depend on nothing but the seed. Nothing in here may
// ask anything else: no map order, no clock, no goroutine that is not announced.
func scenario(seed uint64) *timeline.Timeline {
	loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(seed), Fatal: isFatal, Guard: 10 * time.Minute})

	for i := range 8 {
		fakeloop.Async(loop, fmt.Sprint("client ", i), client).OnSettled(func(int, error) {})
	}
	ticks := 0
	var ticker *fakeloop.Timer
	ticker = loop.Named("ticker").AfterFunc(time.Millisecond, func() {
		if ticks++; ticks < 60 {
			ticker.Reset(time.Millisecond)
		}
	})
	handWork(loop)
	siblings(loop)
	for i := range 10 {
		_ = loop.PostFrom(fmt.Sprint("origin ", i%3), func() {
			loop.Post(func() {})
			loop.AfterFunc(time.Duration(i)*time.Millisecond, func() {})
		})
	}

	// Drive it in every way.
	for range 5 {
		_, _ = loop.Step()
	}
	_ = loop.Advance(3 * time.Millisecond)
	loop.Named("stopper").AfterFunc(5*time.Millisecond, loop.Stop)
	_ = loop.Run()
	loop.Named("fails").Post(func() { panic(fatal("assertion")) })
	loop.Named("exits").Post(runtime.Goexit)
	for range 2 {
		_ = ending(func() { _ = loop.RunUntilIdle() })
	}
	last := fakeloop.NewPromise[string](loop, "last")
	loop.AfterFunc(time.Minute, func() { last.Resolve("x") })
	_, _ = last.Future().Wait()
	_ = loop.RunUntilIdle()

	// Leave something of every kind for Close.
	fakeloop.NewPromise[int](loop, "pending")
	rejected(loop, errors.New("nobody looks"))
	fakeloop.Async(loop, "suspended", func(co *fakeloop.Coroutine) (int, error) { return 0, co.Sleep(time.Hour) })
	_ = loop.Advance(0)
	loop.Post(func() {})
	_ = loop.Close()
	return loop.Timeline()
}

// client is a coroutine that does a bit of everything, as decided.
func client(co *fakeloop.Coroutine) (int, error) {
	loop := co.Loop()
	sum := 0
	var pending *fakeloop.Timer
	for i := range 8 {
		if err := co.Sleep(time.Duration(loop.Choose("pause", 4)) * time.Millisecond); err != nil {
			return 0, err
		}
		f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
			busy()
			switch i % 5 {
			case 1:
				return 0, io.ErrUnexpectedEOF
			case 2:
				panic("work failed")
			case 3:
				runtime.Goexit()
			}
			return i, nil
		})
		g := fakeloop.Catch(fakeloop.Then(f, func(v int) (int, error) {
			if i%5 == 4 {
				panic("handler failed")
			}
			return v * 2, nil
		}), func(err error) (int, error) {
			loop.Named("after error").Post(func() {})
			if loop.Choose("recover", 2) == 0 {
				return 1, nil
			}
			return 0, err
		})
		switch loop.Choose("timer", 4) {
		case 0:
			pending = loop.Named("pending").AfterFunc(time.Duration(i)*time.Millisecond, func() {})
		case 1:
			if pending != nil {
				pending.Reset(2 * time.Millisecond)
			}
		case 2:
			if pending != nil {
				pending.Stop()
			}
		case 3:
			loop.Named("panics").Post(func() { panic(fmt.Sprint("callback ", i)) })
		}
		v, err := fakeloop.Await(co, g)
		if err != nil {
			continue
		}
		sum += v
		p := fakeloop.NewPromise[int](loop, "reply")
		p.Resolve(sum)
		p.Reject(io.EOF) // refused
		p.Future().OnSettled(func(int, error) {})
	}
	if loop.Choose("fail", 4) == 0 {
		panic(fmt.Errorf("sum %d", sum))
	}
	return sum, nil
}

// handWork is announced by hand and comes back from goroutines of its own, in
// a random order of doing.
func handWork(loop *fakeloop.Loop) {
	for i := range 6 {
		work := loop.Outside(fmt.Sprint("hand work ", i))
		go func() {
			busy()
			_ = work.Return(func() { loop.Post(func() {}) })
		}()
	}
}

// siblings are timers of one instant that stop and set each other.
func siblings(loop *fakeloop.Loop) {
	timers := make([]*fakeloop.Timer, 6)
	for i := range timers {
		timers[i] = loop.Named(fmt.Sprint("sibling ", i)).AfterFunc(2*time.Millisecond, func() {
			timers[(i+1)%6].Stop()
			if loop.Elapsed() < 20*time.Millisecond {
				timers[(i+2)%6].Reset(time.Duration(i) * time.Millisecond)
			}
		})
	}
}

// busy takes a really random time: computing, and giving way.
func busy() {
	n := 0
	for range rand.IntN(5000) {
		n ^= rand.Int()
	}
	spin(n & 31)
}

// racy is what a run looks like when two goroutines post that nobody has
// announced: each has its identities, but their order is the scheduler's.
func racy() *timeline.Timeline {
	loop := fakeloop.New(fakeloop.Config{})
	done := make(chan struct{})
	for _, origin := range []string{"left", "right"} {
		go func() {
			for range 3 {
				spin(rand.IntN(20))
				_ = loop.PostFrom(origin, func() {})
			}
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	_ = loop.RunUntilIdle()
	_ = loop.Close()
	return loop.Timeline()
}
