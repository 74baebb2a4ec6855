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

func BenchmarkReady(b *testing.B) {
	b.Run("bare-slice", func(b *testing.B) {
		var queue, batch []func()
		n := 0
		f := func() { n++ }
		b.ReportAllocs()
		for range b.N {
			queue = append(queue, f)
			queue, batch = batch[:0], queue
			for _, g := range batch {
				g()
			}
		}
	})
	b.Run("loop", func(b *testing.B) {
		loop := fakeloop.New(fakeloop.Config{Limit: 1 << 40})
		left := b.N
		var f func()
		f = func() {
			if left--; left > 0 {
				loop.Post(f)
			}
		}
		b.ReportAllocs()
		loop.Post(f)
		if err := loop.RunUntilIdle(); err != nil {
			b.Fatal(err)
		}
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
	b.Run("loop", func(b *testing.B) {
		loop := fakeloop.New(fakeloop.Config{Limit: 1 << 40})
		left := b.N
		var f func()
		f = func() {
			if left--; left > 0 {
				loop.AfterFunc(time.Second, f)
			}
		}
		b.ReportAllocs()
		f()
		if err := loop.RunUntilIdle(); err != nil {
			b.Fatal(err)
		}
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
	b.Run("await", func(b *testing.B) {
		loop := fakeloop.New(fakeloop.Config{Limit: 1 << 40})
		p := fakeloop.NewPromise[int](loop, "")
		p.Resolve(1)
		f := fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
			for range b.N {
				if _, err := fakeloop.Await(co, p.Future()); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		b.ReportAllocs()
		b.ResetTimer()
		if _, err := f.Wait(); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkFuture(b *testing.B) {
	b.Run("settle-and-handler", func(b *testing.B) {
		loop := fakeloop.New(fakeloop.Config{Limit: 1 << 40})
		left := b.N
		handler := func(int, error) {}
		var f func()
		f = func() {
			p := fakeloop.NewPromise[int](loop, "")
			p.Future().OnSettled(handler)
			p.Resolve(1)
			if left--; left > 0 {
				loop.Post(f)
			}
		}
		b.ReportAllocs()
		loop.Post(f)
		if err := loop.RunUntilIdle(); err != nil {
			b.Fatal(err)
		}
	})
}
