package asynctest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// Tunnel is what a test of asynchronous code works in: a loop, a network, a detector of
// blocking callbacks, and a seed. [Run] and spec.Tunnel of package spec make one and close it;
// [NewTunnel] makes one that the caller closes. A Tunnel is used where it was made: inside
// its bubble, if that is in one. Its methods may be called from any goroutine there.
type Tunnel struct {
	// Loop is the loop of the tunnel, with Sites on. In a bubble it is in Bubble mode,
	// outside it is on Virtual time.
	Loop *fakeloop.Loop

	// Net is a network in memory, without faults until some are applied. In a bubble its
	// delays cost no real time, and its events wait for their turn at the loop's gate, so
	// that clients and servers do the same in every run with one seed. Outside it works in
	// real time.
	Net *toxics.Network

	seed    uint64
	helper  func(skip int) // see WithHelper
	ctx     context.Context
	cancel  context.CancelCauseFunc
	rec     *blocking.Recorder
	blind   error  // why there is no rec
	key     string // what the recording's keys of the callbacks begin with
	closing sync.Once
	closed  atomic.Bool
	ended   time.Duration // when it was closed; set before closed is
}

// ErrTunnelClosed is the cause with which the context of a tunnel is cancelled, and what
// methods return that need the tunnel when it is closed.
var ErrTunnelClosed = errors.New("asynctest: the tunnel is closed")

// NewTunnel makes a tunnel; close it with Close. It panics if an option makes no sense. In a
// testing/synctest bubble that neither [Run] nor package spec has made it has no detector,
// since that cannot start there.
func NewTunnel(options ...TunnelOption) *Tunnel {
	c := newTunnelConfig(options)
	if c.misuse != nil {
		panic(c.misuse.Error())
	}
	if !c.seeded {
		c.seed = rerun.Seed(rerun.Base(defaultBase), "", 1)
	}
	c.setPlan()
	t := &Tunnel{seed: c.seed, helper: c.helper}
	c.loop.Sites, c.loop.TellDropped = true, true
	c.setMode()
	if c.decisions != nil {
		c.loop.Decisions = c.decisions
	}
	if c.loop.Decisions == nil {
		c.loop.Decisions = fakeloop.Seed(c.seed)
	}
	if c.loop.Fatal == nil {
		c.loop.Fatal = c.fatal
	}
	c.loop.OnError = noting(c.loop.OnError)
	if c.loop.SetBy == nil {
		c.loop.SetBy = setBy
	}
	if !c.blind {
		t.record(c.rules)
	}
	if t.rec != nil {
		t.key = newKey(t)
		c.loop.OnCallback = t.announce(c.loop.OnCallback)
	}
	t.Loop = fakeloop.New(c.loop)
	bubble.Name(t.Loop, fmt.Sprintf("%sa tunnel with seed %d", c.test, c.seed))
	if c.net.Gate == nil {
		c.net.Gate = t.Loop.Gate()
	}
	if c.net.Faults == nil && t.Loop.HasFaults() {
		c.net.Faults = t.Loop
	}
	t.Net, _ = toxics.NewNetwork(c.net) // which refuses what is not valid, and nothing else
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	return t
}

// setMode sets the mode of the loop, and what goes with it.
func (c *tunnelConfig) setMode() {
	if c.loop.Mode == fakeloop.Virtual && bubble.ID() != 0 {
		c.loop.Mode = fakeloop.Bubble
	}
	c.loop.InstantLimit = cmp.Or(c.loop.InstantLimit, DefaultInstantLimit)
	if c.loop.Mode == fakeloop.Bubble {
		c.loop.Offload = cmp.Or(c.loop.Offload, fakeloop.Between)
	}
}

// setPlan sets the plan of the network and its seed.
func (c *tunnelConfig) setPlan() {
	if c.plan != nil {
		c.net.Plan = *c.plan
	} else if c.net.Plan.Seed == 0 {
		c.net.Plan.Seed = c.seed
	}
}

// noting is the OnError of a tunnel's loop: matchers on futures that the loop does not know
// tell the errors that it was told as the reason why one does not settle.
func noting(told func(error)) func(error) {
	return func(err error) {
		bubble.Note(err)
		if told != nil {
			told(err)
		}
	}
}

// record starts the detector, which must not begin inside a bubble.
func (t *Tunnel) record(rules []blocking.Rule) {
	t.blind = fmt.Errorf("the detector cannot be started in a bubble that was not made by Run or package spec")
	bubble.Outside(func() {
		t.rec, t.blind = blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames(), Allow: rules})
	})
	if t.rec != nil {
		bubble.AtEnd(func() { _, _ = t.rec.Stop() }) // also if the test never gets to Close
	}
}

// report ends the recording, and returns what is not of other tunnels in it.
func (t *Tunnel) report() (*blocking.Report, error) {
	if t.rec == nil {
		return nil, t.blind
	}
	whole, err := t.rec.Stop()
	if err != nil {
		return nil, err
	}
	own := *whole
	own.Blocks, own.Allowed = t.withoutOthers(own.Blocks), t.withoutOthers(own.Allowed)
	return &own, nil
}

// Seed returns the seed of the tunnel, from which all that is random in it comes.
func (t *Tunnel) Seed() uint64 { return t.seed }

// Context returns a context that is cancelled, with the cause [ErrTunnelClosed], when the
// tunnel is closed, and so before its bubble ends. Give it to clients: their goroutines
// end with it.
func (t *Tunnel) Context() context.Context {
	t.mustBe("Context", made)
	if t.closed.Load() { // the channel of the other one belongs to a bubble that may be over
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(ErrTunnelClosed)
		return ctx
	}
	return t.ctx
}

// Elapsed returns how much virtual time has passed since the tunnel was made, until it was
// closed.
func (t *Tunnel) Elapsed() time.Duration {
	t.mustBe("Elapsed", made)
	if t.closed.Load() {
		return t.ended
	}
	return t.Loop.Elapsed()
}

// Settle waits until nothing is left to do at this instant, on the loop and, in a
// bubble, anywhere else. It takes the place of synctest.Wait, which must not be called
// beside a loop. It returns what went wrong on the loop, the panics of callbacks among
// that. Close tells them once more if nobody looks at the error, so a test that drops it
// fails all the same; HaveOccurred is no look, and neither is a comparison with nil, but
// MatchError is one, and errors.Is. When the tunnel is closed it returns [ErrTunnelClosed].
func (t *Tunnel) Settle() error {
	t.mustBe("Settle", made)
	if t.closed.Load() {
		return ErrTunnelClosed
	}
	return t.Loop.Settle()
}

// Go starts a goroutine in the bubble, and gives it a place in the order of the run:
// goroutines that are started together begin one at a time, in the order of their names, or
// as the seed says. Concurrent clients that are started so do the same in every run with
// one seed, and other seeds try other orders:
//
//	for i := range 20 {
//		tunnel.Go(fmt.Sprint("client ", i), func() { get(tunnel.Context()) })
//	}
//
// A panic of f, and a goroutine that has not ended when the tunnel is closed, fail the
// test, by the name. See fakeloop.Loop.Go; like that, Go panics outside of bubbles, and
// when the tunnel is closed.
func (t *Tunnel) Go(name string, f func()) *fakeloop.Goroutine {
	t.mustBe("Go", open)
	if t.Loop.Mode() == fakeloop.Virtual {
		t.refuse(1, "asynctest: Tunnel.Go: this tunnel was made outside of bubbles, where it has no goroutines: use Run, or call spec.Tunnel in a spec that is decorated with spec.Bubble, or in its BeforeEach in a container that is")
	}
	return t.Loop.Go(name, f)
}

// condition is what a call needs of a tunnel.
type condition bool

const (
	made condition = false
	open condition = true
)

// mustBe panics if the tunnel is in no condition for a call.
//
//go:noinline
func (t *Tunnel) mustBe(call string, c condition) {
	switch {
	case t.Loop == nil:
		t.refuse(2, fmt.Sprintf("asynctest: Tunnel.%s: this tunnel has not been made: use Run, spec.Tunnel or NewTunnel", call))
	case c == open && t.closed.Load():
		t.refuse(2, fmt.Sprintf("asynctest: Tunnel.%s: the tunnel is closed, as a tunnel is when its test is over: make one in each test", call))
	}
}

// refuse panics, for the method that is so many callers up.
//
//go:noinline
func (t *Tunnel) refuse(up int, text string) {
	if t.helper != nil {
		for i := range up + 1 {
			t.helper(i)
		}
	}
	panic(text)
}

// Close cancels the context, in a bubble lets everybody who hears of that come to rest,
// closes the network with its servers, then the loop, and ends the recording. It returns
// what the loop knows to be lost, see fakeloop.Loop.Close, and says if the recording was
// blind. Further calls return nil.
func (t *Tunnel) Close() error {
	t.mustBe("Close", made)
	var err error
	t.closing.Do(func() {
		t.cancel(ErrTunnelClosed)
		restless := settle(t.Loop)
		err = contain(t.Net.Close)
		if restless == nil { // else it takes as long to find that out again
			err = errors.Join(err, settle(t.Loop))
		}
		closed := contain(t.Loop.Close)
		bubble.Name(t.Loop, "")
		if errors.Is(closed, restless) { // it says so itself
			restless = nil
		}
		err = errors.Join(restless, err, closed)
		_ = contain(func() error { t.ended = t.Loop.Elapsed(); return nil })
		t.closed.Store(true)
		if _, leaks := errors.AsType[*fakeloop.LeakError](err); leaks {
			err = fmt.Errorf("%w\nThe stacks of these goroutines:\n\n%s", err, bubble.Tell(bubble.Goroutine.IsNamed))
		}
		if t.rec != nil {
			if _, blind := t.rec.Stop(); blind != nil {
				err = errors.Join(err, fmt.Errorf("asynctest: the recording of the tunnel shows nothing about the callbacks: %w", blind))
			}
		}
	})
	return err
}

// settle lets everybody in the bubble of a loop come to rest, if it is in one.
func settle(loop *fakeloop.Loop) error {
	if loop.Mode() != fakeloop.Bubble {
		return nil
	}
	if err := contain(loop.Settle); !errors.Is(err, fakeloop.ErrClosed) {
		return err
	}
	return nil
}

// contain calls f on a goroutine of its own, which may end by a panic or by
// runtime.Goexit: the failure of a test framework that is on its way from a callback must
// not keep a tunnel from being closed, and the framework knows of it.
func contain(f func() error) error {
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		err = f()
	}()
	<-done
	return err
}

// String describes the tunnel.
func (t *Tunnel) String() string {
	switch {
	case t == nil || t.Loop == nil:
		return "no tunnel"
	case t.closed.Load():
		return fmt.Sprintf("tunnel with a %v loop, closed at %v, seed %d", t.Loop.Mode(), t.ended, t.seed)
	}
	return fmt.Sprintf("tunnel with a %v loop at %v, seed %d", t.Loop.Mode(), t.Loop.Elapsed(), t.seed)
}

// GomegaString is what Gomega prints for a tunnel.
func (t *Tunnel) GomegaString() string { return t.String() }
