package asynctest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A tunnel that outlives its test says that it is closed, whatever it is used for, outside
// of bubbles and in the bubble of the next test.
func TestTunnelAfterItsTest(t *testing.T) {
	var late *Tunnel
	var done <-chan struct{}
	Run(t, func(tunnel *Tunnel) {
		late, done = tunnel, tunnel.Context().Done()
		time.Sleep(time.Hour)
	}, WithSeed(5))
	use := func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(func() { late.Go("client", func() {}) }).To(PanicWith("asynctest: Tunnel.Go: the tunnel is closed, as a tunnel is when its test is over: make one in each test"))
		g.Expect(late.Settle()).To(MatchError(ErrTunnelClosed))
		g.Expect(late.Close()).To(Succeed())
		g.Expect(late.Seed()).To(Equal(uint64(5)))
		g.Expect(late.Elapsed()).To(Equal(time.Hour))
		g.Expect(late.String()).To(Equal("tunnel with a bubble loop, closed at 1h0m0s, seed 5"))
		g.Expect(context.Cause(late.Context())).To(MatchError(ErrTunnelClosed))
		g.Expect(late.Context().Done()).To(BeClosed())
		g.Expect(late.Context().Done()).NotTo(Equal(done), "the runtime ends the process if that is used")

		for _, call := range []func(){
			func() { late.Loop.Post(func() {}) },
			func() { late.Loop.AfterFunc(1, func() {}) },
			func() { _ = late.Loop.Settle() },
			func() { fakeloop.NewPromise[int](late.Loop, "") },
		} {
			g.Expect(call).To(PanicWith(MatchRegexp(`^fakeloop: .* on a closed loop, from outside its bubble \(bubble \d+, the caller's is \d+; 0 is none\): the test that made it is over; make a loop for each test$`)))
		}

		_, err := late.Net.DialContext(context.Background(), "tcp", "api:80")
		g.Expect(err).To(MatchError("dial tcp: the network is closed: use of closed network connection"))
		g.Expect(errors.Is(err, net.ErrClosed)).To(BeTrue())
		_, err = late.Net.Listen("api:80")
		g.Expect(err).To(MatchError(ContainSubstring("the network is closed")))
		g.Expect(func() { late.Net.Serve("api:80", says("ok")) }).To(PanicWith(ContainSubstring("the network is closed")))

		for _, m := range []OmegaMatcher{LeakNothing(), HaveUnobserved()} {
			_, err := m.Match(late)
			g.Expect(err).To(MatchError(ContainSubstring("this one is closed")))
		}
		g.Expect(late).To(NeverBlock(), "what it has recorded can be read")
		g.Expect(late).To(MatchMarbles(""), "and what it has done")
	}
	use(t)
	Run(t, func(*Tunnel) { use(t) })
}

// What has become of a future can be asserted after its test, from anywhere.
func TestFutureAfterItsTest(t *testing.T) {
	var value, left *fakeloop.Future[int]
	Run(t, func(tunnel *Tunnel) {
		value = fakeloop.Resolved(tunnel.Loop, 3)
		left = fakeloop.NewPromise[int](tunnel.Loop, "left").Future()
		left.Quiet()
		time.Sleep(time.Hour)
	})
	use := func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(value).To(And(ResolveWith(3), SettleAt(0)))
		g.Expect(left).To(RejectWith(fakeloop.ErrClosed))
		m := ResolveWith(4)
		g.Expect(m.Match(value)).To(BeFalse())
		g.Expect(m.FailureMessage(value)).To(And(ContainSubstring("but its value is"), HaveSuffix("The loop is at 1h0m0s.")))
		g.Expect(value.Loop().Elapsed()).To(Equal(time.Hour))
		g.Expect(value.Loop().Now().Hour()).To(Equal(1))
	}
	use(t)
	Run(t, func(*Tunnel) { use(t) })
}

// So does one that is closed while its bubble goes on.
func TestTunnelThatIsClosedByHand(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		g.Expect(tunnel.Close()).To(Succeed())
		g.Expect(tunnel.Settle()).To(MatchError(ErrTunnelClosed))
		g.Expect(func() { tunnel.Go("client", func() {}) }).To(PanicWith(HavePrefix("asynctest: Tunnel.Go: the tunnel is closed")))
	})
}

// A loop that never comes to rest is told of once.
func TestTunnelThatNeverRests(t *testing.T) {
	s := &subject{name: "TestSubject"}
	Run(s, func(tunnel *Tunnel) {
		var again func()
		again = func() { tunnel.Loop.Post(again) }
		again()
	}, WithLoop(fakeloop.Config{Limit: 100}))
	g := NewWithT(t)
	g.Expect(s.errors).To(HaveLen(1))
	g.Expect(strings.Count(s.errors[0], "gave up at 0s after 100 callbacks at one instant")).To(Equal(1), s.errors[0])
}

// A tunnel that nobody made.
func TestNoTunnelAtAll(t *testing.T) {
	g := NewWithT(t)
	none := &Tunnel{}
	g.Expect(none.String()).To(Equal("no tunnel"))
	g.Expect((*Tunnel)(nil).GomegaString()).To(Equal("no tunnel"))
	for name, call := range map[string]func(){
		"Go":      func() { none.Go("client", func() {}) },
		"Settle":  func() { _ = none.Settle() },
		"Elapsed": func() { none.Elapsed() },
		"Context": func() { none.Context() },
		"Close":   func() { _ = none.Close() },
	} {
		g.Expect(call).To(PanicWith("asynctest: Tunnel." + name + ": this tunnel has not been made: use Run, spec.Tunnel or NewTunnel"))
	}
	_, err := NeverBlock().Match(none)
	g.Expect(err).To(MatchError("NeverBlock takes a recording.  Got an *asynctest.Tunnel that has not been made: use Run, spec.Tunnel or NewTunnel"))
	for _, m := range []OmegaMatcher{LeakNothing(), HaveUnobserved(), MatchMarbles(""), HaveSameTimeline(none)} {
		_, err := m.Match(none)
		g.Expect(err).To(MatchError(ContainSubstring("no tunnel")))
	}
}

// What Run cannot run fails the test, and only that.
func TestRunOfNothing(t *testing.T) {
	g := NewWithT(t)
	g.Expect(func() { Run(nil, func(*Tunnel) {}) }).To(PanicWith("asynctest: Run was given no test"))
	s := &subject{name: "TestSubject"}
	Run(s, nil)
	g.Expect(s.errors).To(Equal([]string{"asynctest: Run was given no function to run"}))

	s = &subject{name: "TestSubject"}
	synctest.Test(t, func(*testing.T) { Run(s, func(*Tunnel) { panic("ran") }) })
	g.Expect(s.errors).To(ConsistOf(HavePrefix("asynctest: Run was called in a bubble, and a bubble cannot begin inside another one: in synctest.Test use NewTunnel")))
}

// What says nothing is left out.
func TestOptionsThatAreNil(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		ch := make(chan error, 1)
		ch <- io.EOF
		g.Expect(AsFuture(ch, nil, WithLabel("reply"))).To(RejectWith(io.EOF))
		g.Expect(tunnel).To(NeverBlock(nil))
		g.Expect(tunnel).To(BlockAtMost(0, nil))
	}, nil, WithSeed(5))
}

// withContext is a test that has a context, as a testing.T has.
type withContext struct {
	subject
	ctx context.Context
}

func (s *withContext) Context() context.Context { return s.ctx }

// A wait for the context of the test fails the test. Without more ado the runtime would end
// the process when that is over.
func TestContextOfTheTest(t *testing.T) {
	t.Setenv("WINDTUNNEL_GUARD", "100ms")
	ctx, cancel := context.WithCancel(context.Background())
	s := &withContext{subject{name: "TestSubject"}, ctx}
	Run(s, func(*Tunnel) { <-s.ctx.Done() })
	NewWithT(t).Expect(s.errors).To(ConsistOf(And(HavePrefix("asynctest: virtual time stands still"), ContainSubstring("hint: a channel that was made outside the bubble"))))
	cancel()
}
