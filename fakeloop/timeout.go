package fakeloop

import (
	"context"
	"fmt"
	"time"
)

// TimeoutError rejects a future that [Timeout] returned and that ran out of time,
// which is an outcome of its own: neither a failure nor a cancellation. errors.Is
// finds context.DeadlineExceeded in it, and the cause, if there is one.
type TimeoutError struct {
	Future string        // what did not come, and, with Config.Sites, where it was made
	After  time.Duration // how long it had
	At     time.Duration // the loop's time at which that was over
	Cause  error         // what was given to TimeoutCause; may be nil
}

// Error says what did not come, in which time, and what that means.
func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("fakeloop: at %v %s had not settled within %v", e.At, e.Future, e.After)
	if e.Cause != nil {
		text += ": " + errorText(e.Cause)
	}
	return text
}

// Is makes a TimeoutError a context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap returns the cause.
func (e *TimeoutError) Unwrap() error { return e.Cause }

// Timeout returns a future that has the outcome of f, the same value or the same
// error, or is rejected with a *TimeoutError if f is still pending once d has passed
// on the loop's clock. Then f is cancelled with that error as the cause, by the rule
// of [Future.Cancel]: not if somebody else waits for f too.
//
// The derived future is settled together with f, not a turn later, and the timer is
// stopped then. So the timeout and the result exclude each other: what f was
// granted, a lock or an item of a queue, is never lost in between, neither to the
// deadline nor to a Cancel of the derived future. If f is settled at the very instant
// of the deadline, the result wins if f is settled before the timer's callback runs.
// Without a source of decisions that is: in an earlier turn, in a callback that was
// posted before the turn began, or by a timer that was set for that instant earlier.
// With a zero or negative d the timer's callback runs in the next turn.
//
// An error that f comes to after the timeout goes to whoever else waits for f. If f was
// cancelled nobody does: then the error is reported like a rejection that nobody looked
// at, unless f is [Future.Quiet]. So is a TimeoutError that nobody looks at.
//
// Timeout panics if the loop is closed.
func Timeout[T any](f *Future[T], d time.Duration) *Future[T] {
	return TimeoutCause(f, d, nil)
}

// TimeoutCause is Timeout with a cause, which errors.Is and errors.As find in the
// *TimeoutError: an error of the caller's own, which also tells one of several nested
// timeouts from the others.
func TimeoutCause[T any](f *Future[T], d time.Duration, cause error) *Future[T] {
	derived := derive[T]("Timeout", f, "timeout")
	l := f.loop
	timer := &Timer{loop: l, label: "timeout", site: derived.site}
	timer.fn = func() {
		err := &TimeoutError{Future: f.identify(), After: d, At: l.Elapsed(), Cause: cause}
		derived.giveUp(err, &CancelError{err}, false)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	derived.source = nil // for which the tie stands
	if f.status == isPending {
		l.arm(timer, d)
		derived.watch(nil, func() { l.disarm(timer) })
	}
	derived.follow(f, true)
	return derived
}
