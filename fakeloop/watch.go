package fakeloop

import "container/list"

// watcher is what the loop does at the moment in which a future is settled, and the
// future that is settled by it, if any.
type watcher struct {
	fn func()
	of *state
}

// watch has the loop call fn when the future is settled: at that moment and under
// the loop's lock, not in a later turn as handlers are. Between a settle and its
// handlers others can act, which what must not be lost in between cannot bear: a
// lock that was granted, an item that was taken. Of is the future that fn settles, nil
// if it settles none. The caller holds the loop's lock, and s is pending; unwatch
// ends it.
func (s *state) watch(of *state, fn func()) *list.Element {
	r := s.seldom()
	if r.watches == nil {
		r.watches = list.New()
	}
	return r.watches.PushBack(watcher{fn, of})
}

// unwatch forgets what watch returned. The caller holds the loop's lock.
func (s *state) unwatch(watch *list.Element) {
	if watch != nil && s.rare.watches != nil {
		s.rare.watches.Remove(watch)
	}
}

// tell calls those that watch the future, in the order in which they came. What they
// settle in turn has its turn behind them, and not inside, so that a long row of
// futures that wait for each other needs no deep stack. The caller holds the loop's
// lock.
func (s *state) tell() {
	if s.rare.watches == nil {
		return
	}
	l := s.loop
	l.telling = append(l.telling, s)
	if len(l.telling) > 1 {
		return // to the loop below, further down the stack
	}
	for i := 0; i < len(l.telling); i++ {
		r := l.telling[i].rare
		watches := r.watches
		r.watches = nil
		for e := watches.Front(); e != nil; e = e.Next() {
			e.Value.(watcher).fn()
		}
	}
	clear(l.telling)
	l.telling = l.telling[:0]
}
