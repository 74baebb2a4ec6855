package timeline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// retries is a client that dials until it works: three failures, with a pause
// that doubles, then an answer.
func retries(t *testing.T) *timeline.Timeline {
	t.Helper()
	return recordLoop(t, func(loop *fakeloop.Loop) {
		answer := fakeloop.NewPromise[string](loop, "answer")
		attempt := 0
		var dial func()
		dial = func() {
			attempt++
			reply := fakeloop.Offload(loop, "dial", func(context.Context) (string, error) {
				if attempt < 4 {
					return "", errors.New("connection refused")
				}
				return "hello", nil
			})
			reply.OnSettled(func(text string, err error) {
				if err == nil {
					answer.Resolve(text)
					return
				}
				loop.Named("retry").AfterFunc(100*time.Millisecond<<attempt, dial)
			})
		}
		loop.Named("fetch").Post(dial)
		fakeloop.Async(loop, "main", func(co *fakeloop.Coroutine) (string, error) {
			return fakeloop.Await(co, answer.Future())
		}).OnSettled(func(string, error) {})
	})
}

// queue is two coroutines with a queue of one place between them.
func queue(t *testing.T, items int) *timeline.Timeline {
	t.Helper()
	return recordLoop(t, func(loop *fakeloop.Loop) {
		q := fakeloop.NewQueue[int](loop, "q", 1)
		fakeloop.Async(loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
			for i := range items {
				if _, err := fakeloop.Await(co, q.Put(i)); err != nil {
					return i, err
				}
			}
			q.Close()
			return items, nil
		})
		fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
			for n := 0; ; n++ {
				if _, err := fakeloop.Await(co, q.Get()); err != nil {
					return n, nil
				}
				if err := co.Sleep(10 * time.Millisecond); err != nil {
					return n, err
				}
			}
		})
	})
}

// panics is a callback that panics beside a ticker that goes on, and a promise
// that nobody keeps then.
func panics(t *testing.T) *timeline.Timeline {
	t.Helper()
	return recordLoop(t, func(loop *fakeloop.Loop) {
		done := fakeloop.NewPromise[int](loop, "done")
		ticks := 0
		var ticker *fakeloop.Timer
		ticker = loop.Named("tick").AfterFunc(time.Second, func() {
			if ticks++; ticks < 1000 {
				ticker.Reset(time.Second)
			}
		})
		loop.Named("parse").AfterFunc(1500*time.Millisecond, func() {
			loop.Named("cleanup").Post(func() {})
			var header []byte
			_ = header[4]
			done.Resolve(1)
		})
		if err := loop.RunUntilIdle(); err == nil {
			t.Error("no panic is reported")
		}
	})
}

// scenario is a run of everything.
func scenario(t *testing.T) *timeline.Timeline {
	t.Helper()
	all := new(timeline.Timeline)
	for _, tl := range []*timeline.Timeline{retries(t), queue(t, 20), panics(t)} {
		for _, e := range tl.All() {
			all.Append(e)
		}
	}
	return all
}

// lost is a client that is told no, and hands that on to nobody, beside a timer that has
// nothing to do with it.
func lost(t *testing.T) *timeline.Timeline {
	t.Helper()
	return recordLoop(t, func(loop *fakeloop.Loop) {
		reply := fakeloop.NewPromise[string](loop, "reply")
		fakeloop.Async(loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			return fakeloop.Await(co, reply.Future())
		})
		loop.Named("other").AfterFunc(time.Millisecond, func() { loop.Named("other").Post(func() {}) })
		loop.Named("request").AfterFunc(20*time.Millisecond, func() {
			timeout := loop.Named("timeout").AfterFunc(time.Minute, func() {})
			loop.Named("response").AfterFunc(30*time.Millisecond, func() {
				timeout.Stop()
				reply.Reject(errors.New("not found"))
			})
		})
	})
}

// pending is a coroutine that waits for what nobody brings, while others go on.
func pending(t *testing.T) *timeline.Timeline {
	t.Helper()
	return recordLoop(t, func(loop *fakeloop.Loop) {
		answer := fakeloop.NewPromise[string](loop, "answer")
		fakeloop.Async(loop, "main", func(co *fakeloop.Coroutine) (string, error) {
			if err := co.Sleep(time.Second); err != nil {
				return "", err
			}
			return fakeloop.Await(co, answer.Future())
		})
		loop.Named("other").AfterFunc(time.Minute, func() {})
	})
}
