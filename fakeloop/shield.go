package fakeloop

// Shield returns a future that has the outcome of f, settled together with it, and
// whose cancellation leaves f alone: whoever cancels it, or a [Timeout] of it, gives up
// waiting and nothing else. An error that f comes to after that is f's own again, and
// is reported if nobody looks at it. Cancelling f itself settles both.
func Shield[T any](f *Future[T]) *Future[T] {
	shield := derive[T]("Shield", f, "shield")
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	shield.source = nil // the tie is, which Cancel does not go up
	shield.follow(f, false)
	return shield
}
