package tcp

import (
	"math/rand/v2"
	"time"

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
	slot       int // place in the plan
	share      float64
	piper      piper
}

// state is what a stage keeps for one link.
type state struct {
	link    *link
	applies bool
	rand    *rand.Rand
}

// NewState is called by StartLink, under generation.mu, for each stage of a new
// link: the one place where a toxic can learn which connection it works for, and
// where a share is drawn.
func (s *stage) NewState() any {
	g := s.generation
	g.tasks.Add(1)
	// The virtual network draws the same, for the connections of its host "client".
	r := toxics.Rand(g.seed, "client>"+g.proxy.Name, g.starting.ordinal, s.direction, s.slot)
	return state{
		link:    g.starting.links[s.direction],
		applies: r.Float64() < s.share,
		rand:    r,
	}
}

// Pipe runs the stage to the end of its link, and leaves nobody waiting: its
// output is closed, and what still comes in is dropped.
func (s *stage) Pipe(outer *tox.ToxicStub) {
	defer s.generation.tasks.Done()
	st := outer.State.(state)
	// toxiproxy's toxics return when they can receive from Interrupt, so a stub
	// with stop in its place ends them all at once.
	stub := tox.NewToxicStub(outer.Input, outer.Output)
	stub.Interrupt = st.link.stop
	stub.State = st.rand
	if st.applies {
		s.piper.pipe(stub, st.link)
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

// resetPeer is reset_peer: swallow what comes, and from the first data, or the
// end, reset after a while.
type resetPeer struct{ after time.Duration }

func (r resetPeer) pipe(stub *tox.ToxicStub, l *link) {
	select {
	case <-l.stop:
		return
	case <-stub.Input:
	}
	timer := time.NewTimer(r.after)
	defer timer.Stop()
	select {
	case <-l.stop:
	case <-timer.C:
		l.reset.Store(true)
	}
}

// cut lets so many bytes through and ends the connection.
type cut struct {
	after int64
	reset bool
}

func (t cut) pipe(stub *tox.ToxicStub, l *link) {
	rest := t.after
	for {
		select {
		case <-l.stop:
			return
		case c := <-stub.Input:
			if c == nil {
				return
			}
			if n := min(rest, int64(len(c.Data))); n > 0 {
				stub.Output <- &stream.StreamChunk{Data: c.Data[:n], Timestamp: c.Timestamp}
				rest -= n
			}
			if rest == 0 {
				l.reset.Store(t.reset)
				return
			}
		}
	}
}

// guard is the last stage. Its output is what toxiproxy's writer reads, and when
// the writer has ended nobody does: the guard alone selects on that.
type guard struct{}

func (guard) pipe(stub *tox.ToxicStub, l *link) {
	for {
		select {
		case <-l.stop:
			return
		case c := <-stub.Input:
			if c == nil {
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
