package tcp

import (
	"errors"
	"fmt"
	"net"
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

	// Plan is that of every address of Network.Listen and Network.Serve.
	Plan toxics.Plan

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

	mu      sync.Mutex
	closed  bool
	proxies map[string]*Proxy
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
	if err := check(c.Plan); err != nil {
		return nil, fmt.Errorf("toxics/tcp: Config.Plan: %w", err)
	}
	return &Network{
		server:  toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		dialer:  net.Dialer{Timeout: c.DialTimeout},
		plan:    c.Plan,
		proxies: map[string]*Proxy{},
		names:   names{open: map[string]*listener{}, hosts: map[string]bool{}},
	}, nil
}

// Proxy starts a proxy in front of upstream, a "host:port", which need not listen
// yet. It listens on 127.0.0.1, on a port chosen by the kernel (see Proxy.Addr),
// and the plan is in force before the first dial can reach it. The name is for
// error messages and has to be unique among the open proxies of the network.
//
// The error is the plan's (errors.Is toxics.ErrInvalid or ErrUnsupported), ErrExists,
// ErrClosed, or of package net.
func (n *Network) Proxy(name, upstream string, plan toxics.Plan) (*Proxy, error) {
	p, err := n.proxy(name, upstream, plan)
	if err != nil {
		return nil, fmt.Errorf("toxics/tcp: proxy %q: %w", name, err)
	}
	return p, nil
}

func (n *Network) proxy(name, upstream string, plan toxics.Plan) (*Proxy, error) {
	if name == "" {
		return nil, errors.New("the name is empty: give it one, errors are known by it")
	}
	if _, port, err := net.SplitHostPort(upstream); err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	} else if port == "" {
		return nil, fmt.Errorf("upstream %q has no port: use host:port", upstream)
	}
	if err := check(plan); err != nil {
		return nil, err
	}

	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("network: %w", ErrClosed)
	}
	if n.proxies[name] != nil {
		return nil, ErrExists
	}
	p, err := start(n, name, upstream, plan)
	if err != nil {
		return nil, err
	}
	n.proxies[name] = p
	return p, nil
}

// Close closes every listener, server and proxy and returns when all their goroutines
// are gone. Further calls find nothing to do and return nil.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	var open []*Proxy
	for _, p := range n.proxies {
		open = append(open, p)
	}
	n.mu.Unlock()

	errs := make([]error, len(open))
	var all sync.WaitGroup
	for i, p := range open {
		all.Go(func() { errs[i] = p.Close() })
	}
	all.Wait()
	return errors.Join(append(errs, n.names.close())...)
}

// forget makes the name of a closed proxy free again.
func (n *Network) forget(p *Proxy) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.proxies, p.name)
}
