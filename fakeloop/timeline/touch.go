package timeline

import (
	"fmt"
	"strconv"
)

// Class says what sort of thing an [Object] is.
type Class uint8

// The classes of object.
const (
	FutureClass    Class = iota + 1 // a future that no coroutine stands behind
	TimerClass                      // one setting of a timer: a Reset makes another
	WorkClass                       // a piece of work outside the loop
	CoroutineClass                  // a coroutine and its future, which share an identity
	NamedClass                      // whatever says itself that it was touched: a queue, a lock, a user's data
)

// String returns the class in a word; "object" for NamedClass.
func (c Class) String() string {
	switch c {
	case FutureClass:
		return "future"
	case TimerClass:
		return "timer"
	case WorkClass:
		return "work"
	case CoroutineClass:
		return "coroutine"
	case NamedClass:
		return "object"
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Object is a thing of the loop that callbacks use. Two objects with one
// identity are the same object.
type Object struct {
	ID    ID
	Class Class
	Label string
}

// String returns the class, the label if there is one, and the identity.
func (o Object) String() string { return o.Class.String() + " " + reference(o.ID, o.Label) }

// Touch says that a callback used an object.
type Touch struct {
	Object Object
	Reads  bool // the callback did nothing but read it
}

// Footprint is what one callback touched.
type Footprint struct {
	Index     int     // of the event in which the callback fired
	ID        ID      // of the callback
	Label     string  // of the callback
	Coroutine ID      // the coroutine that it resumed; zero if it resumed none
	Touches   []Touch // each object once, in the order of the first use
}

// Conflicts returns the objects that both callbacks touched and that one of
// them, at least, did not merely read, in the order in which f touched them.
// Callbacks that have no conflict can run in either order and leave the loop's
// objects alike; what they do to memory that no Touched event tells of is not
// known here.
func (f Footprint) Conflicts(g Footprint) []Object {
	if len(f.Touches) == 0 || len(g.Touches) == 0 {
		return nil
	}
	reads := make(map[ID]bool, len(g.Touches))
	for _, u := range g.Touches {
		reads[u.Object.ID] = u.Reads
	}
	var out []Object
	for _, u := range f.Touches {
		if r, common := reads[u.Object.ID]; common && !(r && u.Reads) {
			out = append(out, u.Object)
		}
	}
	return out
}

// Footprints returns what each callback touched, in the order in which the
// callbacks fired. A callback touches
//
//   - the future it makes, settles, fails to settle because another was first,
//     or cancels;
//   - the timer it sets or stops, and the timer whose callback it is: whoever
//     stops that timer has a conflict with it;
//   - the work it sends outside the loop;
//   - the coroutine it resumes, and the future that one then awaits;
//   - what a Touched event of its says it touched.
//
// A Touched event with the detail "read" is a read. All else counts as a write:
// two coroutines that await one future are resumed in the order in which they
// came to await it. What left no event is not seen, such as the Stop of a timer
// that had fired, and what the driver of the loop does is in no footprint. The cost
// is linear in the number of events.
func (t *Timeline) Footprints() []Footprint {
	r := footprints{
		armed:      make(map[ID]bool),
		labels:     make(map[ID]string),
		futures:    make(map[string][]Object),
		coroutines: make(map[ID]bool),
		touched:    make(map[ID]int),
	}
	for i, e := range t.All() {
		r.add(i, e)
	}
	for _, f := range r.out {
		for i := range f.Touches {
			if o := &f.Touches[i].Object; r.coroutines[o.ID] {
				o.Class = CoroutineClass
			}
		}
	}
	return r.out
}

// footprints is what the reading knows at one event.
type footprints struct {
	out        []Footprint
	armed      map[ID]bool
	labels     map[ID]string       // of futures
	futures    map[string][]Object // by the words with which an Awaited event refers to them
	coroutines map[ID]bool
	touched    map[ID]int // by the callback that fired last: the index in its Touches
}

func (r *footprints) add(i int, e Event) {
	switch e.Kind {
	case Fired:
		r.out = append(r.out, Footprint{Index: i, ID: e.ID, Label: e.Label})
		clear(r.touched)
		if r.armed[e.ID] {
			r.touch(Object{e.ID, TimerClass, e.Label}, false)
		}
	case Armed:
		r.armed[e.ID] = true
	case Promised:
		name := reference(e.ID, e.Label)
		r.labels[e.ID] = e.Label
		r.futures[name] = append(r.futures[name], Object{e.ID, FutureClass, e.Label})
	}
	class := classOf(e.Kind)
	if class == 0 || e.Cause == Driver || len(r.out) == 0 {
		return
	}
	if f := &r.out[len(r.out)-1]; resumes(e, f.ID) {
		f.Coroutine = e.Cause
		r.coroutines[e.Cause] = true
		r.touch(Object{e.Cause, CoroutineClass, r.labels[e.Cause]}, false)
	}
	r.touch(Object{e.ID, class, e.Label}, e.Kind == Touched && e.Detail == "read")
	if e.Kind == Awaited {
		for _, o := range r.futures[e.Detail] {
			r.touch(o, false)
		}
	}
}

// touch notes that the callback that fired last used o.
func (r *footprints) touch(o Object, reads bool) {
	f := &r.out[len(r.out)-1]
	if i, again := r.touched[o.ID]; again {
		f.Touches[i].Reads = f.Touches[i].Reads && reads
		return
	}
	r.touched[o.ID] = len(f.Touches)
	f.Touches = append(f.Touches, Touch{o, reads})
}

// classOf returns the class of the object that an event of kind k happens to, 0
// if that event is no use of an object.
func classOf(k Kind) Class {
	switch k {
	case Promised, Settled, Refused, Cancelled:
		return FutureClass
	case Armed, Stopped:
		return TimerClass
	case Left:
		return WorkClass
	case Awaited:
		return CoroutineClass
	case Touched:
		return NamedClass
	}
	return 0
}

// resumes reports whether e, an event behind the one in which the callback
// running fired, shows that this callback resumed a coroutine: then the cause of
// what it does is the coroutine. Each resumption shows, since a coroutine awaits
// again or settles its future.
func resumes(e Event, running ID) bool {
	return classOf(e.Kind) != 0 && e.Cause != Driver && e.Cause != running
}

// reference is how an event's detail refers to another thing.
func reference(id ID, label string) string {
	if label == "" {
		return id.String()
	}
	return strconv.Quote(label) + " (" + id.String() + ")"
}
