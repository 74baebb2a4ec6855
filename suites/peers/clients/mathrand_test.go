// Since Go 1.24 rand.Seed does nothing without this.
//
//go:debug randseednop=0
package clients_test

import (
	"math/rand"
	"runtime"
)

// seeded plays a scene with a seed for the global generator of math/rand, from which some
// libraries draw. That of math/rand/v2 cannot be seeded.
func seeded(play func(*stage)) func(*stage) {
	return func(s *stage) {
		rand.Seed(seed) //lint:ignore SA1019 nothing else reaches what libraries draw
		play(s)
	}
}

// onOneProcessor plays a scene with GOMAXPROCS 1.
func onOneProcessor(play func(*stage)) func(*stage) {
	return func(s *stage) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		play(s)
	}
}
