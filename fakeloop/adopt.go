package fakeloop

// ThenFuture is Then for a function that begins something and returns its future: the
// derived future has the outcome of that one. It stays pending until then, and is
// settled together with it; cancelling it cancels that one, unless somebody else waits
// for it too, also if fn returns it only later. If fn returns nil the derived future is rejected with ErrNilFuture, and
// with a *CycleError if the one waits for the other. ThenFuture panics if fn is nil.
func ThenFuture[T, U any](f *Future[T], fn func(T) *Future[U]) *Future[U] {
	if fn == nil {
		panic("fakeloop: ThenFuture with a nil function")
	}
	derived := derive[U]("ThenFuture", f, "then")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err != nil {
			f.handDown(&derived.state)
			return
		}
		derived.adoptBy("handler of ThenFuture", func() *Future[U] { return fn(f.value) })
	}})
	return derived
}

// CatchFuture is Catch for a function that begins something, a second attempt for
// example, and returns its future; the rest is as in [ThenFuture]. It panics if fn is
// nil.
func CatchFuture[T any](f *Future[T], fn func(error) *Future[T]) *Future[T] {
	if fn == nil {
		panic("fakeloop: CatchFuture with a nil function")
	}
	derived := derive[T]("CatchFuture", f, "catch")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err == nil {
			derived.settle(f.value, nil)
			return
		}
		derived.adoptBy("handler of CatchFuture", func() *Future[T] { return fn(f.err) })
	}})
	return derived
}

// adoptBy runs fn and has f adopt what it returns. If f was cancelled by then what fn
// returns is cancelled with that cause, unless somebody else waits for it.
func (f *Future[T]) adoptBy(what string, fn func() *Future[T]) {
	finished := false
	defer f.rescue(what, nil, &finished)
	inner := fn()
	finished = true
	if f.adopt(inner) || inner == nil || inner.loop != f.loop {
		return
	}
	f.abandon(&inner.state)
}

// Adopt settles the future with another: from now on it has the outcome of inner, now
// or as soon as there is one, and later calls of Resolve, Reject, Settle and Adopt are
// refused. Cancel is not: it cancels inner too, unless somebody else waits for that.
// Adopt reports whether the future was free to be settled.
//
// It is rejected with ErrNilFuture if inner is nil or a zero Future, with
// ErrForeignLoop if inner belongs to another loop, and with a *CycleError if inner is
// the future itself, or waits for it.
func (p *Promise[T]) Adopt(inner *Future[T]) bool {
	p.home("Adopt").checkCaller("Adopt")
	return p.future.adopt(inner)
}

func (f *Future[T]) adopt(inner *Future[T]) bool {
	var zero T
	switch {
	case inner == nil || inner.loop == nil:
		return f.settle(zero, ErrNilFuture)
	case inner.loop != f.loop:
		return f.settle(zero, ErrForeignLoop)
	}
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	if f.refuses("adopts " + inner.name()) {
		return false
	}
	if chain := inner.pathTo(&f.state); chain != nil {
		f.reject(&CycleError{Chain: chain})
		return true
	}
	f.source, f.locked = nil, true
	f.follow(inner, true)
	return true
}

// Link gives p the outcome of f when f is settled, unless p has one by then: both
// remain free to be settled by others, and cancelling the future of p leaves f alone.
// A value, an error and a cancellation pass on as they are. Link panics if the two
// belong to different loops.
func Link[T any](f *Future[T], p *Promise[T]) {
	l := f.home("Link")
	l.checkCaller("Link")
	if p.home("Link") != l {
		panic("fakeloop: Link of futures of different loops; hand the outcome over with PostFrom")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.future.status == isPending && !p.future.locked {
		p.future.follow(f, false)
	}
}
