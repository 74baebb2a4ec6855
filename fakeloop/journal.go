package fakeloop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Interval returns the number of the present interval of the loop's bubble: how many
// turns its director has given, to callbacks and to events at the gate. What happens in
// one interval and at one instant happens in no order, since the scheduler makes it;
// what happens in two has the order of their numbers, in every run. It is 0 in
// another mode than Bubble.
func (l *Loop) Interval() uint64 {
	l.checkBubble("Interval")
	if l.mode != Bubble {
		return 0
	}
	d := l.beside.director
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.interval
}

// Journal is a log of the goroutines in a bubble whose text is the same in every run,
// though they race: what they write in one interval is put in the order of the
// alphabet. Two runs that did the same have equal journals, whichever of two
// goroutines that one event had woken came first.
//
// On a loop in another mode a journal keeps the order in which it is written. All methods
// may be called from any goroutine of the bubble.
type Journal struct {
	loop *Loop

	mu      sync.Mutex
	entries []Entry
}

// Entry is an entry of a [Journal].
type Entry struct {
	At       time.Duration // as Loop.Elapsed
	Interval uint64        // as Loop.Interval
	Text     string
}

// String returns the entry as a line: "1.5s: text".
func (e Entry) String() string { return e.At.String() + ": " + e.Text }

// NewJournal returns an empty journal of what happens in the bubble of a loop.
func NewJournal(l *Loop) *Journal {
	l.checkMade("NewJournal")
	return &Journal{loop: l}
}

// Printf adds an entry.
func (j *Journal) Printf(format string, args ...any) {
	e := Entry{At: j.loop.bubbleTime(), Interval: j.loop.Interval(), Text: fmt.Sprintf(format, args...)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

// Write adds p as an entry, a line feed at its end left out, so that a log.Logger, or
// a handler of log/slog, can write to a journal: one without times of its own. It
// never fails.
func (j *Journal) Write(p []byte) (int, error) {
	j.Printf("%s", strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// Entries returns what was written so far, in the order that does not depend on the
// scheduler.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	entries := slices.Clone(j.entries)
	j.mu.Unlock()
	if j.loop.mode == Bubble {
		slices.SortStableFunc(entries, func(a, b Entry) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Interval, b.Interval), strings.Compare(a.Text, b.Text))
		})
	}
	return entries
}

// String returns the entries, a line each.
func (j *Journal) String() string {
	var b strings.Builder
	for _, e := range j.Entries() {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// bubbleTime is Elapsed, but goes on also while a callback runs in which time passes.
func (l *Loop) bubbleTime() time.Duration {
	if l.mode == Bubble {
		return time.Since(l.epoch)
	}
	return l.Elapsed()
}
