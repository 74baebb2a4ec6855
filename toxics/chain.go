package toxics

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
)

// Chain is what the toxics of one direction of a connection do to its chunks. Toxics can be
// added and switched while data flows, it holds no mutex while it waits, and whatever ends
// it ends all of its goroutines. It is for who writes an engine: it runs toxiproxy's own
// toxics, and those of this package, on the virtual network and on real TCP. All methods
// are safe for concurrent use.
type Chain struct {
	config ChainConfig
	grown  chan struct{} // one slot: there are stages to add

	mu      sync.Mutex
	slots   []*slot
	stages  []*stage
	waiting []*stage // to be added to the end of the chain
	killed  bool
}

// ChainConfig is what a Chain needs of its engine.
type ChainConfig struct {
	// Go runs a goroutine that the engine waits for.
	Go func(f func())

	// Reset is called when the end of the stream is to be a reset, before it comes.
	Reset func()

	// Skew returns what the delays of a toxic are longer by, chunk by chunk, given its
	// slot; nil means nothing.
	Skew func(slot int) func() time.Duration

	// PutOff is how much longer a Latency is than the plan says; nil means not at all.
	PutOff func(slot int) time.Duration

	// Wire is the connection.
	Wire Wire

	_ struct{}
}

// slot is a toxic's place in a chain.
type slot struct {
	applied  *Applied
	stages   []*stage
	switched int // how often it was switched on later
}

// NewChain returns a chain that passes everything on.
func NewChain(c ChainConfig) *Chain { return &Chain{config: c, grown: make(chan struct{}, 1)} }

// Add puts a toxic, which draws from r, at the end of the chain: data that has left the
// chain is not affected.
func (c *Chain) Add(a *Applied, r *rand.Rand, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return
	}
	s := &slot{applied: a}
	parts := c.parts(a, r)
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
	c.slots = append(c.slots, s)
	c.waiting = append(c.waiting, s.stages...)
	select {
	case c.grown <- struct{}{}:
	default:
	}
}

// Set switches a toxic that was added, or changes what it does. Others it ignores.
func (c *Chain) Set(a *Applied, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		if s.applied == a {
			c.set(s, on)
		}
	}
}

func (c *Chain) set(s *slot, on bool) {
	var parts []part
	if on {
		// What is interrupted may still draw from its own generator.
		s.switched++
		parts = c.parts(s.applied, s.applied.rand(c.config.Wire, s.switched))
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

// Run passes what comes from in to give, until the end of the stream, or until give returns
// false; then it calls end, and drops whatever comes until in is closed.
func (c *Chain) Run(in <-chan *stream.StreamChunk, give func(*stream.StreamChunk) bool, end func()) {
	last := c.grow(in, nil)
	for open := true; open; {
		select {
		case chunk := <-last:
			select {
			case <-c.grown:
				last = c.grow(last, chunk)
				continue
			default:
			}
			open = chunk != nil && (len(chunk.Data) == 0 || give(chunk))
		case <-c.grown:
			last = c.grow(last, nil)
		}
	}
	end()
	// What is still in the chain, or comes, has nowhere to go.
	c.Kill()
	for range last {
	}
}

// grow appends the stages that wait for it to the chain whose end is last, and returns
// the new end. Whoever reads the end calls it, so that no chunk gets ahead of another;
// if he has read one already, that one goes first.
func (c *Chain) grow(last <-chan *stream.StreamChunk, read *stream.StreamChunk) <-chan *stream.StreamChunk {
	c.mu.Lock()
	defer c.mu.Unlock()
	if read != nil {
		rest, again := last, make(chan *stream.StreamChunk)
		c.config.Go(func() {
			defer close(again)
			again <- read
			for chunk := range rest {
				again <- chunk
			}
		})
		last = again
	}
	for _, s := range c.waiting {
		in := last
		c.config.Go(func() { s.run(in) })
		last = s.out
	}
	c.stages = append(c.stages, c.waiting...)
	c.waiting = nil
	return last
}

// Kill makes the chain drop whatever it holds and whatever comes.
func (c *Chain) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	for _, list := range [][]*stage{c.stages, c.waiting} {
		for _, s := range list {
			s.kill()
		}
	}
}
