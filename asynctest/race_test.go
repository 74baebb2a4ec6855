//go:build race

package asynctest_test

// raceEnabled says that this test binary has the race detector in it.
const raceEnabled = true
