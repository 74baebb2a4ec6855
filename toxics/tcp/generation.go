package tcp

import (
	"context"
	"net"
	"strconv"
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
	starting *conn                    // whose links StartLink is building, see stage.NewState
	arrivals map[string]chan struct{} // by address of the client; closed when it has begun
}

func newGeneration(p *Proxy) (*generation, error) {
	g := &generation{
		network:  p.network,
		plan:     p.plan,
		place:    p.place,
		ledger:   p.ledger,
		proxy:    toxiproxy.NewProxy(p.network.server, p.name, p.addr, p.upstream),
		conns:    map[*conn]struct{}{},
		arrivals: map[string]chan struct{}{},
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
		close(g.arrival(client.RemoteAddr()))
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
		g.link(c)
	})
}

// arrival is the channel that is closed when the connection from an address has begun. Whoever
// asks second is the last to ask.
func (g *generation) arrival(from net.Addr) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	begun, ok := g.arrivals[from.String()]
	if ok {
		delete(g.arrivals, from.String())
		return begun
	}
	begun = make(chan struct{})
	g.arrivals[from.String()] = begun
	return begun
}

// awaitArrival returns when the connection from an address has begun, so that what is dialled
// later begins later. Both are near: it has been dialled.
func (g *generation) awaitArrival(from net.Addr) {
	select {
	case <-g.arrival(from):
	case <-g.ctx.Done():
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
	g.conns[c] = struct{}{}
	g.linked++
	name := strconv.Itoa(g.linked)

	g.starting = c
	g.tasks.Add(2) // the two writers, which end with sink.Close
	up, down := c.links[toxics.Upstream], c.links[toxics.Downstream]
	g.proxy.Toxics.StartLink(g.network.server, name+"upstream", c.client, &sink{up}, stream.Upstream)
	g.proxy.Toxics.StartLink(g.network.server, name+"downstream", c.upstream, &sink{down}, stream.Downstream)
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
