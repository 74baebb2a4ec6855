package blocking

import (
	"bytes"
	"runtime"
	"sync"
	"time"
)

// Contend calls f while another goroutine holds lock, and goes on holding it
// until f waits for a lock or returns. Whether a callback takes a lock that others
// take is a matter of luck to see: an uncontended lock does not park, and a
// briefly contended one is won by spinning. Under Contend a callback that takes
// the lock always parks, and one that does not never does:
//
//	blocking.Contend(&cache.mu, func() { cache.onData(b) })
//
// Call it in a callback, or make it the callback. Contend waits for the other
// goroutine before it calls f, in a frame of its own, which is not reported.
// Panics of f and runtime.Goexit pass through, and the lock is given back.
func Contend(lock sync.Locker, f func()) {
	returned := make(chan struct{})
	done := hold(lock, goroutine(), returned)
	defer func() {
		close(returned)
		awaitRelease(done)
	}()
	f()
}

// hold takes the lock on another goroutine and returns when it has it. The
// goroutine gives it back, and closes the channel, when the waiter waits for a
// lock, or when returned is closed. The frame of hold is known to the analyser.
//
//go:noinline
func hold(lock sync.Locker, waiter []byte, returned <-chan struct{}) <-chan struct{} {
	held, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		lock.Lock()
		defer lock.Unlock()
		close(held)
		for pause := 50 * time.Microsecond; !waitsForLock(waiter); pause = min(2*pause, 10*time.Millisecond) {
			select {
			case <-returned:
				return
			case <-tick(pause):
			}
		}
	}()
	receive(held)
	return done
}

// tick returns a channel that is ready after a pause. In a synctest bubble it is
// ready at once: the waiter's lock is not durably blocking, so no timer would
// ever fire there.
func tick(pause time.Duration) <-chan time.Time {
	if bubble() == "" {
		return time.After(pause)
	}
	runtime.Gosched()
	ready := make(chan time.Time)
	close(ready)
	return ready
}

// awaitRelease waits until the lock is free again, so that two calls of Contend
// do not meet. Its frame is known to the analyser.
//
//go:noinline
func awaitRelease(done <-chan struct{}) { receive(done) }

// receive waits in a frame of its own: a frame that waits itself is no marker.
//
//go:noinline
func receive(c <-chan struct{}) { <-c }

// waitsForLock reports whether a goroutine is parked in package sync, going by
// the state at the head of its stack.
func waitsForLock(number []byte) bool {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	_, rest, found := bytes.Cut(append([]byte("\n"), buf[:n]...), append(append([]byte("\ngoroutine "), number...), " ["...))
	return found && (bytes.HasPrefix(rest, []byte("sync.")) || bytes.HasPrefix(rest, []byte("semacquire")))
}

// goroutine returns the runtime's number of the calling goroutine.
func goroutine() []byte {
	buf := make([]byte, 64)
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf, false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(head, []byte(" "))
	return number
}
