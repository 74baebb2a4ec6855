package fakeloop

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// wallState is what a loop needs to run on a goroutine of its own.
type wallState struct {
	done    chan struct{} // closed when that goroutine has ended
	quit    bool
	owner   uint64 // the goroutine, by the runtime's number
	escaped *escaped
	leaving bool // the callback in progress is being unwound, to escape
}

// escaped is a fatal panic, or a Goexit, on its way from a callback of a wall
// loop to the goroutine that waits for the loop.
type escaped struct {
	value any // nil for Goexit
}

func (l *Loop) startWall() {
	l.epoch = time.Now()
	l.wall.done = make(chan struct{})
	go l.runWall()
}

// runWall runs the loop until Close. A callback that unwinds the goroutine is
// kept for whoever waits, and the loop goes on on another goroutine.
func (l *Loop) runWall() {
	finished := false
	defer func() {
		if finished {
			close(l.wall.done)
			return
		}
		v := recover()
		l.mu.Lock()
		l.endCallback()
		if l.wall.escaped == nil {
			l.wall.escaped = &escaped{v}
		}
		l.notify()
		l.mu.Unlock()
		go l.runWall()
	}()
	l.mu.Lock()
	l.wall.owner = goroutineID()
	l.mu.Unlock()
	for l.runNext() {
	}
	finished = true
}

// runNext runs the next callback, or sleeps until there may be one. It returns
// false when the loop is to end.
func (l *Loop) runNext() bool {
	l.mu.Lock()
	l.endCallback()
	l.notify()
	if l.wall.quit {
		l.mu.Unlock()
		return false
	}
	t, ok := l.take(never)
	if ok {
		l.mu.Unlock()
		l.dispatch(t)
		return true
	}
	l.sleeping = true
	when, timed := l.timers.next()
	wait := time.Duration(when - l.now)
	l.mu.Unlock()
	if !timed {
		<-l.wakeup
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-l.wakeup:
	case <-timer.C:
	}
	return true
}

// watch waits until a loop that runs by itself has reached the goal. How long it
// waits at most is fixed when it begins, so that a timer that sets itself again for
// ever does not keep it: the guard's time, from the last timer that is set then.
func (l *Loop) watch(g goal) error {
	caller := goroutineID()
	l.mu.Lock()
	l.readClock()
	guard := time.NewTimer(time.Duration(saturatingAdd(int64(l.guard), max(0, l.timers.last()-l.now))))
	defer guard.Stop()
	for {
		if err := l.watchable(caller); err != nil {
			l.mu.Unlock()
			return err
		}
		if !l.wall.leaving && g.reached(1) {
			l.mu.Unlock()
			return nil
		}
		if l.isIdle() && !g.forever {
			err := g.whenIdle()
			l.mu.Unlock()
			return err
		}
		if !l.awaitChange(guard.C) && !g.forever {
			err := l.stuckError()
			l.mu.Unlock()
			return err
		}
	}
}

// watchable says why a goroutine cannot wait for the loop, if so. A fatal panic
// or a Goexit of a callback goes on here. The caller holds l.mu, which an
// escape releases.
func (l *Loop) watchable(goroutine uint64) error {
	switch {
	case l.closed:
		return ErrClosed
	case l.ownedBy(goroutine):
		return ErrReentrant
	}
	if e := l.wall.escaped; e != nil {
		l.wall.escaped = nil
		l.mu.Unlock()
		e.goOn()
	}
	return nil
}

// leave notes that the callback in progress settles a future while it is being
// unwound by what is to escape: who waits for that future gets the escape, not
// the outcome.
func (l *Loop) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wall.leaving = true
}

// hasEscape reports whether a failure is on its way from a callback of a wall
// loop to the calling goroutine.
func (l *Loop) hasEscape() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return (l.wall.leaving || l.wall.escaped != nil) && !l.closed && l.mode == Wall && !l.ownedBy(goroutineID())
}

// goOn lets what escaped from a callback unwind the calling goroutine.
func (e *escaped) goOn() {
	if e.value != nil {
		panic(e.value)
	}
	runtime.Goexit()
}

// ownedBy reports whether a goroutine is the loop's own or one of its
// coroutines'. The caller holds l.mu.
func (l *Loop) ownedBy(goroutine uint64) bool {
	if goroutine == l.wall.owner {
		return true
	}
	for co := range l.coroutines {
		if co.goroutine == goroutine {
			return true
		}
	}
	return false
}

func (l *Loop) isIdle() bool {
	_, timed := l.timers.next()
	return !l.running && !l.inTurn() && len(l.ready) == 0 && !timed && len(l.outside) == 0
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

// stackOf returns the stack of a goroutine, "" if it is gone.
func stackOf(goroutine uint64) string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	for _, stack := range strings.Split(string(buf[:n]), "\n\n") {
		if strings.HasPrefix(stack, fmt.Sprintf("goroutine %d ", goroutine)) {
			return strings.TrimSpace(stack)
		}
	}
	return ""
}

// goroutineID returns the runtime's number of the calling goroutine, which
// package runtime tells in no other way than at the head of a stack.
func goroutineID() uint64 {
	var buf [64]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(head, []byte(" "))
	id, err := strconv.ParseUint(string(number), 10, 64)
	if err != nil {
		panic("fakeloop: the runtime's stack begins in an unknown way: " + string(buf[:]))
	}
	return id
}
