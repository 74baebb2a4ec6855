package fakeloop

import (
	"strconv"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// task is a callback that is ready to run.
type task struct {
	id     timeline.ID
	parent timeline.ID   // who posted it; two tasks of one parent keep their order whatever is decided
	mark   timeline.Mark // of the event in which it was posted or armed
	label  string
	fn     func() // nil once it has been taken
	timer  *Timer // nil unless the task is a timer that came due
}

// queue is the callbacks that are ready, in the order in which they run: first what is
// left of the turn under way, then those that were posted since it began. Slots that
// are not in use have no pointers but that of a label.
type queue struct {
	tasks []task
	pos   int // the next to be taken; the callback under way is the one before
	end   int // of the turn under way
}

// rest returns what is left of the turn under way.
func (q *queue) rest() []task { return q.tasks[q.pos:q.end] }

// posted returns what does not belong to the turn under way.
func (q *queue) posted() []task { return q.tasks[q.end:] }

// push returns a slot at the end of the queue. Its label may be that of another.
func (q *queue) push() *task {
	n := len(q.tasks)
	if n == cap(q.tasks) {
		q.tasks = append(q.tasks, task{})
	} else {
		q.tasks = q.tasks[:n+1]
	}
	return &q.tasks[n]
}

// underWay returns the callback that was taken last.
func (q *queue) underWay() task { return q.tasks[q.pos-1] }

// compact gives the slots of what has been taken back.
func (q *queue) compact() {
	const few = 64
	switch n := len(q.tasks); {
	case q.pos == n:
		q.tasks, q.pos = q.tasks[:0], 0
	case q.pos > max(few, n/2): // each slot that is moved was paid for by one that is given back
		left := copy(q.tasks, q.tasks[q.pos:])
		clear(q.tasks[max(left, q.pos):])
		q.tasks, q.pos = q.tasks[:left], 0
	}
}

// alive reports whether a task of the batch will run: a timer does not if it was
// stopped or set anew since it came due. The caller holds the loop's lock.
func (t *task) alive() bool {
	return t.timer == nil || t.timer.queued && t.timer.mark == t.mark
}

// take returns the next callback, already recorded as begun; the books
// of the one before are closed. When the turn under way is used up it begins
// another: the ready queue as it stands, then the timers that are due. Time moves
// only if both are empty, and then to the next timer, but not beyond horizon. The
// result is nil if there is nothing to run by then, or if the loop is interrupted.
// The caller holds l.mu.
func (l *Loop) take(horizon int64) func() {
	l.trapping.caught = false
	for {
		for l.queue.pos < l.queue.end {
			if (l.source != nil || l.trapping.active()) && !l.pick() {
				return nil
			}
			t := &l.queue.tasks[l.queue.pos]
			l.queue.pos++
			fn := t.fn
			t.fn = nil // so that closures are not kept alive
			if timer := t.timer; timer != nil {
				t.timer = nil
				if !timer.claim(t.mark) {
					continue // stopped or set anew by an earlier callback of the batch
				}
				l.now = max(l.now, timer.when)
			}
			l.running, l.root, l.scope = true, l.scope, scope{id: t.id}
			l.log.AddOf(t.mark, timeline.Fired, l.elapsed(), l.turn, t.id, t.parent, "")
			return fn
		}
		if !l.nextBatch(horizon) {
			return nil
		}
	}
}

// underWay returns the callback that take has returned last.
func (l *Loop) underWay() task {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.underWay()
}

// endCallback closes the books of the callback that has just returned. The
// caller holds l.mu.
func (l *Loop) endCallback() {
	if !l.running {
		return
	}
	if co := l.inside; co != nil {
		co.inside, co.scope = false, l.scope
		l.inside = nil
	}
	l.running, l.beside.leaving, l.scope = false, false, l.root
	if len(l.held.work) > 0 {
		l.startHeld()
	}
}

// inTurn reports whether the turn under way has something left to run. The
// caller holds l.mu.
func (l *Loop) inTurn() bool {
	rest := l.queue.rest()
	for i := range rest {
		if rest[i].alive() {
			return true
		}
	}
	return false
}

// hasMore reports whether take would return a task. The caller holds l.mu.
func (l *Loop) hasMore(horizon int64) bool {
	when, ok := l.timers.next()
	return l.inTurn() || len(l.queue.posted()) > 0 || ok && when <= max(l.now, l.reach(horizon))
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
	l.queue.compact()
	l.readClock()
	if l.fresh.head != nil {
		l.collectDue(l.now)
		if len(l.queue.tasks) == l.queue.pos {
			l.postReports()
		}
	}
	if l.timers.keys > 0 {
		l.collectDue(horizon)
	}
	l.queue.end = len(l.queue.tasks)
	if l.queue.pos == l.queue.end {
		return false
	}
	l.turn++
	return true
}

// collectDue appends the timers that are due to the batch, in the order of
// their deadlines and, among equals, in the order in which they were set. If nothing
// else is ready, time moves to the first of them.
func (l *Loop) collectDue(horizon int64) {
	when, ok := l.timers.next()
	if ok && len(l.queue.tasks) == l.queue.pos && when > l.now {
		if when > l.reach(horizon) {
			return
		}
		l.now = when
	}
	for ; ok && when <= l.now; when, ok = l.timers.next() {
		t := l.timers.pop()
		t.queued = true
		*l.queue.push() = task{id: t.id, parent: t.parent, mark: t.mark, label: t.label, fn: t.fn, timer: t}
	}
}

// pick moves the task that runs next to the front of the rest of the batch: one that a
// trap released, the first, or the one the source of decisions names among those that
// may legally go first, which are the first of each lane. The result is false if
// the loop is interrupted: a trap holds the task now, or the source refused.
func (l *Loop) pick() bool {
	released := l.trapping.takeReleased()
	if !released && l.source != nil && !l.decideNext() {
		return false
	}
	t := &l.queue.tasks[l.queue.pos]
	if !released && len(l.trapping.traps) > 0 && l.hold(*t) {
		*t = task{}
		l.queue.pos++
		return false
	}
	return true
}

// decideNext moves the task that the source of decisions names to the front
// of the rest of the batch, all others keeping their order. It returns false if the
// source refused, with nothing moved.
func (l *Loop) decideNext() bool {
	rest := l.queue.rest()
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

// dispatch runs a callback. Its own frame in a stack is what tells a blocking
// detector that the code above it is a callback, so it is never inlined.
//
//go:noinline
func (l *Loop) dispatch(fn func()) {
	finished := false
	defer func() {
		if !finished {
			l.unwinding(l.underWay(), recover())
		}
	}()
	if l.onCallback != nil {
		defer l.announce()()
	}
	fn()
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
