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
	seed    uint64
	proxy   *toxiproxy.Proxy // holds the chain; never started
	ctx     context.Context  // ends dials
	cancel  context.CancelFunc
	tasks   sync.WaitGroup // dials, stages and writers

	mu       sync.Mutex
	closed   bool
	ordinal  int
	conns    map[*conn]struct{}
	starting *conn // whose links StartLink is building, see stage.NewState
}

func newGeneration(p *Proxy) (*generation, error) {
	g := &generation{
		network: p.network,
		seed:    p.plan.Seed,
		proxy:   toxiproxy.NewProxy(p.network.server, p.name, p.addr, p.upstream),
		conns:   map[*conn]struct{}{},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	if err := g.install(p.plan); err != nil {
		g.cancel()
		return nil, err
	}
	return g, nil
}

// serve connects the client to the upstream on a goroutine of its own.
func (g *generation) serve(client *net.TCPConn) {
	g.tasks.Go(func() {
		upstream, err := g.network.dialer.DialContext(g.ctx, "tcp", g.proxy.Upstream)
		if err != nil {
			client.Close()
			return
		}
		g.link(client, upstream.(*net.TCPConn))
	})
}

// link puts toxiproxy between the two ends.
func (g *generation) link(client, upstream *net.TCPConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		client.Close()
		upstream.Close()
		return
	}
	c := newConn(g, client, upstream)
	g.conns[c] = struct{}{}
	g.ordinal++
	c.ordinal = g.ordinal
	name := strconv.Itoa(g.ordinal)

	g.starting = c
	g.tasks.Add(2) // the two writers, which end with sink.Close
	up, down := c.links[toxics.Upstream], c.links[toxics.Downstream]
	g.proxy.Toxics.StartLink(g.network.server, name+"upstream", client, &sink{up}, stream.Upstream)
	g.proxy.Toxics.StartLink(g.network.server, name+"downstream", upstream, &sink{down}, stream.Downstream)
	g.starting = nil
}

// ended is called when both links of a connection have been written to their end.
func (g *generation) ended(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
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
