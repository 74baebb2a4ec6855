package tcp

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// names are the addresses of a network that stand for others on loopback, so that what
// runs on the virtual network of package toxics runs here too.
type names struct {
	tasks sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	open     map[string]*listener
	listened map[string]bool  // where there has ever been a listener
	hosts    map[string]*Host // by name and by address
	given    int              // addresses of hosts
	servers  []*http.Server
	nowhere  *port // where nobody ever listens
}

// listener is a listener on loopback with the proxy in front of it.
type listener struct {
	net.Listener
	names      *names
	address    string
	proxy      *Proxy
	generation *generation // of the proxy, which has one only

	accepting sync.Mutex // held by Accept, if it is a fault point
	pending   net.Conn   // which was not accepted yet
	proxied   *conn      // likewise
}

// Listen listens on loopback, behind a proxy with Config.Plan that DialContext reaches as
// address, "host:port" of any name; port 0 chooses one. The listener's Addr is that of the
// proxy, where whoever dials without this network's DialContext is the host
// toxics.DefaultHost. Its Close frees the address, for a server that starts again; connections
// that were accepted go on, and others are reset. Who listens at an address that is in use gets
// syscall.EADDRINUSE, in a *net.OpError.
func (n *Network) Listen(address string) (net.Listener, error) {
	n.checkMade("Listen")
	l, err := n.listen(strings.ToLower(address))
	if err != nil {
		return nil, fmt.Errorf("toxics/tcp: Listen: %w", err)
	}
	return l, nil
}

func (n *Network) listen(address string) (*listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if number, err := strconv.Atoi(port); err != nil || number < 0 || number > 65535 {
		return nil, &net.AddrError{Err: "the port is not a number from 0 to 65535", Addr: address}
	}
	if err := toxics.CheckHost(host); err != nil {
		return nil, err
	}
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if port == "0" {
		_, port, _ = net.SplitHostPort(inner.Addr().String()) // an address of the kernel's
		address = net.JoinHostPort(host, port)
	}
	proxy, err := n.proxy(address, inner.Addr().String(), n.plan, true)
	if errors.Is(err, ErrExists) {
		err = &net.OpError{Op: "listen", Net: "tcp", Addr: name(address), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	if err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	l := &listener{Listener: inner, names: &n.names, address: address, proxy: proxy, generation: proxy.generation}
	n.Host(host)
	if !n.names.add(l) { // the network has been closed just now
		return nil, errors.Join(fmt.Errorf("network: %w", ErrClosed), l.Close())
	}
	return l, nil
}

// add notes that somebody listens; false means that it is too late for that.
func (s *names) add(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.open[l.address] = l
		s.listened[l.address] = true
	}
	return !s.closed
}

// Addr returns the address of the proxy.
func (l *listener) Addr() net.Addr {
	at, err := net.ResolveTCPAddr("tcp4", l.proxy.Addr())
	if err != nil {
		return name(l.proxy.Addr())
	}
	return at
}

// Close stops listening.
func (l *listener) Close() error {
	l.names.mu.Lock()
	if l.names.open[l.address] == l {
		delete(l.names.open, l.address)
	}
	l.names.mu.Unlock()
	err := errors.Join(l.proxy.retire(), l.Listener.Close())
	if l.proxy.network.points != nil {
		l.accepting.Lock()
		defer l.accepting.Unlock()
		if l.pending != nil {
			l.pending.Close()
			l.pending, l.proxied = nil, nil
		}
	}
	return err
}

// name is an address that is no *net.TCPAddr.
type name string

func (name) Network() string  { return "tcp" }
func (a name) String() string { return string(a) }

// Serve listens at the address and serves HTTP there until the network or the server
// that it returns is closed. It panics if it cannot listen.
func (n *Network) Serve(address string, handler http.Handler) *http.Server {
	n.checkMade("Serve")
	l, err := n.listen(strings.ToLower(address))
	if err != nil {
		panic(fmt.Sprintf("toxics/tcp: Serve: %v", err))
	}
	s := &http.Server{Handler: handler}
	n.names.mu.Lock()
	defer n.names.mu.Unlock()
	if n.names.closed { // just now, and the listener with it
		return s
	}
	n.names.servers = append(n.names.servers, s)
	// The error of Serve is that it was closed.
	n.names.tasks.Go(func() { _ = s.Serve(l) })
	return s
}

// places is what a ledger wants to know of the names.
func (s *names) places() toxics.Places {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := toxics.Places{Hosts: map[string]string{}, Listened: maps.Clone(s.listened)}
	for key, h := range s.hosts {
		p.Hosts[key] = h.name
	}
	return p
}

// refusing is an address at which the kernel refuses a dial.
func (s *names) refusing() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", ErrClosed
	}
	if s.nowhere == nil {
		p, err := reserve()
		if err != nil {
			return "", err
		}
		s.nowhere = &p
	}
	return s.nowhere.addr, nil
}

// close closes what listens, and waits for the servers.
func (s *names) close() error {
	s.mu.Lock()
	servers, open, nowhere := s.servers, s.open, s.nowhere
	s.closed = true
	s.servers, s.open, s.nowhere = nil, map[string]*listener{}, nil
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
	if nowhere != nil {
		errs = append(errs, nowhere.release())
	}
	s.tasks.Wait()
	return errors.Join(errs...)
}
