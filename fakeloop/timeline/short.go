package timeline

import (
	"cmp"
	"fmt"
	"strings"
)

// defaultShort is how many lines a short drawing has.
const defaultShort = 30

// Short draws what is worth looking at first when a run has failed: what led to the
// failure (see [Timeline.Failure]) as lanes (see [Timeline.Lanes]), in that many rows at
// most, and a line above that says how much of the run that is. Zero rows are 30. If
// nothing went wrong it draws the run.
//
// The text has no control characters, and no line of it is a command to the runner of
// GitHub Actions or a style to Ginkgo, whatever labels and outcomes say.
//
// Short panics if rows is negative.
func (t *Timeline) Short(rows int) string {
	if rows < 0 {
		panic(fmt.Sprintf("timeline: Short(%d): rows must not be negative; zero means %d", rows, defaultShort))
	}
	f := t.Failure()
	o := LaneOptions{Rows: cmp.Or(rows, defaultShort), First: f.Is}
	if len(f.Events) == 0 {
		return "No event of the run is a failure. The run:\n" + t.Lanes(o)
	}
	all := len(t.laneRows(o).rows)
	o.Keep = f.Led
	led := len(t.laneRows(o).rows)
	return fmt.Sprintf("What led to %s (%s of %s):\n", f.summary(), commas(led), count(all, "line")) + t.Lanes(o)
}

// summary says in a few words what went wrong.
func (f Failure) summary() string {
	var kinds []string
	n := make(map[string]int)
	for _, e := range f.Events {
		kind := map[Kind]string{
			Panicked: "panic", Escaped: "failure that left the loop", Unobserved: "rejection that nobody looked at",
			Settled: "rejection", Promised: "future that is pending",
		}[e.Kind]
		if n[kind]++; n[kind] == 1 {
			kinds = append(kinds, kind)
		}
	}
	for i, kind := range kinds {
		head, tail, _ := strings.Cut(kind, " ")
		text := count(n[kind], head)
		if tail != "" {
			text += " " + tail
		}
		if n[kind] > 1 {
			text = strings.Replace(text, " is ", " are ", 1)
		}
		kinds[i] = text
	}
	return strings.Join(kinds, " and ")
}
