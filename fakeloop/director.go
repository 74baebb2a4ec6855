package fakeloop

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// director decides, in one testing/synctest bubble, what goes on next. Only one
// goroutine of a bubble can wait until the bubble is quiet, so the loops, and the
// events at their gates, leave that to it: each asks for its turn, and when everything
// else is durably blocked one of them gets it. It never does what an event stands for
// itself: that may block until something happens for which the director is needed.
type director struct {
	bubble    uint64
	wake      chan struct{} // one slot
	quiets    atomic.Uint64 // how often the bubble was found quiet
	noted     atomic.Bool   // something was noted at a gate since then
	lingering atomic.Bool   // somebody waits for the end of a callback, or until that is blocked
	held      atomic.Bool   // a callback has offloaded work that waits for its end

	mu       sync.Mutex
	loops    []*Loop         // not closed, in the order in which they were made
	made     int             // ever
	waiting  []*Loop         // those that ask for a look at their queue
	firsts   []*crossing     // events that go before all others, in their order
	pending  []*crossing     // the other events, in their order
	barriers []chan struct{} // of those who wait until there is nothing else to let through

	interval uint64      // how many turns it has given
	last     timeline.ID // what had the last one
	lastAt   time.Time
	grants   grants

	turns   []turn   // scratch of choose
	options []Option // likewise
}

// directors are those of the bubbles that have a loop.
var directors struct {
	sync.Mutex
	of map[uint64]*director
}

// loopsOf returns the loops of a bubble that are not closed, in the order in which they were
// made.
func loopsOf(bubble uint64) []*Loop {
	directors.Lock()
	d := directors.of[bubble]
	directors.Unlock()
	if d == nil {
		return nil
	}
	return d.open()
}

// join returns the director of a bubble, on behalf of one more loop, and that loop's
// number.
func join(bubble uint64, l *Loop) (*director, int) {
	directors.Lock()
	defer directors.Unlock()
	d := directors.of[bubble]
	if d == nil {
		d = &director{bubble: bubble, wake: make(chan struct{}, 1)}
		if directors.of == nil {
			directors.of = make(map[uint64]*director)
		}
		directors.of[bubble] = d
		go d.run()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loops = append(d.loops, l)
	d.made++
	return d, d.made
}

// leave says that a loop has been closed; with the last one the director ends.
func (d *director) leave(l *Loop) {
	d.mu.Lock()
	d.loops = slices.DeleteFunc(d.loops, func(o *Loop) bool { return o == l })
	d.mu.Unlock()
	d.nudge()
}

func (d *director) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// end ends the director if no loop is left. It is asked between two waits, since the
// next director of the bubble must not wait beside this one.
func (d *director) end() bool {
	directors.Lock()
	defer directors.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.loops) == 0 {
		delete(directors.of, d.bubble)
	}
	return len(d.loops) == 0
}

// await returns when everything in the bubble is durably blocked and it is the turn
// of the loop, or when the loop is to end.
func (d *director) await(l *Loop) {
	d.mu.Lock()
	d.waiting = append(d.waiting, l)
	d.mu.Unlock()
	d.nudge()
	select {
	case <-l.beside.granted:
	case <-l.beside.quitting:
		d.mu.Lock()
		defer d.mu.Unlock()
		d.waiting = slices.DeleteFunc(d.waiting, func(o *Loop) bool { return o == l })
	}
}

func (d *director) isDone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.loops) == 0
}

func (d *director) run() {
	for !d.end() {
		<-d.wake
		d.quiesce()
		for d.grant() {
			d.quiesce()
		}
	}
}

// open returns the loops that are not closed, in the order in which they were made.
func (d *director) open() []*Loop {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.loops)
}

// quiesce waits until everything else in the bubble is durably blocked. If somebody
// else waits for that too, the loops are told, and waits until he is done.
func (d *director) quiesce() {
	for !quiet() {
		for _, l := range d.open() {
			l.report(ErrWaitBeside)
		}
		// Durable, so that the other's wait can end; short, but not beyond the end
		// of the test body, after which time stands still.
		timer := time.NewTimer(1)
		select {
		case <-timer.C:
		case <-d.wake:
			timer.Stop()
		}
		if d.isDone() {
			break
		}
	}
	d.quiets.Add(1)
	d.takeNotes()
	if d.tellLingering() || d.startStuck() {
		d.quiesce()
	}
}

// quiet waits until the bubble is quiet; false means that another goroutine does.
func quiet() (alone bool) {
	defer func() { alone = recover() == nil }()
	synctest.Wait()
	return
}
