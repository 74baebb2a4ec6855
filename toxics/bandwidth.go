package toxics

import (
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
)

// bandwidth runs the unmodified bandwidth toxic and never interrupts it, because it
// would say so in the global log. Instead it gets one piece at a time, of the 100
// milliseconds that it cuts chunks into anyway. If it is to stop while it holds one,
// that piece goes on without it, and it has ended at most 100 milliseconds later.
func (c *Chain) bandwidth(rate int64) pipe {
	return func(stub *tox.ToxicStub) {
		pieces, paced := make(chan *stream.StreamChunk), make(chan *stream.StreamChunk)
		defer close(pieces)
		c.config.Go(func() {
			(&tox.BandwidthToxic{Rate: rate}).Pipe(tox.NewToxicStub(pieces, paced))
		})
		abandon := func() { c.config.Go(func() { <-paced }) }
		inPieces(stub, rate, func(piece *stream.StreamChunk) bool {
			pieces <- piece
			select {
			case <-paced:
				return true
			case <-stub.Interrupt:
				abandon()
				return false
			}
		})
	}
}

// bucket is a bandwidth that connections share.
type bucket struct {
	mu   sync.Mutex
	free time.Time // when all that has been let in is through
}

func (b *bucket) pipe(rate int64) pipe {
	return func(stub *tox.ToxicStub) {
		inPieces(stub, rate, func(piece *stream.StreamChunk) bool {
			timer := time.NewTimer(time.Until(b.reserve(len(piece.Data), rate)))
			defer timer.Stop()
			select {
			case <-timer.C:
				return true
			case <-stub.Interrupt:
				return false
			}
		})
	}
}

// reserve returns when the bytes will be through.
func (b *bucket) reserve(n int, rate int64) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.free.Before(now) {
		b.free = now
	}
	b.free = b.free.Add(time.Duration(n) * time.Millisecond / time.Duration(rate))
	return b.free
}

// inPieces passes chunks on in pieces of at most 100 milliseconds, after having waited
// for each. If a wait was broken off, the rest of the chunk goes on as it is.
func inPieces(stub *tox.ToxicStub, rate int64, wait func(piece *stream.StreamChunk) bool) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			for rest := c.Data; len(rest) > 0; {
				n := min(int64(len(rest)), rate*100)
				piece := &stream.StreamChunk{Data: rest[:n:n], Timestamp: c.Timestamp}
				if !wait(piece) {
					stub.Output <- &stream.StreamChunk{Data: rest, Timestamp: c.Timestamp}
					return
				}
				stub.Output <- piece
				rest = rest[n:]
			}
		}
	}
}
