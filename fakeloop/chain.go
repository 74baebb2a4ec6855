package fakeloop

// Then returns the future of fn applied to the value of f. If f is rejected fn
// is not called and the error passes through, the same error value. What fn
// returns settles the derived future; a panic of fn rejects it with a
// *PanicError, a runtime.Goexit with ErrGoexit. Settling the derived future has
// no effect on f. Then panics if fn is nil.
func Then[T, U any](f *Future[T], fn func(T) (U, error)) *Future[U] {
	f.loop.checkCaller("Then")
	if fn == nil {
		panic("fakeloop: Then with a nil function")
	}
	derived := derive[U](&f.state, "then")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err != nil {
			var zero U
			derived.settle(zero, f.err)
			return
		}
		derived.settleBy("handler of Then", func() (U, error) { return fn(f.value) })
	}})
	return derived
}

// Catch returns a future that has the value of f or, if f is rejected, the
// outcome of fn applied to its error: fn may recover by returning a value and a
// nil error, pass the error on, or return another. A panic or Goexit of fn
// rejects the derived future as in Then. Catch panics if fn is nil.
func Catch[T any](f *Future[T], fn func(error) (T, error)) *Future[T] {
	f.loop.checkCaller("Catch")
	if fn == nil {
		panic("fakeloop: Catch with a nil function")
	}
	derived := derive[T](&f.state, "catch")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		if f.err == nil {
			derived.settle(f.value, nil)
			return
		}
		derived.settleBy("handler of Catch", func() (T, error) { return fn(f.err) })
	}})
	return derived
}

func derive[T any](source *state, label string) *Future[T] {
	f := new(Future[T])
	f.init(source.loop, label, source)
	return f
}

// settleBy runs fn and settles f with what comes of it: what fn returns, a
// *PanicError if it panics, ErrGoexit if it ends by runtime.Goexit. A fatal
// panic and Goexit go on, so that they reach the test.
func (f *Future[T]) settleBy(what string, fn func() (T, error)) {
	finished := false
	defer func() {
		if finished {
			return
		}
		var zero T
		v := recover()
		if v == nil {
			f.loop.leave()
			f.settle(zero, ErrGoexit)
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
		if !f.settle(zero, err) {
			f.loop.report(err)
		}
		if fatal {
			panic(v)
		}
	}()
	v, err := fn()
	finished = true
	f.settle(v, err)
}
