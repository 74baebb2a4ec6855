package futures

// Goroutine returns the number of the calling goroutine.
func Goroutine() string { return goroutine() }

// Quick returns a with a twentieth of the rounds.
func Quick(a Adapter) Adapter {
	a.quick = true
	return a
}

// RaceEnabled says whether the race detector is there.
const RaceEnabled = raceEnabled
