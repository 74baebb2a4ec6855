package asynctest

import (
	"fmt"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// excerpt is the timeline from the fault on, up to where its error was last seen.
func (j *judgement) excerpt() []string {
	if j.log == nil || len(j.faults) == 0 {
		return nil
	}
	const most = 14
	first, last := faultLabel(j.faults[0].Point), 0
	for _, t := range j.trails {
		last = max(last, t.Last)
	}
	var out []string
	begun, labels := false, map[timeline.ID]string{}
	for i, e := range j.log.All() {
		if e.Label != "" && labels[e.ID] == "" {
			labels[e.ID] = e.Label
		}
		begun = begun || e.Kind == timeline.Chosen && e.Label == first
		if !begun || i > last && len(out) >= 4 {
			continue
		}
		if line := eventLine(e, labels[e.ID]); line != "" && len(out) < most {
			out = append(out, line)
		}
	}
	return out
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
		what = e.Detail + " injected at " + point
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
	default:
		return ""
	}
	if e.Kind != timeline.Chosen {
		if label != "" {
			what += fmt.Sprintf(" %q", label)
		}
		if e.Detail != "" && e.Kind != timeline.Awaited {
			what += ": " + strings.ReplaceAll(e.Detail, "\n", " | ")
		}
	}
	return fmt.Sprintf("%10v  %s", e.At, plain(what))
}
