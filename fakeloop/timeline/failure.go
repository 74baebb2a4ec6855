package timeline

import (
	"slices"
	"strings"
)

// Failure is what went wrong in a run, and what led there.
type Failure struct {
	// Events are what went wrong, all of one sort, in order. They are the first of these
	// that the run has:
	//
	//   - panics, and failures of a test framework that left the loop;
	//   - rejections that nobody looked at;
	//   - futures that were made and not settled, and rejections of which no handler and no
	//     coroutine has heard.
	//
	// They are empty if nothing went wrong that the loop knows of.
	Events []Event

	is  map[Event]bool
	led map[ID]bool
}

// Failure returns what went wrong in the run so far. The cost is linear in the number of
// events.
func (t *Timeline) Failure() Failure {
	c := t.causal()
	var sorts [3][]Event
	heard := make(map[ID]bool)       // futures that have set something going
	awaited := make(map[ID]string)   // by coroutine: what it awaited last
	futures := make(map[string][]ID) // by the words that refer to them
	cancelled := make(map[ID][]ID)   // by future: the callbacks that asked to cancel it
	for _, e := range t.All() {
		switch e.Kind {
		case Panicked, Escaped:
			sorts[0] = append(sorts[0], e)
		case Unobserved:
			sorts[1] = append(sorts[1], e)
		case Settled:
			if strings.HasPrefix(e.Detail, rejectedPrefix) {
				sorts[2] = append(sorts[2], e)
			}
		case Promised:
			if _, settled := c.settled[e.ID]; !settled {
				sorts[2] = append(sorts[2], e)
			}
			name := reference(e.ID, e.Label)
			futures[name] = append(futures[name], e.ID)
		case Posted:
			heard[e.Cause] = true
		case Awaited:
			awaited[e.Cause] = e.Detail
		case Cancelled:
			cancelled[e.ID] = append(cancelled[e.ID], e.Cause)
		}
	}
	sorts[2] = slices.DeleteFunc(sorts[2], func(e Event) bool { return e.Kind == Settled && heard[e.ID] })
	f := Failure{is: make(map[Event]bool), led: make(map[ID]bool)}
	for _, events := range sorts {
		if len(events) > 0 {
			f.Events = events
			break
		}
	}
	var next []ID
	add := func(ids ...ID) {
		for _, id := range ids {
			if id != Driver && !f.led[id] {
				f.led[id] = true
				next = append(next, id)
			}
		}
	}
	for _, e := range f.Events {
		f.is[e] = true
		add(e.ID, e.Cause)
	}
	for len(next) > 0 {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		add(c.made[id].cause, c.settled[id], c.resumed[id])
		add(futures[awaited[id]]...)
		add(cancelled[id]...)
	}
	return f
}

// rejectedPrefix begins the outcome of a future that was rejected.
const rejectedPrefix = "rejected: "

// Is reports whether an event is one of f.Events.
func (f Failure) Is(e Event) bool { return f.is[e] }

// Led reports whether an event is about something that led to what went wrong: a callback
// or timer that is in the causal past of one of f.Events, a future that was settled there,
// or that a coroutine there awaited last. Faults that were switched on or off at a gate count, too. If nothing
// went wrong, every event did.
func (f Failure) Led(e Event) bool {
	if len(f.Events) == 0 || f.led[e.ID] {
		return true
	}
	_, _, fault := faultOf(e)
	return fault && e.Kind == Passed
}
