package peers_test

import (
	"context"
	"errors"
	"testing"

	"github.com/chebyrash/promise"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Futures of fakeloop beside promises of chebyrash and bare channels, in one run so that
// a ratio compares like with like; the time of an operation is that of one future, or of
// a whole chain:
//
//	$ go -C suites/peers test -run '^$' -bench Futures .

// depth is how long a chain is. Each of its steps is a goroutine but in fakeloop.
const depth = 10_000

var errRejected = errors.New("rejected")

// A future that is settled, and somebody who is told.
func BenchmarkFuturesSettle(b *testing.B) {
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			settled, handled := make(chan int, 1), make(chan bool)
			go func() {
				<-settled
				close(handled)
			}()
			settled <- 1
			<-handled
		}
	})
	b.Run("chebyrash", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for b.Loop() {
			p := promise.New(func(resolve func(int), _ func(error)) { resolve(1) })
			if _, err := promise.Then(p, ctx, func(v int) (int, error) { return v, nil }).Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fakeloop", func(b *testing.B) {
		b.ReportAllocs()
		const each = 10_000 // a loop keeps the record of its run
		for left := b.N; left > 0; left -= each {
			onLoop(b, func(loop *fakeloop.Loop) {
				for range min(left, each) {
					p := fakeloop.NewPromise[int](loop, "")
					fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil })
					p.Resolve(1)
				}
			})
		}
	})
}

// A chain that is built and then settled at its beginning, with a value and with an
// error.
func BenchmarkFuturesChain(b *testing.B) {
	for _, err := range []error{nil, errRejected} {
		name := "fulfilled"
		if err != nil {
			name = "rejected"
		}
		b.Run(name+"/channel", func(b *testing.B) {
			for b.Loop() {
				begin := make(chan error, 1)
				end := begin
				for range depth {
					next, source := make(chan error, 1), end
					go func() { next <- <-source }()
					end = next
				}
				begin <- err
				if got := <-end; got != err {
					b.Fatal(got)
				}
			}
		})
		b.Run(name+"/chebyrash", func(b *testing.B) {
			ctx := context.Background()
			for b.Loop() {
				begin := make(chan error, 1)
				end := promise.New(func(resolve func(int), reject func(error)) {
					if err := <-begin; err != nil {
						reject(err)
					} else {
						resolve(1)
					}
				})
				for range depth {
					end = promise.Then(end, ctx, func(v int) (int, error) { return v, nil })
				}
				begin <- err
				if _, got := end.Await(ctx); got != err {
					b.Fatal(got)
				}
			}
		})
		b.Run(name+"/fakeloop", func(b *testing.B) {
			for b.Loop() {
				onLoop(b, func(loop *fakeloop.Loop) {
					p := fakeloop.NewPromise[int](loop, "")
					end := p.Future()
					for range depth {
						end = fakeloop.Then(end, func(v int) (int, error) { return v, nil })
					}
					fakeloop.Catch(end, func(error) (int, error) { return 0, nil })
					if err != nil {
						p.Reject(err)
					} else {
						p.Resolve(1)
					}
				})
			}
		})
	}
}

// onLoop runs what f has started.
func onLoop(b *testing.B, f func(loop *fakeloop.Loop)) {
	b.Helper()
	loop := fakeloop.New(fakeloop.Config{})
	f(loop)
	if err := errors.Join(loop.RunUntilIdle(), loop.Close()); err != nil {
		b.Fatal(err)
	}
}
