package asynctest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// excerpt is the timeline from the fault on, up to where its error was last seen, or to the
// outcome if there was none to see. What is too long is left out in the middle.
func (j *judgement) excerpt() []string {
	if j.log == nil || len(j.faults) == 0 {
		return nil
	}
	const most, least = 14, 4
	first, last := faultLabel(j.faults[0].Point), 0
	for _, t := range j.trails {
		if t.Site != "" {
			last = max(last, t.Last)
		}
	}
	if last == 0 {
		last = j.events
	}
	var out []string
	begun, labels := false, map[timeline.ID]string{}
	for i, e := range j.log.All() {
		if e.Label != "" && labels[e.ID] == "" {
			labels[e.ID] = e.Label
		}
		begun = begun || e.Kind == timeline.Chosen && e.Label == first
		if !begun || i > last && len(out) >= least {
			continue
		}
		if line := eventLine(e, labels[e.ID]); line != "" {
			out = append(out, line)
		}
	}
	out = append(out, j.ending())
	if n := len(out); n > most {
		out = slices.Concat(out[:most/2], []string{lineAt("...", fmt.Sprintf("%d more", n-most+1))}, out[n-most/2+1:])
	}
	return out
}

// ending is the last line of an excerpt.
func (j *judgement) ending() string {
	switch {
	case !j.settled:
		return lineAt("...", "no outcome")
	case j.err != nil:
		return lineAt(j.at, "the outcome comes: an error")
	}
	return lineAt(j.at, "the outcome comes: a value")
}

func faultLabel(point string) string { return "fault: " + point }

// eventLine is an event in words for who does not know the loop; "" for what says nothing.
func eventLine(e timeline.Event, label string) string {
	what := ""
	switch e.Kind {
	case timeline.Chosen:
		point, ok := strings.CutPrefix(e.Label, faultLabel(""))
		if !ok {
			return ""
		}
		return lineAt(e.At, plain(e.Detail+" injected at "+point))
	case timeline.Fired:
		what = "callback runs"
	case timeline.Settled:
		what = "future settles"
	case timeline.Refused:
		what = "too late to settle"
	case timeline.Unobserved:
		what = "nobody looked at the error of"
	case timeline.Awaited:
		what = "coroutine waits"
	case timeline.Returned:
		what = "work returns"
	case timeline.Panicked:
		what = "callback panics"
	case timeline.Cancelled:
		what = "is cancelled"
	case timeline.Passed:
		return passage(e)
	default:
		return ""
	}
	if label != "" {
		what += fmt.Sprintf(" %q", label)
	}
	if e.Detail != "" && e.Kind != timeline.Awaited {
		what += ": " + strings.ReplaceAll(e.Detail, "\n", " | ")
	}
	return lineAt(e.At, plain(what))
}

// lineAt is a line of an excerpt: what is told of an instant, or of none.
func lineAt(at any, what string) string { return fmt.Sprintf("%10v  %s", at, what) }

// passage is what passed the gate of a loop, as the network tells it.
func passage(e timeline.Event) string {
	what, about, _ := strings.Cut(e.Label, " ")
	switch what {
	case "take":
		return "" // what is written is on its way, which says little
	case "accept":
		what = "network: connection made, " + about
	case "deliver":
		direction, pair, _ := strings.Cut(about, " ")
		to := "server"
		if direction == "downstream" {
			to = "client"
		}
		what = "network: a chunk or an end arrives at the " + to + ", " + pair
	default:
		what = e.Label
	}
	return lineAt(e.At, what)
}
