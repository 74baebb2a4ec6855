package tcp

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
)

// What follows are the toxics that toxiproxy does not have: latency with a shape, loss,
// an absolute timeout and a shared bandwidth. They take toxiproxy's stubs and are built
// like its toxics.

// drawn is toxiproxy's latency with a delay that is drawn for each chunk, from the
// plan's seed. It stands in a latency's place, whose buffer it needs.
type drawn struct {
	draw func(*rand.Rand) time.Duration
}

func (d drawn) pipe(stub *tox.ToxicStub, _ *link) {
	r := stub.State.(*rand.Rand)
	eachChunk(stub, func(c *stream.StreamChunk) bool {
		late := d.draw(r) - time.Since(c.Timestamp)
		if !wait(stub, late) {
			return false
		}
		c.Timestamp = c.Timestamp.Add(late)
		stub.Output <- c
		return true
	})
}

// absolute is a timeout that no data restarts.
type absolute struct{ after time.Duration }

func (a absolute) pipe(stub *tox.ToxicStub, _ *link) {
	var fires <-chan time.Time
	if a.after > 0 {
		timer := time.NewTimer(a.after)
		defer timer.Stop()
		fires = timer.C
	}
	for {
		select {
		case <-stub.Interrupt:
			return
		case <-fires:
			return
		case c := <-stub.Input:
			if c == nil {
				return
			}
		}
	}
}

// shared is a bandwidth of all the connections of a generation.
type shared struct {
	rate int64 // KB/s
	mu   sync.Mutex
	free time.Time // when all that has been let in is through
}

func (s *shared) pipe(stub *tox.ToxicStub, _ *link) {
	eachChunk(stub, func(c *stream.StreamChunk) bool {
		for rest := c.Data; len(rest) > 0; {
			n := min(int64(len(rest)), s.rate*100)
			if !wait(stub, time.Until(s.reserve(n))) {
				return false
			}
			stub.Output <- &stream.StreamChunk{Data: rest[:n], Timestamp: c.Timestamp}
			rest = rest[n:]
		}
		return true
	})
}

func (s *shared) reserve(n int64) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(time.Duration(n) * time.Millisecond / time.Duration(s.rate))
	return s.free
}

// eachChunk passes chunks to do until the end, or until do says no.
func eachChunk(stub *tox.ToxicStub, do func(*stream.StreamChunk) bool) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil || !do(c) {
				return
			}
		}
	}
}

// wait returns false if the link is to stop first.
func wait(stub *tox.ToxicStub, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-stub.Interrupt:
		return false
	case <-timer.C:
		return true
	}
}
