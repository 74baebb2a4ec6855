package toxics

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Rand returns the generator of one toxic on one connection. Its numbers depend on
// nothing else: not on what other connections do, nor on what other toxics draw.
// name is "client>server:port", ordinal counts the connections of that name from 1,
// slot is the toxic's place in the plan.
func Rand(seed uint64, name string, ordinal int, d Direction, slot int) *rand.Rand {
	h := fnv.New64a()
	// Writing to a hash does not fail.
	_, _ = io.WriteString(h, name+"#"+strconv.Itoa(ordinal)+" "+d.String()+" "+strconv.Itoa(slot))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// skew is what every delay of a link is longer by: below a millisecond, odd, drawn
// from the seed, and shorter for each chunk than for the one before.
//
// Whole seconds of latency meet whole seconds of timeouts, and what is due at one
// nanosecond is done in random order. The skew keeps them apart. It shrinks, because
// an equal skew for all chunks cancels out: a client that gives up after ten seconds
// and a server that was told to give up after ten seconds would still tie.
type skew struct {
	draw *rand.Rand
	left int64 // 0: no skew
}

// The skew of the first chunk is between these.
const (
	leastSkew = 500_000
	mostSkew  = 999_983
)

func newSkew(r *rand.Rand) *skew {
	return &skew{draw: r, left: leastSkew + r.Int64N(mostSkew-leastSkew+1)}
}

// next returns the skew of the next chunk. After some 48,000 chunks there is no
// shorter one left, and it starts again from the top.
func (s *skew) next() time.Duration {
	if s.left == 0 {
		return 0
	}
	if s.left -= 1 + s.draw.Int64N(1+s.left/4096); s.left <= 0 {
		s.left = mostSkew
	}
	return time.Duration(s.left)
}
