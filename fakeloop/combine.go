package fakeloop

import (
	"fmt"
	"slices"
)

// Outcome is how a future was settled: with a value, or with an error that is not nil.
type Outcome[T any] struct {
	Value T
	Err   error
}

// combine returns a pending future of l that waits for fs. Settled is called for each
// member at the moment at which it is settled, at once for those that are, with the
// members in a list of the future's own and the index; it may settle the future, upon
// which it is not called again. If there are no members nothing is called instead. Both
// are called with the loop's lock held.
func combine[T, U any](l *Loop, call, label string, fs []*Future[T], nothing func(*Future[U]), settled func(f *Future[U], fs []*Future[T], i int)) *Future[U] {
	checkMembers(l, call, fs)
	fs = slices.Clone(fs) // which the caller may change
	f := newFuture[U](l)
	l.mu.Lock()
	defer l.mu.Unlock()
	f.begin(l, label, nil)
	if len(fs) == 0 {
		nothing(f)
	}
	for i, member := range fs {
		if f.status != isPending {
			break
		}
		f.tieTo(&member.state, true, func() { settled(f, fs, i) })
	}
	return f
}

// checkMembers panics if a combinator is given what is no future of l.
func checkMembers[T any](l *Loop, call string, fs []*Future[T]) {
	l.checkCaller(call)
	for i, f := range fs {
		switch {
		case f == nil:
			panic(fmt.Sprintf("fakeloop: %s with a nil future, the one at index %d", call, i))
		case f.loop == nil:
			panic(fmt.Sprintf("fakeloop: %s with a zero Future, which belongs to no loop, the one at index %d; NewPromise makes one", call, i))
		case f.loop != l:
			panic(fmt.Sprintf("fakeloop: %s with a future of another loop, the one at index %d; hand its outcome over with PostFrom", call, i))
		}
	}
}
