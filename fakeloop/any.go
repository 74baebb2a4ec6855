package fakeloop

import (
	"fmt"
	"strings"
)

// Any returns the future of the first value to which one of fs comes, resolved together
// with that one. If all are rejected it is rejected with an *AnyError, in which
// errors.Is finds each of their errors.
//
// Whoever calls Any bears that some fail, so once there is a value the errors of all
// others, those to come included, count as looked at. Those still pending go on; cancel
// them if nobody else wants them. Cancelling the future of Any cancels them, unless
// somebody else waits for them; the errors by then are their own again.
//
// Any of nothing is rejected with ErrNoFutures. The rest is as in [All].
func Any[T any](l *Loop, fs ...*Future[T]) *Future[T] {
	left := len(fs)
	return combine(l, "Any", "any", fs,
		func(first *Future[T]) { first.reject(ErrNoFutures) },
		func(first *Future[T], fs []*Future[T], i int) {
			left--
			if fs[i].err != nil && left > 0 {
				return
			}
			errs := make([]error, len(fs))
			for i, f := range fs {
				f.passOn()
				errs[i] = f.err
			}
			if fs[i].err == nil {
				first.resolve(fs[i].value)
				return
			}
			err := &AnyError{errs}
			first.finish(err, "rejected: "+err.summary())
		})
}

// AnyError means that [Any] found no value: all futures were rejected.
type AnyError struct {
	Errs []error // in the order in which the futures were given
}

// Error lists the errors.
func (e *AnyError) Error() string {
	var b strings.Builder
	b.WriteString(e.summary() + ":")
	for _, err := range e.Errs {
		b.WriteString("\n" + errorText(err))
	}
	return b.String()
}

// summary calls no code of the user's.
func (e *AnyError) summary() string {
	return fmt.Sprintf("fakeloop: all of %d futures failed", len(e.Errs))
}

// Unwrap returns the errors.
func (e *AnyError) Unwrap() []error { return e.Errs }
