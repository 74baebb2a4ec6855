package toxics

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// listening is a network with a server that accepts everything.
func listening(t testing.TB, c Config) *Network {
	t.Helper()
	n := network(t, c)
	n.exact = true
	for _, address := range []string{"server:1", "server:2", "other:1"} {
		_, err := n.Listen(address)
		must(t, err)
	}
	return n
}

func dialServer(n *Network) error {
	c, err := n.DialContext(context.Background(), "tcp", "server:1")
	if err == nil {
		c.Close()
	}
	return err
}

// A toxic comes and goes while data flows, at the instant that the plan says.
func TestASchedule(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		plan := Plan{Faults: []Fault{
			Inject(Latency{Direction: d, Latency: 100 * time.Millisecond}).From(10 * time.Second).For(5 * time.Second),
			Inject(Latency{Direction: d, Latency: 10 * time.Millisecond}).From(12 * time.Second).For(time.Second),
		}}
		n := network(t, Config{Plan: plan})
		from, to := ends(t, n, d)
		const step = 500 * time.Millisecond
		for at := time.Duration(0); at < 20*time.Second; at += step {
			want := time.Duration(0)
			if at >= 10*time.Second && at < 15*time.Second {
				want = 100 * time.Millisecond
			}
			if at >= 12*time.Second && at < 13*time.Second {
				want += 10 * time.Millisecond
			}
			sent := since()
			send(t, from, "x")
			equal(t, "read", readOnce(to), "x")
			late := sent() - want
			if at == 15*time.Second && late == 0 {
				t.Error("the last instant does not belong to the fault")
			}
			if late < 0 || late > 2*time.Millisecond {
				t.Errorf("sent at %v: arrived after %v, want %v", at, sent(), want)
			}
			time.Sleep(step - sent())
		}
		n.ledger.mu.Lock()
		defer n.ledger.mu.Unlock()
		equal(t, "faults left", len(n.ledger.applied), 0)
	})
}

// What a latency holds goes on when it is lifted, in order.
func TestLiftLetsGo(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		n := network(t, Config{})
		from, to := ends(t, n, d)
		a := n.Apply(Inject(Latency{Direction: d, Latency: time.Hour}))
		for _, text := range []string{"1", "2", "3"} {
			send(t, from, text)
			synctest.Wait()
		}
		elapsed := since()
		time.Sleep(time.Minute)
		a.Lift()
		a.Lift()
		for _, text := range []string{"1", "2", "3"} {
			equal(t, "read", readOnce(to), text)
		}
		equal(t, "at", elapsed(), time.Minute)
	})
}

func TestChange(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		n := network(t, Config{})
		n.exact = true
		from, to := ends(t, n, d)
		a := n.Apply(Inject(Latency{Direction: d, Latency: time.Hour}))
		trip := func() time.Duration {
			elapsed := since()
			send(t, from, "x")
			readOnce(to)
			return elapsed()
		}
		equal(t, "before", trip(), time.Hour)
		a.Change(Latency{Direction: d, Latency: time.Minute})
		equal(t, "after", trip(), time.Minute)
		panics(t, func() { a.Change(Refuse{}) }, "toxics: Change: a "+d.String()+" latency cannot become a plain refuse; apply another fault and lift this one")
		panics(t, func() { a.Change(Latency{Direction: d, Latency: -1}) }, "toxics: Change: latency: Latency is -1ns, "+oneMilli+backward)
		panics(t, func() { n.Apply(Inject(Refuse{Share: 2}).Between("client:1", "")) }, "toxics: Apply: refuse: Share is 2, "+shares+
			"\nrefuse: Source is \"client:1\", must be a host or empty, but for a partition: a plan does not know from which port a host dials; leave the port out")
		panics(t, func() { n.Apply(Inject(nil)) }, "toxics: Apply: <nil>: "+unknown)
		a.Lift()
		a.Change(Latency{Direction: d, Latency: time.Hour})
		equal(t, "lifted", trip(), 0)
	})
}

// Nothing can come of a fault that is applied when the network is closed.
func TestApplyWhenItIsTooLate(t *testing.T) {
	n := newNetwork(t, Config{})
	must(t, n.Close())
	panics(t, func() { n.Apply(Inject(Latency{})) }, "toxics: Apply: the network is closed, so the latency would do nothing; apply it before Close")
}

// A black hole that is switched off has swallowed data, so the connection ends.
func TestATimeoutSwitchedOffCloses(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		n := network(t, Config{})
		n.exact = true
		for _, test := range []struct {
			toxic Toxic
			end   string
		}{{Timeout{Direction: d}, "EOF"}, {Timeout{Direction: d, After: time.Hour, Absolute: true}, "EOF"}, {ResetPeer{Direction: d, After: time.Hour}, reset}} {
			from, to := ends(t, n, d)
			n.Apply(Inject(test.toxic).For(5 * time.Second))
			elapsed := since()
			send(t, from, "swallowed")
			arrive(t, arrivals(to, elapsed), arrival{5 * time.Second, test.end})
		}
	})
}

// A partition holds what is sent, in its direction or in both, and lets it go.
func TestPartitionHoldsBack(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, test := range []struct {
			f        Fault
			forward  time.Duration // from, to to
			backward time.Duration
		}{
			{Partition("client", "server"), time.Minute, time.Minute},
			{Partition("server", "client"), time.Minute, time.Minute},
			{Partition("", ""), time.Minute, time.Minute},
			{OneWay("client", "server"), map[Direction]time.Duration{Upstream: time.Minute}[d], map[Direction]time.Duration{Downstream: time.Minute}[d]},
			{OneWay("server", "client"), map[Direction]time.Duration{Downstream: time.Minute}[d], map[Direction]time.Duration{Upstream: time.Minute}[d]},
			{Partition("client", "other"), 0, 0},
		} {
			n := network(t, Config{HalfClose: true})
			n.exact = true
			n.Host("other")
			from, to := ends(t, n, d)
			n.Apply(test.f.For(time.Minute))
			elapsed := since()
			send(t, from, "one")
			synctest.Wait()
			send(t, from, "two")
			send(t, to, "back")
			must(t, from.CloseWrite())
			got := arrivals(to, elapsed)
			arrive(t, got, arrival{test.forward, "one"}, arrival{test.forward, "two"}, arrival{test.forward, "EOF"})
			equal(t, "the other way", readOnce(from), "back")
			equal(t, "at", elapsed(), max(test.forward, test.backward))
		}
	})
}

func TestDialThroughAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			f    Fault
			took time.Duration
			err  error
		}{
			{Partition("client", "server").For(10 * time.Second), 15 * time.Second, nil},
			{OneWay("server", "client").For(10 * time.Second), 15 * time.Second, nil},
			{Partition("server", "client").For(64 * time.Second), 127 * time.Second, syscall.ETIMEDOUT},
			{Partition("client", "other"), 0, nil},
			{Partition("client", "server:2"), 0, nil},
			{Partition("client", "server:1").For(time.Second / 2), time.Second, nil},
		} {
			n := listening(t, Config{})
			n.Apply(test.f)
			elapsed := since()
			sameError(t, "dial", dialServer(n), test.err)
			equal(t, "took", elapsed(), test.took)
		}
		n := listening(t, Config{})
		n.Apply(Partition("client", "server"))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		elapsed := since()
		_, err := n.DialContext(ctx, "tcp", "server:1")
		fails(t, "dial", err, "dial", context.DeadlineExceeded)
		var timeout net.Error
		equal(t, "is a timeout", errors.As(err, &timeout) && timeout.Timeout(), true)
		equal(t, "gave up after", elapsed(), 30*time.Second)
	})
}

func TestDialFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			f    Fault
			took time.Duration
			errs []error
		}{
			{Inject(Refuse{}), 0, []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED, syscall.ECONNREFUSED}},
			{Inject(Refuse{}).First(2), 0, []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED, nil}},
			{Inject(FailDial{}).First(1), 0, []error{syscall.EHOSTUNREACH, nil, nil}},
			{Inject(FailDial{Errno: syscall.ENETUNREACH}).First(1), 0, []error{syscall.ENETUNREACH, nil, nil}},
			{Inject(SlowDial{Delay: time.Minute}), 3 * time.Minute, []error{nil, nil, nil}},
			{Inject(SlowDial{Delay: time.Minute}).First(2), 2 * time.Minute, []error{nil, nil, nil}},
			{Inject(Refuse{}).Between("other", ""), 0, []error{nil, nil, nil}},
			{Inject(Refuse{}).Between("", "server:2"), 0, []error{nil, nil, nil}},
			{Inject(Refuse{}).Between("CLIENT", "server:1").First(1), 0, []error{syscall.ECONNREFUSED, nil, nil}},
			{Inject(FailLookup{NotFound: true}).Between("client", "server").First(1), 0, []error{errLookup, nil, nil}},
			{Inject(FailLookup{}).First(2), 0, []error{errLookup, errLookup, nil}},
			{Inject(SlowLookup{Delay: time.Hour}).First(1), time.Hour, []error{nil, nil, nil}},
		} {
			n := listening(t, Config{Plan: Plan{Faults: []Fault{test.f}}})
			elapsed := since()
			for i, want := range test.errs {
				err := dialServer(n)
				var dns *net.DNSError
				if want == errLookup && errors.As(err, &dns) {
					equal(t, "not found", dns.IsNotFound, test.f.Effect.(FailLookup).NotFound)
					equal(t, "temporary", dns.IsTemporary, !dns.IsNotFound)
					continue
				}
				if !errors.Is(err, want) {
					t.Errorf("%+v: dial %d: got %v, want %v", test.f, i, err, want)
				}
			}
			equal(t, "took", elapsed(), test.took)
		}
	})
}

// What a dial waits for has a skew, too: the attempts of two dials do not meet, though both
// wait for whole seconds.
func TestDialsHaveASkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, f := range []Fault{
			Partition("client", "server").For(2 * time.Second),
			Inject(SlowLookup{Delay: 3 * time.Second}),
			Inject(SlowDial{Delay: 3 * time.Second}),
		} {
			n := listening(t, Config{Plan: Plan{Faults: []Fault{f}}})
			n.exact = false
			excess := map[time.Duration]bool{}
			for range 2 {
				n.Apply(f)
				elapsed := since()
				must(t, dialServer(n))
				more := elapsed() % time.Second
				excess[more] = true
				if more == 0 || more > 5*time.Millisecond {
					t.Errorf("%s: took %v", f.Effect.Kind(), elapsed())
				}
			}
			equal(t, f.Effect.Kind()+": different skews", len(excess), 2)
		}
	})
}

var errLookup = errors.New("a *net.DNSError")

func TestDialFaultsEndWithTheContextAndTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, e := range []Effect{SlowDial{Delay: time.Hour}, SlowLookup{Delay: time.Hour}, Severed{}} {
			n := listening(t, Config{Plan: Plan{Faults: []Fault{Inject(e)}}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			elapsed := since()
			_, err := n.DialContext(ctx, "tcp", "server:1")
			fails(t, e.Kind(), err, "dial", context.DeadlineExceeded)
			equal(t, "at", elapsed(), time.Second)
			failed := make(chan error)
			go func() { failed <- dialServer(n) }()
			synctest.Wait()
			must(t, n.Close())
			fails(t, e.Kind(), <-failed, "dial", net.ErrClosed)
			equal(t, "at", elapsed(), time.Second)
		}
	})
}

// Faults are of who dials whom, and of the first so many connections.
func TestAFaultHasItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		n.exact = true
		n.Apply(Inject(Latency{Direction: Upstream, Latency: time.Second}).Between("a", "server:1"))
		n.Apply(Inject(Latency{Direction: Upstream, Latency: time.Minute}).First(2))
		listeners := map[string]net.Listener{}
		for _, address := range []string{"server:1", "server:2"} {
			l, err := n.Listen(address)
			must(t, err)
			listeners[address] = l
		}
		for _, test := range []struct {
			from, to string
			late     time.Duration
		}{
			{"a", "server:1", time.Second + time.Minute},
			{"b", "server:1", time.Minute},
			{"a", "server:1", time.Second},
			{"a", "server:2", 0},
			{"b", "server:1", 0},
		} {
			c, err := n.Host(test.from).DialContext(t.Context(), "tcp", test.to)
			must(t, err)
			s, err := listeners[test.to].Accept()
			must(t, err)
			elapsed := since()
			send(t, c, "x")
			readOnce(s)
			equal(t, test.from+" to "+test.to, elapsed(), test.late)
		}
	})
}

// Everything scheduled is gone with the network, whether it was waiting or on.
func TestSchedulesEndWithTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		n.Apply(Inject(Refuse{}).From(time.Hour))
		n.Apply(Inject(Refuse{}).For(time.Hour))
		lifted := n.Apply(Inject(Refuse{}).From(time.Hour).For(time.Hour))
		lifted.Lift()
		must(t, n.Close())
		time.Sleep(3 * time.Hour)
	})
}
