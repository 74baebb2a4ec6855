package asynctest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// origins knows of each thing in a timeline where it came from.
type origins struct {
	of    map[timeline.ID]origin
	sites map[timeline.ID]string
}

// origin is how a callback, a future or a piece of work came to be.
type origin struct {
	kind    timeline.Kind // Posted, Armed, Promised or Left; zero if the timeline does not tell
	cause   timeline.ID
	label   string
	fired   time.Duration // when the callback began
	settled bool          // of a future
	handler bool          // of a callback: it was posted since its cause, a future, had been settled
}

func originsOf(t *timeline.Timeline) origins {
	o := origins{of: map[timeline.ID]origin{}, sites: t.Sites()}
	for _, e := range t.All() {
		known := o.of[e.ID]
		switch e.Kind {
		case timeline.Posted, timeline.Armed, timeline.Promised, timeline.Left:
			cause := o.of[e.Cause]
			o.of[e.ID] = origin{
				kind: e.Kind, cause: e.Cause, label: e.Label,
				handler: e.Kind == timeline.Posted && cause.kind == timeline.Promised && cause.settled && cause.label == e.Label,
			}
			continue
		case timeline.Fired:
			known.fired = e.At
		case timeline.Settled:
			known.settled = true
		default:
			continue
		}
		o.of[e.ID] = known
	}
	return o
}

// tell says which callback it is, and where it came from.
func (o origins) tell(c BlockedCallback) string {
	m := o.of[c.ID]
	what, from := "callback", "posted by "+o.name(m.cause, false)
	switch cause := o.of[m.cause]; {
	case m.kind == timeline.Armed:
		what, from = "timer", "set by "+o.name(m.cause, false)
	case m.handler:
		what, from = "handler", "of "+o.name(m.cause, true)
	case cause.kind == timeline.Left:
		what, from = "callback", "with which "+o.name(m.cause, false)+" returned"
	}
	text := fmt.Sprintf("%s %s at %v, %s", what, named(c.ID, m.label), c.At, from)
	if site := o.sites[c.ID]; site != "" {
		text += " at " + site
	}
	if c.Coroutine != timeline.Driver {
		text = fmt.Sprintf("coroutine %s, which was resumed by %s", named(c.Coroutine, o.of[c.Coroutine].label), text)
	}
	return text
}

// name says who a cause is: of what has the identity of a future, that or, if it did
// something itself, the coroutine whose future that is.
func (o origins) name(cause timeline.ID, handled bool) string {
	if cause == timeline.Driver {
		return "the test"
	}
	m, known := o.of[cause]
	if !known {
		return "another goroutine" // by PostFrom, with a name that is the label of the callback
	}
	what := "callback "
	switch m.kind {
	case timeline.Armed:
		what = "timer "
	case timeline.Promised:
		if what = "coroutine "; handled {
			what = "future "
		}
	case timeline.Left:
		what = "work "
	}
	text := what + named(cause, m.label)
	if site := o.sites[cause]; site != "" {
		text += ", made at " + site
	}
	return text
}

// named is how windtunnel names a thing of a loop: its label if it has one, and its identity.
func named(id timeline.ID, label string) string {
	if label == "" {
		return id.String()
	}
	return strconv.Quote(label) + " (" + id.String() + ")"
}
