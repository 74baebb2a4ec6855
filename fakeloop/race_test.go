//go:build race

package fakeloop_test

// raceEnabled says that this test binary has the race detector in it.
const raceEnabled = true

// The race detector makes each run several times slower, and does not find more in the
// thousandth than in the first ones. So the default counts are a fifth of what they are
// without.
const (
	defaultScale = 0.01

	// many is the least of what must not cost more than linear time, nor a deep stack.
	many = 20_000
)
