package fakeloop

// Finally returns a future that has the outcome of f, the same value or the same
// error, once fn has been called, which it is on either outcome. If fn fails (it
// returns an error, panics, or ends by runtime.Goexit) the derived future is rejected:
// with that error if f has a value, and with both, the error of f first, if f was
// rejected, so that errors.Is finds either. Finally panics if fn is nil.
func Finally[T any](f *Future[T], fn func() error) *Future[T] {
	if fn == nil {
		panic("fakeloop: Finally with a nil function")
	}
	derived := derive[T]("Finally", f, "finally")
	f.subscribe(reaction{of: &derived.state, fn: func() {
		derived.settleBy("handler of Finally", f.err, func() (T, error) {
			if err := fn(); err != nil {
				return f.value, withPrior(f.err, err)
			}
			return f.value, f.err
		})
	}})
	return derived
}
