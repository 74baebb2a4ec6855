package toxics

import (
	"math"
	"math/rand/v2"
	"time"
)

// Shape is how Jitter is spread around Latency: [Uniform], [Normal], [Pareto] or a
// [*Custom]. Shapes are plain values: safe to compare with == and to share.
type Shape interface {
	// Draw returns one deviation, as a multiple of Jitter.
	Draw(r *rand.Rand) float64
	// String is the shape's name in a plan's text and JSON, such as "normal".
	String() string

	shape()
}

// Uniform draws from [-1, 1), as toxiproxy does: no delay is further than Jitter from
// Latency. It is what a nil Shape means.
type Uniform struct{}

// Normal draws from the normal distribution: Jitter is the standard deviation.
type Normal struct{}

// Pareto draws from a distribution with a long tail: most delays are a little longer
// than Latency, few are much longer, none is shorter. Jitter is the scale: half of
// the delays exceed Latency by more than 0.26 of it, one in a hundred by more than
// 3.6. The shape parameter is 3. No draw exceeds 1000.
type Pareto struct{}

// Custom is a shape of your own. Func is called by one goroutine at a time for each
// connection and direction, but by several for several; it should draw from r only,
// or a run does not repeat. A Custom has no JSON.
type Custom struct {
	Name string // for the plan's text
	Func func(r *rand.Rand) float64
}

func (Uniform) Draw(r *rand.Rand) float64 { return 2*r.Float64() - 1 }
func (Normal) Draw(r *rand.Rand) float64  { return r.NormFloat64() }
func (Pareto) Draw(r *rand.Rand) float64 {
	return min(math.Pow(1-r.Float64(), -1./3)-1, 1000)
}
func (c *Custom) Draw(r *rand.Rand) float64 { return c.Func(r) }

func (Uniform) String() string   { return "uniform" }
func (Normal) String() string    { return "normal" }
func (Pareto) String() string    { return "pareto" }
func (c *Custom) String() string { return c.Name }

func (Uniform) shape() {}
func (Normal) shape()  {}
func (Pareto) shape()  {}
func (*Custom) shape() {}

// Draw returns the delay of one chunk: never negative, at most 2*MaxDelay.
func (t Latency) Draw(r *rand.Rand) time.Duration {
	d := float64(t.Latency)
	if t.Jitter > 0 {
		var s Shape = Uniform{}
		if t.Shape != nil {
			s = t.Shape
		}
		d += s.Draw(r) * float64(t.Jitter)
	}
	if !(d > 0) { // NaN, too
		return 0
	}
	return time.Duration(min(d, 2*float64(MaxDelay)))
}

// Draw returns by how much one chunk is late: the sum of the timeouts after which it
// was sent again.
func (t Loss) Draw(r *rand.Rand) (late time.Duration) {
	timeout := t.timeout()
	for range maxRetransmissions {
		if r.Float64() >= t.Rate {
			break
		}
		late += timeout
		timeout = min(2*timeout, maxRetransmission)
	}
	return late
}

// What TCP does on Linux: it doubles the timeout with each attempt, up to two minutes,
// and gives up after 15. A Loss does not give up, and the 16th gets through.
const (
	defaultRetransmission = 200 * time.Millisecond
	maxRetransmission     = 2 * time.Minute
	maxRetransmissions    = 15
)

func (t Loss) timeout() time.Duration {
	if t.Timeout == 0 {
		return defaultRetransmission
	}
	return t.Timeout
}

// Split returns where a chunk of n bytes is cut, as the sizes of the slices. It is
// toxiproxy's algorithm: halves, moved by up to Variation, until none is too large.
func (t Slicer) Split(n int, r *rand.Rand) []int {
	if n-t.Size <= t.Variation {
		return []int{n}
	}
	mid := n / 2
	if t.Variation > 0 {
		mid += r.IntN(2*t.Variation) - t.Variation
	}
	return append(t.Split(mid, r), t.Split(n-mid, r)...)
}
