package fakeloop

import (
	"fmt"
	"slices"
	"strings"
)

// waitsFor returns the pending futures that s waits for: none, that of which it was
// derived or which its coroutine awaits, or those to which it is tied. The caller
// holds the loop's lock.
func (s *state) waitsFor() []*state {
	var out []*state
	if s.source != nil {
		out = append(out, s.source)
	}
	if s.rare == nil {
		return out
	}
	for _, t := range s.rare.ties {
		if t.source != nil && t.source.status == isPending {
			out = append(out, t.source)
		}
	}
	return out
}

// waitChain says for whom s waits, for whom that one waits, and so on. Where one waits
// for several it names them, and goes on with the first. The caller holds the loop's
// lock.
func (s *state) waitChain() []string {
	var out []string
	seen := map[*state]bool{}
	for s != nil {
		if seen[s] {
			return append(out, s.name()+" again: a cycle")
		}
		seen[s] = true
		next := s.waitsFor()
		link := s.describe()
		if len(next) > 1 {
			link += fmt.Sprintf(", waits for %d of %d: %s", len(next), len(s.rare.ties), listNames(next))
		}
		out = append(out, link)
		s = nil
		if len(next) > 0 {
			s = next[0]
		}
	}
	return out
}

// awaiting names what s waits for, "" if it is not known.
func (s *state) awaiting() string { return listNames(s.waitsFor()) }

// listNames names futures, not all if there are many.
func listNames(states []*state) string {
	const most = 5
	var names []string
	for i, s := range states {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(states)-most))
			break
		}
		names = append(names, s.name())
	}
	return strings.Join(names, ", ")
}

// idleError says that s will never be settled. The caller holds the loop's lock.
func (l *Loop) idleError(s *state) error {
	return &IdleError{At: l.elapsed(), Chain: s.waitChain(), Held: l.listHeld(), Panics: slices.Clone(l.errs)}
}
