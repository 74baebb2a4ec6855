package timeline

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// traceFormat stands in a trace, for ReadTrace to know its own.
const traceFormat = "windtunnel timeline 1"

// WriteTrace writes the run as JSON in Chrome's trace-event format, which
// https://ui.perfetto.dev and chrome://tracing open. The axis is virtual time. There are
//
//   - a track for each causal chain (see [Timeline.Lanes]), one for the driver of the
//     loop and one for what happens beside the loop: at the gate of a bubble, in work
//     outside, in posts from elsewhere;
//   - a slice for each callback, and one within it for each thing that it did;
//   - an asynchronous span for each future, timer and piece of work from its making to
//     its end, for each connection at the gate, and for each fault that was switched on
//     or off. What has not ended ends with the record, and says so;
//   - arrows from who posted a callback, set a timer, settled a future or sent out work, to
//     what came of it;
//   - a counter of the callbacks that were posted and have not begun.
//
// A callback takes no virtual time, and viewers show nothing that has no width and cannot
// order what is of one instant. So each event has a nanosecond of the axis for itself:
// the k-th of an instant stands k ns behind it, and on if that meets the next instant.
// The virtual time to the nanosecond is in the arguments of the slice, with where the thing
// was made, if that is known (see [Timeline.AddSite]), and everything else that
// [ReadTrace] needs to make the same timeline of the trace. Viewers that count in
// float64 lose the last digits of a run of more than 100 virtual days, ReadTrace does not.
//
// All texts are JSON strings, in which <, > and &, and what is a command in the log of GitHub
// Actions, are escaped, too. Names are cut after 80
// characters; the arguments have the whole text. The errors are those of w.
func (t *Timeline) WriteTrace(w io.Writer) error {
	out := bufio.NewWriter(w)
	d := t.Digest()
	fmt.Fprintf(out, `{"displayTimeUnit":"ns","otherData":{"format":%q,"events":%d,"digest":%q},"traceEvents":[`, traceFormat, t.Len(), hex.EncodeToString(d[:]))
	tr := &tracing{traceLayout: t.traceLayout(), out: out, open: make(map[spanKey]traceEvent), begun: make(map[ID]traceEvent), settledAt: make(map[ID]traceEvent), ready: make(map[ID]bool), sites: t.Sites()}
	for i, e := range t.All() {
		tr.add(i, e)
	}
	tr.end()
	out.WriteString("\n]}\n")
	return out.Flush()
}

// traceEvent is one event of the format.
type traceEvent struct {
	Name  string `json:"name"`
	Cat   string `json:"cat,omitempty"`
	Phase string `json:"ph"`
	At    micros `json:"ts"`
	Dur   micros `json:"dur,omitempty"`
	Pid   int    `json:"pid"`
	Tid   int    `json:"tid"`
	ID    string `json:"id,omitempty"`
	Bind  string `json:"bp,omitempty"`
	Args  any    `json:"args,omitempty"`
}

// micros is a number of nanoseconds. The format counts in microseconds.
type micros int64

// MarshalJSON writes the microseconds with three decimals.
func (m micros) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", m/1000, m%1000), nil
}

// tracing is a trace under construction.
type tracing struct {
	*traceLayout
	out   *bufio.Writer
	wrote bool

	open      map[spanKey]traceEvent
	opened    []spanKey         // in the order in which they began
	begun     map[ID]traceEvent // slices in which things were posted, set or sent out, by these
	settledAt map[ID]traceEvent // slices in which futures were settled
	ready     map[ID]bool       // callbacks that were posted and have not begun
	sites     map[ID]string     // of things of which no event has been written
	flows     int
}

// The process and the counter that a trace has.
const (
	tracePid   = 1
	readyQueue = "ready queue"
)

func (tr *tracing) write(e traceEvent) {
	if tr.wrote {
		tr.out.WriteByte(',')
	}
	tr.wrote = true
	e.Pid = tracePid
	text, _ := json.Marshal(e) // which has nothing that cannot be marshalled
	tr.out.WriteByte('\n')
	tr.out.Write(bytes.ReplaceAll(text, []byte("##["), []byte(`#\u0023[`)))
}

// add writes the i-th event of the timeline.
func (tr *tracing) add(i int, e Event) {
	args := argsOf(i, e)
	args.Site = tr.sites[e.ID]
	delete(tr.sites, e.ID)
	slice := traceEvent{Name: sliceName(e), Cat: "event", Phase: "X", At: tr.at[i], Dur: 1, Tid: tr.tid(tr.place[i]), Args: args}
	if e.Kind == Fired {
		slice.Cat, slice.Dur = "callback", tr.until[i]-tr.at[i]
	}
	tr.write(slice)
	tr.arrows(e, slice)
	tr.spans(i, e, slice)
	tr.count(e, slice)
}

// arrows writes the arrow that ends in a slice, and notes those that may begin in it.
func (tr *tracing) arrows(e Event, slice traceEvent) {
	switch e.Kind {
	case Posted:
		tr.begun[e.ID] = slice
		if by, settled := tr.settledAt[e.Cause]; settled && tr.handlers[e.ID] {
			by.Name = "settle"
			tr.begun[e.ID] = by
			return
		}
		slice.Name = "post"
	case Armed:
		slice.Name = "timer"
	case Left:
		slice.Name = "work"
	case Settled:
		tr.settledAt[e.ID] = slice
		return
	case Fired, Returned:
		from, known := tr.begun[e.ID]
		if !known {
			return
		}
		delete(tr.begun, e.ID)
		tr.flows++
		arrow := traceEvent{Name: from.Name, Cat: "flow", Phase: "s", At: from.At, Tid: from.Tid, ID: strconv.Itoa(tr.flows)}
		tr.write(arrow)
		arrow.Phase, arrow.At, arrow.Tid, arrow.Bind = "f", slice.At, slice.Tid, "e"
		tr.write(arrow)
		return
	default:
		return
	}
	tr.begun[e.ID] = slice
}

// count keeps the counter of the ready queue.
func (tr *tracing) count(e Event, slice traceEvent) {
	before := len(tr.ready)
	switch {
	case e.Kind == Posted, e.Kind == Released && e.Detail != "dropped":
		tr.ready[e.ID] = true
	case e.Kind == Fired, e.Kind == Held:
		delete(tr.ready, e.ID)
	case e.Kind == Closed:
		clear(tr.ready)
	}
	if n := len(tr.ready); n != before {
		tr.write(traceEvent{Name: readyQueue, Phase: "C", At: slice.At, Args: map[string]int{"callbacks": n}})
	}
}

// end closes what is open, and names the tracks.
func (tr *tracing) end() {
	for _, key := range tr.opened {
		if span, open := tr.open[key]; open {
			delete(tr.open, key)
			span.Phase, span.At, span.Args = "e", tr.last, map[string]string{"outcome": "open at the end of the record"}
			tr.write(span)
		}
	}
	tr.write(traceEvent{Name: "process_name", Phase: "M", Args: map[string]string{"name": "loop, virtual time"}})
	for i, name := range tr.names {
		tr.write(traceEvent{Name: "thread_name", Phase: "M", Tid: i + 1, Args: map[string]string{"name": cutText(name, longestName)}})
		tr.write(traceEvent{Name: "thread_sort_index", Phase: "M", Tid: i + 1, Args: map[string]int{"sort_index": i + 1}})
	}
}

// longestName is how many characters of a name a viewer gets.
const longestName = 80

func sliceName(e Event) string {
	name := e.Kind.String()
	switch {
	case e.Kind == Fired && e.Label != "":
		name = e.Label
	case e.Label != "":
		name += " " + e.Label
	}
	return cutText(name, longestName)
}

// cutText returns text, or the beginning of it with a ~ behind.
func cutText(text string, most int) string {
	n := 0
	for i := range text {
		if n++; n > most {
			runes := []rune(text[:i])
			return string(runes[:most-1]) + "~"
		}
	}
	return text
}

// eventArgs is an event in the arguments of its slice, with its place in the timeline.
// What JSON cannot have in a string, since it is no UTF-8, stands in Go's quotes besides.
type eventArgs struct {
	N            int    `json:"n"`
	At           string `json:"at"`
	Turn         uint64 `json:"turn"`
	Kind         string `json:"kind"`
	ID           string `json:"id"`
	Cause        string `json:"cause,omitempty"`
	Label        string `json:"label,omitempty"`
	LabelQuoted  string `json:"label_quoted,omitempty"`
	Detail       string `json:"detail,omitempty"`
	DetailQuoted string `json:"detail_quoted,omitempty"`
	Due          string `json:"due,omitempty"`
	Site         string `json:"site,omitempty"` // of the thing, with its first event
}

func argsOf(i int, e Event) eventArgs {
	a := eventArgs{
		N: i, At: e.At.String(), Turn: e.Turn, Kind: e.Kind.String(), ID: hexID(e.ID),
		Label: e.Label, LabelQuoted: quotedIfInvalid(e.Label), Detail: e.Detail, DetailQuoted: quotedIfInvalid(e.Detail),
	}
	if e.Cause != Driver {
		a.Cause = hexID(e.Cause)
	}
	if e.Due != 0 {
		a.Due = e.Due.String()
	}
	return a
}

func hexID(id ID) string { return fmt.Sprintf("%016x", uint64(id)) }
