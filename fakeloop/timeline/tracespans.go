package timeline

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// spanKey is what an asynchronous span is known by.
type spanKey struct{ cat, id string }

// spans begins and ends the asynchronous spans of what an event is about.
func (tr *tracing) spans(i int, e Event, slice traceEvent) {
	switch e.Kind {
	case Promised:
		tr.begin("future", hexID(e.ID), named("future", e), slice)
	case Settled:
		tr.finish("future", hexID(e.ID), cutText(e.Detail, longestName), slice)
	case Cancelled:
		tr.touch("future", hexID(e.ID), slice)
	case Armed:
		tr.begin("timer", hexID(e.ID), named("timer", e), slice)
	case Stopped:
		tr.finish("timer", hexID(e.ID), "stopped", slice)
	case Fired:
		tr.finish("timer", hexID(e.ID), "fired", slice)
	case Left:
		tr.begin("work", hexID(e.ID), named("work", e), slice)
	case Returned:
		tr.finish("work", hexID(e.ID), "returned", slice)
	case Passed:
		tr.passed(i, e, slice)
	}
}

// passed follows what passes a gate: connections and faults.
func (tr *tracing) passed(i int, e Event, slice traceEvent) {
	if number, on, ok := faultOf(e); ok {
		id, name := "0x"+strconv.FormatUint(number, 16), "fault "+strconv.FormatUint(number, 10)
		if _, what, said := strings.Cut(e.Label, ":"); said {
			name += ":" + cutText(what, longestName)
		}
		switch {
		case on:
			tr.begin("fault", id, name, slice)
		case !tr.isOpen("fault", id): // it was on from the beginning
			first := slice
			first.At = tr.at[0]
			tr.begin("fault", id, name, first)
			fallthrough
		default:
			tr.finish("fault", id, "off", slice)
		}
	}
	name := connectionOf(e)
	if name == "" {
		return
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	id := hexID(ID(h.Sum64()))
	if !tr.isOpen("connection", id) {
		tr.begin("connection", id, cutText(name, longestName), slice)
	} else if tr.ended[name] != i {
		tr.touch("connection", id, slice)
	}
	if tr.ended[name] == i {
		tr.finish("connection", id, "nothing more", slice)
	}
}

func (tr *tracing) isOpen(cat, id string) bool {
	_, open := tr.open[spanKey{cat, id}]
	return open
}

// begin opens a span, if it is not open: two things of one identity are one.
func (tr *tracing) begin(cat, id, name string, slice traceEvent) {
	if tr.isOpen(cat, id) {
		return
	}
	span := traceEvent{Name: name, Cat: cat, Phase: "b", At: slice.At, Tid: slice.Tid, ID: id}
	tr.write(span)
	key := spanKey{cat, id}
	tr.open[key] = span
	tr.opened = append(tr.opened, key)
}

// finish closes a span, if it is open.
func (tr *tracing) finish(cat, id, outcome string, slice traceEvent) {
	span, open := tr.open[spanKey{cat, id}]
	if !open {
		return
	}
	delete(tr.open, spanKey{cat, id})
	span.Phase, span.At, span.Args = "e", slice.At+1, map[string]string{"outcome": outcome}
	tr.write(span)
}

// touch marks an instant of a span, if it is open.
func (tr *tracing) touch(cat, id string, slice traceEvent) {
	if span, open := tr.open[spanKey{cat, id}]; open {
		span.Phase, span.At, span.Name = "n", slice.At, slice.Name
		tr.write(span)
	}
}

func named(class string, e Event) string {
	if e.Label == "" {
		return class + " " + e.ID.String()
	}
	return cutText(e.Label, longestName)
}

// faultOf returns the number of the fault that an event at the gate switches: a network
// of package toxics calls it so.
func faultOf(e Event) (number uint64, on, ok bool) {
	rest, is := strings.CutPrefix(e.Label, "fault ")
	rest, _, _ = strings.Cut(rest, ":") // behind it stands what the fault is
	digits, word, _ := strings.Cut(rest, " ")
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, word == "on", is && err == nil && (word == "on" || word == "off")
}

// connectionOf returns the name of the connection that an event at the gate is about, as
// "client>api:80#3".
func connectionOf(e Event) string {
	if e.Kind != Passed {
		return ""
	}
	name := e.Label[strings.LastIndexByte(e.Label, ' ')+1:]
	if !strings.Contains(name, ">") || !strings.Contains(name, "#") {
		return ""
	}
	return name
}
