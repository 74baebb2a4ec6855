package fakeloop

import "container/list"

// line is those who wait for something of an object, whoever has waited longest
// first. Their futures are pending: one that is settled by anything but being served,
// a Cancel or a Timeout above all, leaves the line at that moment. So nobody has to
// be passed over, and nothing can be given to somebody who has gone. The loop's lock
// guards it.
type line[W any] struct {
	waiting list.List
}

// add puts w at the end of the line, where it stands until it is served or s, its
// future, is settled.
func (ln *line[W]) add(o *object, s *state, w W) {
	place := ln.waiting.PushBack(w)
	s.watch(nil, func() {
		before := ln.waiting.Len()
		ln.waiting.Remove(place)
		if ln.waiting.Len() < before && !o.loop.closed {
			o.touch(writing) // somebody else is served in its stead
		}
	})
}

// enter is add for a caller that does not hold the loop's lock, under which the loop
// may just have been closed and s settled.
func (ln *line[W]) enter(o *object, s *state, w W) {
	o.loop.mu.Lock()
	defer o.loop.mu.Unlock()
	if s.status == isPending {
		ln.add(o, s, w)
	}
}

// next takes whoever has waited longest out of the line; false if nobody waits, or
// nobody could be told, since the loop is closed.
func (ln *line[W]) next(o *object) (w W, ok bool) {
	first := ln.waiting.Front()
	if first == nil || o.loop.closed {
		return w, false
	}
	return ln.waiting.Remove(first).(W), true
}

// len returns how many wait.
func (ln *line[W]) len() int { return ln.waiting.Len() }

// waiters is a line of those who wait for nothing but to be woken.
type waiters struct {
	line[*Future[struct{}]]
}

// wait has f, pending, wait to be woken, or, if ready, wakes it at once. The caller
// holds the loop's lock.
func (ws *waiters) wait(o *object, f *Future[struct{}], ready bool) {
	if ready {
		f.resolve(struct{}{})
	} else {
		ws.add(o, &f.state, f)
	}
}

// wake resolves the future of whoever has waited longest, and reports whether
// anybody had. The caller holds the loop's lock.
func (ws *waiters) wake(o *object) bool {
	f, ok := ws.next(o)
	if ok {
		f.resolve(struct{}{})
	}
	return ok
}

// newFuture returns a future that has yet to begin.
func newFuture[T any](l *Loop) *Future[T] {
	f := new(Future[T])
	f.site = l.site()
	return f
}

// resolve settles a pending future with a value. The caller holds the loop's lock.
func (f *Future[T]) resolve(v T) {
	f.value = v
	f.finish(nil, "resolved")
}

// reject settles a pending future with an error of this package. The caller holds the
// loop's lock.
func (s *state) reject(err error) { s.finish(err, "rejected: "+err.Error()) }
