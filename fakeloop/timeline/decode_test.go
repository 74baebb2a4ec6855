package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Whoever appends in the short ways gets the events that Append would have kept: the
// same things at random, begun, referred to and ended in any order, written both ways.
func TestShortWaysOfAppending(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	type thing struct {
		mark timeline.Mark
		e    timeline.Event
	}
	var short, long timeline.Timeline
	var open []thing
	at, turn, current := time.Duration(0), uint64(0), timeline.Driver
	labels := []string{"", "", "a", "b", "a label"}
	for range 20_000 {
		switch r.IntN(4) {
		case 0:
			turn++
		case 1:
			at += time.Duration(r.IntN(3)) << r.IntN(40)
		}
		cause := []timeline.ID{current, current, timeline.Driver, timeline.ID(r.Uint64())}[r.IntN(4)]
		if r.IntN(5) == 0 && len(open) > 0 {
			cause = open[len(open)-1].e.ID
		}
		i := 0 // most often the one that has been open for longest
		if len(open) > 0 && r.IntN(3) == 0 {
			i = r.IntN(len(open))
		}
		switch k := r.IntN(10); {
		case k < 5:
			e := timeline.Event{At: at, Turn: turn, Kind: []timeline.Kind{timeline.Posted, timeline.Armed, timeline.Promised, timeline.Left}[r.IntN(4)], Cause: cause, Label: labels[r.IntN(len(labels))]}
			if e.Kind == timeline.Armed {
				e.Due = at + time.Duration(r.IntN(5)-2)<<r.IntN(60)
			}
			n := int64(r.IntN(400) - 200)
			e.ID = cause.Child(n)
			id, mark := short.AddChild(e.Kind, at, turn, cause, n, e.Label, e.Due)
			if id != e.ID {
				t.Fatalf("AddChild returned %v, want %v", id, e.ID)
			}
			long.Append(e)
			if e.Kind != timeline.Left {
				open = append(open, thing{mark, e})
			}
		case k < 6:
			e := timeline.Event{At: at, Turn: turn, Kind: timeline.Posted, ID: timeline.ID(r.Uint64()), Cause: cause, Label: labels[r.IntN(len(labels))]}
			open = append(open, thing{short.Add(e.Kind, at, turn, e.ID, cause, e.Label), e})
			long.Append(e)
		case len(open) == 0:
		case k < 7:
			e := timeline.Event{At: at, Turn: turn, Kind: timeline.Awaited, ID: open[i].e.ID, Cause: cause, Label: open[i].e.Label}
			short.AddOf(open[i].mark, e.Kind, at, turn, e.ID, cause, "")
			of := open[r.IntN(len(open))].e
			short.Refer(of.ID, of.Label)
			e.Detail = of.ID.String()
			if of.Label != "" {
				e.Detail = fmt.Sprintf("%q (%v)", of.Label, of.ID)
			}
			long.Append(e)
		default:
			e := timeline.Event{At: at, Turn: turn, Kind: []timeline.Kind{timeline.Fired, timeline.Stopped, timeline.Settled}[r.IntN(3)], ID: open[i].e.ID, Cause: cause, Label: open[i].e.Label}
			switch e.Kind {
			case timeline.Fired:
				e.Cause, current = open[i].e.Cause, e.ID
			case timeline.Settled:
				e.Detail = labels[r.IntN(len(labels))]
			}
			short.AddOf(open[i].mark, e.Kind, at, turn, e.ID, cause, e.Detail)
			long.Append(e)
			open = append(open[:i], open[i+1:]...)
		}
	}
	if d, differ := timeline.Diverge(&short, &long); differ {
		t.Fatalf("seed %d: A in short, B as a whole: %v", seed, d)
	}
	if short.Digest() != long.Digest() || short.Len() != long.Len() {
		t.Errorf("seed %d: digests %v, %v of %d, %d events", seed, short.Digest(), long.Digest(), short.Len(), long.Len())
	}
}

// A timer that is set once a turn and one that is never reached: what a reading has to
// remember does not grow with the run.
func TestReadingRemembersWhatIsOpen(t *testing.T) {
	var tl timeline.Timeline
	tl.AddChild(timeline.Armed, 0, 0, timeline.Driver, -1, "never reached", time.Hour)
	const callbacks = 20_000
	for i := range callbacks {
		id, mark := tl.AddChild(timeline.Posted, 0, uint64(i), timeline.Driver, int64(i+1), "", 0)
		tl.AddOf(mark, timeline.Fired, 0, uint64(i+1), id, timeline.Driver, "")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range tl.All() {
	}
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 64<<10 {
		t.Errorf("reading %d callbacks one by one took %d bytes of memory", callbacks, bytes)
	}
}

func TestIdentitiesOfChildren(t *testing.T) {
	seen := map[timeline.ID]string{timeline.Driver: "the driver"}
	for _, parent := range []timeline.ID{timeline.Driver, 1, 2, 1 << 63} {
		for n := int64(-100); n < 100; n++ {
			id, what := parent.Child(n), fmt.Sprintf("child %d of %d", n, uint64(parent))
			if other, ok := seen[id]; ok {
				t.Errorf("%s is %s", what, other)
			}
			seen[id] = what
		}
	}
}
