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
	done    chan struct{} // closed when that goroutine has ended
	quit    bool
	owner   uint64 // the goroutine that runs callbacks; in strict mode also the driver of a virtual loop
	escaped *escaped
	leaving bool // the callback in progress is being unwound, to escape
	ran     int  // callbacks so far

	director *director     // of the bubble
	number   int           // of the loop among those of the bubble
	granted  chan struct{} // the director lets the loop look at its queue; one slot, since the loop may have quit
	quitting chan struct{} // closed with quit; nil but in a bubble

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
		l.beside.director, l.beside.number = join(bubble)
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
		l.notify()
	}
	asked := l.beside.asked
	if l.mode == Bubble && !l.beside.quit {
		l.mu.Unlock()
		l.beside.director.await(l)
		l.mu.Lock()
		l.takeArrived()
	}
	if l.beside.quit {
		l.mu.Unlock()
		return false
	}
	found := l.choices.refusal == nil && l.take(never)
	if !found && !l.interrupted() && l.mode == Bubble && l.takeReturned() {
		found = l.take(never)
	}
	switch {
	case found:
		l.beside.ran++
		l.mu.Unlock()
		l.dispatch()
		return true
	case l.interrupted() && l.choices.refusal == nil:
		l.notify()
		l.mu.Unlock()
		return true
	}
	l.beside.answered = asked
	l.notify()
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
		l.enqueue(a.task)
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

// arrive takes a callback from a goroutine beside the loop. The caller holds l.mu.
func (l *Loop) arrive(t task, from timeline.ID) {
	l.beside.arrived = append(l.beside.arrived, arrival{t, from})
	l.wake()
}

// Settle waits until everything in the bubble of the loop is durably blocked and the
// loop has nothing to run at the present instant. It stands in for synctest.Wait,
// which panics in a bubble whose loop is waiting likewise. On a virtual loop it runs
// what is ready and due now; on a wall loop it waits until nothing is. It returns
// the panics of the callbacks, joined, and the errors of RunUntilIdle.
func (l *Loop) Settle() error {
	if l.mode == Virtual {
		return l.RunFor(0)
	}
	return l.drive(goal{horizon: never, settle: true})
}

// watch waits until a loop that runs by itself has reached the goal. How long it
// waits at most is fixed when it begins, so that a timer that sets itself again for
// ever does not keep it.
func (l *Loop) watch(g goal) error {
	caller := thisGoroutine()
	l.checkBubble("waiting for the loop")
	l.mu.Lock()
	l.readClock()
	if g.target != nil {
		g.until = max(g.target(), 1)
	}
	timeUp := time.NewTimer(l.patience(g))
	defer timeUp.Stop()
	l.beside.asked++
	asked, ran, began := l.beside.asked, l.beside.ran, l.now
	l.wake()
	for {
		if err := l.watchable(caller.id); err != nil {
			l.mu.Unlock()
			return err
		}
		if !l.beside.leaving && g.reached(1) {
			l.mu.Unlock()
			return nil
		}
		if l.standsStill(asked) && l.atGoal(g) {
			err := g.whenIdle()
			l.mu.Unlock()
			return err
		}
		if n := l.beside.ran - ran; l.mode == Bubble && n >= l.limit {
			err := l.limitError(n, began)
			l.mu.Unlock()
			return err
		}
		if !l.awaitChange(timeUp.C) && !g.forever {
			err := l.timeUp(g)
			l.mu.Unlock()
			return err
		}
	}
}

// patience is how long a watcher waits at most, on the clock of package time. The
// caller holds l.mu.
func (l *Loop) patience(g goal) time.Duration {
	switch {
	case g.until != 0:
		return time.Duration(g.until - l.now)
	case l.mode == Bubble:
		return time.Duration(l.horizon)
	}
	return time.Duration(saturatingAdd(int64(l.guard), max(0, l.timers.last()-l.now)))
}

// timeUp says what it means that a watcher has run out of patience. The caller
// holds l.mu.
func (l *Loop) timeUp(g goal) error {
	l.readClock()
	switch {
	case g.until != 0:
		return nil
	case l.mode == Bubble && l.isIdle():
		return g.whenIdle()
	case l.mode == Bubble && !l.running && len(l.outside) == 0:
		return &LimitError{At: l.elapsed(), Moved: time.Duration(l.horizon), Horizon: time.Duration(l.horizon), Last: l.lastFired(3)}
	}
	return l.stuckError()
}

// standsStill reports whether the loop has nothing to run at the present instant;
// in a bubble it must have found that out since it was asked. The caller holds l.mu.
func (l *Loop) standsStill(asked uint64) bool {
	return !l.running && !l.inTurn() && len(l.ready) == 0 && len(l.beside.arrived) == 0 &&
		(l.mode != Bubble || l.beside.answered >= asked)
}

// atGoal reports whether a loop that stands still will do nothing more for g. In a
// bubble another goroutine may, whose timers cannot be seen. The caller holds l.mu.
func (l *Loop) atGoal(g goal) bool {
	switch {
	case g.settle:
		return true
	case g.forever, g.until != 0:
		return false
	}
	return l.isIdle() && (l.mode != Bubble || g.done == nil)
}

// watchable says why a goroutine cannot wait for the loop, if so. A fatal panic
// or a Goexit of a callback goes on here. The caller holds l.mu, which an
// escape releases.
func (l *Loop) watchable(goroutine uint64) error {
	switch {
	case l.closed:
		return ErrClosed
	case l.runsOn(goroutine):
		return ErrReentrant
	}
	if e := l.beside.escaped; e != nil {
		l.beside.escaped = nil
		l.mu.Unlock()
		e.goOn()
	}
	return l.choices.refusal
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

func (l *Loop) isIdle() bool {
	_, timed := l.timers.next()
	return !l.running && !l.inTurn() && len(l.ready) == 0 && len(l.beside.arrived) == 0 && !timed && len(l.outside) == 0
}

// awaitChange releases l.mu until something about the loop may have changed; false
// means that time was up first.
func (l *Loop) awaitChange(timeUp <-chan time.Time) bool {
	l.watchers++
	changed := l.changed
	l.mu.Unlock()
	inTime := true
	select {
	case <-changed:
	case <-timeUp:
		inTime = false
	}
	l.mu.Lock()
	l.watchers--
	return inTime
}
