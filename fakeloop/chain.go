package fakeloop

import "errors"

// Then returns the future of fn applied to the value of f. If f is rejected fn
// is not called and the error passes through, the same error value. What fn
// returns settles the derived future; a panic of fn rejects it with a
// *PanicError, a runtime.Goexit with ErrGoexit. Settling the derived future has
// no effect on f. Then panics if fn is nil.
func Then[T, U any](f *Future[T], fn func(T) (U, error)) *Future[U] {
	if fn == nil {
		panic("fakeloop: Then with a nil function")
	}
	derived := derive[U]("Then", f, "then")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err != nil {
			f.handDown(&derived.state)
			return
		}
		derived.settleBy("handler of Then", nil, func() (U, error) { return fn(f.value) })
	}})
	return derived
}

// Catch returns a future that has the value of f or, if f is rejected, the
// outcome of fn applied to its error: fn may recover by returning a value and a
// nil error, pass the error on, or return another. A panic or Goexit of fn
// rejects the derived future as in Then. Catch panics if fn is nil.
func Catch[T any](f *Future[T], fn func(error) (T, error)) *Future[T] {
	if fn == nil {
		panic("fakeloop: Catch with a nil function")
	}
	return catch("Catch", f, fn)
}

// CatchIs is Catch for the errors in which errors.Is finds target; others pass
// through, the same error value. It panics if target or fn is nil.
func CatchIs[T any](f *Future[T], target error, fn func(error) (T, error)) *Future[T] {
	switch {
	case fn == nil:
		panic("fakeloop: CatchIs with a nil function")
	case target == nil:
		panic("fakeloop: CatchIs with a nil error, which is found in none; Catch takes every error")
	}
	return catch("CatchIs", f, func(err error) (T, error) {
		if errors.Is(err, target) {
			return fn(err)
		}
		var zero T
		return zero, err
	})
}

// CatchAs is Catch for the errors in which errors.As finds an E, which is what fn is
// given; others pass through, the same error value. It panics if fn is nil.
//
//	fakeloop.CatchAs(f, func(e *fs.PathError) (string, error) { return e.Path, nil })
func CatchAs[E error, T any](f *Future[T], fn func(E) (T, error)) *Future[T] {
	if fn == nil {
		panic("fakeloop: CatchAs with a nil function")
	}
	return catch("CatchAs", f, func(err error) (T, error) {
		if e, ok := errors.AsType[E](err); ok {
			return fn(e)
		}
		var zero T
		return zero, err
	})
}

func catch[T any](call string, f *Future[T], fn func(error) (T, error)) *Future[T] {
	derived := derive[T](call, f, "catch")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err == nil {
			derived.settle(f.value, nil)
			return
		}
		derived.settleBy("handler of "+call, nil, func() (T, error) { return fn(f.err) })
	}})
	return derived
}

// derive returns a pending future that waits for source.
func derive[U, T any](call string, source *Future[T], label string) *Future[U] {
	source.home(call).checkCaller(call)
	f := new(Future[U])
	f.init(source.loop, label, &source.state)
	return f
}

// settleBy runs fn and settles f with what comes of it: what fn returns, a
// *PanicError if it panics, ErrGoexit if it ends by runtime.Goexit. A fatal
// panic and Goexit go on, so that they reach the test. Prior is an error that is not
// to be lost if fn does not return; it may be nil.
func (f *Future[T]) settleBy(what string, prior error, fn func() (T, error)) {
	finished := false
	defer f.rescue(what, prior, &finished)
	v, err := fn()
	finished = true
	f.offer(v, err)
}

// rescue is deferred: it settles f unless the function of the user that was to do so
// has finished.
func (f *Future[T]) rescue(what string, prior error, finished *bool) {
	if *finished {
		return
	}
	var zero T
	v := recover()
	if v == nil {
		f.loop.leave()
		f.settle(zero, withPrior(prior, ErrGoexit))
		return
	}
	err := Recovered(v, what)
	f.loop.mu.Lock()
	err.Awaiters = f.awaiters()
	f.loop.mu.Unlock()
	fatal := f.loop.isFatal(v)
	if fatal {
		f.loop.leave()
	}
	if !f.settle(zero, withPrior(prior, err)) {
		f.loop.report(err)
	}
	if fatal {
		panic(v)
	}
}

// withPrior joins two errors, of which the first may be nil.
func withPrior(prior, err error) error {
	if prior == nil {
		return err
	}
	return errors.Join(prior, err)
}
