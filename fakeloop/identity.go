package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// scope is something that makes callbacks, timers and futures: a callback, a
// coroutine, an origin, the driver. What it makes is identified by the scope's
// own identity and a count within the scope, so that identities do not depend
// on the schedule.
type scope struct {
	id timeline.ID
	n  int64
}

// next returns the number of the next thing made in s.
func (s *scope) next() int64 {
	s.n++
	return s.n
}

// child returns the identity of the next thing made in s.
func (s *scope) child() timeline.ID { return s.id.Child(s.next()) }

// The constants of FNV-1a.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// named returns the identity of an origin: FNV-1a over its name, hashed once
// more so that it cannot be met by counting.
func named(origin string) timeline.ID {
	h := uint64(fnvOffset)
	for i := range len(origin) {
		h = (h ^ uint64(origin[i])) * fnvPrime
	}
	return timeline.ID(h).Child(0)
}
