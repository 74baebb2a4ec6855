package fakeloop

import (
	"container/list"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Future is an outcome that comes later: a value or an error, settled once and
// for all. It belongs to a loop, on which its handlers run. Futures come from
// NewPromise, Async, Offload, Then and Catch. All methods may be called from
// any goroutine.
type Future[T any] struct {
	state
	value T
}

// status is how far a future is.
type status uint8

const (
	isPending status = iota
	isResolved
	isRejected
)

// state is the part of a future that does not depend on the type of its value.
// Its loop's lock guards it.
type state struct {
	loop      *Loop
	id        timeline.ID
	mark      timeline.Mark // of the event in which it was made
	label     string
	site      *place
	status    status
	observed  bool // somebody saw, or will see, the error
	err       error
	handled   uint64   // how many handlers were registered
	gaveUp    uint64   // how many of them are those of futures that were cancelled
	first     reaction // most futures have one
	more      []reaction
	canceller func(cause error) // nil unless somebody can stop the work
	coroutine *Coroutine        // whose outcome this is, if it is a coroutine's
	watches   *list.List        // what the loop does at the settle itself; see watch
	source    *state            // what a derived future, or a suspended coroutine's, waits for
	prev      *state            // links of the list it stands in
	next      *state
	list      *stateList
}

// Awaitable is any future of a loop, whatever the type of its value.
type Awaitable interface {
	// Loop returns the loop the future belongs to.
	Loop() *Loop
	// Settled reports whether the future has an outcome.
	Settled() bool
	// Outcome returns the outcome of a settled future and counts as looking
	// at its error; settled is false, and the rest zero, while it is pending.
	Outcome() (value any, err error, settled bool)
	// String names the future and its state.
	String() string

	base() *state
}

// Promise is the settling side of a future. All methods may be called from any
// goroutine, but a goroutine that does not belong to the loop should settle in
// a callback it returns with [Work.Return], which gives the settle a place in
// the order of the run.
type Promise[T any] struct {
	future Future[T]
}

// NewPromise returns a promise whose future is pending. The label names it in
// texts; it may be empty. It panics if the loop is closed.
func NewPromise[T any](l *Loop, label string) *Promise[T] {
	l.checkCaller("NewPromise")
	p := new(Promise[T])
	p.future.init(l, label, nil)
	return p
}

// Future returns the future that p settles.
func (p *Promise[T]) Future() *Future[T] { return &p.future }

// Resolve settles the future with a value and reports whether it did: false
// means that it was settled before, which is then left as it is.
func (p *Promise[T]) Resolve(v T) bool {
	p.future.loop.checkCaller("Resolve")
	return p.future.settle(v, nil)
}

// Reject settles the future with an error and reports whether it did: false
// means that it was settled before, which is then left as it is, and err is
// dropped. A nil err rejects with ErrNilRejection.
func (p *Promise[T]) Reject(err error) bool {
	p.future.loop.checkCaller("Reject")
	if err == nil {
		err = ErrNilRejection
	}
	var zero T
	return p.future.settle(zero, err)
}

// init makes the state that of a pending future of l that waits for source,
// which may be nil.
func (s *state) init(l *Loop, label string, source *state) {
	s.site = l.site()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.begin(l, label, source)
}

// begin is init but for the site. The caller holds l.mu.
func (s *state) begin(l *Loop, label string, source *state) {
	if l.closed {
		panic("fakeloop: a future was made on a closed loop: its handlers would never run")
	}
	s.loop, s.label, s.source = l, label, source
	l.readClock()
	s.id, s.mark = l.log.AddChild(timeline.Promised, l.elapsed(), l.turn, l.scope.id, l.scope.next(), label, 0)
	l.pending.add(s)
}

// settle gives the future its outcome and posts its handlers. It reports
// whether it did; the first settle wins.
func (f *Future[T]) settle(v T, err error) bool {
	detail := "resolved"
	if err != nil {
		detail = "rejected: " + errorText(err) // user code, so not under the lock
	}
	l := f.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.status != isPending {
		l.record(timeline.Refused, f.id, l.scope.id, f.label, detail)
		return false
	}
	if err == nil { // never both
		f.value = v
	}
	f.finish(err, detail)
	return true
}

// finish settles the state. The caller holds the loop's lock.
func (s *state) finish(err error, detail string) {
	l := s.loop
	s.status, s.err, s.source, s.canceller = isResolved, err, nil, nil
	if err != nil {
		s.status = isRejected
	}
	l.readClock()
	l.log.AddOf(s.mark, timeline.Settled, l.elapsed(), l.turn, s.id, l.scope.id, detail)
	s.list.remove(s)
	if err != nil && !s.observed {
		l.unobserved.add(s)
	}
	if s.handled > 0 && !l.closed {
		s.post(1, s.first)
		for i, h := range s.more {
			s.post(uint64(i+2), h)
		}
	}
	s.first, s.more = reaction{}, nil
	s.tell(detail)
	l.wake()
	l.notify()
}

// observe notes that somebody sees the outcome. The caller holds the loop's
// lock.
func (s *state) observe() {
	s.observed = true
	if s.status == isRejected && s.list != nil {
		s.list.remove(s)
	}
}

// forgive makes a rejection that Close is the reason of count as observed.
func (s *state) forgive() {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	s.observe()
}

// Loop returns the loop the future belongs to.
func (s *state) Loop() *Loop { return s.loop }

func (s *state) base() *state { return s }

// Settled reports whether the future has an outcome. It does not count as
// looking at an error.
func (s *state) Settled() bool {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	return s.status != isPending
}

// Result returns the outcome of a settled future; settled is false, and the
// rest zero, while it is pending. Seeing an error counts as looking at it.
func (f *Future[T]) Result() (value T, err error, settled bool) {
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	if f.status == isPending {
		return value, nil, false
	}
	f.observe()
	return f.value, f.err, true
}

// Outcome is Result for callers that do not know the type of the value.
func (f *Future[T]) Outcome() (value any, err error, settled bool) {
	v, err, settled := f.Result()
	if !settled || err != nil {
		return nil, err, settled
	}
	return v, nil, true
}

// OnSettled registers fn, which is called once, on the loop, in a turn after
// the future was settled; several handlers run in the order of registration.
// It panics if fn is nil. A panic of fn is an error of the loop, like that of
// any callback.
func (f *Future[T]) OnSettled(fn func(value T, err error)) {
	f.loop.checkCaller("OnSettled")
	if fn == nil {
		panic("fakeloop: OnSettled with a nil function")
	}
	f.subscribe(reaction{fn: func() { fn(f.value, f.err) }})
}

// Wait drives a virtual loop, or waits for a wall loop, until the future is
// settled, and returns its outcome. It fails at once with an *IdleError, which
// says who waits for whom, if nothing can settle it, and otherwise with the
// errors of [Loop.Await]. It must not be called on the loop; a coroutine uses
// Await.
func (f *Future[T]) Wait() (T, error) {
	awaitErr := f.loop.Await(f)
	v, err, settled := f.Result()
	if !settled {
		return v, awaitErr
	}
	return v, err
}

// String names the future and its state. It does not block and does not count
// as looking at an error.
func (s *state) String() string {
	s.loop.mu.Lock()
	err := s.err
	text := s.describe()
	s.loop.mu.Unlock()
	if err != nil {
		text += ": " + errorText(err) // user code, so not under the lock
	}
	return text
}

// GomegaString is what Gomega prints for a promise: the hint that matchers take its
// future.
func (p *Promise[T]) GomegaString() string {
	return "a promise, whose Future is: " + p.future.String()
}

// GomegaString is what Gomega prints for a future.
func (s *state) GomegaString() string { return s.String() }

// describe names the future, says how far it is and where it was made. The
// caller holds the loop's lock.
func (s *state) describe() string { return s.identify() + ", " + s.status.String() }

// identify names the future and says where it was made.
func (s *state) identify() string {
	return "future " + describe(s.id, s.label) + s.site.suffix()
}

func (st status) String() string {
	return [...]string{isPending: "pending", isResolved: "resolved", isRejected: "rejected"}[st]
}
