package toxics

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// FaultPoints says, of each thing that happens on a network, whether it goes wrong, and
// how. [*fakeloop.Loop] does, if its source of decisions is a fakeloop.FaultSource. These
// are the points of a network, with what can happen there:
//
//	lookup client>api              error, timeout, slow, black hole
//	dial client>api:80             refused, error, timeout, slow, black hole
//	accept api:80                  error, which is a temporary one, reset
//	read client<api:80 conn 1      error, timeout, reset, cut, slow, black hole
//	write client>api:80 conn 1     error, timeout, reset, cut
//	close client>api:80 conn 1     error
//
// and the same for the server's end, as in "read api:80<client conn 1". A read is one of
// a chunk that has arrived, or of the end of the stream, whichever calls of Read it
// takes; a write is one call of Write, unless [Config].JoinWrites says otherwise. An error
// at the server's end is remote. A connection is the n-th that was dialled
// from the one to the other, and has no points where it is only waited for.
//
// A black hole lets nothing through any more; the deadlines of the connection go on. A
// slow one is late by fakeloop.SlowFault.
type FaultPoints interface {
	Fault(fakeloop.FaultPoint) *fakeloop.Fault
}

var (
	lookupKinds = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	dialKinds   = []fakeloop.FaultKind{fakeloop.FaultRefused, fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	acceptKinds = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultReset}
	readKinds   = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	endKinds    = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	writeKinds  = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut}
	closeKinds  = []fakeloop.FaultKind{fakeloop.FaultError}
)

// fault asks about one point; nil means that nothing goes wrong.
func (n *Network) fault(name string, kinds []fakeloop.FaultKind, size int, remote bool) *fakeloop.Fault {
	if n.config.Faults == nil {
		return nil
	}
	return n.config.Faults.Fault(fakeloop.FaultPoint{Name: name, Kinds: kinds, Bytes: size, Remote: remote})
}

// failLookup is the fault of a lookup of a name.
func (h *Host) failLookup(ctx context.Context, name string) error {
	if h.network.config.Faults == nil {
		return nil
	}
	f := h.network.fault("lookup "+h.name+">"+name, lookupKinds, 0, false)
	if f == nil {
		return nil
	}
	switch f.Kind {
	case fakeloop.FaultSlow:
		return h.network.sleep(ctx, fakeloop.SlowFault, h.network.rand(f))
	case fakeloop.FaultBlackHole:
		return h.network.vanish(ctx, f)
	case fakeloop.FaultTimeout:
		return &net.DNSError{Err: f.With(errTimeout).Error(), Name: name, IsTimeout: true, IsTemporary: true, UnwrapErr: f.Err()}
	}
	return &net.DNSError{Err: f.With(errMisbehaving).Error(), Name: name, IsTemporary: true, UnwrapErr: f.Err()}
}

// What a resolver of package net says.
var (
	errTimeout     = errors.New("i/o timeout")
	errMisbehaving = errors.New("server misbehaving")
)

// failDial is the fault of a dial.
func (h *Host) failDial(ctx context.Context, server *Host, port string) error {
	if h.network.config.Faults == nil {
		return nil
	}
	f := h.network.fault("dial "+h.name+">"+net.JoinHostPort(server.name, port), dialKinds, 0, false)
	if f == nil {
		return nil
	}
	switch f.Kind {
	case fakeloop.FaultSlow:
		return h.network.sleep(ctx, fakeloop.SlowFault, h.network.rand(f))
	case fakeloop.FaultBlackHole:
		return h.network.vanish(ctx, f)
	case fakeloop.FaultTimeout:
		return f.With(os.NewSyscallError("connect", syscall.ETIMEDOUT))
	case fakeloop.FaultRefused:
		return f.With(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	return f.With(os.NewSyscallError("connect", syscall.EHOSTUNREACH))
}

// rand is the generator of what a fault draws.
func (n *Network) rand(f *fakeloop.Fault) *rand.Rand {
	return Rand(n.config.Plan.Seed, "fault "+f.Point, 1, Upstream, 0)
}

// vanish waits as who is never answered does: as long as Linux tries to connect.
func (n *Network) vanish(ctx context.Context, f *fakeloop.Fault) error {
	const linux = 127 * time.Second
	if err := n.sleep(ctx, linux, n.rand(f)); err != nil {
		return err
	}
	return os.NewSyscallError("connect", syscall.ETIMEDOUT)
}

// failAccept is the fault of handing over a connection.
func (l *listener) failAccept() *fakeloop.Fault {
	if l.network.config.Faults == nil {
		return nil
	}
	return l.network.fault("accept "+net.JoinHostPort(l.host.name, l.port), acceptKinds, 0, true)
}

// faultyEnd is what an end of a connection needs to go wrong.
type faultyEnd struct {
	network  *Network
	conn     *connection
	from, to string // "client>api:80 conn 1" and "client<api:80 conn 1"
	remote   bool
	broken   error // of every Write; guarded by out's mutex
}

// makeFaulty gives the ends of a connection their fault points. The caller holds the
// network's mutex.
func (c *connection) makeFaulty() {
	n := c.network
	if n.config.Faults == nil {
		return
	}
	if n.dialled == nil {
		n.dialled = map[string]int{}
	}
	n.dialled[c.pair()]++
	n.made = append(n.made, c)
	c.from = fakeloop.UserLine()
	server, number := net.JoinHostPort(c.server.name, c.port), " conn "+strconv.Itoa(n.dialled[c.pair()])
	c.clientEnd.faulty = &faultyEnd{network: n, conn: c, to: c.client.name + ">" + server + number, from: c.client.name + "<" + server + number}
	c.serverEnd.faulty = &faultyEnd{network: n, conn: c, to: server + ">" + c.client.name + number, from: server + "<" + c.client.name + number, remote: true}
	for _, end := range []*Conn{c.clientEnd, c.serverEnd} {
		end.in.inspect = end.faulty.inspect
	}
}

// Unclosed returns, for each connection that whoever dialled it has not closed, whatever
// has become of it, from where to where it goes, and the line in the user's code that
// dialled if there is one, as "client>api:80, dialled at client.go:12", in order. It is
// known if the network has [Config].Faults only.
func (n *Network) Unclosed() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, c := range n.made {
		if !c.clientEnd.closed.Load() {
			text := c.pair()
			if c.from != "" {
				text += ", dialled at " + c.from
			}
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// inspect is called once for each chunk that has arrived, and for the end of the stream,
// whose size is 0, when it is about to be read.
func (e *faultyEnd) inspect(size int) *fakeloop.Fault {
	if size == 0 {
		return e.network.fault("read "+e.from, endKinds, 0, e.remote)
	}
	return e.network.fault("read "+e.from, readKinds, size, e.remote)
}

// read is Conn.Read for an end with fault points.
func (e *faultyEnd) read(c *Conn, b []byte) (int, error) {
	n, err := c.in.read(b, &c.reading)
	if injected, ok := err.(*fakeloop.InjectedError); ok && injected.Kind == fakeloop.FaultReset {
		e.conn.resetBy()
	}
	return n, err
}

// write is Conn.Write for an end with fault points.
func (e *faultyEnd) write(c *Conn, b []byte) (int, error) {
	if len(b) == 0 || c.closed.Load() || c.writing.passed() {
		return c.out.write(b, &c.writing)
	}
	var broken error
	c.out.look(func() { broken = e.broken })
	if broken != nil {
		return 0, broken
	}
	joins := e.network.config.JoinWrites
	if joins && c.out.holds() {
		return c.out.write(b, &c.writing)
	}
	f := e.network.fault("write "+e.to, writeKinds, len(b), e.remote)
	if f == nil {
		return c.out.write(b, &c.writing)
	}
	switch f.Kind {
	case fakeloop.FaultTimeout:
		err := f.With(os.ErrDeadlineExceeded)
		if joins {
			c.out.look(func() { e.broken = err })
		}
		return 0, err
	case fakeloop.FaultReset:
		err := f.With(os.NewSyscallError("write", syscall.ECONNRESET))
		c.out.look(func() { e.broken = err })
		e.conn.resetBy()
		return 0, err
	}
	err := f.With(os.NewSyscallError("write", syscall.EPIPE))
	c.out.look(func() { e.broken = err })
	if f.Kind != fakeloop.FaultCut {
		return 0, err
	}
	n, other := c.out.write(b[:f.Cut(len(b))], &c.writing)
	c.out.end()
	if other != nil {
		return n, other
	}
	return n, err
}

// resetBy resets the connection, which may not have been handed over yet.
func (c *connection) resetBy() {
	c.network.mu.Lock()
	c.doomed = true
	begun := c.links[Upstream] != nil
	c.network.mu.Unlock()
	if begun {
		c.breakOff()
	} else {
		c.breakQueues()
	}
}

// close is the fault of a Close, which closes all the same.
func (e *faultyEnd) close() error {
	if f := e.network.fault("close "+e.to, closeKinds, 0, e.remote); f != nil {
		return f.With(os.NewSyscallError("close", syscall.EIO))
	}
	return nil
}
