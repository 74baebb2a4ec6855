package fakeloop_test

import (
	"io"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// What a future costs beside a bare channel, which has neither handlers nor errors, and
// beside a ready callback, in which its handler runs:
//
//	$ go test -run '^$' -bench 'Future' ./fakeloop

func BenchmarkFutureSettle(b *testing.B) {
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			c := make(chan int, 1)
			c <- 1
			<-c
		}
	})
	onLoops(b, "ready-callback", func(loop *fakeloop.Loop, n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				loop.Post(f)
			}
		}
		loop.Post(f)
	})
	// A promise made, a handler registered, the promise settled; the handler, which is
	// the one callback of a round, begins the next.
	onFloors(b, func(l *floor, n int) {
		var handler func(int, error)
		begin := func() {
			f := l.promise()
			f.onSettled(handler)
			f.settle(1, nil)
		}
		handler = func(int, error) {
			if n--; n > 0 {
				begin()
			}
		}
		begin()
	})
	onLoops(b, "handler", func(loop *fakeloop.Loop, n int) {
		var handler func(int, error)
		begin := func() {
			p := fakeloop.NewPromise[int](loop, "")
			p.Future().OnSettled(handler)
			p.Resolve(1)
		}
		handler = func(int, error) {
			if n--; n > 0 {
				begin()
			}
		}
		begin()
	})
}

// A chain of links, built and run, per link.
func BenchmarkFutureChain(b *testing.B) {
	const links = 100_000
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			first := make(chan int, 1)
			last := first
			next := make([]func(), 0, links)
			for range links {
				in, out := last, make(chan int, 1)
				next = append(next, func() { out <- <-in })
				last = out
			}
			first <- 1
			for _, f := range next {
				f()
			}
			<-last
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*links), "ns/link")
	})
	for _, c := range []struct {
		name string
		err  error
	}{{"fulfilled", nil}, {"rejected", io.EOF}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				loop := fakeloop.New(fakeloop.Config{})
				p := fakeloop.NewPromise[int](loop, "")
				f := p.Future()
				for range links {
					f = fakeloop.Then(f, same)
				}
				_ = p.Settle(1, c.err)
				if _, err := f.Wait(); err != c.err {
					b.Fatal(err)
				}
				_ = loop.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*links), "ns/link")
		})
	}
}

// All of ten thousand, made, settled in reverse and waited for, per member.
func BenchmarkFutureAll(b *testing.B) {
	const members = 10_000
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			cs := make([]chan int, members)
			for i := range cs {
				cs[i] = make(chan int, 1)
			}
			for i := range cs {
				cs[members-1-i] <- i
			}
			values := make([]int, members)
			for i, c := range cs {
				values[i] = <-c
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*members), "ns/member")
	})
	b.Run("All", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			loop := fakeloop.New(fakeloop.Config{})
			ps := make([]*fakeloop.Promise[int], members)
			fs := make([]*fakeloop.Future[int], members)
			for i := range ps {
				ps[i] = fakeloop.NewPromise[int](loop, "")
				fs[i] = ps[i].Future()
			}
			all := fakeloop.All(loop, fs...)
			for i := range ps {
				ps[members-1-i].Resolve(i)
			}
			if _, err := all.Wait(); err != nil {
				b.Fatal(err)
			}
			_ = loop.Close()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*members), "ns/member")
	})
}
