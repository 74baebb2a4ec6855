package fakeloop

// giveUp rejects a pending future with err, tells whoever makes the outcome, and
// rejects with upward what s alone waits for, and so on: all at one moment, so that no
// outcome can come to a future whose only reader has gone. Known says that err counts
// as looked at. It reports whether s was pending, and had not been given up before.
func (s *state) giveUp(err error, upward *CancelError, known bool) bool {
	with, above := leaving{err, rejection(err), known}, leaving{upward, rejection(upward), true}
	l := s.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.status != isPending || s.asked {
		return false
	}
	sources := s.leave(with, upward.Cause, nil)
	for len(sources) > 0 {
		last := len(sources) - 1
		s, sources = sources[last], sources[:last]
		if s.isAlone() { // still: one of those before may have settled it
			sources = s.leave(above, upward.Cause, sources)
		}
	}
	return true
}

// abandon cancels inner, for which s was to wait, if s was cancelled before and nobody
// else waits for inner.
func (s *state) abandon(inner *state) {
	s.loop.mu.Lock()
	upward, cancelled := s.err.(*CancelError)
	abandoned := s.gone && cancelled && inner.isAlone()
	s.loop.mu.Unlock()
	if abandoned {
		inner.giveUp(upward, upward, true)
	}
}

// leaving is what a future that is given up is rejected with.
type leaving struct {
	err    error
	detail string
	known  bool
}

// leave gives s up, and appends to sources what nobody waits for any more, the first
// last. The caller holds the loop's lock.
func (s *state) leave(with leaving, cause error, sources []*state) []*state {
	l := s.loop
	var canceller func(error)
	var ties []tie
	if r := s.rare; r != nil {
		if r.decider != nil && !s.locked && !l.closed {
			s.ask(with, cause)
			return sources
		}
		canceller, ties = r.canceller, r.ties
	}
	source, co := s.source, s.coroutine
	s.drop(with)
	if co != nil {
		co.interrupt(source, with.err)
	}
	if canceller != nil && !l.closed {
		l.enqueue(l.scope.id, l.scope.next(), s.label, func() { canceller(cause) })
	}
	for i := len(ties) - 1; i >= 0; i-- {
		if t := ties[i]; t.up && t.source != nil && t.source.isAlone() {
			sources = append(sources, t.source)
		}
	}
	if source != nil {
		source.gaveUp++
		if source.isAlone() {
			sources = append(sources, source)
		}
	}
	return sources
}

// drop settles s, which was given up. The caller holds the loop's lock.
func (s *state) drop(with leaving) {
	s.gone = true
	s.observed = s.observed || with.known
	s.finish(with.err, with.detail)
}

// isAlone reports whether s is pending and nobody waits for it any more.
func (s *state) isAlone() bool {
	return s.gaveUp == s.handled && s.status == isPending && !s.asked
}

// ask leaves it to the function of DecideCancel what becomes of s. Those who waited
// for it may have gone, so an error that comes of it has to find somebody else. The
// caller holds the loop's lock.
func (s *state) ask(with leaving, cause error) {
	l, decider := s.loop, s.rare.decider
	s.asked = true
	if s.gaveUp == s.handled {
		s.observed = false
	}
	l.enqueue(l.scope.id, l.scope.next(), s.label, func() {
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if s.status == isPending && !s.locked {
				s.drop(with)
			}
		}()
		decider(cause)
	})
}
