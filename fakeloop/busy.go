package fakeloop

import (
	"fmt"
	"time"
)

// busyTimes is by how much longer a callback has to go on, each time, to be told again.
const busyTimes = 4

// BusyCallback is a callback of a bubble's loop that computes, or is in a system call, for
// long: see [BubbleWatch.Busy].
type BusyCallback struct {
	Loop      *Loop
	Callback  string        // which one, or which coroutine, and with Config.Sites where it comes from, if that is known
	At        time.Duration // when it began, or went on, on the loop's clock
	After     time.Duration // for how long it has not returned, in real time; it may be more
	Goroutine uint64        // that it runs on, a coroutine's if it is in one's body; as the runtime counts them
	Stack     string        // of that
}

// String says which callback it is, and what that means, without the stack.
func (c *BusyCallback) String() string {
	return fmt.Sprintf("%s has been running since %v, for %v of real time: until it returns or waits virtual time stands still, and no other callback runs.",
		c.Callback, c.At, c.After.Round(time.Millisecond))
}

// busyLook is for how long a loop has been in one callback.
type busyLook struct {
	ran   int // how many had begun
	looks int
	next  int // as many as it takes until it is told
}

// Busy returns a callback that has been running at each look for as long as it takes a bubble
// to stall, nil if there is none; and the same one again when it has been four times as long,
// and so on. To call it is a look, of which there is to be one each [BubbleWatch.Every]. A
// callback that waits is none; it does not matter whether that is durable. What computes
// cannot be told from what computes for ever, so this is nothing but news.
func (w *BubbleWatch) Busy() *BusyCallback {
	for _, l := range loopsOf(w.bubble) {
		seen := w.busy[l]
		if seen == nil {
			seen = new(busyLook)
			w.busy[l] = seen
		}
		if c := seen.look(l); c != nil {
			c.After = time.Duration(seen.looks) * w.Every()
			return c
		}
	}
	return nil
}

func (b *busyLook) look(l *Loop) *BusyCallback {
	if !l.mu.TryLock() { // the loop is at work
		return nil
	}
	defer l.mu.Unlock()
	if !l.running || l.beside.ran != b.ran {
		*b = busyLook{ran: l.beside.ran, next: stallLooks}
		return nil
	}
	if b.looks++; b.looks < b.next {
		return nil
	}
	for _, s := range stacks(dump()) {
		if l.isAtWork(s) {
			b.next *= busyTimes
			return &BusyCallback{Loop: l, Callback: l.nameUnderWay(), At: l.elapsed(), Goroutine: s.id, Stack: s.text}
		}
	}
	return nil
}

// nameUnderWay names the coroutine whose body is running, or else the callback that is. The
// caller holds l.mu.
func (l *Loop) nameUnderWay() string {
	if co := l.inside; co != nil {
		return "coroutine " + describe(co.scope.id, co.label) + co.future.site.suffix()
	}
	return l.lastFired(1)[0]
}
