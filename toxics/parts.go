package toxics

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
)

// parts is what the stages of a toxic do in one chain. The toxic is valid, so the
// type switch is complete. Everything random comes from r, but for the skew, so that
// real TCP, which has none, draws the same.
func (c *Chain) parts(a *Applied, r *rand.Rand) []part {
	late, putOff := none, time.Duration(0)
	if c.config.Skew != nil {
		late = c.config.Skew(a.slot)
	}
	switch t := a.effect.(type) {
	case Latency:
		// toxiproxy counts in milliseconds; the shift has the rest.
		whole := t.Latency.Truncate(time.Millisecond)
		if c.config.PutOff != nil {
			putOff = c.config.PutOff(a.slot)
		}
		more := putOff - whole
		return delayed(&tox.LatencyToxic{Latency: whole.Milliseconds()}, func() time.Duration {
			return t.Draw(r) + more + late()
		})
	case Loss:
		return delayed(&tox.LatencyToxic{}, func() time.Duration {
			// Only what is lost is late, so a chunk in time has no skew.
			d := t.Draw(r)
			if d > 0 {
				d += late()
			}
			return d
		})
	case Bandwidth:
		if t.Shared {
			return []part{{pipe: a.bucket.pipe(t.Rate)}}
		}
		return []part{{pipe: c.bandwidth(t.Rate)}}
	case SlowClose:
		return []part{original(&tox.SlowCloseToxic{Delay: ceil(t.Delay, time.Millisecond)})}
	case Timeout:
		last := original(&tox.TimeoutToxic{Timeout: ceil(t.After, time.Millisecond)})
		if t.Absolute {
			return []part{{pipe: swallow}, last}
		}
		return []part{last}
	case ResetPeer:
		return []part{{pipe: c.awaitReset(t.After)}, original(&tox.ResetToxic{})}
	case Slicer:
		pace := &tox.SlicerToxic{AverageSize: t.Size, Delay: int(ceil(t.Delay, time.Microsecond))}
		if t.Variation == 0 {
			return []part{original(pace)}
		}
		pace.AverageSize = MaxSlice
		return []part{{pipe: split(t, r)}, original(pace)}
	case LimitData:
		return []part{original(&tox.LimitDataToxic{Bytes: t.Bytes})}
	case Cut:
		return []part{{pipe: c.cut(t)}}
	}
	panic("toxics: no engine for " + kind(a.effect))
}

func none() time.Duration { return 0 }

// ceil is d in units, rounded up: never early.
func ceil(d, unit time.Duration) int64 { return int64((d + unit - 1) / unit) }

// each passes the chunks that do makes of each chunk.
func each(do func(c *stream.StreamChunk, out chan<- *stream.StreamChunk)) pipe {
	return func(stub *tox.ToxicStub) {
		for {
			select {
			case <-stub.Interrupt:
				return
			case c := <-stub.Input:
				if c == nil {
					stub.Close()
					return
				}
				do(c, stub.Output)
			}
		}
	}
}

// delayed is a latency toxic that holds each chunk back for as much longer as by says.
// The chunk is said to have come that much later; behind the toxic, which counts from
// then, that is taken back, since another latency may follow.
func delayed(t *tox.LatencyToxic, by func() time.Duration) []part {
	var moved shifts
	return []part{
		{pipe: each(func(c *stream.StreamChunk, out chan<- *stream.StreamChunk) {
			d := by()
			c.Timestamp = c.Timestamp.Add(d)
			moved.push(c, d)
			out <- c
		})},
		original(t),
		{pipe: each(func(c *stream.StreamChunk, out chan<- *stream.StreamChunk) {
			c.Timestamp = c.Timestamp.Add(-moved.pop(c))
			out <- c
		})},
	}
}

// shifts are by how much chunks between two stages were moved, in their order.
type shifts struct {
	mu    sync.Mutex
	queue []shifted
}

type shifted struct {
	chunk *stream.StreamChunk
	by    time.Duration
}

func (s *shifts) push(c *stream.StreamChunk, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, shifted{c, by})
}

// pop returns by how much the chunk was moved, which is not at all if it passed the
// first stage before that was switched on.
func (s *shifts) pop(c *stream.StreamChunk) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 || s.queue[0].chunk != c {
		return 0
	}
	by := s.queue[0].by
	s.queue = s.queue[1:]
	return by
}

// split cuts chunks up. A slicer behind it, which finds nothing to cut, makes the
// pauses.
func split(t Slicer, r *rand.Rand) pipe {
	return each(func(c *stream.StreamChunk, out chan<- *stream.StreamChunk) {
		rest := c.Data
		for _, n := range t.Split(len(rest), r) {
			out <- &stream.StreamChunk{Data: rest[:n:n], Timestamp: c.Timestamp}
			rest = rest[n:]
		}
	})
}

// swallow takes the data from a timeout behind it, which then knows only of the end.
var swallow = each(func(*stream.StreamChunk, chan<- *stream.StreamChunk) {})

// awaitReset waits for the first data or the end, and then a while; the reset_peer
// behind it, which could not be interrupted in its own wait, resets when it gets it.
// Switched off in the middle it resets at once, since it has swallowed data.
func (c *Chain) awaitReset(after time.Duration) pipe {
	return func(stub *tox.ToxicStub) {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			timer := time.NewTimer(after)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-stub.Interrupt:
				chunk = nil
			}
			c.config.Reset()
			if chunk != nil {
				stub.Output <- chunk
			}
			stub.Close()
		}
	}
}

// cut lets so many bytes through and ends the stream.
func (c *Chain) cut(t Cut) pipe {
	return func(stub *tox.ToxicStub) {
		rest := t.After
		for {
			select {
			case <-stub.Interrupt:
				return
			case chunk := <-stub.Input:
				if chunk == nil {
					stub.Close()
					return
				}
				if n := min(rest, int64(len(chunk.Data))); n > 0 {
					stub.Output <- &stream.StreamChunk{Data: chunk.Data[:n], Timestamp: chunk.Timestamp}
					rest -= n
				}
				if rest == 0 {
					if t.Reset {
						c.config.Reset()
					}
					stub.Close()
					return
				}
			}
		}
	}
}
