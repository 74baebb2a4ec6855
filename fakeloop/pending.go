package fakeloop

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
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

// Item is something that a loop still has to do or waits for.
type Item struct {
	Kind     ItemKind
	ID       timeline.ID
	Label    string
	Due      time.Duration // of a timer, on the loop's clock; math.MaxInt64 if it never comes
	Site     string        // "file:line" where it was made, with Config.Sites
	Awaiting string        // of a future: what it waits for in turn, if that is known
	Trap     string        // of a held callback: the trap that holds it
}

// ItemKind is the kind of an [Item].
type ItemKind uint8

const (
	PendingCallback ItemKind = iota // ready to run
	PendingHeld                     // held by a trap
	PendingTimer                    // set and not due
	PendingWork                     // outside the loop
	PendingFuture                   // not settled
)

// String returns "callback", "held callback", "timer", "work" or "future".
func (k ItemKind) String() string {
	return [...]string{PendingCallback: "callback", PendingHeld: "held callback", PendingTimer: "timer", PendingWork: "work", PendingFuture: "future"}[k]
}

// String names the item, says where it was made, and when it is due or what it waits
// for.
func (i Item) String() string {
	if i.Kind == PendingHeld {
		return fmt.Sprintf("held by trap %q: callback %s", i.Trap, describe(i.ID, i.Label))
	}
	text := i.Kind.String() + " " + describe(i.ID, i.Label)
	switch {
	case i.Kind == PendingTimer && i.Due == never:
		text += ", due at no instant that ever comes"
	case i.Kind == PendingTimer:
		text += ", due at " + i.Due.String()
	}
	if i.Site != "" {
		text += ", made at " + i.Site
	}
	if i.Kind == PendingFuture {
		text += ", pending"
	}
	if i.Awaiting != "" {
		text += ", waits for " + i.Awaiting
	}
	return text
}

// Pending returns what the loop still has to do or waits for: each callback that is
// ready, callback that a trap holds, timer that is set, piece of work outside, and future that is not settled,
// in this order. An empty result means that everything that was begun has ended.
func (l *Loop) Pending() []Item {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Item
	for _, t := range l.queue.tasks[l.queue.pos:] {
		if t.alive() {
			out = append(out, Item{Kind: PendingCallback, ID: t.id, Label: t.label})
		}
	}
	for _, a := range l.beside.arrived {
		out = append(out, Item{Kind: PendingCallback, ID: a.id, Label: a.label})
	}
	for _, h := range l.trapping.held {
		if h.task.alive() {
			out = append(out, Item{Kind: PendingHeld, ID: h.ID, Label: h.Label, Trap: h.trap.label})
		}
	}
	for _, t := range l.timers.sorted() {
		out = append(out, t.item())
	}
	for _, w := range l.outside {
		out = append(out, Item{Kind: PendingWork, ID: w.id, Label: w.label, Site: w.site.String()})
	}
	for s := l.pending.head; s != nil; s = s.next {
		i := Item{Kind: PendingFuture, ID: s.id, Label: s.label, Site: s.site.String()}
		i.Awaiting = s.awaiting()
		out = append(out, i)
	}
	return out
}

// Peek returns the callback or timer that runs next, first in first out, without
// running it; false means that nothing is ready and no timer set. A source of
// decisions may choose otherwise, and work that returns may come before.
func (l *Loop) Peek() (Item, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := l.queue.pos; i < len(l.queue.tasks); i++ {
		switch t := &l.queue.tasks[i]; {
		case !t.alive():
		case t.timer != nil:
			return t.timer.item(), true
		default:
			return Item{Kind: PendingCallback, ID: t.id, Label: t.label}, true
		}
	}
	if _, ok := l.timers.next(); ok {
		return l.timers.near[0].timer.item(), true
	}
	return Item{}, false
}

// Idle reports whether the loop has nothing to do and waits for nothing: no callback
// is ready or running, no timer is set that ever fires, no work is outside. A future
// that is still pending then will stay so.
func (l *Loop) Idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isIdle()
}

// item describes a timer.
func (t *Timer) item() Item {
	return Item{Kind: PendingTimer, ID: t.id, Label: t.label, Due: time.Duration(t.when), Site: t.site.String()}
}
