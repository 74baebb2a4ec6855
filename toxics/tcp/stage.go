package tcp

import (
	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// piper is how a stage passes chunks on. pipe returns when the input is at its
// end, when the stage has closed its output, or soon after l.stop is closed; until
// then it may block on its output, because every stage behind it goes on
// receiving.
type piper interface {
	pipe(stub *tox.ToxicStub, l *link)
}

// stage is the toxic that toxiproxy runs in place of each one it made.
type stage struct {
	generation *generation
	direction  toxics.Direction
	slot       int // place in the plan's Toxics; -1 for a stage of every link
	piper      piper
}

// NewState is called by StartLink, under generation.mu, for each stage of a new
// link: the one place where a toxic can learn which connection it works for.
func (s *stage) NewState() any {
	s.generation.tasks.Add(1)
	return s.generation.starting.links[s.direction]
}

// Pipe runs the stage to the end of its link, and leaves nobody waiting: its
// output is closed, and what still comes in is dropped.
func (s *stage) Pipe(outer *tox.ToxicStub) {
	defer s.generation.tasks.Done()
	l := outer.State.(*link)
	// toxiproxy's toxics return when they can receive from Interrupt, so a stub
	// with stop in its place ends them all at once.
	stub := tox.NewToxicStub(outer.Input, outer.Output)
	stub.Interrupt = l.stop
	if s.slot < 0 || l.hits[s.slot] != nil {
		s.piper.pipe(stub, l)
	} else {
		new(tox.NoopToxic).Pipe(stub)
	}
	stub.Close()
	for range outer.Input {
	}
}

// original runs an unmodified toxic of toxiproxy.
type original struct{ toxic tox.Toxic }

func (o original) pipe(stub *tox.ToxicStub, _ *link) {
	if s, ok := o.toxic.(tox.StatefulToxic); ok {
		stub.State = s.NewState()
	}
	o.toxic.Pipe(stub)
}

// fed runs the unmodified bandwidth toxic and never interrupts it, because it
// would say so in the global log. Instead it gets no chunk that would take it
// longer than 100 ms, which are the pieces it cuts chunks into anyway, and is told
// to end by the end of its input.
type fed struct {
	toxic tox.Toxic
	rate  int64 // KB/s
}

func (f fed) pipe(stub *tox.ToxicStub, l *link) {
	from, pieces := stub.Input, make(chan *stream.StreamChunk)
	stub.Input, stub.Interrupt = pieces, nil
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(pieces)
		f.feed(from, pieces, l.stop)
	}()
	f.toxic.Pipe(stub)
	<-done
}

func (f fed) feed(from <-chan *stream.StreamChunk, to chan<- *stream.StreamChunk, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case c := <-from:
			if c == nil {
				return
			}
			for rest := c.Data; len(rest) > 0; {
				n := min(int64(len(rest)), f.rate*100)
				select {
				case <-stop:
					return
				case to <- &stream.StreamChunk{Data: rest[:n], Timestamp: c.Timestamp}:
					rest = rest[n:]
				}
			}
		}
	}
}

// own runs a toxic that toxiproxy does not have, or that does not do there what it is to do:
// a latency with a shape, a shared bandwidth, an absolute timeout, reset_peer, cut and loss.
type own struct{ slot int }

func (o own) pipe(stub *tox.ToxicStub, l *link) { run(l.own[o.slot], stub) }

// later runs the toxics of faults, which are switched, and can be added to a connection.
type later struct{}

func (later) pipe(stub *tox.ToxicStub, l *link) { run(l.later, stub) }

func run(c *toxics.Chain, stub *tox.ToxicStub) {
	c.Run(stub.Input, func(chunk *stream.StreamChunk) bool {
		stub.Output <- chunk
		return true
	}, stub.Close)
}

// guard is the last stage. Its output is what toxiproxy's writer reads, and when
// the writer has ended nobody does: the guard alone selects on that. It also holds back what
// a partition holds, the end of the stream too.
type guard struct{}

func (guard) pipe(stub *tox.ToxicStub, l *link) {
	for {
		select {
		case <-l.stop:
			return
		case c := <-stub.Input:
			if !l.awaitRelease() || c == nil {
				return
			}
			select {
			case <-l.stop:
				return
			case stub.Output <- c:
			}
		}
	}
}
