package fakeloop

import (
	"fmt"
	"math"
)

// Semaphore is a number of permits. Whoever acquires one when none is free waits on a
// future and never blocks the loop; who has waited longest is served first. All
// methods may be called from any goroutine.
//
// A permit is held by whoever has a future of Acquire that was resolved, from that
// moment on, whether or not its handlers have run. One who gives up before that
// ([Future.Cancel], [Timeout], the cancelled coroutine that awaits it) leaves the
// line and costs no permit. One who gives up later is too late: Cancel returns false,
// Timeout and Await hand the permit over, and it has to be released. [Semaphore.With]
// does all of that.
type Semaphore struct {
	object
	free    int
	most    int // that can be free
	waiters waiters
}

// NewSemaphore returns a semaphore with n free permits. Release may be called more
// often than Acquire: it adds permits. The label names the semaphore's futures. It
// panics if n is negative.
func NewSemaphore(l *Loop, label string, n int) *Semaphore {
	return newSemaphore("NewSemaphore", l, label, n, math.MaxInt)
}

// NewBoundedSemaphore is NewSemaphore, but never more than n permits are free: a
// Release without an Acquire panics.
func NewBoundedSemaphore(l *Loop, label string, n int) *Semaphore {
	return newSemaphore("NewBoundedSemaphore", l, label, n, n)
}

func newSemaphore(call string, l *Loop, label string, n, most int) *Semaphore {
	if n < 0 {
		panic(fmt.Sprintf("fakeloop: %s(%q) with %d permits; a semaphore can begin with none, but not with less", call, label, n))
	}
	return &Semaphore{object: l.newObject(call, label), free: n, most: most}
}

// Acquire asks for a permit. The future is resolved when it is held, at once if one
// is free. Acquire panics if the loop is closed; a loop that is closed later rejects
// with ErrClosed who still waits.
func (s *Semaphore) Acquire() *Future[struct{}] {
	s.loop.checkCaller("Acquire")
	return s.acquire("acquire")
}

// TryAcquire takes a permit if one is free, and reports whether it did. It never
// waits, and overtakes nobody.
func (s *Semaphore) TryAcquire() bool {
	s.loop.checkCaller("TryAcquire")
	return s.tryAcquire()
}

func (s *Semaphore) tryAcquire() bool {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	if s.free == 0 {
		s.touch(reading)
	} else {
		s.touch(writing)
	}
	return s.take()
}

// Release gives a permit back: to whoever has waited longest, or to nobody. On a
// closed loop it does no more than count. It panics if the semaphore is bounded and
// all its permits are free.
func (s *Semaphore) Release() {
	s.loop.checkCaller("Release")
	if !s.release() {
		panic(fmt.Sprintf("fakeloop: Release of %v without an Acquire; release each permit once", s))
	}
}

// Available returns how many permits are free.
func (s *Semaphore) Available() int { return read(&s.object, "Available", &s.free) }

// With acquires a permit, calls fn in the coroutine and releases the permit, however
// fn ends. It returns what fn returns, or why there was no permit: the errors of
// Await. Whenever the coroutine is cancelled, and also if the loop is closed, no
// permit is lost. With panics if fn is nil, or if it is not called by co's own body.
func (s *Semaphore) With(co *Coroutine, fn func() error) error {
	return s.with(co, "acquire", s.Release, fn)
}

// String names the semaphore and says how many permits are free and how many wait.
func (s *Semaphore) String() string {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	free := fmt.Sprintf("%d free", s.free)
	if s.most < math.MaxInt {
		free = fmt.Sprintf("%d of %d free", s.free, s.most)
	}
	return fmt.Sprintf("semaphore %s, %s, %d waiting", describe(s.id, s.label), free, s.waiters.len())
}

// GomegaString is what Gomega prints for a semaphore.
func (s *Semaphore) GomegaString() string { return s.String() }

func (s *Semaphore) acquire(verb string) *Future[struct{}] {
	f := newFuture[struct{}](s.loop)
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	f.begin(s.loop, s.labelFor(verb), nil)
	s.touch(writing)
	s.waiters.wait(&s.object, f, s.take())
	return f
}

// take takes a permit if one is free. The caller holds the loop's lock.
func (s *Semaphore) take() bool {
	if s.free == 0 {
		return false
	}
	s.free--
	return true
}

// release gives a permit back, and reports false if there is none to be given.
func (s *Semaphore) release() bool {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	if s.free == s.most {
		return false
	}
	s.touch(writing)
	if !s.waiters.wake(&s.object) {
		s.free++
	}
	return true
}

func (s *Semaphore) with(co *Coroutine, verb string, release func(), fn func() error) error {
	if fn == nil {
		panic("fakeloop: With with a nil function")
	}
	if err := co.check(); err != nil {
		return err
	}
	f := s.acquire(verb)
	if _, err := Await(co, f); err != nil {
		f.Cancel(err)
		if _, refused, _ := f.Result(); refused == nil { // granted, and the coroutine has not noticed
			release()
		}
		return err
	}
	defer release()
	return fn()
}
