package fakeloop

import "container/list"

// tie is a future that another one waits for: what settles that one does so at the
// same moment, not a turn later.
type tie struct {
	source *state
	watch  *list.Element // nil if source was settled from the beginning
	up     bool          // giving up goes up to source
}

// tieTo has s, pending, wait for source: fn is called when source is settled, at
// once if it is. It may settle s. Until s is settled the error of source does not
// count as lost, since s may yet pass it on. Up says that whoever gives s up gives
// source up too, if nobody else waits for it. The caller holds the loop's lock.
func (s *state) tieTo(source *state, up bool, fn func()) {
	r := s.seldom()
	source.mind()
	t := tie{source: source, up: up}
	if source.status == isPending {
		source.handled++
		t.watch = source.watch(s, func() {
			if s.status == isPending { // another of its ties may have been first
				fn()
			}
		})
	}
	r.ties = append(r.ties, t)
	if source.status != isPending {
		fn()
	}
}

// untie forgets the i-th future that s waited for, which is settled and whose outcome
// has been handed out. The caller holds the loop's lock.
func (s *state) untie(i int) {
	s.rare.ties[i].source.unmind()
	s.rare.ties[i] = tie{}
}

// cutTies ends what s, now settled, waited for. The caller holds the loop's lock.
func (s *state) cutTies() {
	ties := s.rare.ties
	s.rare.ties = nil
	for _, t := range ties {
		if t.source == nil {
			continue // untied
		}
		if t.source.status == isPending {
			t.source.gaveUp++
			t.source.unwatch(t.watch)
		}
		t.source.unmind()
	}
}

// follow makes f, pending, have the outcome of source: at once if source is settled,
// otherwise together with it. The caller holds the loop's lock.
func (f *Future[T]) follow(source *Future[T], up bool) {
	f.tieTo(&source.state, up, func() {
		source.passOn()
		f.value = source.value
		f.finish(source.err, source.detail)
	})
}
