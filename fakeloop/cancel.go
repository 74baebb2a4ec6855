package fakeloop

import (
	"context"
	"fmt"
)

// CancelError rejects a future that was cancelled, which is an outcome of its own:
// neither a failure nor a timeout. errors.Is finds context.Canceled in it, and the
// cause, if there is one.
type CancelError struct {
	Cause error // what was given to Cancel; may be nil
}

// Error says that the future was cancelled and why.
func (e *CancelError) Error() string {
	if e.Cause == nil {
		return "fakeloop: cancelled"
	}
	return fmt.Sprintf("fakeloop: cancelled: %v", e.Cause)
}

// Is makes a CancelError a context.Canceled.
func (e *CancelError) Is(target error) bool { return target == context.Canceled }

// Unwrap returns the cause.
func (e *CancelError) Unwrap() error { return e.Cause }

// Cancel rejects a pending future with a *CancelError and reports whether it did:
// false means that it was settled before, which is then left as it is. Whoever
// makes the outcome is told: a function registered with [Promise.OnCancel] is
// called, and the context of offloaded work is cancelled with the cause. What the
// future itself waits for (the future it was derived from, or the one that a
// coroutine awaits) is cancelled too, unless somebody else waits for it as well.
//
// A coroutine that is suspended notices at once: its Await, Sleep or Yield returns
// the *CancelError, also if others go on waiting for the same future. One that is
// running notices at the next of these calls, and one that has not begun never
// begins. It notices once, so that deferred calls can await. A driver that waits
// with Await or Wait does not count as somebody else.
//
// A value that comes later is dropped. An error that comes later is reported like a
// rejection that nobody looked at, unless it says no more than that the future was
// cancelled (errors.Is finds context.Canceled or the cause in it), or the future is
// [Future.Quiet]. The cancellation itself does not count as a rejection that nobody
// looked at, nor where it passes through futures derived from f: whoever cancelled
// knows.
func (f *Future[T]) Cancel(cause error) bool {
	f.home("Cancel").checkCaller("Cancel")
	err := &CancelError{cause}
	return f.giveUp(err, err, true)
}

// OnCancel registers the function that stops the work when the future is
// cancelled. It is called as a callback of the loop, once at most, and not if the
// future is settled otherwise. A promise has one such function; the last one
// registered counts. It panics if fn is nil.
func (p *Promise[T]) OnCancel(fn func(cause error)) {
	register("OnCancel", p, fn, func(r *rare) { r.canceller = fn })
}

// DecideCancel registers the function that decides what becomes of the future when it
// is cancelled. Cancel then does not settle the future, but calls fn, as a callback of
// the loop and once at most, which may settle it with an outcome of its own or have it
// adopt another. If it does neither, returns, panics or ends by runtime.Goexit, the
// future is rejected with the *CancelError. Until then it is pending, further calls of
// Cancel return false, and who settles it first wins. A promise has one such function,
// the last one registered; where there is one, that of OnCancel is not called. It
// panics if fn is nil.
func (p *Promise[T]) DecideCancel(fn func(cause error)) {
	register("DecideCancel", p, fn, func(r *rare) { r.decider = fn })
}

func register[T any](call string, p *Promise[T], fn func(error), set func(*rare)) {
	l := p.home(call)
	l.checkCaller(call)
	if fn == nil {
		panic("fakeloop: " + call + " with a nil function")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.future.status == isPending {
		set(p.future.seldom())
	}
}
