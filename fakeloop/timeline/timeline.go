// Package timeline holds the record of one run of an event loop: every post,
// fire, settle, choice and failure, in the order in which they happened, each
// with its virtual time, its turn, its identity and its cause.
//
// # Events and identities
//
// An [Event] says that something happened to a thing (its ID) on behalf of a
// callback (its Cause; zero means the test that drives the loop). Identities
// do not depend on the schedule: they are hashes of the parent's identity and
// of a per-parent count, never counters of the whole run and never pointers,
// so that the same callback has the same identity in two runs that ordered
// their callbacks differently.
//
// # Readings
//
// A timeline is data. What people look at are readings of it: its [Digest]
// (two runs with one digest did the same), the first [Divergence] of two runs,
// its text, one line an event. For whoever asks why a run failed there are its lanes
// ([Timeline.Lanes]), what led to the failure ([Timeline.Failure]) as lanes
// ([Timeline.Short]) and as a diagram ([Timeline.Mermaid]), a trace for viewers
// ([Timeline.WriteTrace]) and a page to look at ([Timeline.WriteHTML]).
//
// # Concurrency
//
// A Timeline is written by one loop under that loop's lock. What the loop hands
// out is a snapshot: later events are not seen through it, and it may be read
// from any goroutine.
package timeline

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Event is one thing that happened in a run.
type Event struct {
	At     time.Duration // the loop's time since the run began
	Turn   uint64        // which turn of the loop; 0 before the first
	Kind   Kind          // what happened
	ID     ID            // to what it happened
	Cause  ID            // in which callback it happened, or who had asked for it
	Label  string        // the name a user gave, or a word of the loop's own
	Detail string        // a settled outcome, a choice, an error; may be empty
	Due    time.Duration // when an armed timer is to fire, as At; 0 for other kinds
}

// String returns the event as one line without a line break:
// time, turn, kind, identity, label, detail and cause. The label is quoted, and so is a detail
// with characters that do not print.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%12v  turn %-4d %-10v %v", e.At, e.Turn, e.Kind, e.ID)
	if e.Label != "" {
		fmt.Fprintf(&b, " %q", e.Label)
	}
	if e.Detail != "" {
		b.WriteString("  ")
		b.WriteString(plain(strings.ReplaceAll(e.Detail, "\n", " | ")))
	}
	if e.Kind == Armed {
		fmt.Fprintf(&b, "  for %v", e.Due)
	}
	if e.Cause != Driver {
		fmt.Fprintf(&b, "  by %v", e.Cause)
	}
	return b.String()
}

// Chunks grow from small, for the many loops of a test suite, to large, for the
// long run.
const (
	firstChunk = 1 << 10
	lastChunk  = 1 << 16
)

// Timeline is the record of one run. Its zero value is empty and ready to use.
type Timeline struct {
	full   [][]byte // chunks that will not change any more
	tail   []byte   // the chunk being filled
	start  int      // of tail: where the last event begins
	n      int
	marks  Mark // of the last event that has one
	last   before
	texts  table
	label  numbered // the label of the last event that has one
	detail numbered // its detail, likewise
	sites  []sited
	site   numbered // the last one
}

// Append adds an event at the end. It must not run at the same time as any
// other use of t.
func (t *Timeline) Append(e Event) {
	t.Add(e.Kind, e.At, e.Turn, e.ID, e.Cause, e.Label)
	if e.Detail != "" {
		t.tail[t.start+1] |= hasDetail
		t.tail = binary.AppendUvarint(t.tail, t.texts.number(e.Detail, &t.detail)+1)
	}
	if e.Due != 0 {
		t.tail[t.start+1] |= hasDue
		b := (*[maxEncoded]byte)(t.tail[t.start : t.start+maxEncoded])
		t.tail = t.tail[:t.start+putSized(b, len(t.tail)-t.start, int64(e.Due-e.At))]
	}
}

func (t *Timeline) grow() {
	size := firstChunk
	if t.tail != nil {
		t.full = append(t.full, t.tail)
		size = max(firstChunk, min(2*cap(t.tail), lastChunk))
	}
	t.tail = make([]byte, 0, size)
}

// Len returns the number of events.
func (t *Timeline) Len() int { return t.n }

// All returns the events in order, each with its index.
func (t *Timeline) All() iter.Seq2[int, Event] {
	return func(yield func(int, Event) bool) {
		r := reader{texts: t.texts.all}
		i := 0
		for _, r.b = range append(t.full[:len(t.full):len(t.full)], t.tail) {
			for len(r.b) > 0 {
				if !yield(i, r.next()) {
					return
				}
				i++
			}
		}
	}
}

// Events returns the events in order, in a slice of the caller's own.
func (t *Timeline) Events() []Event {
	out := make([]Event, 0, t.n)
	for _, e := range t.All() {
		out = append(out, e)
	}
	return out
}

// Snapshot returns a timeline with the events appended so far. It shares their
// memory, costs no copy, and does not change when t grows.
func (t *Timeline) Snapshot() *Timeline {
	return &Timeline{
		full:  t.full[:len(t.full):len(t.full)],
		tail:  t.tail[:len(t.tail):len(t.tail)],
		n:     t.n,
		marks: t.marks,
		last:  t.last,
		texts: table{all: t.texts.all[:len(t.texts.all):len(t.texts.all)]},
		sites: t.sites[:len(t.sites):len(t.sites)],
	}
}

// String returns the whole timeline, one line an event.
func (t *Timeline) String() string {
	var b strings.Builder
	for i, e := range t.All() {
		fmt.Fprintf(&b, "%6d %v\n", i, e)
	}
	return b.String()
}
