package toxics

import (
	"sync"

	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
)

// A chain of stages is what a chunk passes on its way through a link. Each has a
// channel in front of it, takes chunks for as long as any come, whatever became of it,
// and closes its output when it ends: so no stage can leave another one waiting.

// pipe passes chunks from a stub's Input to its Output. It returns when the stub has
// been closed, by itself or by the toxic, and soon after its Interrupt is closed.
type pipe func(stub *tox.ToxicStub)

// part is what one stage does for a toxic. Most toxics have one part; some have, in
// front of toxiproxy's own, one that makes it repeatable or interruptible.
type part struct {
	buffer int // chunks that fit into the channel in front; the first part has none
	pipe   pipe
	off    func(stub *tox.ToxicStub) // when the toxic is switched off; nil: nothing
}

// original is the part that runs an unmodified toxic of toxiproxy.
func original(t tox.Toxic) part {
	p := part{pipe: t.Pipe}
	if b, ok := t.(tox.BufferedToxic); ok {
		p.buffer = b.GetBufferSize()
	}
	if s, ok := t.(tox.StatefulToxic); ok {
		p.pipe = func(stub *tox.ToxicStub) {
			stub.State = s.NewState()
			t.Pipe(stub)
		}
	}
	if c, ok := t.(tox.CleanupToxic); ok {
		p.off = c.Cleanup
	}
	return p
}

var passOn = part{pipe: new(tox.NoopToxic).Pipe}

// stage runs parts, one at a time, until its input ends.
type stage struct {
	out chan *stream.StreamChunk

	mu        sync.Mutex
	part      part          // what runs, or is to run next
	interrupt chan struct{} // closed when what runs is to return
	off       bool          // what is interrupted is switched off, not changed
	killed    bool
}

// newStage returns a stage that does its part; behind is the size of the channel
// behind it.
func newStage(p part, behind int) *stage {
	return &stage{out: make(chan *stream.StreamChunk, behind), part: p, interrupt: make(chan struct{})}
}

// set replaces what the stage does, from the next chunk on; nil is passing on.
func (s *stage) set(p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.killed {
		return
	}
	s.off = p == nil
	if s.off {
		p = &passOn
	}
	s.part = *p
	close(s.interrupt)
	s.interrupt = make(chan struct{})
}

// kill makes the stage drop whatever it has and whatever comes.
func (s *stage) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.killed {
		s.killed = true
		close(s.interrupt)
	}
}

func (s *stage) next() (p part, interrupt chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.part, s.interrupt, !s.killed
}

func (s *stage) switchedOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off && !s.killed
}

func (s *stage) run(in <-chan *stream.StreamChunk) {
	stub := tox.NewToxicStub(in, s.out)
	for !stub.Closed() {
		p, interrupt, ok := s.next()
		if !ok {
			break
		}
		// A stub's own way to interrupt waits for the toxic, and this must not.
		stub.Interrupt = interrupt
		p.pipe(stub)
		if p.off != nil && s.switchedOff() {
			p.off(stub)
		}
	}
	stub.Close()
	for range in {
	}
}
