package toxics

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// link is one direction of a connection: it takes what one endpoint writes, passes it
// through a chain of stages and delivers it to the other endpoint. It does what
// toxiproxy's ToxicLink does, with the differences that a Chain makes.
type link struct {
	conn      *connection
	direction Direction
	taking    fakeloop.Passage // what passes the gate
	giving    fakeloop.Passage
	from, to  *queue
	back      *queue // what the receiving endpoint writes
	tasks     *sync.WaitGroup
	chain     *Chain

	reset atomic.Bool // the end of this link is to be a reset

	mu      sync.Mutex
	changed sync.Cond // held or killed
	held    int       // how many partitions hold this direction
	killed  bool
}

func newLink(c *connection, d Direction, from, to, back *queue) *link {
	n := c.network
	l := &link{
		conn: c, direction: d, taking: c.passage("take " + d.String()), giving: c.passage("deliver " + d.String()),
		from: from, to: to, back: back, tasks: &n.tasks,
	}
	l.chain = NewChain(ChainConfig{
		Wire: c, Go: n.tasks.Go, Reset: func() { l.reset.Store(true) },
		Skew:   func(slot int) func() time.Duration { return l.newSkew(slot).next },
		PutOff: func(slot int) time.Duration { return c.putOff(d, slot) },
	})
	l.changed.L = &l.mu
	return l
}

// start runs the link with the toxics that it has.
func (l *link) start() {
	first := make(chan *stream.StreamChunk)
	l.tasks.Go(func() { l.read(first) })
	l.tasks.Go(func() { l.write(first) })
}

// hold counts the partitions that hold this direction.
func (l *link) hold(by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held += by
	l.changed.Broadcast()
}

// kill ends the link now, whatever is in flight.
func (l *link) kill() {
	l.mu.Lock()
	l.killed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.chain.Kill()
	l.from.abandon()
	l.to.end()
}

// pass returns when something may be delivered: when no partition holds it, and it is
// its turn. false means that the link has been killed.
func (l *link) pass() bool {
	for {
		if !l.awaitRelease() {
			return false
		}
		l.conn.network.pass(l.giving)
		l.mu.Lock()
		held, killed := l.held > 0, l.killed
		l.mu.Unlock()
		if !held || killed {
			return !killed
		}
	}
}

func (l *link) awaitRelease() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.held > 0 && !l.killed {
		l.changed.Wait()
	}
	return !l.killed
}

// read takes what the endpoint writes, until its end.
func (l *link) read(first chan<- *stream.StreamChunk) {
	defer close(first)
	n := l.conn.network
	gated := n.config.Gate != nil
	for {
		if gated {
			l.from.await()
			n.passFirst(l.taking)
		}
		data, err := l.from.take(gated)
		if err != nil {
			if errors.Is(err, syscall.ECONNRESET) {
				l.reset.Store(true)
			}
			return
		}
		for now := time.Now(); len(data) > 0; {
			size := min(len(data), maxSegment)
			first <- &stream.StreamChunk{Data: data[:size:size], Timestamp: now}
			data = data[size:]
		}
	}
}

// write delivers what has passed the chain, and its end.
func (l *link) write(first <-chan *stream.StreamChunk) {
	l.chain.Run(first,
		func(c *stream.StreamChunk) bool { return l.pass() && l.to.put(c.Data) },
		func() {
			if l.pass() {
				l.end()
			}
		})
	l.conn.linkEnded()
}

// end ends the stream at the receiver. As in toxiproxy, whose proxy then closes the
// socket, that is the end of the other direction too, but for what it has taken.
func (l *link) end() {
	switch {
	case l.reset.Load():
		l.conn.breakOff()
	case l.conn.network.config.HalfClose && l.from.drained():
		l.to.end()
	default:
		l.back.abandon()
		l.to.end()
	}
}

// newSkew is the skew of one of the link's toxics.
func (l *link) newSkew(slot int) *skew {
	c := l.conn
	if c.network.exact {
		return &skew{}
	}
	return newSkew(Rand(c.network.config.Plan.Seed, c.pair()+c.lotName()+" skew", int(c.ordinal.Load()), l.direction, slot))
}
