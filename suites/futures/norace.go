//go:build !race

package futures

const raceEnabled = false // no data race is found
