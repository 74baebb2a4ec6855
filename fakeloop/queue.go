package fakeloop

import (
	"strconv"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// task is a callback that is ready to run.
type task struct {
	id     timeline.ID
	parent timeline.ID // who posted it; two tasks of one parent keep their order whatever is decided
	label  string
	fn     func()
	timer  *Timer // nil unless the task is a timer that came due
	armed  uint64 // which setting of the timer this is
}

// alive reports whether a task of the batch will run: a timer does not if it was
// stopped or set anew since it came due. The caller holds the loop's lock.
func (t *task) alive() bool {
	return t.timer == nil || t.timer.queued && t.timer.armed == t.armed
}

// take makes the next callback the loop's task, already recorded as begun; the books
// of the one before are closed. When the turn under way is used up it begins
// another: the ready queue as it stands, then the timers that are due. Time moves
// only if both are empty, and then to the next timer, but not beyond horizon. The
// result is false if there is nothing to run by then, or if the loop is interrupted.
// The caller holds l.mu.
func (l *Loop) take(horizon int64) bool {
	l.trapping.caught = false
	for {
		for l.pos < len(l.batch) {
			picked := l.pick()
			if l.interrupted() {
				return false
			}
			if !picked {
				continue // stopped or set anew by an earlier callback of the batch
			}
			t := &l.task
			if t.timer != nil {
				l.now = max(l.now, t.timer.when)
			}
			l.current = scope{id: t.id}
			l.scope = &l.current
			l.running = true
			l.log.Add(timeline.Fired, l.elapsed(), l.turn, t.id, t.parent, t.label)
			return true
		}
		if !l.nextBatch(horizon) {
			return false
		}
	}
}

// endCallback closes the books of the callback that has just returned. The
// caller holds l.mu.
func (l *Loop) endCallback() {
	l.running = false
	l.beside.leaving = false
	l.scope = &l.root
	if l.inside != nil {
		l.inside.inside = false
		l.inside = nil
	}
}

// inTurn reports whether the turn under way has something left to run. The
// caller holds l.mu.
func (l *Loop) inTurn() bool {
	for i := l.pos; i < len(l.batch); i++ {
		if l.batch[i].alive() {
			return true
		}
	}
	return false
}

// hasMore reports whether take would return a task. The caller holds l.mu.
func (l *Loop) hasMore(horizon int64) bool {
	when, ok := l.timers.next()
	return l.inTurn() || len(l.ready) > 0 || ok && when <= max(l.now, l.reach(horizon))
}

// reach returns how far time may move now: to the horizon, unless the loop's time
// moves by itself or work outside holds it back. The caller holds l.mu.
func (l *Loop) reach(horizon int64) int64 {
	switch {
	case l.mode != Virtual:
		return l.now
	case len(l.outside) > 0:
		return l.heldBack(horizon)
	}
	return horizon
}

// nextBatch begins a turn and reports whether it has anything to run. The
// caller holds l.mu.
func (l *Loop) nextBatch(horizon int64) bool {
	l.batch, l.ready = l.ready, l.batch[:0]
	l.pos = 0
	l.readClock()
	l.collectDue()
	if len(l.batch) == 0 && l.fresh.head != nil {
		l.postReports()
		l.batch, l.ready = l.ready, l.batch
	}
	if len(l.batch) == 0 {
		when, ok := l.timers.next()
		if !ok || when > l.reach(horizon) {
			return false
		}
		l.now = when
		l.collectDue()
	}
	l.turn++
	return true
}

// collectDue appends the timers that are due to the batch, in the order of
// their deadlines and, among equals, in the order in which they were set.
func (l *Loop) collectDue() {
	for {
		when, ok := l.timers.next()
		if !ok || when > l.now {
			return
		}
		t := l.timers.pop()
		t.queued = true
		l.batch = append(l.batch, task{
			id: t.id, parent: t.parent, label: t.label, fn: t.fn, timer: t, armed: t.armed,
		})
	}
}

// pick makes the loop's task the one that runs next: one that a trap released, the
// first of the batch, or the one the source of decisions names among those that may
// legally go first, which are the first of each lane. The result is false if
// it does not run: it was stopped, a trap holds it now, or the source refused.
func (l *Loop) pick() bool {
	released := l.trapping.takeReleased()
	if !released && l.source != nil && !l.decideNext() {
		return false
	}
	l.task = l.batch[l.pos]
	l.batch[l.pos] = task{} // so that closures are not kept alive
	l.pos++
	t := &l.task
	if !released && len(l.trapping.traps) > 0 && l.hold(*t) {
		return false
	}
	return t.timer == nil || t.timer.claim(t.armed)
}

// decideNext moves the task that the source of decisions names to the front
// of the rest of the batch, all others keeping their order. It returns false if the
// source refused, with nothing moved.
func (l *Loop) decideNext() bool {
	rest := l.batch[l.pos:]
	c := &l.choices
	c.first, c.options = c.first[:0], c.options[:0]
	clear(l.lanes)
	for i := range rest {
		t := &rest[i]
		if t.alive() && !l.lanes[t.parent] {
			l.lanes[t.parent] = true
			c.first = append(c.first, i)
			c.options = append(c.options, Option{t.id, t.label})
		}
	}
	if len(c.first) < 2 {
		return true
	}
	choice, ok := l.decide(nextCallback)
	if !ok {
		return false
	}
	k := c.first[choice]
	chosen := rest[k]
	copy(rest[1:k+1], rest[:k])
	rest[0] = chosen
	return true
}

// dispatch runs the loop's task. Its own frame in a stack is what tells a blocking
// detector that the code above it is a callback, so it is never inlined.
//
//go:noinline
func (l *Loop) dispatch() {
	finished := false
	defer func() {
		if !finished {
			l.unwinding(l.task, recover())
		}
	}()
	l.task.fn()
	finished = true
}

// unwinding deals with a callback that did not return: v is what it panicked
// with, or nil if it ended by runtime.Goexit. A fatal panic and Goexit go on
// to whoever drives the loop; any other panic is kept and the loop goes on.
func (l *Loop) unwinding(t task, v any) {
	if v == nil || l.isFatal(v) {
		l.escape(t, v)
		return
	}
	err := Recovered(v, "callback "+describe(t.id, t.label))
	text := err.cause()
	l.report(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record(timeline.Panicked, t.id, t.parent, t.label, text)
}

// escape lets a fatal panic go on, or a Goexit, for which v is nil.
func (l *Loop) escape(t task, v any) {
	what := "fatal panic"
	if v == nil {
		what = "runtime.Goexit"
	}
	l.mu.Lock()
	l.record(timeline.Escaped, t.id, t.parent, t.label, what)
	l.mu.Unlock()
	if v != nil {
		panic(v)
	}
}

// isFatal asks the user's predicate; a predicate that panics itself decides
// nothing.
func (l *Loop) isFatal(v any) (fatal bool) {
	if l.fatal == nil {
		return false
	}
	defer func() {
		if recover() != nil {
			fatal = false
		}
	}()
	return l.fatal(v)
}

// describe names a thing of the loop in a text: its label if it has one, and
// its identity, by which the timeline finds it.
func describe(id timeline.ID, label string) string {
	if label == "" {
		return id.String()
	}
	return strconv.Quote(label) + " (" + id.String() + ")"
}
