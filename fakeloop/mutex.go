package fakeloop

import "fmt"

// Mutex lets one at a time through code that awaits in between: between two awaits a
// callback or a coroutine is alone on its loop anyway. Whoever has to wait gets a
// future and never blocks the loop; who has waited longest is served first. All
// methods may be called from any goroutine.
//
// In a coroutine, [Mutex.With] is all that is needed. Its long form is
//
//	if _, err := fakeloop.Await(co, mutex.Lock()); err != nil {
//		return err // not locked
//	}
//	defer mutex.Unlock()
//
// The lock is held by whoever has a future of Lock that was resolved, from that
// moment on, whether or not its handlers have run; [Semaphore] says what follows for
// one who gives up.
type Mutex struct {
	permit Semaphore
}

// NewMutex returns a mutex that is not locked. The label names its futures.
func NewMutex(l *Loop, label string) *Mutex {
	return &Mutex{Semaphore{object: l.newObject("NewMutex", label), free: 1, most: 1}}
}

// Lock asks for the lock. The future is resolved when it is held, at once if nobody
// holds it. Lock panics if the loop is closed; a loop that is closed later rejects
// with ErrClosed who still waits.
func (m *Mutex) Lock() *Future[struct{}] {
	m.permit.loop.checkCaller("Lock")
	return m.permit.acquire("lock")
}

// TryLock takes the lock if nobody holds it, and reports whether it did. It never
// waits, and overtakes nobody.
func (m *Mutex) TryLock() bool {
	m.permit.loop.checkCaller("TryLock")
	return m.permit.tryAcquire()
}

// Unlock gives the lock to whoever has waited longest, or back. It may be called by
// another callback than the one that locked. It panics if the mutex is not locked.
func (m *Mutex) Unlock() {
	m.permit.loop.checkCaller("Unlock")
	if !m.permit.release() {
		panic(fmt.Sprintf("fakeloop: Unlock of %v; lock it first, and unlock it once", m))
	}
}

// Locked reports whether anybody holds the lock.
func (m *Mutex) Locked() bool { return read(&m.permit.object, "Locked", &m.permit.free) == 0 }

// With takes the lock, calls fn in the coroutine and unlocks, however fn ends. It
// returns what fn returns, or why the lock was not to be had: the errors of Await.
// Whenever the coroutine is cancelled, and also if the loop is closed, the lock is not
// left held. With panics if fn is nil, or if it is not called by co's own body.
func (m *Mutex) With(co *Coroutine, fn func() error) error {
	return m.permit.with(co, "lock", m.Unlock, fn)
}

// String names the mutex and says whether it is locked and how many wait.
func (m *Mutex) String() string {
	p := &m.permit
	p.loop.mu.Lock()
	defer p.loop.mu.Unlock()
	state := "not locked"
	if p.free == 0 {
		state = fmt.Sprintf("locked, %d waiting", p.waiters.len())
	}
	return "mutex " + describe(p.id, p.label) + ", " + state
}

// GomegaString is what Gomega prints for a mutex.
func (m *Mutex) GomegaString() string { return m.String() }
