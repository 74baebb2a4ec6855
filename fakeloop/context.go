package fakeloop

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// WithTimeout is context.WithTimeout on the loop's clock: the context is cancelled
// once d has passed there. See [Loop.WithDeadline].
func (l *Loop) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return l.WithTimeoutCause(parent, d, nil)
}

// WithTimeoutCause is WithTimeout that also sets the cause of the context when the
// timeout expires.
func (l *Loop) WithTimeoutCause(parent context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return l.WithDeadlineCause(parent, l.Now().Add(d), cause)
}

// WithDeadline is context.WithDeadline on the loop's clock: the context is cancelled
// with context.DeadlineExceeded in a callback of the loop, which the timeline shows
// as "context deadline", with its parent, and, with ErrClosed as the cause, when the
// loop is closed. A deadline that has passed cancels at once. Contexts that package
// context derives from it take over its error and cause.
//
// The cancel function stops the timer, so that the loop can be idle; call it as soon
// as the work is done. Until then the timer stays set, also if the parent has been
// cancelled, and fires without effect: the moment in which the end of a parent gets
// here depends on the scheduler, and the run must not.
//
// The methods of the context know at once that the parent has ended. A Done channel
// taken before, and what package context derives, learn it from a goroutine which
// package context starts then, unless the parent is a context of a loop itself.
// Everything else happens before the cancel function, or the callback, returns.
//
// WithDeadline panics if parent is nil.
func (l *Loop) WithDeadline(parent context.Context, t time.Time) (context.Context, context.CancelFunc) {
	return l.WithDeadlineCause(parent, t, nil)
}

// WithDeadlineCause is WithDeadline that also sets the cause of the context when the
// deadline passes.
func (l *Loop) WithDeadlineCause(parent context.Context, t time.Time, cause error) (context.Context, context.CancelFunc) {
	c := l.newContext(parent)
	if !c.limited || t.Before(c.deadline) {
		c.deadline, c.limited = t, true
	}
	expire := func() {
		c.finish(func() { c.trigger.pull(context.DeadlineExceeded, cause) })
	}
	c.timer = &Timer{loop: l, label: "context deadline", fn: expire, site: l.site()}
	if d := t.Sub(l.Now()); d > 0 {
		c.enter(d)
	} else {
		expire()
	}
	return c, c.cancel
}

// WithCancel is context.WithCancel for a context that lives no longer than the loop:
// closing the loop cancels it, with ErrClosed as the cause. The rest is as in
// [Loop.WithDeadline]. WithCancel panics if parent is nil.
func (l *Loop) WithCancel(parent context.Context) (context.Context, context.CancelFunc) {
	c := l.newContext(parent)
	c.enter(0)
	return c, c.cancel
}

// loopContext is a context that ends with its loop. All but Deadline and the view of
// the parent is done by the context of package context that is embedded, so that
// children join that one directly: without a goroutine, and at once. It is the child
// of a trigger, since a context takes the error that it is cancelled with, such as
// DeadlineExceeded, from its parent only.
type loopContext struct {
	context.Context
	loop     *Loop
	parent   context.Context
	trigger  *trigger
	stop     context.CancelFunc // cancels the embedded context
	unhook   func() bool        // takes leave of the parent
	timer    *Timer             // nil without a deadline of its own
	deadline time.Time
	limited  bool // there is a deadline
	once     sync.Once

	mu       sync.Mutex
	children map[*loopContext]struct{} // the contexts of loops whose parent this is
}

// loopContextKey is the key under which a context of a loop finds its nearest
// ancestor of that kind.
type loopContextKey struct{}

// newContext returns a context that ends with its parent.
func (l *Loop) newContext(parent context.Context) *loopContext {
	l.checkCaller("the making of a context")
	if parent == nil {
		panic("fakeloop: a context with a nil parent; use context.Background()")
	}
	c := &loopContext{loop: l, parent: parent, trigger: newTrigger(parent), unhook: func() bool { return false }}
	c.deadline, c.limited = parent.Deadline()
	c.Context, c.stop = context.WithCancel(c.trigger)
	done := parent.Done()
	if done == nil {
		return c
	}
	if p, ok := parent.Value(loopContextKey{}).(*loopContext); ok && p.Done() == done {
		c.unhook = p.adopt(c)
	} else if parent.Err() == nil {
		c.unhook = context.AfterFunc(parent, c.look)
	}
	c.look()
	return c
}

// adopt makes child learn the end of c, and returns the function that undoes it.
func (c *loopContext) adopt(child *loopContext) (disown func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.children == nil {
		c.children = make(map[*loopContext]struct{})
	}
	c.children[child] = struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.children, child)
		return true
	}
}

// enter makes c end with its loop, and in d if it has a timer.
func (c *loopContext) enter(d time.Duration) {
	l := c.loop
	l.mu.Lock()
	closed := l.closed
	if !closed && c.Context.Err() == nil {
		if c.timer != nil {
			l.arm(c.timer, d)
		}
		if l.contexts == nil {
			l.contexts = make(map[*loopContext]struct{})
		}
		l.contexts[c] = struct{}{}
	}
	l.mu.Unlock()
	if closed {
		c.close()
	}
	c.look() // the parent may have ended meanwhile
}

// look passes the end of the parent on.
func (c *loopContext) look() {
	if err := c.parent.Err(); err != nil {
		c.end(func() { c.trigger.pull(err, context.Cause(c.parent)) })
	}
}

// finish ends c, if the parent has not ended before, in the way given.
func (c *loopContext) finish(how func()) {
	c.look()
	c.end(how)
	c.unhook()
}

// end ends c in the way given; the first end counts. When it returns c has ended,
// and so have its children.
func (c *loopContext) end(how func()) {
	first := false
	c.once.Do(func() {
		how()
		first = true
	})
	if !first {
		return
	}
	c.loop.mu.Lock()
	delete(c.loop.contexts, c)
	c.loop.mu.Unlock()
	c.mu.Lock()
	children := c.children
	c.children = nil
	c.mu.Unlock()
	for child := range children {
		child.look()
	}
}

// cancel is the cancel function.
func (c *loopContext) cancel() {
	c.loop.checkCaller("the cancel function of a context")
	c.finish(c.stop)
	if c.timer != nil {
		c.timer.Stop()
	}
}

// close ends c because its loop is closed.
func (c *loopContext) close() {
	c.finish(func() { c.trigger.pull(context.Canceled, ErrClosed) })
}

// endContexts ends the contexts of a loop that has been closed.
func (l *Loop) endContexts() {
	l.mu.Lock()
	contexts := l.contexts
	l.contexts = nil
	l.mu.Unlock()
	for c := range contexts {
		c.close()
	}
}

// Deadline returns the earlier of the parent's deadline and the context's own.
func (c *loopContext) Deadline() (time.Time, bool) { return c.deadline, c.limited }

func (c *loopContext) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

func (c *loopContext) Err() error {
	c.look()
	return c.Context.Err()
}

func (c *loopContext) Value(key any) any {
	if key == (loopContextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// String names the context in the manner of package context.
func (c *loopContext) String() string {
	name := fmt.Sprintf("%T", c.parent)
	if s, ok := c.parent.(fmt.Stringer); ok {
		name = s.String()
	}
	if c.timer == nil {
		return name + ".fakeloop.WithCancel"
	}
	return fmt.Sprintf("%s.fakeloop.WithDeadline(%s)", name, c.deadline.Format(time.RFC3339Nano))
}

// trigger is the parent of exactly one context of package context, which it cancels
// with an error and a cause of its choice. Its values are those of a context that
// carries the cause to where context.Cause looks for it.
type trigger struct {
	context.Context
	fail context.CancelCauseFunc
	done chan struct{} // never closed: the child is cancelled through AfterFunc
	node func()        // cancels the child with Err and with the cause
	err  error
}

func newTrigger(parent context.Context) *trigger {
	t := &trigger{done: make(chan struct{})}
	t.Context, t.fail = context.WithCancelCause(context.WithoutCancel(parent))
	return t
}

// pull cancels the child. It is called once at most.
func (t *trigger) pull(err, cause error) {
	if cause == nil {
		cause = err
	}
	t.err = err
	t.fail(cause)
	t.node()
}

// AfterFunc is what package context calls instead of starting a goroutine that
// waits for Done.
func (t *trigger) AfterFunc(node func()) (stop func() bool) {
	t.node = node
	return func() bool { return true }
}

func (t *trigger) Done() <-chan struct{} { return t.done }

func (t *trigger) Err() error { return t.err }
