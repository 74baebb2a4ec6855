package fakeloop

import "container/list"

// watch has the loop call fn when the future is settled: at that moment and under
// the loop's lock, not in a later turn as handlers are. Between a settle and its
// handlers others can act, which what must not be lost in between cannot bear: a
// lock that was granted, an item that was taken. fn gets the detail of the settle's
// event. The caller holds the loop's lock, and s is pending; unwatch ends it.
func (s *state) watch(fn func(detail string)) *list.Element {
	if s.watches == nil {
		s.watches = list.New()
	}
	return s.watches.PushBack(fn)
}

// unwatch forgets what watch returned. The caller holds the loop's lock.
func (s *state) unwatch(watch *list.Element) {
	if s.watches != nil {
		s.watches.Remove(watch)
	}
}

// tell calls those that watch the future, in the order in which they came. The
// caller holds the loop's lock.
func (s *state) tell(detail string) {
	watches := s.watches
	if watches == nil {
		return
	}
	s.watches = nil
	for e := watches.Front(); e != nil; e = e.Next() {
		e.Value.(func(string))(detail)
	}
}
