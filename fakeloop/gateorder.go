package fakeloop

import (
	"cmp"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// nextEvent is the label of the director's decisions.
const nextEvent = "next event"

// turn is what may go next in a bubble: a callback of a loop, or an event at a gate.
type turn struct {
	since uint64 // the interval in which it came
	loop  *Loop  // nil for an event
	event *crossing
}

// compare is the order in which turns are given if nothing else is decided. What came
// earlier goes first, so that nobody waits for ever; what came in one interval came in
// no order, and gets one by its name.
func (t turn) compare(o turn) int {
	if c := cmp.Compare(t.since, o.since); c != 0 {
		return c
	}
	switch {
	case t.loop != nil && o.loop != nil:
		return cmp.Compare(t.loop.beside.number, o.loop.beside.number)
	case t.loop != nil:
		return -1
	case o.loop != nil:
		return 1
	}
	return t.event.compare(o.event)
}

// compare is the order of events: as that of turns.
func (e *crossing) compare(o *crossing) int {
	return cmp.Or(
		cmp.Compare(e.since, o.since),
		e.passage.compare(o.passage),
		cmp.Compare(e.gate.loop.beside.number, o.gate.loop.beside.number),
	)
}

// option is what a source of decisions is told of a turn.
func (t turn) option() Option {
	if t.loop != nil {
		return Option{named("callback").Child(int64(t.loop.beside.number)), "callback"}
	}
	return Option{t.event.id, t.event.lane.label}
}

// arrive puts an event on the list of those that wait, unless its gate is closed.
func (d *director) arrive(e *crossing) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.gate.closed {
		return false
	}
	e.gate.admit(e, d.interval)
	e.cause = timeline.Driver
	if d.lastAt.Equal(time.Now()) {
		e.cause = d.last
	}
	list := d.listOf(e)
	i, _ := slices.BinarySearchFunc(*list, e, func(o, e *crossing) int {
		return cmp.Or(o.compare(e), -1) // behind its equals
	})
	*list = slices.Insert(*list, i, e)
	d.nudge()
	return true
}

// listOf returns the list on which an event stands while it waits. The caller holds
// d.mu.
func (d *director) listOf(e *crossing) *[]*crossing {
	if e.first {
		return &d.firsts
	}
	return &d.pending
}

// drop takes an event off its list. The caller holds d.mu.
func (d *director) drop(e *crossing) {
	list := d.listOf(e)
	*list = slices.DeleteFunc(*list, func(o *crossing) bool { return o == e })
}

// next returns whose turn it is; false means that nothing can go on at this instant,
// but perhaps a loop that wants a look at its queue for its own sake: to go to sleep,
// or to tell who waits for it that the bubble is settled. Everything in the bubble is
// durably blocked.
func (d *director) next() (t turn, found bool, idle *Loop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.loops) == 0 {
		return turn{}, false, nil
	}
	turns := d.turns[:0]
	for _, l := range d.waiting {
		if since, ready := l.readySince(d.interval); ready {
			turns = append(turns, turn{since: since, loop: l})
		} else if idle == nil || l.beside.number < idle.beside.number {
			idle = l
		}
	}
	events := d.pending
	switch {
	case d.grants.over != nil:
		events = nil
	case len(d.firsts) > 0:
		return turn{event: d.firsts[0]}, true, nil
	case d.loops[0].source == nil:
		events = events[:min(1, len(events))]
	}
	for _, e := range events {
		turns = append(turns, turn{since: e.since, event: e})
	}
	d.turns = turns
	if len(turns) == 0 {
		return turn{}, false, idle
	}
	slices.SortStableFunc(turns, turn.compare)
	return turns[d.choose(turns)], true, nil
}

// readySince reports whether the loop has something to run, and since which interval.
func (l *Loop) readySince(interval uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readClock()
	if l.choices.refusal != nil || len(l.beside.arrived) == 0 && !l.hasReady() && !l.hasReturned() {
		return 0, false
	}
	if !l.beside.ready {
		l.beside.ready, l.beside.since = true, interval
	}
	return l.beside.since, true
}

// choose decides which of the turns is next, and returns its index. Events of one
// Passage keep their order. The first loop of the bubble that is not closed answers for
// all. The caller holds d.mu.
func (d *director) choose(turns []turn) int {
	lead := d.loops[0]
	if lead.source == nil || len(turns) < 2 {
		return 0
	}
	d.options = d.options[:0]
	offered := turns[:0]
	for _, t := range turns {
		if t.event != nil {
			if t.event.lane.offered == d.interval+1 {
				continue
			}
			t.event.lane.offered = d.interval + 1
		}
		offered = append(offered, t)
		d.options = append(d.options, t.option())
	}
	if len(offered) < 2 {
		return 0
	}
	return lead.decideBeside(Decision{Label: nextEvent, N: len(d.options), Options: d.options})
}

// decideBeside asks the loop's source what is decided beside the loop; 0 if the
// source refuses, so that what runs in the bubble comes to an end. A panic of the
// source goes to whoever waits for the loop.
func (l *Loop) decideBeside(d Decision) (choice int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if v := recover(); v != nil {
			l.beside.escaped = cmp.Or(l.beside.escaped, &escaped{v})
			l.notify()
			choice = 0
		}
	}()
	choice, _ = l.choose(d)
	return choice
}
