package peers_test

import (
	"context"
	"testing"

	"github.com/chebyrash/promise"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// All of 10,000 futures that are settled behind it.
func BenchmarkFuturesAll(b *testing.B) {
	const members = 10_000
	b.Run("channel", func(b *testing.B) {
		for b.Loop() {
			results := make(chan int, members)
			for i := range members {
				settled := make(chan int, 1)
				go func() { results <- <-settled }()
				settled <- i
			}
			for range members {
				<-results
			}
		}
	})
	b.Run("chebyrash", func(b *testing.B) {
		ctx := context.Background()
		for b.Loop() {
			var ps []*promise.Promise[int]
			begin := make(chan bool)
			for i := range members {
				ps = append(ps, promise.New(func(resolve func(int), _ func(error)) {
					<-begin
					resolve(i)
				}))
			}
			all := promise.All(ctx, ps...)
			close(begin)
			if _, err := all.Await(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fakeloop", func(b *testing.B) {
		for b.Loop() {
			onLoop(b, func(loop *fakeloop.Loop) {
				var ps []*fakeloop.Promise[int]
				var fs []*fakeloop.Future[int]
				for range members {
					p := fakeloop.NewPromise[int](loop, "")
					ps, fs = append(ps, p), append(fs, p.Future())
				}
				fakeloop.All(loop, fs...)
				for i, p := range ps {
					p.Resolve(i)
				}
			})
		}
	})
}
