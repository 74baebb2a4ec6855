package toxics

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Config says how a virtual network is set up. The zero Config is a network without
// faults.
type Config struct {
	// Plan is what the network does wrong. Its schedules start with the network.
	Plan Plan

	// HalfClose lets the end of one direction leave the other one open, as TCP does.
	// Without it the end of either closes the connection, as toxiproxy does, so
	// that both engines agree.
	HalfClose bool

	// SendBuffer is how many bytes an endpoint may have written that the network
	// has not taken yet: Write waits when there are more. 0 means no limit at a Gate,
	// and otherwise 16 MiB, which no ordinary program fills; a negative number is no
	// limit. A small one shows how code takes back-pressure, but a Write that waits
	// under a mutex for which others wait keeps virtual time from passing, which is why
	// there is none at a Gate. Who writes for ever and waits for nothing gets ENOBUFS
	// when a GiB has not been taken.
	SendBuffer int

	// ReceiveBuffer is how many bytes may have been delivered that an endpoint has
	// not read yet. 0 means 64 KiB; a negative number is no limit.
	ReceiveBuffer int

	// Gate orders the events of the network, such as that of a loop in the bubble: it
	// must be the bubble's. nil means that they are ordered by their instants only.
	// The loop may be closed before the network or after it.
	Gate Gate

	// Faults says what goes wrong besides the plan, point by point; nil means nothing.
	Faults FaultPoints

	// JoinWrites makes one fault point of all that an end writes before the network takes
	// it, however often Write is called for that, so at a Gate what it writes at one
	// instant: for libraries whose goroutines race for what goes into one Write. The fault
	// strikes the first of these calls, and when that has timed out all others do.
	JoinWrites bool

	_ struct{}
}

const (
	defaultSendBuffer    = 16 << 20
	defaultReceiveBuffer = 64 << 10
)

// errClosed says that it is the network which is closed, and not a connection of it.
var errClosed = fmt.Errorf("the network is closed: %w", net.ErrClosed)

// DefaultHost is the host that Network.DialContext dials from.
const DefaultHost = "client"

// Network is a network in memory, with hosts that have names. In a testing/synctest
// bubble its delays take virtual time: none. It must be made and used inside the
// bubble, and closed before the bubble's end: elsewhere its methods fail or panic. Outside a
// bubble it works in real time. All methods are safe for concurrent use.
type Network struct {
	config  Config
	bubble  uint64 // where it was made; 0 outside of bubbles
	exact   bool   // no skew
	ledger  *Ledger
	points  *Points
	closing chan struct{}
	tasks   sync.WaitGroup // every goroutine and timer of the network

	mu        sync.Mutex
	closed    bool
	hosts     map[string]*Host // by name and by address
	addresses int              // given to hosts
	listeners map[string]*listener
	listened  map[string]bool // where there has ever been a listener
	servers   []*http.Server
	conns     []*connection  // in the order in which they were handed over
	dialled   map[string]int // connections, by pair; with fault points
	made      []*connection  // likewise
}

// NewNetwork starts a network. Close it when done. The error is about the plan:
// errors.Is finds ErrInvalid.
func NewNetwork(c Config) (*Network, error) {
	if err := c.Plan.Validate(); err != nil {
		return nil, err
	}
	switch {
	case c.SendBuffer == 0 && c.Gate != nil:
		c.SendBuffer = -1
	case c.SendBuffer == 0:
		c.SendBuffer = defaultSendBuffer
	}
	if c.ReceiveBuffer == 0 {
		c.ReceiveBuffer = defaultReceiveBuffer
	}
	n := &Network{
		config: c, bubble: fakeloop.CurrentBubble(), closing: make(chan struct{}),
		hosts: map[string]*Host{}, listeners: map[string]*listener{}, listened: map[string]bool{},
	}
	n.ledger = NewLedger(LedgerConfig{Seed: c.Plan.Seed, After: n.after, Skew: n.scheduleSkew, Sleep: n.sleep, AtOnce: n.note})
	n.ledger.Install(c.Plan)
	n.points = NewPoints(c.Faults)
	return n, nil
}

// checkMade panics if there is no network, or one that NewNetwork did not make.
func (n *Network) checkMade(call string) {
	if n == nil || n.closing == nil {
		panic("toxics: " + call + " with a nil or zero Network; NewNetwork makes one, and a tunnel of package asynctest has one")
	}
}

// check returns an error if the network cannot be used any more, or not here.
func (n *Network) check() error {
	n.mu.Lock()
	closed := n.closed
	n.mu.Unlock()
	if closed {
		return errClosed
	}
	return n.foreign()
}

// foreign returns an error if the network must not be used where it is called: the runtime
// would end the process.
func (n *Network) foreign() error {
	if b := fakeloop.CurrentBubble(); b != n.bubble {
		return fmt.Errorf("toxics: the network was made in bubble %d and is used in bubble %d, where 0 is outside of bubbles: make one in each test, inside its bubble", n.bubble, b)
	}
	return nil
}

// Close ends every connection, whatever is in flight, closes the listeners and the
// servers, lifts the faults, and returns when no goroutine of the network is left. It
// takes no virtual time, but for up to 100 milliseconds if a Bandwidth holds data.
// Dials fail from then on; further calls of Close do nothing. The handlers of a server
// are the caller's: they find their connections closed.
//
// The error tells of faults that name a host that there has never been, or a port at which
// nobody has listened: errors.Is finds [ErrUnmatched]. What else went unmatched
// [Network.Unmatched] has.
func (n *Network) Close() error {
	n.checkMade("Close")
	if err := n.foreign(); err != nil {
		if n.check() == errClosed {
			return nil
		}
		return err
	}
	n.mu.Lock()
	first := !n.closed
	n.closed = true
	listeners, servers, conns := n.listeners, n.servers, slices.Clone(n.conns)
	if first {
		close(n.closing)
		n.ledger.Close()
	}
	n.listeners, n.servers = nil, nil
	var errs []error
	if first {
		errs = append(errs, n.ledger.Strangers(n.places()))
	}
	n.mu.Unlock()

	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	for _, l := range listeners {
		l.shut()
	}
	for _, c := range conns {
		c.kill()
		c.uncover()
	}
	n.tasks.Wait()
	return errors.Join(errs...)
}

// Listen listens at "host:port"; port 0 chooses one that is free. The listener's
// Close frees the address, for a server that starts again. The error is a
// *net.OpError: errors.Is finds syscall.EADDRINUSE or net.ErrClosed.
func (n *Network) Listen(address string) (net.Listener, error) {
	n.checkMade("Listen")
	return n.listen("tcp", address)
}

// Serve listens at the address and serves HTTP there until the network or the server
// that it returns is closed. It panics if it cannot listen: see Listen for a server of
// another kind, and for the error.
func (n *Network) Serve(address string, handler http.Handler) *http.Server {
	n.checkMade("Serve")
	l, err := n.listen("tcp", address)
	if err != nil {
		panic(fmt.Sprintf("toxics: Serve: %v", err))
	}
	s := &http.Server{Handler: handler}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers = append(n.servers, s)
	// The error of Serve is that it was closed.
	n.tasks.Go(func() { _ = s.Serve(l) })
	return s
}

// Open returns the connections that have not ended, in the order in which they were
// handed over, each as it stands in a timeline: "client>api:80#3" is the third one that
// client has made to that port. An end that was closed is not the end of a connection:
// the other end must have been told.
func (n *Network) Open() []string {
	n.checkMade("Open")
	n.mu.Lock()
	defer n.mu.Unlock()
	var open []string
	for _, c := range n.conns {
		open = append(open, fmt.Sprintf("%s#%d", c.pair(), c.ordinal.Load()))
	}
	return open
}

// unended returns the connections that have not ended, and those with a fault in which an end
// may still wait for what a black hole has swallowed. The caller holds the network's mutex.
func (n *Network) unended() []*connection {
	all := slices.Clone(n.conns)
	for _, c := range n.made {
		if c.links[Upstream] != nil && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// forget drops a connection whose links have ended.
func (n *Network) forget(c *connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = slices.DeleteFunc(n.conns, func(o *connection) bool { return o == c })
	n.ledger.End(c)
}

// after calls f after d, when it has passed the gate.
func (n *Network) after(d time.Duration, what string, f func()) (stop func()) {
	n.tasks.Add(1)
	timer := time.AfterFunc(d, func() {
		defer n.tasks.Done()
		n.pass(fakeloop.Passage{What: what})
		f()
	})
	return func() {
		if timer.Stop() {
			n.tasks.Done()
		}
	}
}

// scheduleSkew is by how much a fault is in force before its Start and after its Span.
func (n *Network) scheduleSkew(slot int) time.Duration {
	if n.exact {
		return 0
	}
	r := Rand(n.config.Plan.Seed, "schedule", 0, 0, slot)
	return time.Duration(1 + r.Int64N(mostSkew))
}
