package fakeloop

import (
	"slices"
	"strings"
)

// CycleError rejects a future that was to have the outcome of one that waits for it,
// or its own: it would never come.
type CycleError struct {
	Chain []string // who waits for whom; the last waits for the first
}

// Error shows the cycle.
func (e *CycleError) Error() string {
	return "fakeloop: a future cannot have the outcome of one that waits for it: " +
		strings.Join(e.Chain, ", which waits for ") + ", which was to wait for the first"
}

// pathTo returns who waits for whom from s to target, nil if s does not wait for it.
// The caller holds the loop's lock.
func (s *state) pathTo(target *state) []string {
	if s != target && target.handled == target.gaveUp {
		return nil // nobody waits for it
	}
	from := map[*state]*state{s: nil}
	for next := []*state{s}; len(next) > 0; {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		if at == target {
			var path []string
			for ; at != nil; at = from[at] {
				path = append(path, at.name())
			}
			slices.Reverse(path)
			return path
		}
		for _, source := range at.waitsFor() {
			if _, seen := from[source]; !seen {
				from[source] = at
				next = append(next, source)
			}
		}
	}
	return nil
}
