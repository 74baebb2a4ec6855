package durable

import (
	"slices"
	"sync"
)

var _ sync.Locker = (*RWMutex)(nil)

// RWMutex is a sync.RWMutex for which waiting is durable. Readers and writers are
// served in the order of their calls, so that a reader who comes behind a writer that
// waits, waits too. All methods may be called from any goroutine.
type RWMutex struct {
	mu      sync.Mutex // never held while anything waits
	readers int
	writing bool
	waiting []waiter // who has waited longest stands first
}

// waiter is who waits for an RWMutex.
type waiter struct {
	writes bool
	turn   chan struct{}
}

// Lock locks rw for writing, and waits until nobody holds it.
func (rw *RWMutex) Lock() { rw.lock(true) }

// RLock locks rw for reading, and waits until no writer holds it. Like that of package
// sync it must not be called by who holds a read lock already: a writer may have come in
// between.
func (rw *RWMutex) RLock() { rw.lock(false) }

// TryLock locks rw for writing if nobody holds it, and reports whether it did.
func (rw *RWMutex) TryLock() bool { return rw.tryLock(true) }

// TryRLock locks rw for reading if no writer holds it or waits for it, and reports
// whether it did.
func (rw *RWMutex) TryRLock() bool { return rw.tryLock(false) }

// Unlock ends a Lock. It panics if rw is not locked for writing.
func (rw *RWMutex) Unlock() {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	if !rw.writing {
		panic("durable: Unlock of an RWMutex that is not locked for writing; lock it first, and unlock it once")
	}
	rw.writing = false
	rw.serve()
}

// RUnlock ends one RLock. It panics if rw is not locked for reading.
func (rw *RWMutex) RUnlock() {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	if rw.readers == 0 {
		panic("durable: RUnlock of an RWMutex that is not locked for reading; lock it first, and unlock it once")
	}
	rw.readers--
	rw.serve()
}

// RLocker returns a Locker whose Lock and Unlock are RLock and RUnlock.
func (rw *RWMutex) RLocker() sync.Locker { return (*reader)(rw) }

type reader RWMutex

func (r *reader) Lock()   { (*RWMutex)(r).RLock() }
func (r *reader) Unlock() { (*RWMutex)(r).RUnlock() }

func (rw *RWMutex) tryLock(writes bool) bool {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	return len(rw.waiting) == 0 && rw.take(writes)
}

func (rw *RWMutex) lock(writes bool) {
	rw.mu.Lock()
	if len(rw.waiting) == 0 && rw.take(writes) {
		rw.mu.Unlock()
		return
	}
	w := waiter{writes, make(chan struct{})} // made here, so that it belongs to the bubble of who waits
	rw.waiting = append(rw.waiting, w)
	rw.mu.Unlock()
	<-w.turn
}

// take locks rw if that is possible now. The caller holds rw.mu.
func (rw *RWMutex) take(writes bool) bool {
	switch {
	case rw.writing || writes && rw.readers > 0:
		return false
	case writes:
		rw.writing = true
	default:
		rw.readers++
	}
	return true
}

// serve lets those in who wait, as far as their order allows. The caller holds rw.mu.
func (rw *RWMutex) serve() {
	n := 0
	for n < len(rw.waiting) && rw.take(rw.waiting[n].writes) {
		close(rw.waiting[n].turn)
		n++
	}
	rw.waiting = slices.Delete(rw.waiting, 0, n)
}
