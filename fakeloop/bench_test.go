package fakeloop_test

import (
	"container/heap"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The benchmarks of one row stand beside each other and run in one go, so that
// a ratio compares like with like:
//
//	$ go test -run '^$' -bench . ./fakeloop

// perLoop is how many callbacks one loop runs in a benchmark. A loop keeps the
// record of its run; what it costs to get memory for a record of millions from the
// operating system is not what these are about.
const perLoop = 100_000

// onLoops runs a benchmark of that name with sites off and on: f for a new loop each
// time, which is to make n callbacks run, perLoop or the rest.
func onLoops(b *testing.B, name string, f func(loop *fakeloop.Loop, n int)) {
	for _, sites := range []bool{false, true} {
		if sites {
			name += "-with-sites"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for left := b.N; left > 0; left -= perLoop {
				loop := fakeloop.New(fakeloop.Config{Sites: sites})
				f(loop, min(left, perLoop))
				if err := loop.RunUntilIdle(); err != nil {
					b.Fatal(err)
				}
				if err := loop.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bareQueue is the queue of a loop with nothing else to it.
type bareQueue struct{ ready, batch []func() }

func (q *bareQueue) post(f func()) { q.ready = append(q.ready, f) }

func (q *bareQueue) run() {
	for len(q.ready) > 0 {
		q.ready, q.batch = q.batch[:0], q.ready
		for _, f := range q.batch {
			f()
		}
	}
}

// A callback that posts the next one.
func BenchmarkReady(b *testing.B) {
	b.Run("bare-slice", func(b *testing.B) {
		var queue bareQueue
		left := b.N
		var f func()
		f = func() {
			if left--; left > 0 {
				queue.post(f)
			}
		}
		b.ReportAllocs()
		queue.post(f)
		queue.run()
	})
	onFloors(b, func(l *floor, n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				l.post(f)
			}
		}
		l.post(f)
	})
	onLoops(b, "loop", func(loop *fakeloop.Loop, n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				loop.Post(f)
			}
		}
		loop.Post(f)
	})
}

type bareTimer struct {
	when int64
	f    func()
}
type bareHeap []bareTimer

func (h bareHeap) Len() int           { return len(h) }
func (h bareHeap) Less(i, j int) bool { return h[i].when < h[j].when }
func (h bareHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *bareHeap) Push(x any)        { *h = append(*h, x.(bareTimer)) }
func (h *bareHeap) Pop() any          { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

func BenchmarkChainedTimer(b *testing.B) {
	b.Run("bare-heap", func(b *testing.B) {
		var h bareHeap
		now, left := int64(0), b.N
		var f func()
		f = func() {
			if left--; left > 0 {
				heap.Push(&h, bareTimer{now + int64(time.Second), f})
			}
		}
		b.ReportAllocs()
		f()
		for len(h) > 0 {
			t := heap.Pop(&h).(bareTimer)
			now = t.when
			t.f()
		}
	})
	b.Run("synctest-AfterFunc", func(b *testing.B) {
		b.ReportAllocs()
		synctest.Test(&testing.T{}, func(*testing.T) {
			done := make(chan struct{})
			left := b.N
			var f func()
			f = func() {
				if left--; left > 0 {
					time.AfterFunc(time.Second, f)
				} else {
					close(done)
				}
			}
			f()
			<-done
		})
	})
	onFloors(b, func(l *floor, n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				l.afterFunc(time.Second, f)
			}
		}
		l.afterFunc(time.Second, f)
	})
	onLoops(b, "loop", func(loop *fakeloop.Loop, n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				loop.AfterFunc(time.Second, f)
			}
		}
		loop.AfterFunc(time.Second, f)
	})
}

// A million timers, set and then fired.
func BenchmarkPendingTimers(b *testing.B) {
	const timers = 1_000_000
	b.Run("synctest-AfterFunc", func(b *testing.B) {
		for range b.N {
			synctest.Test(&testing.T{}, func(*testing.T) {
				for i := range timers {
					time.AfterFunc(time.Duration(i*7919%timers+1), func() {})
				}
				time.Sleep(timers + 1)
			})
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*timers), "ns/timer")
	})
	b.Run("loop", func(b *testing.B) {
		for range b.N {
			loop := fakeloop.New(fakeloop.Config{})
			for i := range timers {
				loop.AfterFunc(time.Duration(i*7919%timers+1), func() {})
			}
			if err := loop.RunUntilIdle(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*timers), "ns/timer")
	})
}

func BenchmarkCoroutineSwitch(b *testing.B) {
	b.Run("iter.Pull", func(b *testing.B) {
		next, stop := iter.Pull(func(yield func(int) bool) {
			for yield(0) {
			}
		})
		defer stop()
		b.ReportAllocs()
		for range b.N {
			next()
		}
	})
	// A coroutine that gives up its turn: a ready callback and a switch.
	onFloors(b, func(l *floor, n int) { l.coroutine(n) })
	onLoops(b, "yield", func(loop *fakeloop.Loop, n int) {
		fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
			for range n {
				if err := co.Yield(); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	})
	onLoops(b, "await", func(loop *fakeloop.Loop, n int) {
		p := fakeloop.NewPromise[int](loop, "")
		p.Resolve(1)
		fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
			for range n {
				if _, err := fakeloop.Await(co, p.Future()); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	})
}
