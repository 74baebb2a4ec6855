package explore

import (
	"fmt"
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Point is something in a run that could have gone in more than one way.
type Point struct {
	// Name says what it is, with a number: " #2" is the second of that name in the run.
	Name string `json:"name"`

	// Ways are what else could have happened there: way 1 is Ways[0]. Way 0, the usual
	// one, is not among them.
	Ways []string `json:"ways"`

	// Bytes is behind how many bytes the stream could have been cut, too.
	Bytes int `json:"bytes,omitempty"`

	// Remote says that the code under test is not told of the error itself: see
	// fakeloop.FaultPoint.
	Remote bool `json:"remote,omitempty"`

	// Choice says that it is a user's Loop.Choose.
	Choice bool `json:"choice,omitempty"`

	met    fakeloop.Moment
	struck bool // a fault was injected there
}

func faultPoint(p fakeloop.FaultPoint) Point {
	out := Point{Name: p.Name, Bytes: p.Bytes, Remote: p.Remote, met: p.Met}
	for _, k := range p.Kinds {
		out.Ways = append(out.Ways, string(k))
	}
	return out
}

func choicePoint(name string, n int, met fakeloop.Moment) Point {
	p := Point{Name: name, Choice: true, met: met}
	for i := 1; i < n; i++ {
		p.Ways = append(p.Ways, fmt.Sprintf("choice %d", i))
	}
	return p
}

// way returns the number of a way, 0 if the point has no such way.
func (p Point) way(name string) int {
	if i := slices.Index(p.Ways, name); i >= 0 {
		return i + 1
	}
	for i := range p.Bytes {
		if p.Cut(i) == name {
			return len(p.Ways) + 1 + i
		}
	}
	return 0
}

// Cut returns the way in which the stream is cut behind so many bytes.
func (p Point) Cut(bytes int) string {
	return fmt.Sprintf("%s after %d bytes", fakeloop.FaultCut, bytes)
}

// all returns the ways, with the cuts behind each byte if they are asked for.
func (p Point) all(everyByte bool) []string {
	ways := slices.Clone(p.Ways)
	for i := range p.Bytes {
		if everyByte {
			ways = append(ways, p.Cut(i))
		}
	}
	return ways
}
