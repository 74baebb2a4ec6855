//go:build race

package fakeloop_test

// raceEnabled says that this test binary has the race detector in it.
const raceEnabled = true

// defaultScale is a fifth of what it is without the detector, which makes each run
// several times slower and does not find more in the thousandth than in the first ones.
const defaultScale = 0.01
