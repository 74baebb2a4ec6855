package fakeloop

import (
	"runtime"
	"slices"
)

// linger is how a watcher that has reached its goal in the middle of a callback waits for
// the end of that, or until it is durably blocked: what the watcher does next is not the
// callback's doing, and comes behind what that does.
type linger struct {
	until uint64 // how often the bubble will have been quiet by then
}

// on reports whether the watcher has to wait. The caller holds l.mu.
func (w *linger) on(l *Loop) bool {
	if l.mode != Bubble || !l.running {
		return false
	}
	d := l.beside.director
	if w.until == 0 {
		w.until = d.quiets.Load() + 1
		d.lingering.Store(true)
		d.nudge()
	}
	return d.quiets.Load() < w.until
}

// tellLingering tells those that linger that the bubble is quiet, and reports whether there
// may be any.
func (d *director) tellLingering() bool {
	if !d.lingering.Swap(false) {
		return false
	}
	for _, l := range d.open() {
		l.mu.Lock()
		l.notify()
		l.mu.Unlock()
	}
	return true
}

// outlast lets the callback in progress end, by which the caller may have been woken, before
// the caller does something with the loop: then that is its own doing, and behind what the
// callback does. The caller is the goroutine that made the loop or one that Go started; for
// others there is no order that would be the same in every run. It does not wait for what is
// blocked, for that may wait for the caller, with a lock of the user's for example, nor long
// for what is not.
func (l *Loop) outlast(caller uint64) {
	const (
		looks   = 40
		between = 100 // yields
	)
	for i := range looks * between {
		l.mu.Lock()
		if !l.running || l.closed || l.beside.outlasted == l.beside.ran || i == 0 && !l.hasPlace(caller) {
			l.mu.Unlock()
			return
		}
		ran := l.beside.ran
		l.mu.Unlock()
		if i%between == between-1 && l.isBlocked() {
			return
		}
		if i == looks*between-1 {
			l.outlasted(ran)
		}
		runtime.Gosched()
	}
}

// isBlocked reports whether the callback in progress waits for something: the goroutine of the
// loop, and that of the coroutine whose body it runs.
func (l *Loop) isBlocked() bool {
	goroutines := stacks(dump())
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running && !slices.ContainsFunc(goroutines, l.isAtWork)
}

// isAtWork reports whether a stack is that of the callback in progress, which does not wait for
// anything. The caller holds l.mu.
func (l *Loop) isAtWork(s stack) bool { return l.runsOn(s.id) && !s.isBlocked() }

// hasPlace reports whether a goroutine has a place in the order of the run without saying
// who it is. The caller holds l.mu.
func (l *Loop) hasPlace(goroutine uint64) bool {
	return goroutine == l.maker.id || !l.runsOn(goroutine) &&
		slices.ContainsFunc(l.goroutines, func(g *Goroutine) bool { return g.number == goroutine })
}

// outlasted notes that the callback with that number is not waited for any more.
func (l *Loop) outlasted(callback int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beside.ran == callback {
		l.beside.outlasted = callback
	}
}
