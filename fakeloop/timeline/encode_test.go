package timeline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A timeline gives back what was put in, whatever it makes of it inside.
func wantRoundTrip(t *testing.T, what string, events []timeline.Event) {
	t.Helper()
	var tl timeline.Timeline
	for i, e := range events {
		tl.Append(e)
		if tl.Len() != i+1 {
			t.Fatalf("%s: Len() = %d after %d events", what, tl.Len(), i+1)
		}
	}
	got := tl.Events()
	for i := range events {
		if got[i] != events[i] {
			t.Fatalf("%s: event %d\n   in %#v\n  out %#v\nafter %#v", what, i, events[i], got[i], events[max(0, i-1)])
		}
	}
	if !slices.Equal(tl.Snapshot().Events(), events) {
		t.Errorf("%s: the snapshot differs", what)
	}
}

// Every pair of odd values in every field, each behind every other: what is
// kept as a difference must bear a difference that overflows.
func TestRoundTripOfExtremes(t *testing.T) {
	durations := []time.Duration{0, 1, -1, 63, 64, -64, -65, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, time.Hour}
	numbers := []uint64{0, 1, 2, 127, 128, 1 << 31, 1<<63 - 1, 1 << 63, math.MaxUint64}
	texts := []string{"", "a", "b", "\x00", "é\xff", strings.Repeat("long ", 100)}
	var events []timeline.Event
	for _, a := range durations {
		for _, b := range durations {
			events = append(events, timeline.Event{At: a, Due: b}, timeline.Event{At: b, Due: a, Kind: timeline.Fired, ID: 5})
		}
	}
	for _, a := range numbers {
		for _, b := range numbers {
			for _, kind := range []timeline.Kind{0, timeline.Posted, timeline.Fired, 255} {
				events = append(events, timeline.Event{Turn: a, Kind: kind, ID: timeline.ID(a), Cause: timeline.ID(b)})
			}
		}
	}
	for _, a := range texts {
		for _, b := range texts {
			events = append(events, timeline.Event{Label: a, Detail: b}, timeline.Event{Label: b, Detail: b}, timeline.Event{Detail: a})
		}
	}
	wantRoundTrip(t, "in order", events)
	slices.Reverse(events)
	wantRoundTrip(t, "reversed", events)
}

// Causes are what is guessed most: each guess, right and wrong.
func TestRoundTripOfCauses(t *testing.T) {
	var events []timeline.Event
	for _, fired := range []timeline.ID{0, 1, 2} {
		for _, id := range []timeline.ID{0, 1, 2, 3} {
			for _, cause := range []timeline.ID{0, 1, 2, 3} {
				events = append(events, timeline.Event{Kind: timeline.Fired, ID: fired}, timeline.Event{Kind: timeline.Posted, ID: id, Cause: cause},
					timeline.Event{Kind: timeline.Fired, ID: id, Cause: cause})
			}
		}
	}
	wantRoundTrip(t, "causes", events)
}

func TestRoundTripOfRandomEvents(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	number := func() uint64 { // of any size, and often the same
		if r.IntN(2) == 0 {
			return uint64(r.IntN(4))
		}
		return r.Uint64() >> r.IntN(64)
	}
	var events []timeline.Event
	for range 20_000 {
		events = append(events, timeline.Event{
			At:     time.Duration(number()),
			Turn:   number(),
			Kind:   timeline.Kind(r.IntN(25)),
			ID:     timeline.ID(number()),
			Cause:  timeline.ID(number()),
			Label:  fmt.Sprint("label ", r.IntN(200))[:r.IntN(8)],
			Detail: fmt.Sprint(r.IntN(300))[:r.IntN(2)],
			Due:    time.Duration(number()),
		})
	}
	wantRoundTrip(t, fmt.Sprint("seed ", seed), events)
}

// Snapshots and originals that grow apart do not see each other's strings.
func TestRoundTripOfForks(t *testing.T) {
	label := func(side string, i int) timeline.Event {
		return timeline.Event{At: time.Duration(i), Label: fmt.Sprint(side, i%50), Detail: side}
	}
	for _, common := range []int{0, 1, 10, 100, 1000} {
		var a timeline.Timeline
		var wantA, wantB []timeline.Event
		for i := range common {
			a.Append(label("common", i))
			wantA, wantB = append(wantA, label("common", i)), append(wantB, label("common", i))
		}
		b := a.Snapshot()
		for i := range 500 {
			a.Append(label("a", i))
			b.Append(label("b", i))
			a.Append(label("common", i))
			b.Append(label("common", i))
			wantA, wantB = append(wantA, label("a", i), label("common", i)), append(wantB, label("b", i), label("common", i))
		}
		if !slices.Equal(a.Events(), wantA) || !slices.Equal(b.Events(), wantB) {
			t.Errorf("two forks behind %d events mix", common)
		}
	}
}

// What two timelines keep inside may differ with their history; their digests
// are of the events.
func TestDigestDoesNotDependOnTheHistory(t *testing.T) {
	var a timeline.Timeline
	for i := range 100 {
		a.Append(event(i))
	}
	b := record(50).Snapshot()
	for i := 50; i < 100; i++ {
		b.Append(event(i))
		b = b.Snapshot()
	}
	if a.Digest() != b.Digest() {
		t.Error("a timeline made of snapshots has another digest")
	}
	if d, differ := timeline.Diverge(&a, b); differ {
		t.Error(d)
	}
}
