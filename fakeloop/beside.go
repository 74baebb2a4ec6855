package fakeloop

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// beside is what a loop needs to run on a goroutine of its own, beside the test
// body.
type beside struct {
	done      chan struct{} // closed when that goroutine has ended
	quit      bool
	owner     uint64 // the goroutine that runs callbacks; in strict mode also the driver of a virtual loop
	escaped   *escaped
	leaving   bool // the callback in progress is being unwound, to escape
	ran       int  // callbacks so far
	passed    int  // events that its gate has let through
	outlasted int  // the one, counted thus, that is not waited for any more
	busy      instant

	director *director     // of the bubble
	number   int           // of the loop among those of the bubble
	granted  chan struct{} // the director lets the loop look at its queue; one slot, since the loop may have quit
	quitting chan struct{} // closed with quit; nil but in a bubble

	ready bool   // the director has seen that there is something to run,
	since uint64 // which came in this interval

	noted    []note    // bubble: by other goroutines since it was last quiet
	arrived  []arrival // bubble: posted by other goroutines since the bubble was last quiet
	asked    uint64    // how often somebody asked whether the bubble is quiet
	answered uint64    // the last such question that has been answered
}

// escaped is a fatal panic, or a Goexit, on its way from a callback of a loop that
// runs beside the test to the goroutine that waits for the loop.
type escaped struct {
	value any // nil for Goexit
}

func (l *Loop) startBeside(c Config) {
	if l.mode == Bubble {
		bubble := l.maker.bubble
		if bubble == 0 {
			panic("fakeloop: New in Bubble mode outside a bubble; call it in the function given to synctest.Test, or use Virtual, which needs none")
		}
		l.horizon = int64(cmp.Or(c.Horizon, DefaultHorizon))
		l.beside.granted = make(chan struct{}, 1)
		l.beside.quitting = make(chan struct{})
		l.beside.director, l.beside.number = join(bubble, l)
	}
	l.epoch = time.Now()
	l.beside.done = make(chan struct{})
	go l.runBeside()
}

// runBeside runs the loop until Close. A callback that unwinds the goroutine is
// kept for whoever waits, and the loop goes on on another goroutine.
func (l *Loop) runBeside() {
	finished := false
	defer func() {
		if finished {
			close(l.beside.done)
			return
		}
		v := recover()
		l.mu.Lock()
		l.endCallback()
		if l.beside.escaped == nil {
			l.beside.escaped = &escaped{v}
		}
		l.notify()
		l.mu.Unlock()
		go l.runBeside()
	}()
	l.mu.Lock()
	l.beside.owner = thisGoroutine().id
	l.mu.Unlock()
	for l.runNext() {
	}
	finished = true
}

// runNext runs the next callback, or sleeps until there may be one. It returns
// false when the loop is to end.
func (l *Loop) runNext() bool {
	l.mu.Lock()
	if l.running {
		l.endCallback()
		l.reportHeld()
		l.notify()
	}
	if l.mode == Bubble && !l.beside.quit {
		l.mu.Unlock()
		l.beside.director.await(l)
		l.mu.Lock()
		l.takeArrived()
	}
	asked := l.beside.asked // in a bubble by goroutines that are blocked by now
	if l.beside.quit {
		l.mu.Unlock()
		return false
	}
	var fn func()
	if !l.refusesMore() {
		fn = l.take(never)
	}
	if fn == nil && !l.interrupted() && l.mode == Bubble && l.takeReturned() {
		fn = l.take(never)
	}
	switch {
	case fn != nil:
		l.beside.ran++
		l.beside.busy.ran++
		l.mu.Unlock()
		l.dispatch(fn)
		return true
	case l.interrupted() && l.choices.refusal == nil:
		l.notify()
		l.mu.Unlock()
		return true
	}
	if l.beside.answered != asked {
		l.beside.answered, l.beside.busy.ran = asked, 0
	}
	l.notify()
	if l.beside.asked != asked { // somebody asked too late for this answer, and too early to wake the loop
		l.mu.Unlock()
		return true
	}
	l.sleep()
	return true
}

// arrival is a callback posted by another goroutine, and who that is: zero for the one
// that made the loop.
type arrival struct {
	task
	from timeline.ID
}

// takeArrived puts what other goroutines have posted since the bubble was last
// quiet into the ready queue: in the order of who they are, and for each in its own
// order, whatever the scheduler made of it. The caller holds l.mu.
func (l *Loop) takeArrived() {
	slices.SortStableFunc(l.beside.arrived, func(a, b arrival) int { return cmp.Compare(a.from, b.from) })
	for _, a := range l.beside.arrived {
		l.enqueueTask(a.task)
	}
	l.beside.arrived = l.beside.arrived[:0]
}

// sleep waits until there may be something to run. The caller holds l.mu, which
// sleep releases.
func (l *Loop) sleep() {
	l.sleeping = true
	when, timed := l.timers.next()
	timed = timed && l.choices.refusal == nil
	wait := time.Duration(when - l.now)
	l.mu.Unlock()
	if !timed {
		<-l.wakeup
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-l.wakeup:
	case <-timer.C:
	}
}

// hasArrived reports whether the driver has posted something beside a callback that is not
// in the ready queue yet: what it posts now, when the callback has ended, is behind that. The
// caller holds l.mu.
func (l *Loop) hasArrived() bool {
	return slices.ContainsFunc(l.beside.arrived, func(a arrival) bool { return a.from == timeline.Driver })
}

// arrive takes a callback from a goroutine beside the loop. The caller holds l.mu.
func (l *Loop) arrive(t task, from timeline.ID) {
	l.beside.arrived = append(l.beside.arrived, arrival{t, from})
	l.wake()
}

// leave notes that the callback in progress settles a future while it is being
// unwound by what is to escape: who waits for that future gets the escape, not
// the outcome.
func (l *Loop) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beside.leaving = true
}

// hasEscape reports whether a failure is on its way from a callback of a loop that
// runs by itself to the calling goroutine.
func (l *Loop) hasEscape() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return (l.beside.leaving || l.beside.escaped != nil) && !l.closed && l.mode != Virtual && l.isBeside()
}

// goOn lets what escaped from a callback unwind the calling goroutine.
func (e *escaped) goOn() {
	if e.value != nil {
		panic(e.value)
	}
	runtime.Goexit()
}
