//go:build !race

package fakeloop_test

// raceEnabled says that this test binary has the race detector in it.
const raceEnabled = false

const (
	defaultScale = 0.05
	many         = 100_000
)
