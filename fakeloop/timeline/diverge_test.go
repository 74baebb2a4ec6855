package timeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// with returns a timeline of n events of which the i-th is labelled.
func with(n, i int, label string) *timeline.Timeline {
	t := new(timeline.Timeline)
	for k := range n {
		e := event(k)
		if k == i {
			e.Label = label
		}
		t.Append(e)
	}
	return t
}

func TestDivergeOfEqualTimelines(t *testing.T) {
	for _, n := range []int{0, 1, 100} {
		d, differ := timeline.Diverge(record(n), record(n))
		if differ || d.Index != 0 || d.Common != nil || d.A != nil || d.B != nil {
			t.Errorf("two equal timelines of %d events differ: %v", n, d)
		}
	}
}

// The first event that differs is found wherever it is, with up to five events
// around it.
func TestDivergeFindsTheFirst(t *testing.T) {
	const n = 200
	for at := range n {
		a := record(n)
		b := with(n, at, "other")
		d, differ := timeline.Diverge(a, b)
		if !differ || d.Index != at {
			t.Fatalf("differs at %d, found at %d (%v)", at, d.Index, differ)
		}
		all, other := a.Events(), b.Events()
		if !slices.Equal(d.Common, all[max(0, at-5):at]) {
			t.Errorf("common events before %d: %v", at, d.Common)
		}
		if !slices.Equal(d.A, all[at:min(n, at+5)]) || !slices.Equal(d.B, other[at:min(n, at+5)]) {
			t.Errorf("events from %d on:\n%v\n%v", at, d.A, d.B)
		}
	}
}

// A run that ended before the other differs where it ended.
func TestDivergeOfAPrefix(t *testing.T) {
	for _, n := range []int{0, 1, 3, 5, 80} {
		short, long := record(n), record(n+7)
		d, differ := timeline.Diverge(short, long)
		if !differ || d.Index != n || len(d.A) != 0 || len(d.B) != 5 {
			t.Errorf("prefix of %d: %v %v", n, differ, d)
		}
		d, differ = timeline.Diverge(long, short)
		if !differ || d.Index != n || len(d.A) != 5 || len(d.B) != 0 {
			t.Errorf("prefix of %d, the other way round: %v %v", n, differ, d)
		}
	}
}

func TestDivergenceString(t *testing.T) {
	d, _ := timeline.Diverge(with(9, 7, "left"), with(7, -1, ""))
	want := `the runs differ from event 7 on
  both      2          2ms  turn 0    fire       00000003
  both      3          3ms  turn 1    fire       00000004
  both      4          4ms  turn 1    fire       00000005
  both      5          5ms  turn 1    fire       00000006
  both      6          6ms  turn 2    fire       00000007
     A      7          7ms  turn 2    fire       00000008 "left"
     A      8          8ms  turn 2    fire       00000009
     B      7 (the run had ended)
`
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	d, _ = timeline.Diverge(with(1, 0, "left"), with(1, 0, "right"))
	want = `the runs differ from event 0 on
     A      0           0s  turn 0    fire       00000001 "left"
     B      0           0s  turn 0    fire       00000001 "right"
`
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Long timelines are compared as streams; that they are equal up to the end is
// no reason to stop early.
func TestDivergeOfLongTimelines(t *testing.T) {
	const n = 100_000
	d, differ := timeline.Diverge(record(n), with(n, n-1, "last"))
	if !differ || d.Index != n-1 {
		t.Errorf("found at %d (%v)", d.Index, differ)
	}
	if text := d.String(); strings.Count(text, "\n") != 1+5+2 {
		t.Errorf("the text has other lines than expected:\n%s", text)
	}
}
