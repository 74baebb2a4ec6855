package timeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// traced is one event of a trace, as another tool reads it.
type traced struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat"`
	Phase string         `json:"ph"`
	At    nanos          `json:"ts"`
	Dur   nanos          `json:"dur"`
	Pid   int            `json:"pid"`
	Tid   int            `json:"tid"`
	ID    string         `json:"id"`
	Bind  string         `json:"bp"`
	Args  map[string]any `json:"args"`
}

func (e traced) from() int64 { return int64(e.At) }
func (e traced) to() int64   { return int64(e.At + e.Dur) }

// nanos is a time in a trace. It is read to the last digit, which a float64 would lose.
type nanos int64

func (n *nanos) UnmarshalJSON(text []byte) error {
	whole, fraction, _ := strings.Cut(string(text), ".")
	v, err := strconv.ParseInt(whole+(fraction + "000")[:3], 10, 64)
	*n = nanos(v)
	return err
}

func readTraced(t testing.TB, text string) []traced {
	t.Helper()
	var file struct {
		Events []traced `json:"traceEvents"`
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		t.Fatalf("%v in\n%.1000s", err, text)
	}
	return file.Events
}

// brokenRules holds a trace against the rules of the format that viewers go by, and
// returns those that it breaks.
func brokenRules(events []traced) []string {
	var broken []string
	breaks := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	type track struct{ pid, tid int }
	slicesOf := map[track][]traced{}
	named := map[track]bool{}
	type span struct{ cat, id string }
	spans := map[span][]traced{}
	arrows := map[span][]traced{}
	for _, e := range events {
		on := track{e.Pid, e.Tid}
		switch e.Phase {
		case "X":
			if e.Dur <= 0 {
				breaks("slice %q has no width", e.Name)
			}
			slicesOf[on] = append(slicesOf[on], e)
		case "b", "n", "e":
			key := span{e.Cat, e.ID}
			spans[key] = append(spans[key], e)
		case "s", "f":
			key := span{e.Cat, e.ID}
			arrows[key] = append(arrows[key], e)
		case "C":
			for name, value := range e.Args {
				if n, ok := value.(float64); !ok || n < 0 {
					breaks("counter %s is %v", name, value)
				}
			}
		case "M":
			if e.Name == "thread_name" {
				named[on] = true
			}
		default:
			breaks("there is no phase %q", e.Phase)
		}
		if e.Phase != "M" && (e.Pid == 0 || e.At < 0) {
			breaks("%q has no process, or stands before the beginning", e.Name)
		}
	}
	for on, all := range slicesOf {
		if !named[on] {
			breaks("track %v has no name", on)
		}
		slices.SortStableFunc(all, func(a, b traced) int {
			return int(min(max(a.from()-b.from(), -1), 1)*2 + min(max(b.to()-a.to(), -1), 1))
		})
		var around []traced
		for _, e := range all {
			for len(around) > 0 && around[len(around)-1].to() <= e.from() {
				around = around[:len(around)-1]
			}
			if n := len(around); n > 0 && e.to() > around[n-1].to() {
				breaks("slice %q begins in %q and ends behind it", e.Name, around[n-1].Name)
			}
			around = append(around, e)
		}
	}
	for key, all := range spans {
		slices.SortStableFunc(all, func(a, b traced) int { return int(a.from() - b.from()) })
		var open *traced
		for i, e := range all {
			switch {
			case e.Phase == "b" && open != nil:
				breaks("span %v begins twice", key)
			case e.Phase == "b":
				open = &all[i]
			case open == nil:
				breaks("phase %q of span %v stands outside", e.Phase, key)
			case e.Phase == "e" && e.Name != open.Name:
				breaks("span %v begins as %q and ends as %q", key, open.Name, e.Name)
				open = nil
			case e.Phase == "e" && e.to() <= open.from():
				breaks("span %v has no width", key)
				open = nil
			case e.Phase == "e":
				open = nil
			}
		}
		if open != nil {
			breaks("span %v has no end", key)
		}
	}
	for key, all := range arrows {
		if len(all) != 2 || all[0].Phase != "s" || all[1].Phase != "f" {
			breaks("arrow %v has not one start and then one finish", key)
			continue
		}
		if all[1].Bind != "e" || all[0].Name != all[1].Name || all[0].from() >= all[1].from() {
			breaks("arrow %v does not lead from one slice to a later one", key)
		}
		for _, e := range all {
			if !isInSlice(slicesOf[track{e.Pid, e.Tid}], e.from()) {
				breaks("phase %q of arrow %v is in no slice", e.Phase, key)
			}
		}
	}
	return broken
}

// isInSlice reports whether an instant is in one of the slices of a track, which are in
// the order of their beginnings.
func isInSlice(all []traced, at int64) bool {
	i, _ := slices.BinarySearchFunc(all, at+1, func(s traced, at int64) int { return int(s.from() - at) })
	for i--; i >= 0; i-- { // those that have begun, the latest first
		if at < all[i].to() {
			return true
		}
	}
	return false
}

// The checker finds each rule broken.
func TestBrokenRules(t *testing.T) {
	name := traced{Phase: "M", Name: "thread_name", Pid: 1, Tid: 1}
	slice := func(name string, from, width nanos) traced {
		return traced{Phase: "X", Name: name, Pid: 1, Tid: 1, At: from, Dur: width}
	}
	event := func(phase string, at nanos) traced {
		return traced{Phase: phase, Name: "x", Cat: "c", ID: "1", Pid: 1, Tid: 1, At: at}
	}
	other := event("e", 2)
	other.Name = "y"
	finish := event("f", 2)
	finish.Bind = "e"
	for _, c := range []struct {
		want   string
		events []traced
	}{
		{"", []traced{name, slice("a", 0, 9), slice("b", 1, 2), slice("c", 3, 6), slice("d", 9, 1), event("b", 1), event("n", 2), event("e", 3), event("b", 4), event("e", 5), event("s", 1), finish}},
		{`slice "a" has no width`, []traced{name, slice("a", 1, 0)}},
		{`slice "b" begins in "a" and ends behind it`, []traced{name, slice("a", 0, 2), slice("b", 1, 2)}},
		{`there is no phase "B"`, []traced{event("B", 1)}},
		{`track {1 1} has no name`, []traced{slice("a", 1, 1)}},
		{`"x" has no process, or stands before the beginning`, []traced{event("b", -1), event("e", 2)}},
		{`span {c 1} begins twice`, []traced{event("b", 1), event("b", 1), event("e", 2)}},
		{`phase "n" of span {c 1} stands outside`, []traced{event("n", 1)}},
		{`span {c 1} begins as "x" and ends as "y"`, []traced{event("b", 1), other}},
		{`span {c 1} has no width`, []traced{event("b", 1), event("e", 1)}},
		{`span {c 1} has no end`, []traced{event("b", 1)}},
		{`arrow {c 1} has not one start and then one finish`, []traced{event("s", 1)}},
		{`phase "f" of arrow {c 1} is in no slice`, []traced{name, slice("a", 1, 1), event("s", 1), finish}},
		{`arrow {c 1} does not lead from one slice to a later one`, []traced{name, slice("a", 1, 3), event("s", 1), event("f", 2)}},
		{`counter n is -1`, []traced{{Phase: "C", Pid: 1, Args: map[string]any{"n": -1.0}}}},
	} {
		if got := strings.Join(brokenRules(c.events), "\n"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// wantTrace writes a trace, holds it against the rules and reads it back.
func wantTrace(t testing.TB, tl *timeline.Timeline) []traced {
	t.Helper()
	var text strings.Builder
	if err := tl.WriteTrace(&text); err != nil {
		t.Fatal(err)
	}
	events := readTraced(t, text.String())
	if broken := brokenRules(events); len(broken) > 0 {
		t.Errorf("%d rules are broken, as %s; of\n%v", len(broken), broken[0], tl)
	}
	back, err := timeline.ReadTrace(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d, differ := timeline.Diverge(tl, back); differ {
		t.Errorf("with A for what was written and B for what was read, %v", d)
	}
	if back.Digest() != tl.Digest() {
		t.Error("the timeline that was read has another digest")
	}
	if got, want := back.Sites(), tl.Sites(); !maps.Equal(got, want) {
		t.Errorf("the sites that were read are %v, want %v", got, want)
	}
	return events
}
