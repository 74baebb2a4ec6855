package fakeloop

// All returns the future of the values of all fs, in their order. It fails fast: it is
// rejected with the first error that one of them comes to, the same error value,
// together with that one. To wait for all would be to keep quiet about an error for as
// long as another future stays pending, which may be for ever; [AllSettled] does wait.
//
// All looks at the error that it passes on and at no other: those to which further
// futures come are their own, and reported if nobody looks at them. Cancelling the
// future of All cancels those of fs that are pending, unless somebody else waits for
// them; so does a [Timeout] of it. Its failure does not.
//
// All of nothing is resolved at once, with an empty slice. A future may be given more
// than once. All panics if one is nil or belongs to another loop, and if the loop is
// closed.
func All[T any](l *Loop, fs ...*Future[T]) *Future[[]T] {
	left := len(fs)
	return combine(l, "All", "all", fs,
		func(all *Future[[]T]) { all.resolve([]T{}) },
		func(all *Future[[]T], fs []*Future[T], i int) {
			if fs[i].err != nil {
				fs[i].passOn()
				all.finish(fs[i].err, fs[i].detail)
				return
			}
			if left--; left > 0 {
				return
			}
			values := make([]T, len(fs))
			for i, f := range fs {
				values[i] = f.value
			}
			all.resolve(values)
		})
}

// AllSettled returns the future of the outcomes of all fs, in their order, resolved
// together with the last of them. It is never rejected but by Cancel, a [Timeout] or the
// end of the loop; the errors of those settled by then are their own again. Otherwise
// whoever gets the outcomes has them all, and they count as looked at. The rest is as
// in [All].
func AllSettled[T any](l *Loop, fs ...*Future[T]) *Future[[]Outcome[T]] {
	left := len(fs)
	return combine(l, "AllSettled", "all settled", fs,
		func(all *Future[[]Outcome[T]]) { all.resolve([]Outcome[T]{}) },
		func(all *Future[[]Outcome[T]], fs []*Future[T], i int) {
			if left--; left > 0 {
				return
			}
			outcomes := make([]Outcome[T], len(fs))
			for i, f := range fs {
				f.passOn()
				outcomes[i] = Outcome[T]{f.value, f.err}
			}
			all.resolve(outcomes)
		})
}
