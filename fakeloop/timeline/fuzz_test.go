//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// eventsOf makes a timeline of any bytes: of few things, so that they have to do with each
// other, and of texts that are not.
func eventsOf(data []byte) *timeline.Timeline {
	tl := new(timeline.Timeline)
	take := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	text := func() string {
		n := min(take()%40, len(data))
		s := string(data[:n])
		data = data[n:]
		return s
	}
	at := time.Duration(0)
	for len(data) > 0 {
		e := timeline.Event{Kind: timeline.Kind(take() % 25), ID: id(uint64(take() % 8)), Cause: id(uint64(take() % 8))}
		if step := take(); step < 250 {
			at += time.Duration(step%4) << (step / 4)
		} else {
			at -= time.Duration(step) << 40 // which no loop does
		}
		e.At, e.Turn = at, uint64(take())
		switch e.Kind {
		case timeline.Armed:
			e.Due = at + time.Duration(take())
		case timeline.Charged:
			e.Detail = (time.Duration(take()) << take() % 60).String()
		default:
			e.Detail = []string{"", "resolved", "rejected: " + text(), text()}[take()%4]
		}
		e.Label = []string{"", "a", text()}[take()%3]
		tl.Append(e)
	}
	return tl
}

func addHostile(f *testing.F) {
	f.Add([]byte{})
	for i, text := range hostile {
		seed := []byte{byte(timeline.Promised), 1, 0, 0, 0, 3, byte(len(text)), 2}
		for kind := range byte(25) {
			seed = append(seed, kind, byte(i), kind/2, kind*9, kind, 2, byte(min(len(text), 39)))
			seed = append(append(seed, text[:min(len(text), 39)]...), 2, byte(min(len(text), 39)))
			seed = append(seed, text[:min(len(text), 39)]...)
		}
		f.Add(seed)
	}
}

func FuzzTrace(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, data []byte) { wantTrace(t, eventsOf(data)) })
}
