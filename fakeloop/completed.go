package fakeloop

import (
	"iter"
	"slices"
)

// Completed hands out the outcomes of several futures one by one, in the order in which
// the futures are settled. All methods may be called from any goroutine.
type Completed[T any] struct {
	object
	whole   Future[struct{}] // resolved when all have been handed out
	fs      []*Future[T]     // nil for those that have been
	left    int              // how many have not been
	settled []int            // those that can be, in the order of their settles
	waiting line[*Future[Completion[T]]]
}

// Completion is the outcome of one of several futures.
type Completion[T any] struct {
	Index int // of the future among those given
	Outcome[T]
}

// AsCompleted returns an iteration over the outcomes of fs in the order in which they
// are settled; those that are settled already come first, in the order of fs. It goes
// on past errors: each is the outcome of one future. The error of a future that is
// never asked for is its own again when the iteration is cancelled or the loop closed,
// and is reported if nobody looks at it. AsCompleted panics if one of fs is nil or
// belongs to another loop, and if the loop is closed.
func AsCompleted[T any](l *Loop, fs ...*Future[T]) *Completed[T] {
	checkMembers(l, "AsCompleted", fs)
	c := &Completed[T]{object: l.newObject("AsCompleted", "as completed"), fs: slices.Clone(fs), left: len(fs)}
	c.whole.site = l.site()
	l.mu.Lock()
	defer l.mu.Unlock()
	c.whole.begin(l, "as completed", nil)
	if len(fs) == 0 {
		c.whole.resolve(struct{}{})
	}
	for i, f := range c.fs {
		c.whole.tieTo(&f.state, true, func() {
			c.settled = append(c.settled, i)
			if next, ok := c.waiting.next(&c.object); ok {
				c.hand(next)
			}
		})
	}
	if c.whole.status == isPending {
		c.whole.watch(nil, c.end)
	}
	return c
}

// Next returns the future of the next outcome. It is resolved, also if that outcome is
// an error, together with the future whose it is, and at once if one is settled and
// has not been handed out. It is rejected with ErrExhausted if so many have been asked
// for already. Cancelling it gives that place up, and nothing is lost.
func (c *Completed[T]) Next() *Future[Completion[T]] {
	l := c.loop
	l.checkCaller("Next")
	f := newFuture[Completion[T]](l)
	l.mu.Lock()
	defer l.mu.Unlock()
	f.begin(l, "next completed", nil)
	c.touch(writing)
	switch {
	case c.whole.err != nil:
		f.finish(c.whole.err, c.whole.detail)
	case len(c.settled) > 0:
		c.hand(f)
	case c.waiting.len() >= c.left:
		f.reject(ErrExhausted)
	default:
		f.source = &c.whole.state
		c.waiting.add(&c.object, &f.state, f)
	}
	return f
}

// hand resolves f with the next outcome. The caller holds the loop's lock.
func (c *Completed[T]) hand(f *Future[Completion[T]]) {
	i := c.settled[0]
	member := c.fs[i]
	c.settled, c.fs[i] = c.settled[1:], nil
	member.observe()
	c.whole.untie(i)
	f.resolve(Completion[T]{i, Outcome[T]{member.value, member.err}})
	if c.left--; c.left == 0 {
		c.whole.resolve(struct{}{})
	}
}

// end is called when the iteration is over. The caller holds the loop's lock.
func (c *Completed[T]) end() {
	for {
		next, ok := c.waiting.next(&c.object)
		if !ok {
			return
		}
		if c.whole.err != nil {
			next.finish(c.whole.err, c.whole.detail)
		} else {
			next.reject(ErrExhausted)
		}
	}
}

// Len returns how many outcomes have not been handed out.
func (c *Completed[T]) Len() int { return read(&c.object, "Len", &c.left) }

// Cancel ends the iteration: the futures that have not been settled are cancelled,
// unless somebody else waits for them, and those of Next are rejected with a
// *CancelError. It reports whether there was anything left.
func (c *Completed[T]) Cancel(cause error) bool { return c.whole.Cancel(cause) }

// All iterates over the outcomes in a coroutine, which awaits each; the index is that of
// the future among those given. If the coroutine is cancelled, or the loop closed, the
// last outcome has the index -1 and the error that Await returned.
func (c *Completed[T]) All(co *Coroutine) iter.Seq2[int, Outcome[T]] {
	return func(yield func(int, Outcome[T]) bool) {
		for c.Len() > 0 {
			next, err := Await(co, c.Next())
			if err == ErrExhausted {
				return // others have asked for the rest
			}
			if err != nil {
				next.Index, next.Err = -1, err
			}
			if !yield(next.Index, next.Outcome) || err != nil {
				return
			}
		}
	}
}
