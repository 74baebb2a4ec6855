package fakeloop

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// grant gives the next turn, and reports whether there may be another. Everything in
// the bubble is durably blocked.
func (d *director) grant() bool {
	t, found, idle := d.next()
	switch {
	case !found && idle == nil:
		return d.openBarrier()
	case !found:
		if idle.isAsked() {
			d.count(timeline.Driver) // what they do who hear the answer comes after what was before
		}
		d.look(idle)
	case t.loop != nil:
		t.loop.begun()
		d.count(t.option().ID)
		d.look(t.loop)
	default:
		d.pass(t.event)
	}
	return true
}

// begun notes that the loop has had its turn.
func (l *Loop) begun() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beside.ready = false
}

// isAsked reports whether somebody waits to hear that the bubble is settled.
func (l *Loop) isAsked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.beside.asked > l.beside.answered
}

// look lets a loop look at its queue.
func (d *director) look(l *Loop) {
	d.mu.Lock()
	d.waiting = slices.DeleteFunc(d.waiting, func(o *Loop) bool { return o == l })
	d.mu.Unlock()
	l.beside.granted <- struct{}{}
}

// pass lets an event through, or ends the loops of the bubble if it is one too many.
func (d *director) pass(e *crossing) {
	d.count(e.id)
	if err := d.countEvent(e); err != nil {
		d.refuseAll(err)
		return
	}
	e.gate.loop.recordPassed(e)
	d.mu.Lock()
	d.drop(e)
	d.mu.Unlock()
	close(e.turn)
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
	if l.beside.passed++; l.beside.passed%passesToALook == 0 {
		l.notify()
	}
}

// passesToALook is after how many events at the gate those who wait for the loop look whether
// there have been too many.
const passesToALook = 1000

// count begins an interval, that of a turn.
func (d *director) count(id timeline.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.interval++
	d.last, d.lastAt = id, time.Now()
}

// release closes a gate: it lets everything through that waits there, and all that
// comes.
func (d *director) release(g *Gate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.closed = true
	for _, e := range slices.Concat(d.firsts, d.pending) {
		if e.gate == g {
			e.err = ErrClosed
			d.drop(e)
			close(e.turn)
		}
	}
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

// openBarrier lets one go on that waits there.
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

// grants counts the events that were let through at one instant.
type grants struct {
	at   time.Time
	n    int
	last []*crossing
	over *LivelockError // there were too many
}

// lastGrants is how many events a LivelockError names.
const lastGrants = 6

// countEvent counts an event, or says that it is one too many.
func (d *director) countEvent(e *crossing) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &d.grants
	if !c.at.Equal(d.lastAt) {
		*c = grants{at: d.lastAt, last: c.last[:0]}
	}
	l := e.gate.loop
	if c.n == l.passLimit {
		c.over = &LivelockError{At: c.at.Sub(l.epoch), Events: c.n, setting: l.setting("PassLimit")}
		for _, e := range c.last {
			c.over.Last = append(c.over.Last, describe(e.id, e.lane.label))
		}
		return c.over
	}
	c.n++
	if len(c.last) == lastGrants {
		c.last = slices.Delete(c.last, 0, 1)
	}
	c.last = append(c.last, e)
	return nil
}

// refuseAll ends the loops of the bubble: no callback runs any more, and who drives
// them is told why.
func (d *director) refuseAll(err error) {
	for _, l := range d.open() {
		l.mu.Lock()
		if l.choices.refusal == nil {
			l.choices.refusal = err
		}
		l.notify()
		l.mu.Unlock()
	}
}

// LivelockError means that the gate of a bubble let so many events through at one
// instant that they seem to follow each other for ever, as where a client dials again
// without a pause. The gate then holds all that wait until the loop is closed, and no
// callback runs any more.
type LivelockError struct {
	At     time.Duration // the loop's time
	Events int           // how many events were let through at that instant
	Last   []string      // the last of them, the latest last

	setting string // which raises the limit
}

// Error says what went on.
func (e *LivelockError) Error() string {
	text := fmt.Sprintf("fakeloop: at %v gave up after %d events at one instant: do they follow each other for ever, as where a client dials again without a pause? %s raises the limit. The last were", e.At, e.Events, cmp.Or(e.setting, "Config.PassLimit"))
	for _, event := range e.Last {
		text += "\n" + event
	}
	return text
}
