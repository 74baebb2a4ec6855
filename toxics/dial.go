package toxics

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// DialContext dials from DefaultHost. See [Host.DialContext].
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.checkMade("DialContext")
	return n.Host(DefaultHost).DialContext(ctx, network, address)
}

// DialContext dials "host:port", like that of a net.Dialer: the host is a name, or the
// address of a host. network is "tcp", "tcp4" or "tcp6"; "udp", "udp4" and "udp6" give
// a stream, too, which is what a net.Resolver with a Dial function takes.
//
// The result is a *Conn. It returns at once, unless a fault delays it: the latency of
// the connection does not, as in toxiproxy. Errors are those of a net.Dialer: a
// *net.OpError around a *net.DNSError for a host that does not exist,
// syscall.ECONNREFUSED where nobody listens, or the context's error.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	h.checkMade("DialContext")
	if ctx == nil {
		panic("toxics: DialContext: nil context")
	}
	c, to, err := h.dial(ctx, network, address)
	if err != nil {
		var addr net.Addr
		if to != nil {
			addr = to
		}
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
	}
	return c, nil
}

func (h *Host) dial(ctx context.Context, network, address string) (*Conn, *net.TCPAddr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
	default:
		return nil, nil, net.UnknownNetworkError(network)
	}
	host, port, number, err := splitAddress(address)
	if err != nil {
		return nil, nil, err
	}
	server, err := h.lookup(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	to := &net.TCPAddr{IP: server.ip, Port: number}
	if err := h.connect(ctx, server, port); err != nil {
		return nil, to, err
	}
	c, err := h.network.open(ctx, h, server, port)
	return c, to, err
}

// LookupHost looks a name up, as a net.Resolver would: the result is one address, the
// error a *net.DNSError, or the context's.
func (h *Host) LookupHost(ctx context.Context, name string) ([]string, error) {
	h.checkMade("LookupHost")
	if ctx == nil {
		panic("toxics: LookupHost: nil context")
	}
	server, err := h.lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	return []string{server.ip.String()}, nil
}

func (h *Host) lookup(ctx context.Context, name string) (*Host, error) {
	n := h.network
	if err := n.check(); err != nil {
		return nil, err
	}
	if net.ParseIP(name) == nil {
		if err := h.failLookup(ctx, name); err != nil {
			return nil, err
		}
		if err := n.ledger.Lookup(ctx, h.name, name); err != nil {
			return nil, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errClosed
	}
	found := n.hosts[strings.ToLower(name)]
	if ip := net.ParseIP(name); ip != nil {
		found = n.hosts[ip.String()]
		if found == nil {
			return nil, os.NewSyscallError("connect", syscall.EHOSTUNREACH)
		}
	}
	if found == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return found, nil
}

// connect is what a dial goes through before there is a connection.
func (h *Host) connect(ctx context.Context, server *Host, port string) error {
	n := h.network
	if err := ctx.Err(); err != nil {
		return err
	}
	return n.ledger.Dial(ctx, h.name, server.name, port, func() error { return h.failDial(ctx, server, port) })
}

// sleep waits, unless the context or the network ends first, a little longer than is said,
// lest it end with another.
func (n *Network) sleep(ctx context.Context, d time.Duration, r *rand.Rand) error {
	if !n.exact {
		d += time.Duration(r.Int64N(mostSkew))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.closing:
		return errClosed
	}
}

// open makes a connection, and hands it to who listens. At a gate that happens later, in
// a goroutine of its own, and only then has the connection its place among the others:
// concurrent dials are numbered in the order in which they are let through.
func (n *Network) open(ctx context.Context, client, server *Host, port string) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errClosed
	}
	l := n.listeners[net.JoinHostPort(server.name, port)]
	if l == nil {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	c := newConnection(n, client, l)
	c.makeFaulty()
	if n.config.Gate == nil {
		n.handOver(c, l)
		return c.clientEnd, nil
	}
	p := c.passage("accept")
	if name, ok := ctx.Value(nameKey{}).(string); ok {
		p.What += " " + name
	} else {
		p.Stack = fakeloop.CallStack(0)
	}
	n.tasks.Go(func() {
		n.pass(p)
		n.drawLot(c)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.handOver(c, l)
	})
	return c.clientEnd, nil
}

// handOver starts a connection and queues it to be accepted. The caller holds the
// network's mutex.
func (n *Network) handOver(c *connection, l *listener) {
	c.start()
	if n.closed {
		c.kill()
	}
	if c.doomed {
		c.breakOff()
	}
	if !l.push(c) {
		c.breakOff()
	}
}

// Named returns a context whose dials have a name at a [Gate]. It is for dials that
// happen at the same instant and come from the same lines of code, where nothing else
// tells them apart.
func Named(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

type nameKey struct{}
