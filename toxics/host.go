package toxics

import (
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Host is one host of a virtual network: who dials, and who listens. A host has a name
// and an address; it exists from when it is first named by Network.Host, Listen or
// Serve.
type Host struct {
	network *Network
	name    string
	ip      net.IP

	mu   sync.Mutex
	port int // the ephemeral one given out last
}

const firstEphemeral = 32768

// Host returns the host of that name, which may be an IP address. The case of a name
// does not matter. Without a name, or with one that has a port, Host panics.
func (n *Network) Host(name string) *Host {
	n.checkMade("Host")
	if err := CheckHost(name); err != nil {
		panic("toxics: Host: " + err.Error() + ", without a port")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.host(name)
}

// host is Host with the mutex held.
func (n *Network) host(name string) *Host {
	name = strings.ToLower(name)
	if h := n.hosts[name]; h != nil {
		return h
	}
	h := &Host{network: n, name: name, ip: net.ParseIP(name), port: firstEphemeral - 1}
	for h.ip == nil {
		n.addresses++
		k := n.addresses
		if ip := net.IPv4(10, byte(k>>16), byte(k>>8), byte(k)); n.hosts[ip.String()] == nil {
			h.ip = ip.To4()
		}
	}
	n.hosts[name] = h
	n.hosts[h.ip.String()] = h
	return h
}

// checkMade panics if there is no host, or one that is of no network.
func (h *Host) checkMade(call string) {
	if h == nil || h.network == nil {
		panic("toxics: " + call + " with a nil or zero Host, which is of no network; Network.Host makes one")
	}
}

// Name returns the host's name.
func (h *Host) Name() string { return h.name }

// IP returns the host's address: 10.0.0.1 for the first host, and so on, or what it is
// named by.
func (h *Host) IP() net.IP { return slices.Clone(h.ip) }

// ephemeral is an address with a port that no other connection of the host has had.
func (h *Host) ephemeral() *net.TCPAddr {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.port++
	return &net.TCPAddr{IP: h.ip, Port: h.port}
}

// Drop closes all connections of the host from its end, as if the process that has
// them had been killed: its own goroutines find them closed, the peers read what was
// written before and the end of the stream. Its listeners go on.
func (h *Host) Drop() {
	h.checkMade("Drop")
	h.closeAll(false)
}

// Crash is Drop with a reset: what is in flight from the host is lost behind what the
// links have taken, and the peers read ECONNRESET.
func (h *Host) Crash() {
	h.checkMade("Crash")
	h.closeAll(true)
}

func (h *Host) closeAll(abrupt bool) {
	h.network.mu.Lock()
	conns := h.network.unended()
	h.network.mu.Unlock()
	for _, c := range conns {
		if c.client == h {
			c.clientEnd.shut(abrupt)
		}
		if c.server == h {
			c.serverEnd.shut(abrupt)
		}
	}
}

// listener is a net.Listener of the network.
type listener struct {
	network *Network
	host    *Host
	port    string
	address *net.TCPAddr

	mu      sync.Mutex
	changed sync.Cond
	backlog []*connection
	closed  bool
}

func (n *Network) listen(network, address string) (net.Listener, error) {
	l, err := n.bind(address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: name(address), Err: err}
	}
	return l, nil
}

func (n *Network) bind(address string) (*listener, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	host, port, number, err := splitAddress(address)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return nil, errors.New("a listener of a virtual network needs a host: write \"api:80\", not \":80\"")
	}
	if err := CheckHost(host); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errClosed
	}
	h := n.host(host)
	if number == 0 {
		number = h.ephemeral().Port
		port = strconv.Itoa(number)
	}
	key := net.JoinHostPort(h.name, port)
	if n.listeners[key] != nil {
		return nil, os.NewSyscallError("bind", syscall.EADDRINUSE)
	}
	l := &listener{network: n, host: h, port: port, address: &net.TCPAddr{IP: h.ip, Port: number}}
	l.changed.L = &l.mu
	n.listeners[key], n.listened[key] = l, true
	return l, nil
}

// Accept returns the next connection. After Close the error is a *net.OpError of
// net.ErrClosed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, v, err := l.next()
		switch {
		case err != nil:
			return nil, err
		case v == nil:
			return c.serverEnd, nil
		}
		c.breakOff()
	}
}

// next returns the next connection, and what is wrong with it if that is not the error.
func (l *listener) next() (*connection, *Verdict, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.backlog) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return nil, nil, l.error("accept")
	}
	v := l.failAccept()
	if v != nil && v.Err != nil { // the connection can be accepted later
		return nil, nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.address, Err: v.Err}
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	return c, v, nil
}

// Close stops listening. Connections that were not accepted are reset.
func (l *listener) Close() error {
	l.network.mu.Lock()
	if key := net.JoinHostPort(l.host.name, l.port); l.network.listeners[key] == l {
		delete(l.network.listeners, key)
	}
	l.network.mu.Unlock()
	if !l.shut() {
		return l.error("close")
	}
	return nil
}

// Addr returns the address, a *net.TCPAddr.
func (l *listener) Addr() net.Addr { return l.address }

func (l *listener) error(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.address, Err: net.ErrClosed}
}

// push hands a connection over; false means that nobody will accept it.
func (l *listener) push(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.backlog = append(l.backlog, c)
	l.changed.Signal()
	return true
}

func (l *listener) shut() bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.closed = true
	left := l.backlog
	l.backlog = nil
	l.changed.Broadcast()
	l.mu.Unlock()
	for _, c := range left {
		c.breakOff()
	}
	return true
}

// name is an address that has not become a *net.TCPAddr.
type name string

func (name) Network() string  { return "tcp" }
func (a name) String() string { return string(a) }

// splitAddress takes "host:port" apart; ports are numbers.
func splitAddress(address string) (host, port string, number int, err error) {
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", 0, err
	}
	number, err = strconv.Atoi(port)
	if err != nil || number < 0 || number > 65535 {
		return "", "", 0, &net.AddrError{Err: "the port is not a number from 0 to 65535", Addr: address}
	}
	return host, strconv.Itoa(number), number, nil // not "080"
}
