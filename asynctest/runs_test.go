package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// onLoop runs a test with a loop on virtual time.
func onLoop(t *testing.T, test func(g Gomega, loop *fakeloop.Loop)) {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{})
	test(NewWithT(t), loop)
	_ = loop.Close()
}

func in(loop *fakeloop.Loop, d time.Duration, err error) *fakeloop.Future[string] {
	p := fakeloop.NewPromise[string](loop, "reply")
	loop.AfterFunc(d, func() {
		if err != nil {
			p.Reject(err)
		} else {
			p.Resolve("ok")
		}
	})
	return p.Future()
}

func TestSettleAt(t *testing.T) {
	onLoop(t, func(g Gomega, loop *fakeloop.Loop) {
		g.Expect(loop.Advance(time.Minute)).To(Succeed())
		f := in(loop, time.Second, nil)
		g.Expect(f).To(SettleAt(61 * time.Second))
		g.Expect(loop.Elapsed()).To(Equal(61 * time.Second))
		g.Expect(loop.Advance(time.Hour)).To(Succeed())
		g.Expect(f).To(SettleAt(61*time.Second), "looked at later")
		g.Expect(f).NotTo(SettleAt(time.Second))
		g.Expect(in(loop, 0, io.EOF)).To(SettleAt(loop.Elapsed()), "rejected")
		g.Expect(fakeloop.NewPromise[int](loop, "").Future()).NotTo(SettleAt(0))

		ch := make(chan int, 1)
		loop.AfterFunc(time.Second, func() { ch <- 1 })
		g.Expect(On(loop, ch)).To(SettleAt(loop.Elapsed() + time.Second))
	})
}

func TestSettleWithin(t *testing.T) {
	onLoop(t, func(g Gomega, loop *fakeloop.Loop) {
		g.Expect(loop.Advance(time.Minute)).To(Succeed())
		g.Expect(in(loop, time.Second, nil)).To(SettleWithin(time.Second))
		f := in(loop, 2*time.Second, nil)
		g.Expect(f).NotTo(SettleWithin(time.Second))
		g.Expect(f).To(SettleWithin(0), "it is settled by now")
		g.Expect(fakeloop.NewPromise[int](loop, "").Future()).NotTo(SettleWithin(time.Hour))
	})
}

func TestSettleAtInABubble(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		g.Expect(in(tunnel.Loop, time.Hour, nil)).To(SettleAt(time.Hour))
		g.Expect(in(tunnel.Loop, time.Hour, nil)).To(SettleWithin(time.Hour))
	})
}

func TestBeCancelled(t *testing.T) {
	onLoop(t, func(g Gomega, loop *fakeloop.Loop) {
		f := in(loop, time.Hour, nil)
		f.Cancel(io.EOF)
		g.Expect(f).To(BeCancelled())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		g.Expect(ctx).To(BeCancelled())
		g.Expect(in(loop, 1, fmt.Errorf("read: %w", context.Canceled))).To(BeCancelled())

		slow := fakeloop.NewPromise[int](loop, "slow")
		g.Expect(fakeloop.Timeout(slow.Future(), time.Second)).NotTo(BeCancelled(), "a timeout")
		g.Expect(slow.Future()).To(BeCancelled(), "what the timeout gave up")
		for _, err := range []error{nil, io.EOF, context.DeadlineExceeded, errors.Join(io.EOF, context.DeadlineExceeded)} {
			g.Expect(in(loop, 1, err)).NotTo(BeCancelled())
		}
		g.Expect(fakeloop.NewPromise[int](loop, "").Future()).NotTo(BeCancelled())
	})
}

func TestHaveUnobserved(t *testing.T) {
	onLoop(t, func(g Gomega, loop *fakeloop.Loop) {
		g.Expect(loop).NotTo(HaveUnobserved())
		p := fakeloop.NewPromise[int](loop, "lost")
		p.Reject(fmt.Errorf("read: %w", io.EOF))
		for range 2 { // to look is not to observe
			g.Expect(loop).To(And(HaveUnobserved(), HaveUnobserved(io.EOF), HaveUnobserved(MatchError("read: EOF"))))
			g.Expect(loop).NotTo(HaveUnobserved(io.ErrUnexpectedEOF))
			g.Expect(loop).NotTo(HaveUnobserved(io.EOF, io.ErrUnexpectedEOF))
		}
		g.Expect(p.Future()).To(BeRejected())
		g.Expect(loop).NotTo(HaveUnobserved())
	})
}

func TestBlockAtMost(t *testing.T) {
	g := NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	tunnel := Watch(t)
	loop.Post(func() {
		for range 3 {
			time.Sleep(time.Nanosecond)
		}
	})
	loop.Post(func() { time.Sleep(time.Nanosecond) })
	g.Expect(loop.RunUntilIdle()).To(Succeed())
	g.Expect(tunnel).To(And(BlockAtMost(2), BlockAtMost(3), BlockAtMost(0, Except(blocking.Sleep))))
	g.Expect(tunnel).NotTo(BlockAtMost(1))
	g.Expect(loop.Close()).To(Succeed())
}

func TestLeakNothing(t *testing.T) {
	onLoop(t, func(g Gomega, loop *fakeloop.Loop) {
		g.Expect(loop).To(LeakNothing())
		timer := loop.AfterFunc(time.Hour, func() {})
		g.Expect(loop).NotTo(LeakNothing())
		timer.Stop()
		g.Expect(loop).To(LeakNothing())
		f := in(loop, time.Second, nil)
		g.Expect(loop).NotTo(LeakNothing())
		g.Expect(f).To(BeResolved())
		g.Expect(loop).To(LeakNothing())
		fakeloop.NewPromise[int](loop, "").Reject(io.EOF)
		g.Expect(loop).NotTo(LeakNothing())
	})
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		g.Expect(tunnel).To(LeakNothing())
		stop := make(chan struct{})
		go func() { <-stop }()
		g.Expect(tunnel).NotTo(LeakNothing())
		close(stop)
		g.Expect(tunnel).To(LeakNothing(), "it lets everything come to rest")
	})
	synctest.Test(t, func(t *testing.T) {
		tunnel := NewTunnel()
		NewWithT(t).Expect(tunnel).To(LeakNothing())
		_ = tunnel.Close()
	})
}

// The network of a tunnel waits for connections as long as the tunnel is there, which is no
// leak; a connection that is left open is one, and so is a server of the user's own.
func TestLeakNothingOnTheNetwork(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Net.Serve("api:80", says("ok"))
		tunnel.Net.Apply(toxics.Partition("client", "api").From(time.Hour).For(time.Hour))
		g.Expect(tunnel).To(LeakNothing())
		client := getter(tunnel)
		g.Expect(get(client, "http://api/")).To(Equal("ok"))
		g.Expect(tunnel).NotTo(LeakNothing(), "the connection is kept alive")
		client.CloseIdleConnections()
		g.Expect(tunnel).To(LeakNothing())

		conn, err := tunnel.Net.DialContext(tunnel.Context(), "tcp", "api:80")
		g.Expect(err).NotTo(HaveOccurred())
		leak := LeakNothing()
		g.Expect(leak.Match(tunnel)).To(BeFalse())
		g.Expect(leak.FailureMessage(tunnel)).To(ContainSubstring("hint: Close the connection, at both of its ends"))
		g.Expect(conn.Close()).To(Succeed())
		g.Expect(tunnel).To(LeakNothing())

		l, err := tunnel.Net.Listen("api:81")
		g.Expect(err).NotTo(HaveOccurred())
		go func() { _, _ = l.Accept() }()
		g.Expect(leak.Match(tunnel)).To(BeFalse())
		g.Expect(leak.FailureMessage(tunnel)).To(ContainSubstring("hint: Close the listener, or the toxics.Network"))
		g.Expect(l.Close()).To(Succeed())
		g.Expect(tunnel).To(LeakNothing())
	})
}

// scenario is a run of some length.
func scenario(loop *fakeloop.Loop) {
	for i := range 5 {
		loop.Named(fmt.Sprint("step ", i)).AfterFunc(time.Duration(i)*time.Second, func() { loop.Choose("pick", 10) })
	}
}

func TestHaveSameTimeline(t *testing.T) {
	play := func(extra bool) *fakeloop.Loop {
		loop := fakeloop.New(fakeloop.Config{})
		scenario(loop)
		if extra {
			loop.Post(func() {})
		}
		_ = loop.RunUntilIdle()
		return loop
	}
	g := NewWithT(t)
	g.Expect(play(false)).To(HaveSameTimeline(play(false)))
	g.Expect(play(false).Timeline()).To(HaveSameTimeline(play(false)))
	g.Expect(play(false)).NotTo(HaveSameTimeline(play(true)))
	for _, nothing := range []any{nil, (*fakeloop.Loop)(nil), (*Tunnel)(nil), (*timeline.Timeline)(nil)} {
		_, err := HaveSameTimeline(play(false)).Match(nothing)
		g.Expect(err).To(HaveOccurred())
	}
}

func TestMatchMarbles(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Loop.Named("request").Post(func() {})
		g.Expect(in(tunnel.Loop, time.Minute, io.EOF)).To(BeRejected())
		g.Expect(tunnel).To(MatchMarbles("request 1m #reply"))
		g.Expect(tunnel).NotTo(MatchMarbles("request 1m reply"))
		g.Expect(tunnel).To(MatchMarbles("request", timeline.Fires()))
	})
}

func TestBeDeterministic(t *testing.T) {
	g := NewWithT(t)
	g.Expect(scenario).To(BeDeterministic(10))
	g.Expect(func(tunnel *Tunnel) {
		scenario(tunnel.Loop)
		for i := range 5 { // their order is the scheduler's, until it passes through the loop
			go func() { _ = tunnel.Loop.PostFrom(fmt.Sprint("client ", i), func() {}) }()
		}
		time.Sleep(time.Hour)
	}).To(BeDeterministic(10))
	g.Expect(func(tunnel *Tunnel) {
		tunnel.Loop.Choose(fmt.Sprint("run ", counter()), 2)
	}).NotTo(BeDeterministic(2))
	n := 0
	g.Expect(func(loop *fakeloop.Loop) {
		if n++; n == 7 {
			loop.Post(func() {})
		}
	}).NotTo(BeDeterministic(7))
	g.Expect(func() *timeline.Timeline { return new(timeline.Timeline) }).To(BeDeterministic(2))
	for _, bad := range []func(*Tunnel){
		func(*Tunnel) { panic("x") },
		func(*Tunnel) { select {} },
		func(*Tunnel) { go func() { select {} }() },
		nil,
	} {
		_, err := BeDeterministic(2).Match(bad)
		g.Expect(err).To(HaveOccurred())
	}
}

var calls int

func counter() int {
	calls++
	return calls
}
