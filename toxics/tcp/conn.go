package tcp

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// conn is one proxied connection: two TCP connections and, between them, one
// toxiproxy link for each direction.
type conn struct {
	generation *generation
	client     *net.TCPConn
	upstream   *net.TCPConn
	ordinal    int // among those of the generation, from 1
	links      [toxics.Directions]*link
	open       atomic.Int32 // links whose writer has not ended
}

// link is what the stages of one direction know about their connection.
type link struct {
	conn *conn
	dest *net.TCPConn

	reset atomic.Bool // the end of this link is to be RST
	once  sync.Once
	stop  chan struct{} // closed when nothing more can be delivered
}

func newConn(g *generation, client, upstream *net.TCPConn) *conn {
	c := &conn{generation: g, client: client, upstream: upstream}
	c.links[toxics.Upstream] = &link{conn: c, dest: upstream, stop: make(chan struct{})}
	c.links[toxics.Downstream] = &link{conn: c, dest: client, stop: make(chan struct{})}
	c.open.Store(toxics.Directions)
	return c
}

// kill ends the connection now, whatever is in flight.
func (c *conn) kill() {
	for _, l := range c.links {
		l.end()
	}
	c.client.Close()
	c.upstream.Close()
}

func (l *link) end() { l.once.Do(func() { close(l.stop) }) }

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
		// With linger 0 the kernel sends RST instead of FIN. An error means that
		// the connection is gone, which is what was wanted.
		c.client.SetLinger(0)
		c.upstream.SetLinger(0)
		c.kill()
	}
	err := l.dest.Close()
	l.end()
	if c.open.Add(-1) == 0 {
		c.generation.ended(c)
	}
	return err
}
