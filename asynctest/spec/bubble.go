package spec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// Bubble decorates a container or a spec: the nodes of each spec run in one bubble. See
// the package comment.
//
//	var _ = Describe("the client", spec.Bubble, func() {
//		BeforeEach(func() { ... })
//		It("waits for an hour", func() { time.Sleep(time.Hour) })
//	})
var Bubble = Horizon(bubble.DefaultHorizon)

// Horizon is [Bubble] for nodes that need more virtual time than a week, or that
// should be given up sooner: d is how far one node may move the clock before what it
// waits for counts as a deadlock. It panics if d is not positive.
//
//	It("renews the certificate", spec.Horizon(2*365*24*time.Hour), func() { ... })
func Horizon(d time.Duration) types.AroundNodeDecorator {
	if d <= 0 {
		panic(fmt.Sprintf("spec: Horizon(%v): the horizon must be positive", d))
	}
	return types.AroundNode(func(ctx context.Context, body func(context.Context)) { around(ctx, body, d) }, types.NewCodeLocation(1))
}

// inside marks the context of a node that runs in its bubble.
type inside struct{}

// around runs one node of a spec.
func around(ctx context.Context, body func(context.Context), horizon time.Duration) {
	if ctx.Value(inside{}) != nil { // a decorator stands further out, too
		bubble.SetHorizon(ctx, horizon)
		body(ctx)
		return
	}
	report := ginkgo.CurrentSpecReport()
	node := current(report)
	switch {
	case node.is(closing):
		leave(report)
		body(ctx)
	case node.is(telling) || node.is(observing) || !node.in(ofSpec):
		body(ctx)
	default:
		enter(report, node).run(ctx, body, node, horizon)
	}
}

// run runs the body of a node in the bubble.
func (a *attempt) run(ctx context.Context, body func(context.Context), node place, horizon time.Duration) {
	turn := a.begin()
	b := a.open()
	if !a.has(turn) {
		select {} // Ginkgo has given this node up before it began
	}
	if b == nil {
		ginkgo.Skip("spec: not run: this spec has no bubble")
	}
	detach := attach(ctx, b)
	finished := false
	r := b.Run(bubble.Call{Context: ctx, Horizon: horizon, Body: func(ctx context.Context) {
		defer recovered(ctx)
		body(context.WithValue(ctx, inside{}, true))
		finished = true
	}})
	if !a.has(turn) {
		select {} // Ginkgo has given this node up: whatever it says would be taken for another's doing
	}
	detach()
	switch r.Outcome {
	case bubble.Returned:
		if !finished {
			panic(errStopped) // it has failed, or skipped, which Ginkgo has heard of
		}
	case bubble.Busy:
		ginkgo.Skip("spec: not run: an earlier node of this spec is still in its bubble, and does not return")
	case bubble.Exited:
		failAt(ctx, node.location, "spec: this node "+r.String()+": in a bubble of Ginkgo's use GinkgoT() or the global Expect, which tell Ginkgo why")
	default:
		at := node.location
		if r.User.File != "" {
			at = types.CodeLocation{FileName: r.User.File, LineNumber: r.User.Line}
		}
		failAt(ctx, at, "spec: "+r.String())
	}
}

// errStopped ends a node whose body has stopped.
var errStopped = errors.New("spec: the node was stopped in its bubble")

// attach lets Ginkgo's progress reports show what the bubble does.
func attach(ctx context.Context, b *bubble.Bubble) (detach func()) {
	sc, ok := ctx.(ginkgo.SpecContext)
	if !ok {
		return func() {}
	}
	return sc.AttachProgressReporter(func() string { return "The goroutines in the bubble of this spec:\n\n" + b.Stacks() })
}
