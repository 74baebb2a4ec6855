//go:build !race

package asynctest_test

const raceEnabled = false
