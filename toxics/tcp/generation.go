package tcp

import (
	"context"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// generation is the connections of one proxy under one plan. Its chain of toxics
// is built before its first connection and never changes: that is why there is
// nothing to race with and nothing to deadlock on.
type generation struct {
	network *Network
	plan    toxics.Plan
	place   place
	ledger  *toxics.Ledger
	proxy   *toxiproxy.Proxy // holds the chain; never started
	ctx     context.Context  // ends dials
	cancel  context.CancelFunc
	tasks   sync.WaitGroup // dials, stages and writers

	mu       sync.Mutex
	closed   bool
	linked   int
	conns    map[*conn]struct{}
	starting *conn               // whose links StartLink is building, see stage.NewState
	arrivals map[string]*arrival // by what is awaited
	dials    int                 // under way, which are to know their connection
}

func newGeneration(p *Proxy) (*generation, error) {
	g := &generation{
		network:  p.network,
		plan:     p.plan,
		place:    p.place,
		ledger:   p.ledger,
		proxy:    toxiproxy.NewProxy(p.network.server, p.name, p.addr, p.upstream),
		conns:    map[*conn]struct{}{},
		arrivals: map[string]*arrival{},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	if err := g.install(p.plan); err != nil {
		g.cancel()
		return nil, err
	}
	return g, nil
}

// serve gives the client of a host its number and its faults, and connects it to the
// upstream on a goroutine of its own.
func (g *generation) serve(client *net.TCPConn, host string) {
	c := newConn(g, host, client)
	c.number = g.ledger.Number(c.Route())
	g.ledger.Begin(c)
	if g.place.named {
		g.announce(clientEnd(client.RemoteAddr(), client.LocalAddr()), c)
	}
	g.tasks.Go(func() {
		upstream, err := g.network.dialer.DialContext(g.ctx, "tcp", g.proxy.Upstream)
		if err != nil {
			g.ledger.End(c)
			client.Close()
			return
		}
		c.upstream = upstream.(*net.TCPConn)
		c.links[toxics.Upstream].dest = c.upstream
		if g.place.named && g.network.points != nil {
			g.announce("upstream "+c.upstream.LocalAddr().String(), c)
		}
		g.link(c)
	})
}

// arrival is where one who has a socket at an end of the proxy waits for the connection.
type arrival struct {
	known chan struct{} // closed when conn is set
	conn  *conn
}

// clientEnd is what a client's socket awaits, which is at one address and has dialled the
// other: a host can have the same port on connections to two doors.
func clientEnd(at, dialled net.Addr) string { return "client " + at.String() + ">" + dialled.String() }

// begin says that a dial is under way that is to await its connection, end that it has: what
// nobody awaits then nobody ever will, since it was dialled by others.
func (g *generation) begin() (end func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dials++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.dials--; g.dials == 0 {
			maps.DeleteFunc(g.arrivals, func(at string, _ *arrival) bool { return strings.HasPrefix(at, "client ") })
		}
	}
}

// arrival returns the arrival at an address. Whoever asks second is the last to ask.
func (g *generation) arrival(at string) *arrival {
	a := g.arrivals[at]
	if a != nil {
		delete(g.arrivals, at)
		return a
	}
	a = &arrival{known: make(chan struct{})}
	g.arrivals[at] = a
	return a
}

func (g *generation) announce(at string, c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dials == 0 && strings.HasPrefix(at, "client ") {
		return // nobody awaits it
	}
	a := g.arrival(at)
	a.conn = c
	close(a.known)
}

// await returns the connection that has arrived at an address, or is about to, since a socket
// of it is there; nil if the proxy ends first, or closes the door. The error is the context's.
func (g *generation) await(ctx context.Context, at string, shut <-chan struct{}) (*conn, error) {
	g.mu.Lock()
	a := g.arrival(at)
	g.mu.Unlock()
	var err error
	select {
	case <-a.known:
		return a.conn, nil
	case <-g.ctx.Done():
	case <-shut:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.conn == nil {
		delete(g.arrivals, at)
	}
	return a.conn, err
}

// breakOff resets a connection at both ends.
func (g *generation) breakOff(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.doomed = true
	if _, linked := g.conns[c]; linked {
		c.breakOff()
	}
}

// link puts toxiproxy between the two ends.
func (g *generation) link(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		g.ledger.End(c)
		c.kill()
		return
	}
	if c.doomed {
		g.ledger.End(c)
		c.breakOff()
		return
	}
	g.conns[c] = struct{}{}
	g.linked++
	name := strconv.Itoa(g.linked)

	g.starting = c
	g.tasks.Add(2) // the two writers, which end with sink.Close
	up, down := c.links[toxics.Upstream], c.links[toxics.Downstream]
	g.proxy.Toxics.StartLink(g.network.server, name+"upstream", source{c.client, up}, &sink{up}, stream.Upstream)
	g.proxy.Toxics.StartLink(g.network.server, name+"downstream", source{c.upstream, down}, &sink{down}, stream.Downstream)
	g.starting = nil
}

// ended is called when both links of a connection have been written to their end.
func (g *generation) ended(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	g.ledger.End(c)
}

// close ends every connection and dial, and waits for them.
func (g *generation) close() {
	g.cancel()
	g.mu.Lock()
	g.closed = true
	for c := range g.conns {
		c.kill()
	}
	g.mu.Unlock()
	g.tasks.Wait()
}
