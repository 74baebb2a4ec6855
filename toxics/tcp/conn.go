package tcp

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// conn is one proxied connection: two TCP connections and, between them, one
// toxiproxy link for each direction.
type conn struct {
	generation *generation
	host       string // that dialled
	number     int    // among the connections of the host to the proxy, from 1
	client     *net.TCPConn
	upstream   *net.TCPConn // from when it is there
	links      [toxics.Directions]*link
	open       atomic.Int32 // links whose writer has not ended
	doomed     bool         // it is to be reset; guarded by the generation's mutex
}

// link is what the stages of one direction know about their connection.
type link struct {
	conn *conn
	dest *net.TCPConn // from when it is there

	hits  map[int]*rand.Rand    // where toxics of the plan draw from that apply, by slot
	own   map[int]*toxics.Chain // those that toxiproxy does not have, likewise
	later *toxics.Chain         // of the faults

	ended atomic.Bool // the source has been read to its end
	reset atomic.Bool // the end of this link is to be RST
	once  sync.Once
	stop  chan struct{} // closed when nothing more can be delivered

	mu       sync.Mutex
	held     int           // how many partitions hold this direction
	released chan struct{} // closed when none holds it any more
}

func newConn(g *generation, host string, client *net.TCPConn) *conn {
	c := &conn{generation: g, host: host, client: client}
	for d := range c.links {
		l := &link{conn: c, hits: map[int]*rand.Rand{}, own: map[int]*toxics.Chain{}, stop: make(chan struct{})}
		l.later = l.chain()
		c.links[d] = l
	}
	c.links[toxics.Downstream].dest = client
	c.open.Store(toxics.Directions)
	return c
}

// Route, Number, Lot, Hold, Add and Set are those of a [toxics.Wire].
func (c *conn) Route() (client, server, port string) {
	return c.host, c.generation.place.host, c.generation.place.port
}

func (c *conn) Number() int { return c.number }

func (c *conn) Lot() string { return "" }

func (c *conn) Hold(d toxics.Direction, by int) { c.links[d].hold(by) }

func (c *conn) Add(d toxics.Direction, a *toxics.Applied, r *rand.Rand, on bool) {
	l, slot := c.links[d], a.Slot()
	list := c.generation.plan.Toxics
	if slot >= len(list) {
		l.later.Add(a, r, on)
		return
	}
	l.hits[slot] = r
	if !isGenuine(list[slot]) {
		l.own[slot] = l.chain()
		l.own[slot].Add(a, r, on)
	}
}

func (c *conn) Set(d toxics.Direction, a *toxics.Applied, on bool) { c.links[d].later.Set(a, on) }

// kill ends the connection now, whatever is in flight.
func (c *conn) kill() {
	for _, l := range c.links {
		l.end()
	}
	c.client.Close()
	c.upstream.Close()
}

// breakOff is kill with a reset of both ends.
func (c *conn) breakOff() {
	// With linger 0 the kernel sends RST instead of FIN. An error means that
	// the connection is gone, which is what was wanted.
	c.client.SetLinger(0)
	c.upstream.SetLinger(0)
	c.kill()
}

func (l *link) chain() *toxics.Chain {
	return toxics.NewChain(toxics.ChainConfig{
		Wire: l.conn, Go: l.conn.generation.tasks.Go, Reset: func() { l.reset.Store(true) },
	})
}

func (l *link) end() {
	l.once.Do(func() {
		close(l.stop)
		l.later.Kill()
		for _, c := range l.own {
			c.Kill()
		}
	})
}

// hold counts the partitions that hold the direction.
func (l *link) hold(by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held += by; l.held == 0 {
		close(l.released)
	} else if l.held == by {
		l.released = make(chan struct{})
	}
}

// awaitRelease returns when no partition holds the direction; false means that the link is
// to end.
func (l *link) awaitRelease() bool {
	for {
		l.mu.Lock()
		held, released := l.held > 0, l.released
		l.mu.Unlock()
		if !held {
			return true
		}
		select {
		case <-released:
		case <-l.stop:
			return false
		}
	}
}

// source is where toxiproxy's link reads from.
type source struct {
	*net.TCPConn
	link *link
}

func (s source) Read(b []byte) (int, error) {
	n, err := s.TCPConn.Read(b)
	if err == io.EOF {
		s.link.ended.Store(true)
	}
	return n, err
}

// WriteTo is no short cut of the kernel's: Read has to see the end.
func (s source) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{s}) }

// sink is where toxiproxy's link writes to. toxiproxy closes it exactly once,
// after the last write, whether that failed or not. That is the one moment at
// which it is known that nobody will take another chunk.
type sink struct{ link *link }

func (s *sink) Write(b []byte) (int, error) { return s.link.dest.Write(b) }

func (s *sink) Close() error {
	l, c := s.link, s.link.conn
	defer c.generation.tasks.Done()
	if l.reset.Load() {
		awaitDelivery(l.dest, l.stop)
		c.breakOff()
	}
	var err error
	if c.generation.network.halves && l.ended.Load() && !l.reset.Load() {
		err = l.dest.CloseWrite()
	} else {
		err = l.dest.Close()
	}
	l.end()
	if c.open.Add(-1) == 0 {
		c.client.Close()
		c.upstream.Close()
		c.generation.ended(c)
	}
	return err
}
