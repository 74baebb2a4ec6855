package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// scope is something that makes callbacks, timers and futures: a callback, a
// coroutine, an origin, the driver. What it makes is identified by the scope's
// own identity and a count within the scope, so that identities do not depend
// on the schedule.
type scope struct {
	id timeline.ID
	n  uint64
}

// child returns the identity of the next thing made in s.
func (s *scope) child() timeline.ID {
	s.n++
	return mix(s.id, s.n)
}

// mix hashes a parent's identity and a spawn index. It is splitmix64's
// finalizer over a combination that keeps (a, b) and (b, a) apart.
func mix(parent timeline.ID, n uint64) timeline.ID {
	x := (uint64(parent)^0x9e3779b97f4a7c15)*0xbf58476d1ce4e5b9 + n*0x94d049bb133111eb
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	if x == uint64(timeline.Driver) {
		x = 1
	}
	return timeline.ID(x)
}

// The constants of FNV-1a.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// named returns the identity of an origin: FNV-1a over its name, mixed so that
// it cannot be met by counting.
func named(origin string) timeline.ID {
	h := uint64(fnvOffset)
	for i := range len(origin) {
		h = (h ^ uint64(origin[i])) * fnvPrime
	}
	return mix(timeline.ID(h), 0)
}
