package fakeloop

import (
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Note leaves an event in the timeline that waits for nothing, as one that has passed: what
// happens at the call of a method, such as that a fault is switched on at once. It stands
// there in an order that does not depend on the scheduler: what the goroutine that made the
// loop notes while no callback runs, and what a callback notes, stands where it is noted,
// everything else where the bubble is quiet next: first what that goroutine has noted, in its
// order, then the rest in the order of the Passages.
//
// Note does nothing where Pass lets everything through at once, outside of the bubble, and
// when the loop is closed. It panics if p.What is empty.
func (g *Gate) Note(p Passage) {
	if p.What == "" {
		panic("fakeloop: Gate.Note without What; name the event, the same in every run")
	}
	if g == nil || g.loop.mode != Bubble {
		return
	}
	l := g.loop
	caller := thisGoroutine()
	if caller.bubble != l.maker.bubble {
		return
	}
	l.outlast(caller.id)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
	case l.runsOn(caller.id):
		l.recordNote(note{passage: p, cause: l.scope.id})
	case !l.running && caller.id == l.maker.id && !slices.ContainsFunc(l.beside.noted, note.isDrivers):
		l.recordNote(note{passage: p, cause: timeline.Driver})
	default:
		l.beside.noted = append(l.beside.noted, note{p, timeline.Driver, caller.id == l.maker.id})
		l.beside.director.noted.Store(true)
		l.beside.director.nudge()
	}
}

// note is an event that did not wait at the gate.
type note struct {
	passage Passage
	cause   timeline.ID
	driver  bool // made by the goroutine that made the loop, beside a callback
}

func (n note) isDrivers() bool { return n.driver }

// compare orders notes that were made beside the loop; those of the driver keep their order.
func (n note) compare(o note) int {
	switch {
	case n.driver && o.driver:
		return 0
	case n.driver:
		return -1
	case o.driver:
		return 1
	}
	return n.passage.compare(o.passage)
}

// recordNote records a note. The caller holds l.mu.
func (l *Loop) recordNote(n note) {
	p := n.passage
	s := l.noteScopes[p]
	if s == nil {
		s = &scope{id: named("noted\x00" + p.String()).Child(int64(p.Stack))}
		if l.noteScopes == nil {
			l.noteScopes = make(map[Passage]*scope)
		}
		l.noteScopes[p] = s
	}
	l.record(timeline.Passed, s.child(), n.cause, p.String(), "")
}

// takeNotes records what was noted since the bubble was last quiet.
func (d *director) takeNotes() {
	if !d.noted.Swap(false) {
		return
	}
	for _, l := range d.open() {
		l.mu.Lock()
		l.takeNoted()
		l.mu.Unlock()
	}
}

// takeNoted records what other goroutines have noted since the bubble was last quiet. The
// caller holds l.mu.
func (l *Loop) takeNoted() {
	slices.SortStableFunc(l.beside.noted, note.compare)
	for _, n := range l.beside.noted {
		l.recordNote(n)
	}
	l.beside.noted = l.beside.noted[:0]
}
