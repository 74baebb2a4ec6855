package toxics

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// link is one direction of a connection: it takes what one endpoint writes, passes it
// through a chain of stages and delivers it to the other endpoint. It does what
// toxiproxy's ToxicLink does, with three differences: it holds no mutex while it waits,
// whatever ends it ends all of its goroutines, and a stage can be switched and added
// while data flows.
type link struct {
	conn      *connection
	direction Direction
	taking    fakeloop.Passage // what passes the gate
	giving    fakeloop.Passage
	from, to  *queue
	back      *queue // what the receiving endpoint writes
	tasks     *sync.WaitGroup
	grown     chan struct{} // one slot: there are stages to add

	reset atomic.Bool // the end of this link is to be a reset

	mu      sync.Mutex
	changed sync.Cond // held or killed
	slots   []*slot
	stages  []*stage
	waiting []*stage // to be added to the end of the chain
	held    int      // how many partitions hold this direction
	killed  bool
}

// slot is a toxic's place in the chain of one link.
type slot struct {
	applied  *Applied
	rand     *rand.Rand
	stages   []*stage
	switched int // how often it was switched on later
}

func newLink(c *connection, d Direction, from, to, back *queue) *link {
	n := c.network
	l := &link{
		conn: c, direction: d, taking: c.passage("take " + d.String()), giving: c.passage("deliver " + d.String()),
		from: from, to: to, back: back, tasks: &n.tasks, grown: make(chan struct{}, 1),
	}
	l.changed.L = &l.mu
	return l
}

// start runs the link with the slots that it has.
func (l *link) start() {
	first := make(chan *stream.StreamChunk)
	last := l.grow(first, nil)
	l.tasks.Go(func() { l.read(first) })
	l.tasks.Go(func() { l.write(last) })
}

// add puts a slot at the end of the chain: data that has left the chain is not
// affected.
func (l *link) add(s *slot, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.killed {
		return
	}
	parts := l.parts(s.applied, s.rand)
	for i, p := range parts {
		behind := 0
		if i+1 < len(parts) {
			behind = parts[i+1].buffer
		}
		if !on {
			p = passOn
		}
		s.stages = append(s.stages, newStage(p, behind))
	}
	l.slots = append(l.slots, s)
	l.waiting = append(l.waiting, s.stages...)
	select {
	case l.grown <- struct{}{}:
	default:
	}
}

// grow appends the stages that wait for it to the chain whose end is last, and returns
// the new end. Whoever reads the end calls it, so that no chunk gets ahead of another;
// if he has read one already, that one goes first.
func (l *link) grow(last <-chan *stream.StreamChunk, read *stream.StreamChunk) <-chan *stream.StreamChunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	if read != nil {
		rest, again := last, make(chan *stream.StreamChunk)
		l.tasks.Go(func() {
			defer close(again)
			again <- read
			for c := range rest {
				again <- c
			}
		})
		last = again
	}
	for _, s := range l.waiting {
		in := last
		l.tasks.Go(func() { s.run(in) })
		last = s.out
	}
	l.stages = append(l.stages, l.waiting...)
	l.waiting = nil
	return last
}

// set switches a fault of this link on, or off, or changes what it does.
func (l *link) set(a *Applied, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.slots {
		if s.applied == a {
			s.set(l, on)
		}
	}
}

func (s *slot) set(l *link, on bool) {
	var parts []part
	if on {
		// What is interrupted may still draw from its own generator.
		s.switched++
		parts = l.parts(s.applied, s.applied.rand(l.conn, s.switched))
	}
	// The last one first: what a stage has prepared must find it prepared.
	for i, st := range slices.Backward(s.stages) {
		if on {
			st.set(&parts[i])
		} else {
			st.set(nil)
		}
	}
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
	l.killStages()
	l.from.abandon()
	l.to.end()
}

func (l *link) killStages() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = true
	l.changed.Broadcast()
	for _, list := range [][]*stage{l.stages, l.waiting} {
		for _, s := range list {
			s.kill()
		}
	}
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
func (l *link) write(last <-chan *stream.StreamChunk) {
	for open := true; open; {
		select {
		case c := <-last:
			select {
			case <-l.grown:
				last = l.grow(last, c)
				continue
			default:
			}
			open = c != nil && (len(c.Data) == 0 || l.pass() && l.to.put(c.Data))
		case <-l.grown:
			last = l.grow(last, nil)
		}
	}
	if l.pass() {
		l.end()
	}
	// What is still in the chain, or comes, has nowhere to go.
	l.killStages()
	for range last {
	}
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
