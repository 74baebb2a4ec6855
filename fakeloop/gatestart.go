package fakeloop

import (
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Goroutine is one that [Loop.Go] started. All methods may be called from any
// goroutine of the bubble.
type Goroutine struct {
	loop    *Loop
	id      timeline.ID
	label   string
	passage Passage
	site    *place
	number  uint64 // of the goroutine, as the runtime counts; 0 before it has begun
	done    chan struct{}
	err     error // set before done is closed
}

// Go starts a goroutine beside the loop, in the loop's bubble. Its start is an event at
// the gate of the loop: goroutines that are started together begin one at a time, each
// once the one before is durably blocked or has ended, in the order of their names,
// or as the source of decisions says. With [Config.Spread] that source also says how
// much later. The n-th goroutine of one name has the same identity in every run, if
// those that start goroutines of one name do not race.
//
// A panic of f is an error of the loop, as that of a callback is, and so is what
// [Config.Fatal] takes for the failure of a test, or a runtime.Goexit: that reaches the
// goroutine that waits for the loop. A loop that is closed tells, in a *LeakError,
// which of its goroutines have not ended; one that has not begun never begins.
//
// On a wall loop the goroutine starts at once. Go panics if f is nil, if name is
// empty, on a virtual loop, beside which nothing runs, and if the loop is closed.
func (l *Loop) Go(name string, f func()) *Goroutine {
	switch {
	case f == nil:
		panic("fakeloop: Go with a nil function")
	case name == "":
		panic("fakeloop: Go without a name; name the goroutine, the same in every run")
	case l.mode == Virtual:
		panic("fakeloop: Go on a virtual loop, beside which no goroutine runs; use Async for a coroutine, Offload for work outside, or a loop in Bubble mode")
	}
	g := &Goroutine{loop: l, label: name, site: l.site(), done: make(chan struct{})}
	l.checkBubble("Go")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Go on a closed loop: the goroutine would run unwatched")
	}
	if l.names == nil {
		l.names = make(map[string]uint64)
	}
	l.names[name]++
	g.passage = Passage{What: "start", To: name, Count: int(l.names[name]) - 1}
	g.id = named(name).Child(1 << 62).Child(int64(l.names[name]))
	l.goroutines = append(l.goroutines, g)
	go g.run(f)
	return g
}

// Done returns a channel that is closed when the goroutine has ended.
func (g *Goroutine) Done() <-chan struct{} { return g.done }

// Err returns nil while the goroutine runs and after f has returned; then a
// *PanicError if f panicked, ErrGoexit if f ended by runtime.Goexit, and ErrClosed if
// the loop was closed before f began.
func (g *Goroutine) Err() error {
	select {
	case <-g.done:
		return g.err
	default:
		return nil
	}
}

// String names the goroutine and, with [Config.Sites], says where it was started.
func (g *Goroutine) String() string {
	return "goroutine " + describe(g.id, g.label) + g.site.suffix()
}

// GomegaString is what Gomega prints for a goroutine.
func (g *Goroutine) GomegaString() string { return g.String() }

func (g *Goroutine) run(f func()) {
	if err := g.begin(); err != nil {
		g.end(err)
		return
	}
	finished := false
	defer func() {
		var err error
		if !finished {
			err = g.loop.unwound(recover(), g)
		}
		g.end(err)
	}()
	f()
	finished = true
}

// begin waits for the turn of the goroutine, and again after it was put off.
func (g *Goroutine) begin() error {
	l := g.loop
	if err := l.gate.Pass(g.passage); err != nil {
		return err
	}
	if l.spread > 0 {
		if late := l.gate.Choose(g.label+" starts", returnChoices); late > 0 {
			time.Sleep(l.spread / (returnChoices - 1) * time.Duration(late))
			if err := l.gate.Pass(g.passage); err != nil {
				return err
			}
		}
	}
	number := thisGoroutine().id
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	g.number = number
	return nil
}

// end says that the goroutine has ended.
func (g *Goroutine) end(err error) {
	l := g.loop
	l.mu.Lock()
	l.goroutines = slices.DeleteFunc(l.goroutines, func(o *Goroutine) bool { return o == g })
	l.mu.Unlock()
	g.err = err
	close(g.done)
}

// unwound deals with a goroutine that did not return: v is what it panicked with, nil
// for runtime.Goexit.
func (l *Loop) unwound(v any, g *Goroutine) error {
	if v != nil && !l.isFatal(v) {
		err := Recovered(v, g.String())
		l.report(err)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beside.escaped == nil {
		l.beside.escaped = &escaped{v}
	}
	l.notify()
	return ErrGoexit
}

// leaveBubble lets everything through that waits at the gate, and says which goroutines
// are left then.
func (l *Loop) leaveBubble() error {
	d := l.beside.director
	d.release(&l.gate)
	l.mu.Lock()
	running := len(l.goroutines) > 0
	l.mu.Unlock()
	if running {
		d.barrier()
	}
	d.leave(l)
	return l.leaks()
}

// leaks returns a *LeakError if goroutines of the loop other than the calling one
// have not ended.
func (l *Loop) leaks() error {
	caller := thisGoroutine().id
	l.mu.Lock()
	left := slices.DeleteFunc(slices.Clone(l.goroutines), func(g *Goroutine) bool { return g.number == caller })
	l.mu.Unlock()
	if len(left) == 0 {
		return nil
	}
	at := make(map[uint64]stack)
	for _, s := range stacks(dump()) {
		at[s.id] = s
	}
	err := new(LeakError)
	for _, g := range left {
		s := at[g.number]
		text := g.String() + ": " + s.state
		if where := s.where(); where != "" {
			text += " at " + where
		}
		err.Goroutines = append(err.Goroutines, text)
	}
	slices.Sort(err.Goroutines)
	return err
}

// LeakError means that a loop was closed while goroutines that it had started went on.
type LeakError struct {
	Goroutines []string // which, and where each is
}

// Error names the goroutines.
func (e *LeakError) Error() string {
	text := "fakeloop: closed while goroutines went on that Loop.Go had started; end them first, for example by closing what they wait for:"
	for _, g := range e.Goroutines {
		text += "\n" + g
	}
	return text
}
