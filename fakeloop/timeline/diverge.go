package timeline

import (
	"fmt"
	"iter"
	"strings"
)

// contextLines is how many events a divergence shows on either side.
const contextLines = 5

// Divergence is the first place where two runs differ.
type Divergence struct {
	Index  int     // of the first event that differs
	Common []Event // up to five events before it, the same in both runs
	A, B   []Event // up to five events from it on in each run; empty where a run had ended
}

// Diverge compares two timelines and returns where they first differ. The
// second result is false if they are the same.
func Diverge(a, b *Timeline) (Divergence, bool) {
	nextA, stopA := iter.Pull2(a.All())
	defer stopA()
	nextB, stopB := iter.Pull2(b.All())
	defer stopB()
	var common []Event
	for i := 0; ; i++ {
		_, ea, okA := nextA()
		_, eb, okB := nextB()
		if !okA && !okB {
			return Divergence{}, false
		}
		if okA && okB && ea == eb {
			if len(common) == contextLines {
				common = append(common[:0], common[1:]...)
			}
			common = append(common, ea)
			continue
		}
		return Divergence{
			Index:  i,
			Common: common,
			A:      following(ea, okA, nextA),
			B:      following(eb, okB, nextB),
		}, true
	}
}

func following(first Event, ok bool, next func() (int, Event, bool)) []Event {
	var out []Event
	for ; ok && len(out) < contextLines; _, first, ok = next() {
		out = append(out, first)
	}
	return out
}

// String shows the events before the divergence once and the two
// continuations one under the other.
func (d Divergence) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the runs differ from event %d on\n", d.Index)
	for i, e := range d.Common {
		fmt.Fprintf(&b, "  both %6d %v\n", d.Index-len(d.Common)+i, e)
	}
	for _, side := range []struct {
		name   string
		events []Event
	}{{"   A", d.A}, {"   B", d.B}} {
		if len(side.events) == 0 {
			fmt.Fprintf(&b, "  %s %6d (the run had ended)\n", side.name, d.Index)
		}
		for i, e := range side.events {
			fmt.Fprintf(&b, "  %s %6d %v\n", side.name, d.Index+i, e)
		}
	}
	return b.String()
}
