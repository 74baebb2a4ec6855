package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// What a timeline.Touched event has as its detail.
const (
	reading = "read"
	writing = "write"
)

// Touch says that the callback under way changes the shared data of that name. It
// does nothing but leave an event of kind timeline.Touched, with the detail "write",
// by which an exploration of schedules tells callbacks whose order matters from those
// that have nothing to do with each other. The same name is the same data in every
// run. The loop's own locks, events and queues leave such events by themselves.
//
// Touch may be called from any goroutine, but like Post it takes the caller for the
// callback that happens to run. It panics if the name is empty.
func (l *Loop) Touch(name string) { l.touch("Touch", name, writing) }

// TouchRead says that the callback under way looks at the shared data of that name
// and leaves it as it is: [Loop.Touch] with the detail "read". The order of two reads
// does not matter.
func (l *Loop) TouchRead(name string) { l.touch("TouchRead", name, reading) }

func (l *Loop) touch(method, name, detail string) {
	if name == "" {
		panic("fakeloop: " + method + " without a name; name the shared data, the same in every run")
	}
	l.checkCaller(method)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record(timeline.Touched, named(name).Child(0), l.scope.id, name, detail) // unlike anything an origin of that name makes
}

// object is what the shared things of a loop have in common: the identity under
// which their uses stand in the timeline.
type object struct {
	loop  *Loop
	id    timeline.ID
	label string
}

func (l *Loop) newObject(call, label string) object {
	l.checkCaller(call)
	l.mu.Lock()
	defer l.mu.Unlock()
	return object{loop: l, id: l.scope.child(), label: label}
}

// touch records a use. The caller holds the loop's lock.
func (o *object) touch(detail string) {
	o.loop.record(timeline.Touched, o.id, o.loop.scope.id, o.label, detail)
}

// use is touch for a caller that does not hold the loop's lock.
func (o *object) use(detail string) {
	o.loop.mu.Lock()
	defer o.loop.mu.Unlock()
	o.touch(detail)
}

// read records a use that looks at what the loop's lock guards, and returns it.
func read[V any](o *object, call string, value *V) V {
	o.loop.checkCaller(call)
	o.loop.mu.Lock()
	defer o.loop.mu.Unlock()
	o.touch(reading)
	return *value
}

// labelFor returns the label of a future that waits for something to be done with
// the object.
func (o *object) labelFor(verb string) string {
	if o.label == "" {
		return verb
	}
	return o.label + " " + verb
}
