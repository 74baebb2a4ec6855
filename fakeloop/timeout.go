package fakeloop

import (
	"context"
	"fmt"
	"time"
)

// TimeoutError rejects a future that [Timeout] returned and that ran out of time,
// which is an outcome of its own: neither a failure nor a cancellation. errors.Is
// finds context.DeadlineExceeded in it.
type TimeoutError struct {
	Future string        // what did not come, and, with Config.Sites, where it was made
	After  time.Duration // how long it had
	At     time.Duration // the loop's time at which that was over
}

// Error says what did not come, and in which time.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("fakeloop: at %v %s had not settled within %v", e.At, e.Future, e.After)
}

// Is makes a TimeoutError a context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

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
// An error that f would have come to after the timeout has no one to go to: f, if it
// was cancelled, refuses it, which the timeline shows; if not, whoever else waits
// for f gets it. A TimeoutError that nobody looks at is reported by Close like any
// rejection.
//
// Timeout panics if the loop is closed.
func Timeout[T any](f *Future[T], d time.Duration) *Future[T] {
	f.loop.checkCaller("Timeout")
	derived := derive[T](&f.state, "timeout")
	l := f.loop
	timer := &Timer{loop: l, label: "timeout", site: derived.site}
	timer.fn = func() {
		err := &TimeoutError{Future: f.identify(), After: d, At: l.Elapsed()}
		derived.giveUp(err, &CancelError{err}, false)
	}
	if !derived.follow(f, func() { l.arm(timer, d) }, func() { l.disarm(timer) }) {
		derived.settle(f.value, f.err)
	}
	return derived
}

// follow makes f be settled together with source, unless it is settled before. It
// reports whether source was pending; then it has called begin, and calls end when f
// is settled. It calls them with the loop's lock held.
func (f *Future[T]) follow(source *Future[T], begin, end func()) bool {
	l := f.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	source.observe()
	if source.status != isPending {
		return false
	}
	begin()
	source.handled++
	watch := source.watch(func(detail string) {
		f.value = source.value
		f.observed = f.observed || l.closed && source.err == ErrClosed
		f.finish(source.err, detail)
	})
	f.watch(func(string) {
		source.unwatch(watch)
		end()
	})
	return true
}
