package fakeloop

// Future is an outcome that comes later: a value or an error, settled once and
// for all. It belongs to a loop, on which its handlers run. Futures come from
// NewPromise, Async and Offload, and from other futures. All methods may be called
// from any goroutine; those of a nil and of a zero Future panic.
type Future[T any] struct {
	state
	value T
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

// home returns the loop of the future, and panics if it has none.
func (f *Future[T]) home(call string) *Loop {
	if f == nil {
		panic("fakeloop: " + call + " on a nil Future")
	}
	return f.state.home(call)
}

// Loop returns the loop the future belongs to.
func (s *state) Loop() *Loop { return s.loop }

func (s *state) base() *state { return s }

// Settled reports whether the future has an outcome. It does not count as
// looking at an error.
func (s *state) Settled() bool {
	l := s.home("Settled")
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.status != isPending
}

// Result returns the outcome of a settled future; settled is false, and the
// rest zero, while it is pending. Seeing an error counts as looking at it.
func (f *Future[T]) Result() (value T, err error, settled bool) {
	l := f.home("Result")
	l.mu.Lock()
	defer l.mu.Unlock()
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
// It is handed the error, so that this counts as looked at, whatever fn does with it.
// It panics if fn is nil. A panic of fn is an error of the loop, like that of
// any callback.
func (f *Future[T]) OnSettled(fn func(value T, err error)) {
	f.home("OnSettled").checkCaller("OnSettled")
	if fn == nil {
		panic("fakeloop: OnSettled with a nil function")
	}
	f.subscribe(reaction{fn: func() { fn(f.value, f.err) }})
}

// String names the future, its state, and what it waits for or what it was rejected
// with. It does not block and does not count as looking at an error.
func (s *state) String() string {
	if s.loop == nil {
		return "a zero future, which belongs to no loop"
	}
	s.loop.mu.Lock()
	err := s.err
	text := s.describe()
	if sources := s.awaiting(); sources != "" {
		text += ", waits for " + sources
	}
	s.loop.mu.Unlock()
	if err != nil {
		text += ": " + errorText(err) // user code, so not under the lock
	}
	return text
}

// GomegaString is what Gomega prints for a future.
func (s *state) GomegaString() string { return s.String() }
