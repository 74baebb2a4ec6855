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
// A value that comes later is dropped. A cancelled future does not count as a
// rejection that nobody looked at: whoever cancelled it knows.
func (f *Future[T]) Cancel(cause error) bool {
	f.loop.checkCaller("Cancel")
	err := &CancelError{cause}
	return f.giveUp(err, err, true)
}

// giveUp rejects a pending future with err, tells whoever makes the outcome, and
// rejects with upward what s alone waits for, and so on: all at one moment, so that no
// outcome can come to a future whose only reader has gone. Known says that err counts
// as looked at. It reports whether s was pending.
func (s *state) giveUp(err error, upward *CancelError, known bool) bool {
	detail, above := "rejected: "+errorText(err), "rejected: "+errorText(upward) // user code, so not under the lock
	l := s.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.status != isPending {
		return false
	}
	for {
		source, canceller := s.source, s.canceller
		s.observed = s.observed || known
		s.finish(err, detail)
		if s.coroutine != nil {
			s.coroutine.interrupt(source, err)
		}
		if canceller != nil && !l.closed {
			l.enqueue(l.scope.id, l.scope.next(), s.label, func() { canceller(upward.Cause) })
		}
		if source == nil {
			return true
		}
		source.gaveUp++
		if source.gaveUp != source.handled || source.status != isPending {
			return true
		}
		s, err, detail, known = source, upward, above, true
	}
}

// OnCancel registers the function that stops the work when the future is
// cancelled. It is called as a callback of the loop, once at most, and not if the
// future is settled otherwise. A promise has one such function; the last one
// registered counts. It panics if fn is nil.
func (p *Promise[T]) OnCancel(fn func(cause error)) {
	p.future.loop.checkCaller("OnCancel")
	if fn == nil {
		panic("fakeloop: OnCancel with a nil function")
	}
	l := p.future.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	p.future.canceller = fn
}
