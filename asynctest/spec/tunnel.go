package spec

import (
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest"
)

// Tunnel makes a tunnel for the spec that runs, and closes it when the spec is over,
// after what is deferred later. What it says on closing fails the spec at the line of this
// call. In a spec with [Bubble] its loop is in the bubble; elsewhere it is on virtual time,
// and driven by the matchers.
//
//	It("retries", spec.Bubble, func() {
//		tunnel := spec.Tunnel()
//		c := client.New(tunnel.Loop)
//		Expect(c.Fetch("http://api/x")).To(ResolveWith("ok"))
//		Expect(tunnel).To(NeverBlock())
//	})
//
// Its seed is [Seed].
func Tunnel(options ...asynctest.TunnelOption) *asynctest.Tunnel {
	all := append([]asynctest.TunnelOption{asynctest.WithSeed(Seed()), asynctest.WithFatal(isFailure), asynctest.WithHelper(markHelper)}, options...)
	t := asynctest.NewTunnel(all...)
	observe(t)
	ginkgo.DeferCleanup(types.NewCodeLocation(1), t.Close)
	return t
}

// markHelper tells Ginkgo that a caller of its caller is not where a spec fails.
func markHelper(skip int) { types.MarkAsHelper(skip + 1) }
