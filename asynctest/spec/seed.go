package spec

import (
	"github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// Seed returns the seed of the attempt of the spec that runs. It comes from Ginkgo's
// seed and the text of the spec, and from nothing else: it does not depend on the order
// of specs, on the process that runs this one, nor on focus. WINDTUNNEL_SEED in the
// environment takes the place of Ginkgo's seed.
func Seed() uint64 {
	r := ginkgo.CurrentSpecReport()
	return rerun.Seed(rerun.Base(uint64(ginkgo.GinkgoRandomSeed())), r.FullText(), max(r.NumAttempts, 1))
}
