package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
)

// names are the addresses of a network that stand for others on loopback, so that what
// runs on the virtual network of package toxics runs here too.
type names struct {
	tasks sync.WaitGroup

	mu      sync.Mutex
	open    map[string]*listener
	hosts   map[string]bool // ever listened on
	servers []*http.Server
}

// listener is a listener on loopback with the proxy in front of it.
type listener struct {
	net.Listener
	names   *names
	address string
	proxy   *Proxy
}

// Listen listens on loopback, behind a proxy with the network's plan that DialContext
// reaches as address, "host:port" of any name. The listener's Close closes the proxy and
// with it the connections, and frees the address.
func (n *Network) Listen(address string) (net.Listener, error) {
	address = strings.ToLower(address)
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("toxics/tcp: Listen: %w", err)
	}
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy, err := n.Proxy(address, inner.Addr().String(), n.plan)
	if err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	l := &listener{inner, &n.names, address, proxy}
	n.names.mu.Lock()
	defer n.names.mu.Unlock()
	n.names.open[address] = l
	n.names.hosts[host] = true
	return l, nil
}

// Close stops listening.
func (l *listener) Close() error {
	l.names.mu.Lock()
	delete(l.names.open, l.address)
	l.names.mu.Unlock()
	return errors.Join(l.proxy.Close(), l.Listener.Close())
}

// Serve listens at the address and serves HTTP there until the network or the server
// that it returns is closed. It panics if it cannot listen.
func (n *Network) Serve(address string, handler http.Handler) *http.Server {
	l, err := n.Listen(address)
	if err != nil {
		panic(fmt.Sprintf("toxics/tcp: Serve: %v", err))
	}
	s := &http.Server{Handler: handler}
	n.names.mu.Lock()
	defer n.names.mu.Unlock()
	n.names.servers = append(n.names.servers, s)
	// The error of Serve is that it was closed.
	n.names.tasks.Go(func() { _ = s.Serve(l) })
	return s
}

// DialContext dials an address of Listen or Serve, through its proxy. The network has to
// be "tcp" or "tcp4". Errors are those of a net.Dialer: ECONNREFUSED where nobody listens
// any more, and a *net.DNSError for a host that nobody listened on.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(strings.ToLower(address))
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	n.names.mu.Lock()
	l, known := n.names.open[strings.ToLower(address)], n.names.hosts[host]
	n.names.mu.Unlock()
	switch {
	case l != nil:
		return n.dialer.DialContext(ctx, network, l.proxy.Addr())
	case known:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
}

// close closes what listens, and waits for the servers.
func (s *names) close() error {
	s.mu.Lock()
	servers, open := s.servers, s.open
	s.servers, s.open = nil, map[string]*listener{}
	s.mu.Unlock()
	var errs []error
	for _, server := range servers {
		errs = append(errs, server.Close())
	}
	for _, l := range open {
		// A server may have closed it.
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.tasks.Wait()
	return errors.Join(errs...)
}
