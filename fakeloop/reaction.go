package fakeloop

// reaction is what happens when a future is settled.
type reaction struct {
	fn func()
	of *state     // the future that fn settles, nil for a bare callback
	co *Coroutine // the coroutine that fn resumes, if any
}

// subscribe registers a handler that sees the outcome: an error counts as
// observed from now on. The handler runs on the loop, in a later turn, also if
// the future is settled already.
func (s *state) subscribe(h reaction) {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	if s.loop.closed {
		panic("fakeloop: a handler was registered on a closed loop: it would never run; Result tells the outcome")
	}
	s.handle(h)
}

// handle is subscribe for callers that hold the loop's lock.
func (s *state) handle(h reaction) {
	s.observe()
	s.handled++
	switch {
	case s.status != isPending:
		s.post(s.handled, h)
	case s.first.fn == nil && s.handled == 1:
		s.first = h
	default:
		r := s.seldom()
		r.more = append(r.more, h)
	}
}

// post puts the n-th handler into the ready queue. Handlers of one future run
// in the order of their registration. Their identities count down, since what a
// coroutine makes counts up from the identity of its future. The caller holds
// the loop's lock.
func (s *state) post(n uint32, h reaction) {
	if h.fn == nil {
		return // the coroutine that waited was cancelled
	}
	if h.co != nil {
		h.co.waiting = false
	}
	s.loop.enqueue(s.id, -int64(n), s.label, h.fn)
}

// forget takes the handler that resumes a coroutine away, leaving its place empty so
// that the others keep their identities. The caller holds the loop's lock.
func (s *state) forget(co *Coroutine) {
	if s.first.co == co {
		s.first.fn = nil
	}
	if s.rare == nil {
		return
	}
	for i := range s.rare.more {
		if s.rare.more[i].co == co {
			s.rare.more[i].fn = nil
		}
	}
}

// reactions returns the handlers of a pending future in the order of registration.
// The caller holds the loop's lock.
func (s *state) reactions() []reaction {
	if s.rare == nil {
		return []reaction{s.first}
	}
	return append([]reaction{s.first}, s.rare.more...)
}
