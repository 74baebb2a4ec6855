package asynctest

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// TestingT is what [Run] needs of a test. *testing.T, *testing.B and *testing.F have it.
type TestingT interface {
	Helper()
	Name() string
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
	Skipped() bool
}

// Run runs f in a testing/synctest bubble of its own, with a tunnel that it closes:
//
//	func TestRetries(t *testing.T) {
//		asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
//			g := NewWithT(t)
//			c := client.New(tunnel.Loop)
//			g.Expect(c.Fetch("http://api/x")).To(ResolveWith("ok"))
//			g.Expect(tunnel).To(NeverBlock())
//		})
//	}
//
// f may use t as always, but for t.Parallel, also in a subtest, and what t.Context and
// t.Cleanup give, which is outside of the bubble: use tunnel.Context() and defer, for a
// context that was derived from t.Context in the bubble, and a channel that is used in
// t.Cleanup, can end the process. Subtests that are to run in parallel each have a Run of
// their own; one that calls t.Parallel inside Run is given up, and fails t. A panic of f, a
// deadlock, virtual time that stands still, goroutines that are left, and what the loop
// says is lost fail t, each with the stacks of the bubble, and the next test runs. See
// package spec for what these words mean; Run does for package testing what that does for
// Ginkgo.
//
// A callback that has been running for ten seconds of real time, or WINDTUNNEL_GUARD, is told on
// standard error, and where it is: if it computes for ever nothing but the timeout of go test
// ends it.
//
// A test that fails prints what led to the failure on the loop, where the whole record is,
// and the line that runs it again.
func Run(t TestingT, f func(tunnel *Tunnel), options ...TunnelOption) {
	if t == nil {
		panic("asynctest: Run was given no test")
	}
	t.Helper()
	switch {
	case f == nil:
		t.Errorf("asynctest: Run was given no function to run")
		return
	case bubble.ID() != 0:
		t.Errorf("asynctest: Run was called in a bubble, and a bubble cannot begin inside another one: in synctest.Test use NewTunnel, in a spec with spec.Bubble use spec.Tunnel")
		return
	}
	config := newTunnelConfig(options)
	if config.misuse != nil {
		t.Errorf("%v", config.misuse)
		return
	}
	warmContext(t)
	seed := WithSeed(rerun.Seed(rerun.Base(defaultBase), t.Name(), 1))
	parallel := subtestsOf(t)
	b := bubble.Start()
	var made atomic.Pointer[Tunnel] // by a function that may never return
	r := b.Run(bubble.Call{Horizon: config.bubbleHorizon(), Body: func(context.Context) {
		tunnel := NewTunnel(append([]TunnelOption{seed, ofTest(t.Name())}, options...)...)
		made.Store(tunnel)
		f(tunnel)
	}})
	known := t.Failed() || t.Skipped()
	story, early := "", t.Failed() || r.Outcome != bubble.Returned && !t.Skipped()
	if early {
		story = tell(made.Load(), t.Name()) // before what is pending is cleared away
	}
	var lost error
	var closing, end bubble.Result
	waiting := parallel.cut()
	if len(waiting) > 0 {
		b.Abandon() // nothing in it moves any more
	} else {
		closing = b.Run(bubble.Call{Body: func(context.Context) {
			if tunnel := made.Load(); tunnel != nil {
				lost = tunnel.Close()
			}
		}})
		end = b.End()
		waiting = parallel.cut()
	}

	exits := r.Outcome == bubble.Exited && known
	if r.Outcome != bubble.Returned && !exits && (r.Outcome != bubble.Frozen || len(waiting) == 0) {
		t.Errorf("asynctest: %v", r)
	}
	switch {
	case len(waiting) > 0: // which is the reason for all that follows
		t.Errorf("asynctest: %s", gaveUp(waiting, b.InParallel()))
		closing, end, lost = bubble.Result{}, bubble.Result{}, nil
	case closing.Outcome == bubble.Busy: // r says why
	case closing.Outcome != bubble.Returned:
		t.Errorf("asynctest: the tunnel could not be closed: %v", closing)
	case lost != nil:
		t.Errorf("asynctest: %v", lost)
	}
	if end.Outcome != bubble.Returned {
		t.Errorf("asynctest: %v", end)
	}
	if t.Failed() {
		if !early {
			story = tell(made.Load(), t.Name())
		}
		if story != "" {
			t.Logf("%s", story)
		}
		t.Logf("To reproduce: %s", rerun.GoTest(t.Name()))
	}
	if exits {
		runtime.Goexit() // as FailNow and SkipNow have begun to, on another goroutine
	}
}

// warmContext lets the context of a test make its channel outside of the bubble. Made
// inside, it would end the process when the test is over: package testing closes it from
// outside. A wait for the one from outside is found by the watchdog.
func warmContext(t TestingT) {
	if t, ok := t.(interface{ Context() context.Context }); ok {
		t.Context().Done()
	}
}
