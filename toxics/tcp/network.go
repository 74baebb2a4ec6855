package tcp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Config says how a network is set up. The zero Config is the default.
type Config struct {
	// DialTimeout limits the dial from a proxy to its upstream. 0 means 10
	// seconds. A client whose upstream cannot be reached in that time is closed.
	DialTimeout time.Duration

	// Plan is what goes wrong at the addresses of Network.Listen and Network.Serve, and on
	// the way there. Its schedules start with the network.
	Plan toxics.Plan

	// HalfClose lets the end of one direction leave the other one open, as TCP does. Without it
	// the end of either closes the connection, as toxiproxy does.
	HalfClose bool

	// Faults says what goes wrong besides, point by point, at and between what has a name; nil
	// means nothing. Connections are then no *net.TCPConn.
	Faults toxics.FaultPoints

	// Clock says when it is time for what is scheduled, in the Plan, in those of proxies, and
	// by Network.Apply. nil is real time.
	Clock *Clock

	_ struct{}
}

const defaultDialTimeout = 10 * time.Second

var (
	// ErrClosed is found in the error of every use of a closed Network or Proxy.
	// It wraps net.ErrClosed.
	ErrClosed = fmt.Errorf("already closed (%w)", net.ErrClosed)
	// ErrExists is found in the error of Proxy if the name is in use.
	ErrExists = errors.New("there is a proxy of that name already")
)

// Network is one toxiproxy server inside this process, with its proxies. Networks
// are independent of each other. All methods are safe for concurrent use.
type Network struct {
	server *toxiproxy.ApiServer
	dialer net.Dialer
	plan   toxics.Plan
	halves bool // a connection can be half closed
	clock  *Clock
	points *toxics.Points
	ledger *toxics.Ledger // of what has a name
	timers sync.WaitGroup
	ending chan struct{} // closed by Close

	mu      sync.Mutex
	closed  bool
	proxies map[string]*Proxy
	retired map[*Proxy]bool // which have no name any more
	names   names
}

// Listen starts a network without proxies. Close it when done. The error is about
// the Config; a zero one has none. It is to a plan what toxics.NewNetwork is, on
// loopback TCP.
func Listen(c Config) (*Network, error) {
	if c.DialTimeout < 0 {
		return nil, fmt.Errorf("toxics/tcp: Config.DialTimeout is %v, must not be negative: use 0 for the default of %v", c.DialTimeout, defaultDialTimeout)
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = defaultDialTimeout
	}
	if err := c.Plan.Validate(); err != nil {
		return nil, fmt.Errorf("toxics/tcp: Config.Plan: %w", err)
	}
	n := &Network{
		server:  toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		dialer:  net.Dialer{Timeout: c.DialTimeout},
		plan:    c.Plan,
		halves:  c.HalfClose,
		clock:   c.Clock,
		points:  toxics.NewPoints(c.Faults),
		ending:  make(chan struct{}),
		proxies: map[string]*Proxy{},
		retired: map[*Proxy]bool{},
		names:   names{open: map[string]*listener{}, listened: map[string]bool{}, hosts: map[string]*Host{}},
	}
	n.ledger = toxics.NewLedger(toxics.LedgerConfig{Seed: c.Plan.Seed, After: n.after, Sleep: n.sleep})
	n.ledger.Install(c.Plan)
	return n, nil
}

// checkMade panics if there is no network, or one that Listen did not make.
func (n *Network) checkMade(call string) {
	if n == nil || n.server == nil {
		panic("toxics/tcp: " + call + " with a nil or zero Network; Listen makes one")
	}
}

// after calls do after d, by the clock.
func (n *Network) after(d time.Duration, _ string, do func()) (stop func()) {
	if n.clock != nil {
		return n.clock.after(d, do)
	}
	n.timers.Add(1)
	timer := time.AfterFunc(d, func() {
		defer n.timers.Done()
		do()
	})
	return func() {
		if timer.Stop() {
			n.timers.Done()
		}
	}
}

// sleep waits, unless the context or the network ends first.
func (n *Network) sleep(ctx context.Context, d time.Duration, _ *rand.Rand) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.ending:
		return ErrClosed
	}
}

// Apply puts a fault in force at the addresses of Listen and Serve and on the way there, on
// the connections that there are and on all that come: see [toxics.Network.Apply], which it
// does the same as. It is in force from its Start to the end of its Span, by real time or by
// Config.Clock. Apply panics if the fault is invalid, or the network closed.
func (n *Network) Apply(f toxics.Fault) *toxics.Applied {
	n.checkMade("Apply")
	if err := f.Validate(); err != nil {
		panic("toxics/tcp: Apply: " + strings.ReplaceAll(err.Error(), "toxics: ", ""))
	}
	a := n.ledger.Apply(f)
	if a == nil {
		panic("toxics/tcp: Apply: the network is closed, so the " + f.Effect.Kind() + " would do nothing; apply it before Close")
	}
	return a
}

// Unmatched returns the faults of Config.Plan and of Apply that have matched no connection,
// dial or lookup so far: see [toxics.Network.Unmatched].
func (n *Network) Unmatched() []toxics.Fault {
	n.checkMade("Unmatched")
	return n.ledger.Unmatched()
}

// Proxy starts a proxy in front of upstream, a "host:port", which need not listen
// yet. It listens on 127.0.0.1, on a port chosen by the kernel (see Proxy.Addr),
// and the plan is in force before the first dial can reach it. The name is for
// error messages and has to be unique among the open proxies of the network.
//
// The error is the plan's (errors.Is toxics.ErrInvalid or ErrUnsupported), ErrExists,
// ErrClosed, or of package net.
func (n *Network) Proxy(name, upstream string, plan toxics.Plan) (*Proxy, error) {
	n.checkMade("Proxy")
	err := check(plan)
	var p *Proxy
	if err == nil {
		p, err = n.proxy(name, upstream, plan, false)
	}
	if err != nil {
		return nil, fmt.Errorf("toxics/tcp: proxy %q: %w", name, err)
	}
	return p, nil
}

func (n *Network) proxy(name, upstream string, plan toxics.Plan, named bool) (*Proxy, error) {
	if name == "" {
		return nil, errors.New("the name is empty: give it one, errors are known by it")
	}
	if _, port, err := net.SplitHostPort(upstream); err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	} else if port == "" {
		return nil, fmt.Errorf("upstream %q has no port: use host:port", upstream)
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("network: %w", ErrClosed)
	}
	if n.proxies[name] != nil {
		return nil, ErrExists
	}
	p, err := start(n, name, upstream, plan, named)
	if err != nil {
		return nil, err
	}
	n.proxies[name] = p
	return p, nil
}

// Close closes every listener, server and proxy and returns when all their goroutines
// are gone. Further calls find nothing to do and return nil. The error tells of faults that
// cannot have met anything, as that of [toxics.Network.Close] does: errors.Is finds
// [toxics.ErrUnmatched].
func (n *Network) Close() error {
	n.checkMade("Close")
	n.mu.Lock()
	first := !n.closed
	n.closed = true
	var open []*Proxy
	for _, p := range n.proxies {
		open = append(open, p)
	}
	for p := range n.retired {
		open = append(open, p)
	}
	n.mu.Unlock()
	var strangers error
	if first {
		close(n.ending)
		n.ledger.Close()
		strangers = n.ledger.Strangers(n.names.places())
	}

	errs := make([]error, len(open))
	var all sync.WaitGroup
	for i, p := range open {
		all.Go(func() { errs[i] = p.Close() })
	}
	all.Wait()
	n.timers.Wait()
	return errors.Join(append(errs, n.names.close(), strangers)...)
}

// forget makes the name of a closed proxy free again.
func (n *Network) forget(p *Proxy) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proxies[p.name] == p {
		delete(n.proxies, p.name)
	}
	delete(n.retired, p)
}

// retire makes the name of a proxy free again that goes on without it.
func (n *Network) retire(p *Proxy) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.proxies, p.name)
	n.retired[p] = true
}
