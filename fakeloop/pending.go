package fakeloop

import (
	"fmt"
	"slices"
	"time"
)

// stateList is a list of futures, linked through themselves, in the order in
// which they entered it.
type stateList struct {
	head, tail *state
}

func (sl *stateList) add(s *state) {
	s.list, s.prev, s.next = sl, sl.tail, nil
	if sl.tail == nil {
		sl.head = s
	} else {
		sl.tail.next = s
	}
	sl.tail = s
}

func (sl *stateList) remove(s *state) {
	if s.prev == nil {
		sl.head = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		sl.tail = s.prev
	} else {
		s.next.prev = s.prev
	}
	s.list, s.prev, s.next = nil, nil, nil
}

// Pending says what the loop still has to do or waits for: one line for each
// callback that is ready, timer that is set, piece of work outside, and future
// that is not settled, in this order, each with its label and, with
// Config.Sites, where it was made. An empty result means that everything that
// was begun has ended.
func (l *Loop) Pending() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, t := range slices.Concat(l.batch[l.pos:], l.ready) {
		if t.alive() {
			out = append(out, "callback "+describe(t.id, t.label))
		}
	}
	for _, k := range slices.SortedFunc(slices.Values(l.timers), func(a, b timerKey) int {
		if a.before(b) {
			return -1
		}
		return 1
	}) {
		out = append(out, k.timer.describe())
	}
	for _, w := range l.outside {
		out = append(out, w.describe())
	}
	for s := l.pending.head; s != nil; s = s.next {
		text := s.describe()
		if s.source != nil {
			text += ", waits for future " + describe(s.source.id, s.source.label)
		}
		out = append(out, text)
	}
	return out
}

// Idle reports whether the loop has nothing to do and waits for nothing: no callback
// is ready or running, no timer is set that ever fires, no work is outside. A future
// that is still pending then will stay so.
func (l *Loop) Idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isIdle()
}

// Unobserved returns an *UnobservedError for each rejection that nobody has
// looked at so far, in the order in which they happened. It does not count as
// looking; Close reports what is left.
func (l *Loop) Unobserved() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.listUnobserved()
}

func (l *Loop) listUnobserved() []error {
	var out []error
	for s := l.unobserved.head; s != nil; s = s.next {
		out = append(out, &UnobservedError{Err: s.err, Future: "future " + describe(s.id, s.label) + s.site.suffix()})
	}
	return out
}

// waitChain says for whom s waits, for whom that one waits, and so on. The
// caller holds the loop's lock.
func (s *state) waitChain() []string {
	var out []string
	seen := map[*state]bool{}
	for ; s != nil; s = s.source {
		if seen[s] {
			return append(out, "future "+describe(s.id, s.label)+" again: a cycle")
		}
		seen[s] = true
		out = append(out, s.describe())
	}
	return out
}

// describe names a timer and says when it is due.
func (t *Timer) describe() string {
	due := "no instant that ever comes"
	if t.when != never {
		due = time.Duration(t.when).String()
	}
	return fmt.Sprintf("timer %s, due at %s%s", describe(t.id, t.label), due, t.site.suffix())
}
