package toxics

import (
	"context"
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// failLookup is the fault of a lookup of a name.
func (h *Host) failLookup(ctx context.Context, name string) error {
	return h.network.undergo(ctx, h.network.points.Lookup(h.name, name))
}

// failDial is the fault of a dial.
func (h *Host) failDial(ctx context.Context, server *Host, port string) error {
	return h.network.undergo(ctx, h.network.points.Dial(h.name, server.name, port))
}

// undergo waits for as long as a verdict says, and returns what it says then.
func (n *Network) undergo(ctx context.Context, v *Verdict) error {
	if v == nil {
		return nil
	}
	if v.Late > 0 {
		if err := n.sleep(ctx, v.Late, Rand(n.config.Plan.Seed, "fault "+v.Point, 1, Upstream, 0)); err != nil {
			return err
		}
	}
	return v.Err
}

// failAccept is the fault of handing over a connection.
func (l *listener) failAccept() *Verdict { return l.network.points.Accept(l.host.name, l.port) }

// faultyEnd is what an end of a connection needs to go wrong.
type faultyEnd struct {
	conn   *connection
	points *EndPoints
	broken error // of every Write; guarded by out's mutex
	joins  bool  // see Config.JoinWrites
}

// makeFaulty gives the ends of a connection their fault points. The caller holds the
// network's mutex.
func (c *connection) makeFaulty() {
	n := c.network
	if n.points == nil {
		return
	}
	if n.dialled == nil {
		n.dialled = map[string]int{}
	}
	n.dialled[c.pair()]++
	n.made = append(n.made, c)
	c.from = fakeloop.UserLine()
	client, server := n.points.Ends(c.client.name, c.server.name, c.port, n.dialled[c.pair()])
	c.clientEnd.faulty = &faultyEnd{conn: c, points: client, joins: n.config.JoinWrites}
	c.serverEnd.faulty = &faultyEnd{conn: c, points: server, joins: n.config.JoinWrites}
	for _, end := range []*Conn{c.clientEnd, c.serverEnd} {
		end.in.inspect = end.faulty.points.Read
	}
}

// Unclosed returns, for each connection that whoever dialled it has not closed, whatever
// has become of it, from where to where it goes, and the line in the user's code that
// dialled if there is one, as "client>api:80, dialled at client.go:12", in order. It is
// known if the network has [Config].Faults only.
func (n *Network) Unclosed() []string {
	n.checkMade("Unclosed")
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
	if e.joins && c.out.holds() {
		return c.out.write(b, &c.writing)
	}
	v := e.points.Write(len(b))
	if v == nil {
		return c.out.write(b, &c.writing)
	}
	if v.Lasting || e.joins {
		c.out.look(func() { e.broken = v.Err })
	}
	if v.Reset {
		e.conn.resetBy()
	}
	if v.Pass < 0 {
		return 0, v.Err
	}
	n, other := c.out.write(b[:v.Pass], &c.writing)
	c.out.end()
	if other != nil {
		return n, other
	}
	return n, v.Err
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
