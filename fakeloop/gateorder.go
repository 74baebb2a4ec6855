package fakeloop

import (
	"cmp"
	"fmt"
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
	return cmp.Or(
		t.event.passage.compare(o.event.passage),
		cmp.Compare(t.event.gate.loop.beside.number, o.event.gate.loop.beside.number),
	)
}

// option is what a source of decisions is told of a turn.
func (t turn) option() Option {
	if t.loop != nil {
		return Option{mix(named("callback"), uint64(t.loop.beside.number)), "callback"}
	}
	return Option{t.event.id, t.event.lane.label}
}

// grant gives the next turn, and reports whether there was one. Everything in the
// bubble is durably blocked.
func (d *director) grant() bool {
	turns, idle := d.candidates()
	switch {
	case len(turns) > 0:
		t := turns[0]
		if !t.isFirst() {
			t = turns[d.choose(turns)]
		}
		return d.give(t)
	case idle != nil:
		d.look(idle)
		return true
	}
	return d.openBarrier()
}

// isFirst reports whether the turn is that of an event which goes before all others.
func (t turn) isFirst() bool { return t.event != nil && t.event.first }

// candidates returns the turns of which the next is one, in their order: those that go
// before all others, or else all. A loop that has nothing to run wants its look for its
// own sake, to go to sleep or to tell who waits for it that the bubble is settled, so
// it comes last.
func (d *director) candidates() (turns []turn, idle *Loop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.grants.over == nil {
		for _, e := range d.pending {
			if e.first {
				turns = append(turns, turn{since: e.since, event: e})
			}
		}
		if turns == nil {
			for _, e := range d.pending {
				turns = append(turns, turn{since: e.since, event: e})
			}
		}
	}
	if len(turns) == 0 || !turns[0].isFirst() {
		for _, l := range d.waiting {
			if since, ready := l.readySince(d.interval); ready {
				turns = append(turns, turn{since: since, loop: l})
			} else if idle == nil || l.beside.number < idle.beside.number {
				idle = l
			}
		}
	}
	slices.SortStableFunc(turns, turn.compare)
	return turns, idle
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

// choose decides which turn is next. The first loop of the bubble that is not closed
// answers for all.
func (d *director) choose(turns []turn) int {
	d.mu.Lock()
	lead := d.loops[0]
	d.mu.Unlock()
	if lead.source == nil || len(turns) < 2 {
		return 0
	}
	var options []Option
	var index []int
	offered := map[*passages]bool{}
	for i, t := range turns {
		if t.event != nil {
			if offered[t.event.lane] {
				continue // events of one Passage keep their order
			}
			offered[t.event.lane] = true
		}
		options = append(options, t.option())
		index = append(index, i)
	}
	if len(options) < 2 {
		return 0
	}
	return index[lead.decideEvent(options)]
}

// decideEvent asks the loop's source which event of the bubble is next; 0 if the
// source refuses, so that what runs in the bubble comes to an end. A panic of the
// source goes to whoever waits for the loop.
func (l *Loop) decideEvent(options []Option) (choice int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if v := recover(); v != nil {
			l.beside.escaped = cmp.Or(l.beside.escaped, &escaped{v})
			l.notify()
			choice = 0
		}
	}()
	choice, _ = l.choose(Decision{Label: nextEvent, N: len(options), Options: options})
	return choice
}

// give gives a turn. It reports whether there may be another.
func (d *director) give(t turn) bool {
	if t.loop != nil {
		t.loop.mu.Lock()
		t.loop.beside.ready = false
		t.loop.mu.Unlock()
		d.count(t.option().ID)
		d.look(t.loop)
		return true
	}
	e := t.event
	if err := d.countEvent(e); err != nil {
		d.refuseAll(err)
		return true
	}
	e.gate.loop.recordPassed(e)
	d.mu.Lock()
	d.drop(e)
	d.mu.Unlock()
	close(e.turn)
	return true
}

// recordPassed leaves an event in the loop's timeline.
func (l *Loop) recordPassed(e *crossing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	detail := ""
	if e.tied {
		detail = "tied"
	}
	l.record(timeline.Passed, e.id, e.cause, e.lane.label, detail)
}

// look lets a loop look at its queue.
func (d *director) look(l *Loop) {
	d.mu.Lock()
	d.waiting = slices.DeleteFunc(d.waiting, func(o *Loop) bool { return o == l })
	d.mu.Unlock()
	l.mu.Lock()
	asked := l.beside.asked > l.beside.answered
	l.mu.Unlock()
	if asked {
		d.count(timeline.Driver)
	}
	l.beside.granted <- struct{}{}
}

// count begins an interval, that of a turn.
func (d *director) count(id timeline.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.interval++
	d.last, d.lastAt = id, time.Now()
}

// drop takes an event off the list. The caller holds d.mu.
func (d *director) drop(e *crossing) {
	d.pending = slices.DeleteFunc(d.pending, func(o *crossing) bool { return o == e })
	e.lane.waiting--
}

// arrive puts an event on the list of those that wait, unless its gate is closed.
func (d *director) arrive(e *crossing) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.gate.closed {
		return false
	}
	e.gate.admit(e)
	e.since = d.interval
	e.cause = timeline.Driver
	if d.lastAt.Equal(time.Now()) {
		e.cause = d.last
	}
	d.pending = append(d.pending, e)
	d.nudge()
	return true
}

func (d *director) tiesOf(g *Gate) []Passage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(g.ties)
}

// release closes a gate: it lets everything through that waits there, and all that
// comes.
func (d *director) release(g *Gate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.closed = true
	for _, e := range slices.Clone(d.pending) {
		if e.gate == g {
			e.err = ErrClosed
			d.drop(e)
			close(e.turn)
		}
	}
}

// openBarrier lets one go on that waits until there is nothing else to let through.
func (d *director) openBarrier() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.barriers) == 0 {
		return false
	}
	close(d.barriers[0])
	d.barriers = d.barriers[1:]
	return true
}

// barrier waits until everything else in the bubble is durably blocked and nothing is
// left to let through at this instant.
func (d *director) barrier() {
	turn := make(chan struct{})
	d.mu.Lock()
	d.barriers = append(d.barriers, turn)
	d.mu.Unlock()
	d.nudge()
	<-turn
}

// grants counts the events that were let through at one instant.
type grants struct {
	at   time.Time
	n    int
	last []string
	over *LivelockError // there were too many
}

// lastGrants is how many events a LivelockError names.
const lastGrants = 6

// countEvent begins the interval of an event, or says that it is one too many.
func (d *director) countEvent(e *crossing) error {
	d.count(e.id)
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &d.grants
	if !c.at.Equal(d.lastAt) {
		*c = grants{at: d.lastAt}
	}
	if c.n == e.gate.loop.passLimit {
		c.over = &LivelockError{At: c.at.Sub(e.gate.loop.epoch), Events: c.n, Last: slices.Clone(c.last)}
		return c.over
	}
	c.n++
	if len(c.last) == lastGrants {
		c.last = append(c.last[:0], c.last[1:]...)
	}
	c.last = append(c.last, fmt.Sprintf("%s (%v)", e.lane.label, e.id))
	return nil
}

// refuseAll ends the loops of the bubble.
func (d *director) refuseAll(err error) {
	d.mu.Lock()
	loops := slices.Clone(d.loops)
	d.mu.Unlock()
	for _, l := range loops {
		l.mu.Lock()
		if l.choices.refusal == nil {
			l.choices.refusal = err
		}
		l.notify()
		l.mu.Unlock()
	}
}
