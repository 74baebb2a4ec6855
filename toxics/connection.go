package toxics

import (
	"math/rand/v2"
	"net"
	"sync/atomic"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// connection is two endpoints and, between them, a link for each direction.
type connection struct {
	network              *Network
	client, server       *Host
	port                 string
	clientEnd, serverEnd *Conn

	sent, arrived [Directions]*queue // what endpoints wrote, and what they may read
	links         [Directions]*link  // from start on
	open          atomic.Int32       // links that have not ended

	lot     int          // 0: as the seed of the plan says; set before start
	doomed  bool         // it was reset before it was handed over; guarded by the network's mutex
	from    string       // the line in the user's code that dialled; with fault points
	ordinal atomic.Int64 // among the connections of its client to its server's port, from 1; 0 until then
}

func newConnection(n *Network, client *Host, to *listener) *connection {
	c := &connection{network: n, client: client, server: to.host, port: to.port}
	for d := range c.sent {
		c.sent[d] = newQueue(n.config.SendBuffer)
		c.arrived[d] = newQueue(n.config.ReceiveBuffer)
	}
	pass := func(end string) func(string) {
		return func(what string) { n.pass(c.passage(end + " " + what)) }
	}
	from := client.ephemeral()
	c.clientEnd = newConn(c.arrived[Downstream], c.sent[Upstream], from, to.address, pass("client"))
	c.serverEnd = newConn(c.arrived[Upstream], c.sent[Downstream], to.address, from, pass("server"))
	return c
}

// pair is the name that the connection shares with others of the same kind.
func (c *connection) pair() string { return pairOf(c.client.name, c.server.name, c.port) }

func pairOf(client, server, port string) string {
	return client + ">" + net.JoinHostPort(server, port)
}

// Route, Number, Lot, Hold, Add and Set are those of a [Wire].
func (c *connection) Route() (client, server, port string) {
	return c.client.name, c.server.name, c.port
}
func (c *connection) Number() int                          { return int(c.ordinal.Load()) }
func (c *connection) Lot() string                          { return c.lotName() }
func (c *connection) Hold(d Direction, by int)             { c.links[d].hold(by) }
func (c *connection) Set(d Direction, a *Applied, on bool) { c.links[d].chain.Set(a, on) }
func (c *connection) Add(d Direction, a *Applied, r *rand.Rand, on bool) {
	c.links[d].chain.Add(a, r, on)
}

// passage is what something about the connection is called at the gate.
func (c *connection) passage(what string) fakeloop.Passage {
	return fakeloop.Passage{
		What: what, From: c.client.name, To: net.JoinHostPort(c.server.name, c.port), Count: int(c.ordinal.Load()),
	}
}

// start makes the connection the next of its pair, with the faults that are now in
// force. The caller holds the network's mutex.
func (c *connection) start() {
	n := c.network
	c.ordinal.Store(int64(n.ledger.Number(c.Route())))
	c.links[Upstream] = newLink(c, Upstream, c.sent[Upstream], c.arrived[Upstream], c.sent[Downstream])
	c.links[Downstream] = newLink(c, Downstream, c.sent[Downstream], c.arrived[Downstream], c.sent[Upstream])
	n.conns = append(n.conns, c)
	n.ledger.Begin(c)
	c.open.Store(Directions)
	for _, l := range c.links {
		l.start()
	}
}

func (c *connection) linkEnded() {
	if c.open.Add(-1) == 0 {
		c.network.forget(c)
	}
}

// breakOff resets the connection at both ends. What has arrived can still be read.
func (c *connection) breakOff() {
	c.breakQueues()
	c.kill()
}

func (c *connection) breakQueues() {
	for d := range c.sent {
		c.sent[d].set(func() {
			c.sent[d].reset, c.sent[d].abandoned = true, true
			c.sent[d].drop()
		})
		c.arrived[d].breakOff()
	}
}

// kill ends the connection now, whatever is in flight.
func (c *connection) kill() {
	for _, l := range c.links {
		l.kill()
	}
}
