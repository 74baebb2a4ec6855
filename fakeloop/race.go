package fakeloop

// Race returns a future with the outcome of whichever of fs is settled first, its value
// or its error, settled together with it. Of those that are settled already the first
// of fs is the first.
//
// Race looks at the error that it passes on and at no other: those of the losers are
// their own, and reported if nobody looks at them. The losers go on; cancel them if
// nobody else wants them. They do not keep the future of Race, nor it them. Cancelling
// it cancels those of fs that nobody else waits for.
//
// Race of nothing is rejected with ErrNoFutures. The rest is as in [All].
func Race[T any](l *Loop, fs ...*Future[T]) *Future[T] {
	return combine(l, "Race", "race", fs,
		func(first *Future[T]) { first.reject(ErrNoFutures) },
		func(first *Future[T], fs []*Future[T], i int) {
			fs[i].passOn()
			first.value = fs[i].value
			first.finish(fs[i].err, fs[i].detail)
		})
}
