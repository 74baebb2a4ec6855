package fakeloop

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// WaitError means that a wait was given up because its context had ended. It says
// nothing about the future, which goes on as before: it is not what a future is
// rejected with, neither by its producer nor by Cancel nor by Timeout. errors.Is
// finds the error and the cause of the context in it.
type WaitError struct {
	Future string        // what was waited for, and, with Config.Sites, where it was made
	At     time.Duration // the loop's time
	Err    error         // the context's Err
	Cause  error         // its context.Cause
}

// Error says what was waited for and why no longer.
func (e *WaitError) Error() string {
	text := fmt.Sprintf("fakeloop: at %v gave up waiting for %s: %v", e.At, e.Future, e.Err)
	if cause := errorText(e.Cause); cause != errorText(e.Err) {
		text += ": " + cause
	}
	return text
}

// Unwrap returns the error and the cause of the context.
func (e *WaitError) Unwrap() []error { return []error{e.Err, e.Cause} }

// Wait drives a virtual loop, or waits for a wall loop, until the future is
// settled, and returns its outcome. It fails at once with an *IdleError, which
// says who waits for whom, if nothing can settle it, and otherwise with the
// errors of [Loop.Await]. It must not be called on the loop; a coroutine uses
// Await.
func (f *Future[T]) Wait() (T, error) {
	f.home("Wait")
	return f.wait(f.loop.Await)
}

// WaitContext is Wait until the context has ended: then it returns a *WaitError, and
// the future stays as it is for others. If the future is settled the outcome wins,
// also over a context that had ended before, and also if the two happen at the same
// instant on virtual time or in a bubble, in whatever order. A context that has ended
// fails the wait for a pending future at once, with nothing run.
//
// On virtual time the context is one whose deadline is on the loop's clock
// ([Loop.WithTimeout]), or one that is cancelled by hand: a loop that has nothing left
// to do does not wait for the deadline of any other. It panics if ctx is nil.
func (f *Future[T]) WaitContext(ctx context.Context) (T, error) {
	f.home("WaitContext")
	return f.wait(func(a Awaitable) error { return f.loop.AwaitContext(ctx, a) })
}

// wait returns the outcome of f, or what await fails with. Meanwhile an error of f is
// not lost: there is somebody who will look.
func (f *Future[T]) wait(await func(Awaitable) error) (T, error) {
	f.attend()
	defer f.depart()
	awaitErr := await(f)
	v, err, settled := f.Result()
	if !settled {
		return v, awaitErr
	}
	return v, err
}

// attend is mind, and depart unmind, for callers that do not hold the loop's lock.
func (s *state) attend() {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	s.mind()
}

func (s *state) depart() {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	s.unmind()
}

// awaited returns the state of a future that is to be waited for, and panics if it is
// none.
func awaited(call string, f Awaitable) *state {
	if f == nil || reflect.ValueOf(f).IsNil() {
		panic("fakeloop: " + call + " with a nil future")
	}
	s := f.base()
	s.home(call)
	return s
}

// AwaitContext is [Loop.Await] until the context has ended, with the rules of
// [Future.WaitContext].
func (l *Loop) AwaitContext(ctx context.Context, f Awaitable) error {
	if ctx == nil {
		panic("fakeloop: a wait with a nil context; use Wait or Await, which have none")
	}
	s := awaited("AwaitContext", f)
	switch {
	case ctx.Done() == nil:
		return l.Await(f)
	case s.loop != l:
		return ErrForeignLoop
	case f.Settled() && !l.hasEscape():
		return nil
	case ctx.Err() != nil:
		return s.gaveUpWaiting(ctx)
	}
	stop := context.AfterFunc(ctx, l.nudge)
	defer stop()
	err := l.awaitUntil(s, func() bool { return ctx.Err() != nil })
	if err == nil && !f.Settled() {
		l.finishInstant(s)
	}
	if err == nil && !f.Settled() {
		return s.gaveUpWaiting(ctx)
	}
	return err
}

// awaitUntil waits until s is settled, or over reports true.
func (l *Loop) awaitUntil(s *state, over func() bool) error {
	done := func() bool {
		if s.status != isPending {
			return true
		}
		l.mu.Unlock() // a context is user code
		defer l.mu.Lock()
		return over()
	}
	err := l.drive(goal{
		horizon:    never,
		done:       func(int) bool { return done() },
		idle:       func() error { return l.idleError(s) },
		keepErrors: true,
	})
	if err == errWorker {
		return l.awaitOutside(s, done)
	}
	return err
}

// finishInstant runs what there is to run at the present instant, until s is settled.
// It does not ask for more than what runs anyway if others wait.
func (l *Loop) finishInstant(s *state) {
	g := goal{horizon: never, settle: true, keepErrors: true, done: func(int) bool { return s.status != isPending }}
	switch l.mode {
	case Wall:
		return
	case Virtual:
		g.done = func(int) bool { return s.status != isPending || !l.hasReady() }
	}
	_ = l.drive(g) // what it may come to has nothing to do with s
}

// gaveUpWaiting is what a wait for s comes to whose context has ended.
func (s *state) gaveUpWaiting(ctx context.Context) error {
	return &WaitError{Future: s.identify(), At: s.loop.Elapsed(), Err: ctx.Err(), Cause: context.Cause(ctx)}
}

// nudge makes those who wait for the loop look again whether they still want to.
func (l *Loop) nudge() {
	if l.mode == Bubble && thisGoroutine().bubble != l.maker.bubble {
		return // a context from outside ended, whose goroutine cannot wake anybody here
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake()
	l.notify()
}
