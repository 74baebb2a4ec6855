package tcp

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Host is one host of a network, as a fault calls it: who dials, and who listens. It exists
// from when it is first named, by Network.Host, Listen or Serve. All methods are safe for
// concurrent use.
type Host struct {
	network *Network
	name    string
	ip      net.IP
}

// Host returns the host of that name. The case of a name does not matter. It panics if that
// is not the name of a host.
func (n *Network) Host(name string) *Host {
	n.checkMade("Host")
	if err := toxics.CheckHost(name); err != nil {
		panic("toxics/tcp: Host: " + err.Error())
	}
	n.names.mu.Lock()
	defer n.names.mu.Unlock()
	return n.names.host(n, strings.ToLower(name))
}

// host returns the host of that name. The caller holds s.mu.
func (s *names) host(n *Network, name string) *Host {
	if h := s.hosts[name]; h != nil {
		return h
	}
	h := &Host{network: n, name: name, ip: net.ParseIP(name)}
	for h.ip == nil {
		s.given++
		if ip := net.IPv4(10, byte(s.given>>16), byte(s.given>>8), byte(s.given)); s.hosts[ip.String()] == nil {
			h.ip = ip
		}
	}
	s.hosts[name], s.hosts[h.ip.String()] = h, h
	return h
}

// checkMade panics if there is no host, or one that is of no network.
func (h *Host) checkMade(call string) {
	if h == nil || h.network == nil {
		panic("toxics/tcp: " + call + " with a nil or zero Host, which is of no network; Network.Host makes one")
	}
}

// Name returns the host's name.
func (h *Host) Name() string { return h.name }

// DialContext dials from toxics.DefaultHost. See [Host.DialContext].
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.checkMade("DialContext")
	return n.Host(toxics.DefaultHost).DialContext(ctx, network, address)
}

// DialContext dials an address of Listen or Serve, through its proxy; the host is a name, or
// what LookupHost said. The network has to be "tcp" or "tcp4". What the faults in force do to
// dials and lookups happens here. Errors are those of a net.Dialer: a *net.OpError around a
// *net.DNSError for a host that does not exist, syscall.ECONNREFUSED, which is the kernel's
// own, where nobody listens or a fault refuses, what a fault says, or the context's error.
//
// A connection has its number among the others when DialContext returns: dials that come one
// after the other are numbered in this order.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	h.checkMade("DialContext")
	if ctx == nil {
		panic("toxics/tcp: DialContext: nil context")
	}
	c, err := h.dial(ctx, network, address)
	var refused *net.OpError
	if errors.As(err, &refused) { // by the kernel
		refused.Addr = name(address)
		return nil, refused
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return c, nil
}

func (h *Host) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n := h.network
	if network != "tcp" && network != "tcp4" {
		return nil, net.UnknownNetworkError(network)
	}
	host, port, err := net.SplitHostPort(strings.ToLower(address))
	if err != nil {
		return nil, err
	}
	if l := n.names.at(address); l != nil { // the proxy's own address
		host, port = l.proxy.place.host, l.proxy.place.port
	}
	server, err := h.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = n.ledger.Dial(ctx, h.name, server.name, port, func() error {
		return n.undergo(ctx, n.points.Dial(h.name, server.name, port))
	})
	if call, ok := err.(*os.SyscallError); ok && call.Err == syscall.ECONNREFUSED {
		return n.refuse(ctx, network)
	}
	if err != nil {
		return nil, err
	}
	n.names.mu.Lock()
	l := n.names.open[net.JoinHostPort(server.name, port)]
	n.names.mu.Unlock()
	if l == nil {
		return n.refuse(ctx, network)
	}
	door, g, err := l.proxy.doorOf(h.name)
	if errors.Is(err, ErrClosed) {
		return n.refuse(ctx, network)
	}
	if err != nil {
		return nil, err
	}
	defer g.begin()()
	c, err := n.dialer.DialContext(ctx, network, door.port.addr)
	if err != nil {
		return nil, err
	}
	// What is dialled later begins later.
	proxied, err := g.await(ctx, clientEnd(c.LocalAddr(), c.RemoteAddr()), door.gone)
	if err != nil {
		c.Close()
		return nil, err
	}
	if n.points == nil || proxied == nil {
		return c, nil
	}
	end, _ := n.points.Ends(h.name, server.name, port, proxied.number)
	return newFaulty(c, proxied, end), nil
}

// undergo waits for as long as a verdict says, and returns what it says then.
func (n *Network) undergo(ctx context.Context, v *toxics.Verdict) error {
	if v == nil {
		return nil
	}
	if v.Late > 0 {
		select {
		case <-n.alarm(v.Late):
		case <-ctx.Done():
			return ctx.Err()
		case <-n.ending:
			return ErrClosed
		}
	}
	return v.Err
}

// alarm is closed when so much time has passed, by the clock.
func (n *Network) alarm(d time.Duration) <-chan struct{} {
	rings := make(chan struct{})
	ring := func() { close(rings) }
	if n.clock != nil {
		n.clock.after(d, ring)
	} else {
		time.AfterFunc(d, ring)
	}
	return rings
}

// refuse dials where nobody listens.
func (n *Network) refuse(ctx context.Context, network string) (net.Conn, error) {
	addr, err := n.names.refusing()
	if err != nil {
		return nil, err
	}
	return n.dialer.DialContext(ctx, network, addr)
}

// at returns the listener whose proxy has that address; nil if there is none.
func (s *names) at(address string) *listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.open {
		if l.proxy.Addr() == address {
			return l
		}
	}
	return nil
}

// LookupHost looks a name up, as a net.Resolver would: the result is one address, which
// means something to the DialContext of this network only, and the error a *net.DNSError, or
// the context's.
func (h *Host) LookupHost(ctx context.Context, name string) ([]string, error) {
	h.checkMade("LookupHost")
	if ctx == nil {
		panic("toxics/tcp: LookupHost: nil context")
	}
	server, err := h.lookup(ctx, strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	return []string{server.ip.String()}, nil
}

func (h *Host) lookup(ctx context.Context, name string) (*Host, error) {
	n := h.network
	n.mu.Lock()
	closed := n.closed
	n.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	ip := net.ParseIP(name)
	if ip == nil {
		if err := n.undergo(ctx, n.points.Lookup(h.name, name)); err != nil {
			return nil, err
		}
		if err := n.ledger.Lookup(ctx, h.name, name); err != nil {
			return nil, err
		}
	} else {
		name = ip.String()
	}
	n.names.mu.Lock()
	defer n.names.mu.Unlock()
	switch found := n.names.hosts[name]; {
	case found != nil:
		return found, nil
	case ip != nil:
		return nil, os.NewSyscallError("connect", syscall.EHOSTUNREACH)
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
