package fakeloop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Trap holds the callbacks of one label: each that is about to run is kept back, and
// the loop goes on with the others. Several traps force one exact interleaving.
// Make one with [Loop.Trap] and end it with Close, before the loop is closed. All
// methods may be called from any goroutine; Wait drives the loop.
//
// A held callback does not keep the loop from being idle, and time passes it by. It
// stands in [Loop.Pending] and in the texts of an [IdleError].
type Trap struct {
	loop  *Loop
	label string
}

// Held is a callback that a trap holds. Its fields do not change. All methods may be
// called from any goroutine.
type Held struct {
	ID    timeline.ID
	Cause timeline.ID // who posted it, or set the timer
	Label string
	At    time.Duration // when it was about to run, as Loop.Elapsed
	Due   time.Duration // a timer's deadline, as Loop.Elapsed; At for other callbacks

	loop    *Loop
	trap    *Trap
	task    task
	awaited bool // a Wait has returned it
}

// trapping is what a loop keeps for its traps.
type trapping struct {
	traps    map[string]*Trap
	held     []*Held // in the order in which they would have run
	released int     // how many of the next callbacks run come what may
	caught   bool    // the take under way has held something
}

// Trap starts to hold the callbacks of a label, which is the one that they carry in
// the timeline: that of [Named], of the origin for PostFrom, of the work for
// Outside, and of the future for its handlers. The first step of a coroutine has the
// label given to Async; each later one has that of the future it awaited.
//
// Trap panics if the label is empty, if a trap of that label is open already, or if
// the loop is closed.
func (l *Loop) Trap(label string) *Trap {
	l.checkCaller("Trap")
	if label == "" {
		panic("fakeloop: Trap without a label; give what is to be held a name, for example with Loop.Named")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Trap on a closed loop: nothing would be held")
	}
	if l.trapping.traps[label] != nil {
		panic(fmt.Sprintf("fakeloop: Trap(%q): a trap of this label is open already; use that one, or close it first", label))
	}
	if l.trapping.traps == nil {
		l.trapping.traps = make(map[string]*Trap)
	}
	tr := &Trap{l, label}
	l.trapping.traps[label] = tr
	return tr
}

// Wait drives a virtual loop, or waits for a wall loop, until the trap holds a
// callback that no Wait has returned yet, and returns it. The loop stops there:
// nothing else runs between the moment at which the callback was about to run and
// the return of Wait on a virtual loop.
//
// It fails at once with an *IdleError if nothing can come, with ErrTrapClosed if the
// trap is closed, and otherwise with the errors of [Loop.Await].
func (tr *Trap) Wait() (*Held, error) {
	l := tr.loop
	var h *Held
	closed := false
	err := l.drive(goal{
		horizon: never,
		done: func(int) bool {
			closed = l.trapping.traps[tr.label] != tr
			h = tr.next()
			return closed || h != nil
		},
		idle: func() error {
			return &IdleError{
				At:     l.elapsed(),
				Chain:  []string{fmt.Sprintf("a callback %q, for which a trap waits", tr.label)},
				Held:   l.listHeld(),
				Panics: slices.Clone(l.errs),
			}
		},
		keepErrors: true,
	})
	if err == nil && closed {
		err = ErrTrapClosed
	}
	return h, err
}

// next returns the first that is held and that no Wait has returned, nil without
// one. The caller holds the loop's lock.
func (tr *Trap) next() *Held {
	for _, h := range tr.loop.trapping.held {
		if h.trap == tr && !h.awaited && h.task.alive() {
			h.awaited = true
			return h
		}
	}
	return nil
}

// Close releases everything the trap holds, in the order in which it was to run, and
// stops holding. A second Close does nothing.
func (tr *Trap) Close() {
	tr.loop.checkCaller("Trap.Close")
	l := tr.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trapping.traps[tr.label] != tr {
		return
	}
	delete(l.trapping.traps, tr.label)
	for _, h := range slices.Clone(l.trapping.held) {
		if h.trap == tr {
			h.release()
		}
	}
	l.notify()
}

// Release lets the callback run: next, before anything else that is ready and
// without a decision, after those released before it. It reports whether it did:
// false means that it had been released or dropped before, that it was a timer that
// was stopped or set anew meanwhile, or that the loop is closed.
func (h *Held) Release() bool {
	h.loop.checkCaller("Held.Release")
	h.loop.mu.Lock()
	defer h.loop.mu.Unlock()
	return h.release()
}

// release is Release. The caller holds the loop's lock.
func (h *Held) release() bool {
	if !h.leave() {
		return false
	}
	l := h.loop
	l.record(timeline.Released, h.ID, l.scope.id, h.Label, "")
	l.queue.tasks = slices.Insert(l.queue.tasks, l.queue.pos+l.trapping.released, h.task)
	l.queue.end++
	l.trapping.released++
	l.wake()
	return true
}

// Drop makes the callback never run, like a message that got lost, and reports
// whether it did; false means the same as for Release. A coroutine that it would
// have resumed stays suspended.
func (h *Held) Drop() bool {
	h.loop.checkCaller("Held.Drop")
	l := h.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if !h.leave() {
		return false
	}
	if h.task.timer != nil {
		h.task.timer.queued = false
	}
	l.record(timeline.Released, h.ID, l.scope.id, h.Label, "dropped")
	return true
}

// String names the callback and the trap that holds it.
func (h *Held) String() string {
	return fmt.Sprintf("held by trap %q: callback %s", h.trap.label, describe(h.ID, h.Label))
}

// leave takes h out of what is held and reports whether it can still run. The caller
// holds the loop's lock.
func (h *Held) leave() bool {
	held := &h.loop.trapping.held
	i := slices.Index(*held, h)
	if i < 0 {
		return false
	}
	*held = slices.Delete(*held, i, i+1)
	return h.task.alive()
}

// hold reports whether a trap takes a task that is about to run. The caller holds
// l.mu.
func (l *Loop) hold(t task) bool {
	if !t.alive() {
		return false
	}
	tr := l.trapping.traps[t.label]
	if tr == nil {
		return false
	}
	h := &Held{ID: t.id, Cause: t.parent, Label: t.label, loop: l, trap: tr, task: t}
	if t.timer == nil {
		h.At = l.elapsed()
		h.Due = h.At
	} else {
		l.now = max(l.now, t.timer.when)
		h.At, h.Due = l.elapsed(), time.Duration(t.timer.when)
	}
	l.record(timeline.Held, t.id, t.parent, t.label, "")
	l.trapping.held = append(l.trapping.held, h)
	l.trapping.caught = true
	return true
}

// active reports whether there is anything that pick has to look at. The caller holds
// the loop's lock.
func (tg *trapping) active() bool { return tg.released > 0 || len(tg.traps) > 0 }

// takeReleased reports whether the next task of the batch is one that was released,
// which nothing comes before and no trap holds again. The caller holds the loop's
// lock.
func (tg *trapping) takeReleased() bool {
	if tg.released == 0 {
		return false
	}
	tg.released--
	return true
}

// interrupted reports whether take returned early, so that whoever drives looks at
// what it is after again: a trap has held something, or the source has refused. The
// caller holds l.mu.
func (l *Loop) interrupted() bool {
	return l.trapping.caught || l.choices.refusal != nil
}

// listHeld names what traps hold. The caller holds l.mu.
func (l *Loop) listHeld() []string {
	var out []string
	for _, h := range l.trapping.held {
		if h.task.alive() {
			out = append(out, h.String())
		}
	}
	return out
}

// HeldError means that a loop was closed while traps held callbacks, which then
// never ran.
type HeldError struct {
	Held []string // the callbacks, and the trap that held each
}

// Error names what was held.
func (e *HeldError) Error() string {
	return fmt.Sprintf("fakeloop: closed with callbacks that never ran: %s; before the loop is closed, release them with Trap.Close, or drop them with Held.Drop",
		strings.Join(e.Held, "; "))
}

// dropHeld forgets what traps hold, and returns a *HeldError if that is something.
// The caller holds l.mu.
func (l *Loop) dropHeld() error {
	names := l.listHeld()
	for _, h := range l.trapping.held {
		if h.task.timer != nil {
			h.task.timer.queued = false
		}
	}
	l.trapping = trapping{}
	if names == nil {
		return nil
	}
	return &HeldError{names}
}
