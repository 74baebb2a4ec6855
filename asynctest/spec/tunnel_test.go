package spec_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errDown = errors.New("the server is down")

// server is down for the first two minutes.
func server(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(time.Second):
	}
	if virtual() < 2*time.Minute {
		return "", errDown
	}
	return "ok", nil
}

// fetch is the code under test: a goroutine that tries until it is told to stop, and
// settles a future on the loop.
func fetch(tunnel *Tunnel, pause time.Duration) *fakeloop.Future[string] {
	p := fakeloop.NewPromise[string](tunnel.Loop, "fetch")
	go func() {
		for {
			reply, err := server(tunnel.Context())
			switch {
			case err == nil:
				_ = tunnel.Loop.PostFrom("fetch", func() { p.Resolve(reply) })
				return
			case !errors.Is(err, errDown):
				_ = tunnel.Loop.PostFrom("fetch", func() { p.Reject(err) })
				return
			}
			time.Sleep(pause)
		}
	}()
	return p.Future()
}

var _ = It("retries until the server is back", spec.Bubble, func() {
	tunnel := spec.Tunnel()
	f := fetch(tunnel, 30*time.Second)
	Expect(f).To(BePending())
	Expect(f).To(ResolveWith("ok"))
	Expect(tunnel.Elapsed()).To(BeNumerically(">=", 2*time.Minute))
	Expect(tunnel).To(NeverBlock(Except(blocking.DNS)))
})

// early is what Seed and Tunnel say where specs are declared.
var early = []any{
	panicOf(func() { spec.Seed() }),
	panicOf(func() { spec.Tunnel() }),
}

func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

var _ = It("refuses to make a tunnel where no spec runs", func() {
	Expect(early).To(HaveEach("spec: Tunnel and Seed belong to a spec that runs: call them in an It or a BeforeEach, and not in the body of a Describe or at the top level"))
})

var _ = Describe("a tunnel", func() {
	Context("of a spec in a bubble", spec.Bubble, func() {
		var tunnel *Tunnel
		var ended bool

		BeforeEach(func() {
			ended = false
			DeferCleanup(func() { Expect(ended).To(BeTrue(), "the context was cancelled") })
			tunnel = spec.Tunnel()
			go func() {
				<-tunnel.Context().Done()
				ended = true
			}()
		})

		It("has a loop of the bubble", func() {
			Expect(tunnel.Loop.Mode()).To(Equal(fakeloop.Bubble))
			Expect(tunnel.Seed()).To(Equal(spec.Seed()))
			time.Sleep(time.Hour)
			Expect(tunnel.Elapsed()).To(Equal(time.Hour))
		})

		It("closes before what was deferred earlier", func() {
			Expect(ended).To(BeFalse())
			DeferCleanup(func() { Expect(tunnel.Context().Err()).NotTo(HaveOccurred()) })
		})

		AfterEach(func() {
			Expect(tunnel.Context().Err()).NotTo(HaveOccurred())
			Expect(tunnel).To(NeverBlock())
		})
	})

	It("of another spec is on virtual time", func() {
		tunnel := spec.Tunnel()
		Expect(tunnel.Loop.Mode()).To(Equal(fakeloop.Virtual))
		p := fakeloop.NewPromise[string](tunnel.Loop, "later")
		tunnel.Loop.AfterFunc(time.Hour, func() { p.Resolve("ok") })
		Expect(p.Future()).To(ResolveWith("ok"))
		Expect(tunnel).To(NeverBlock())
	})

	It("takes options", spec.Bubble, func() {
		tunnel := spec.Tunnel(WithSeed(5))
		Expect(tunnel.Seed()).To(Equal(uint64(5)))
	})
})
