package fakeloop

import "runtime"

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

// outlast lets the callback in progress end, by which the goroutine that made the loop may
// have been woken, before that goroutine does something with the loop: then that is its own
// doing, and behind what the callback does. It does not wait for what is blocked, for that
// may wait for the goroutine itself, with a lock of the user's for example, nor long.
func (l *Loop) outlast() {
	const (
		looks   = 40
		between = 100 // yields
	)
	for i := range looks * between {
		l.mu.Lock()
		ran, by := l.beside.ran, l.beside.owner
		if l.inside != nil {
			by = l.inside.goroutine
		}
		over := !l.running || l.closed || l.beside.outlasted == ran
		if !over && i == looks*between-1 {
			l.beside.outlasted = ran
		}
		l.mu.Unlock()
		if over {
			return
		}
		if i%between == between-1 {
			if s, _ := parseStack(stackOf(by)); s.isBlocked() {
				l.mu.Lock()
				if l.beside.ran == ran {
					l.beside.outlasted = ran
				}
				l.mu.Unlock()
			}
		}
		runtime.Gosched()
	}
}
