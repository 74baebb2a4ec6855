package toxics

import (
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

// rare delays one chunk in twenty: the suite sends thousands, each waits for the one
// before, and it has no virtual time.
var rare = &Custom{Name: "rare", Func: func(r *rand.Rand) float64 {
	if r.IntN(20) > 0 {
		return 0
	}
	return Uniform{}.Draw(r)
}}

// A connection is a network connection by the suite of golang.org/x/net, in real time,
// through every toxic that does not end it, in both directions at once.
func TestNettestThroughToxics(t *testing.T) {
	shapes := func(t Toxic) []Toxic { return []Toxic{t, upstream(t)} }
	for name, list := range map[string][]Toxic{
		"none":             nil,
		"latency":          shapes(Latency{Jitter: time.Millisecond, Shape: rare}),
		"bandwidth":        shapes(Bandwidth{Rate: 1_000_000}),
		"shared bandwidth": shapes(Bandwidth{Rate: 1_000_000, Shared: true}),
		"slow_close":       shapes(SlowClose{Delay: time.Millisecond}),
		"slicer":           shapes(Slicer{Size: 10_000, Variation: 5_000, Delay: time.Microsecond}),
		"limit_data":       shapes(LimitData{Bytes: 1 << 40}),
		"cut":              shapes(Cut{After: 1 << 40, Reset: true}),
		"loss":             shapes(Loss{Rate: 0.1, Timeout: time.Millisecond}),
		"all":              append(shapes(Latency{Jitter: time.Millisecond, Shape: rare}), append(shapes(Slicer{Size: 20_000}), shapes(Bandwidth{Rate: 1_000_000})...)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				n, err := NewNetwork(Config{Plan: Plan{Toxics: list}, SendBuffer: 64 << 10})
				if err != nil {
					return nil, nil, nil, err
				}
				n.exact = true // or each chunk would take a while
				client, server := pair(t, n)
				return client, server, func() { n.Close() }, nil
			})
		})
	}
}

// upstream is the same toxic for the other direction.
func upstream(t Toxic) Toxic {
	switch t := t.(type) {
	case Latency:
		t.Direction = Upstream
		return t
	case Bandwidth:
		t.Direction = Upstream
		return t
	case SlowClose:
		t.Direction = Upstream
		return t
	case Slicer:
		t.Direction = Upstream
		return t
	case LimitData:
		t.Direction = Upstream
		return t
	case Cut:
		t.Direction = Upstream
		return t
	case Loss:
		t.Direction = Upstream
		return t
	}
	panic("no such toxic")
}
