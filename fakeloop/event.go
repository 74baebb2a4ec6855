package fakeloop

import "fmt"

// Event is a flag that callbacks and coroutines can wait for. All methods may be
// called from any goroutine.
type Event struct {
	object
	set     bool
	waiters waiters
}

// NewEvent returns an event that is not set. The label names its futures.
func NewEvent(l *Loop, label string) *Event {
	return &Event{object: l.newObject("NewEvent", label)}
}

// Set sets the flag and wakes all who wait for it, in the order in which they came. A
// Clear after that does not put them back.
func (e *Event) Set() {
	e.loop.checkCaller("Set")
	e.loop.mu.Lock()
	defer e.loop.mu.Unlock()
	e.touch(writing)
	e.set = true
	for e.waiters.wake(&e.object) {
	}
}

// Clear takes the flag back: from now on Wait waits for the next Set.
func (e *Event) Clear() {
	e.loop.checkCaller("Clear")
	e.loop.mu.Lock()
	defer e.loop.mu.Unlock()
	e.touch(writing)
	e.set = false
}

// IsSet reports whether the flag is set.
func (e *Event) IsSet() bool { return read(&e.object, "IsSet", &e.set) }

// Wait returns a future that is resolved once the flag is set, at once if it is. It
// panics if the loop is closed; a loop that is closed later rejects with ErrClosed
// who still waits.
func (e *Event) Wait() *Future[struct{}] {
	e.loop.checkCaller("Wait")
	f := newFuture[struct{}](e.loop)
	e.loop.mu.Lock()
	defer e.loop.mu.Unlock()
	f.begin(e.loop, e.labelFor("wait"), nil)
	e.touch(reading)
	e.waiters.wait(&e.object, f, e.set)
	return f
}

// String names the event and says whether it is set and how many wait.
func (e *Event) String() string {
	e.loop.mu.Lock()
	defer e.loop.mu.Unlock()
	state := "set"
	if !e.set {
		state = fmt.Sprintf("not set, %d waiting", e.waiters.len())
	}
	return "event " + describe(e.id, e.label) + ", " + state
}

// GomegaString is what Gomega prints for an event.
func (e *Event) GomegaString() string { return e.String() }
