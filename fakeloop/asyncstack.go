package fakeloop

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// AsyncStack says who waits for the future, who waits for that one, and so on: the
// first line is the future itself, the last is what nobody in the loop waits for. It
// is the call stack that asynchronous code does not have. Where several wait, it
// follows the first. With Config.Sites it tells the line at which each coroutine is
// suspended.
func (s *state) AsyncStack() []string {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	return append([]string{s.describe()}, s.awaiters()...)
}

// awaiters is the asynchronous stack above s. The caller holds the loop's lock.
func (s *state) awaiters() []string {
	var out []string
	seen := map[*state]bool{s: true}
	for {
		by := s.awaitedBy()
		if by.of == nil {
			return out
		}
		s = by.of
		what := "future " + describe(s.id, s.label)
		if by.co != nil {
			what = "coroutine " + describe(s.id, s.label)
			if by.co.at != nil {
				what += " at " + by.co.at.String()
			}
		}
		if seen[s] {
			return append(out, "awaited by "+what+" again: a cycle")
		}
		seen[s] = true
		out = append(out, "awaited by "+what)
	}
}

// awaitedBy returns the first reaction to s that settles another future; of futures
// that are settled together with s, the first.
func (s *state) awaitedBy() reaction {
	for _, r := range s.reactions() {
		if r.fn != nil && r.of != nil {
			return r
		}
	}
	if s.rare != nil && s.rare.watches != nil {
		for e := s.rare.watches.Front(); e != nil; e = e.Next() {
			if of := e.Value.(watcher).of; of != nil {
				return reaction{of: of}
			}
		}
	}
	return reaction{}
}

// UnfinishedError is a coroutine that began and has not ended.
type UnfinishedError struct {
	Coroutine string   // which, and, with Config.Sites, where it was made
	At        string   // "file:line" where it is suspended, with Config.Sites
	Chain     []string // what it waits for, what that waits for, and so on
}

// Error names the coroutine and what it waits for.
func (e *UnfinishedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fakeloop: %s has not finished", e.Coroutine)
	if e.At != "" {
		b.WriteString("; it is suspended at " + e.At)
	}
	for _, link := range e.Chain {
		b.WriteString("\nwhich waits for " + link)
	}
	return b.String()
}

// Unfinished returns an *UnfinishedError for each coroutine that has begun and not
// ended, in the order in which they began. Close ends them; a test that means to
// leave none asks before.
func (l *Loop) Unfinished() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []error
	for _, co := range l.inOrder() {
		e := &UnfinishedError{
			Coroutine: "coroutine " + describe(co.scope.id, co.label) + co.future.site.suffix(),
			At:        co.at.String(),
		}
		e.Chain = co.awaits.waitChain()
		out = append(out, e)
	}
	return out
}

// inOrder returns the coroutines in the order in which they began. The caller holds
// l.mu.
func (l *Loop) inOrder() []*Coroutine {
	return slices.SortedFunc(maps.Keys(l.coroutines), func(a, b *Coroutine) int { return cmp.Compare(a.number, b.number) })
}
