package spec

import (
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// Seed returns the seed of the attempt of the spec that runs. It comes from Ginkgo's
// seed and the text of the spec, and from nothing else: it does not depend on the order
// of specs, on the process that runs this one, nor on focus. WINDTUNNEL_SEED in the
// environment takes the place of Ginkgo's seed.
//
// Seed panics where specs are declared, since none runs then.
func Seed() uint64 {
	r := ginkgo.CurrentSpecReport()
	if r.LeafNodeType == types.NodeTypeInvalid {
		panic("spec: Tunnel and Seed belong to a spec that runs: call them in an It or a BeforeEach, and not in the body of a Describe or at the top level")
	}
	return rerun.Seed(rerun.Base(uint64(ginkgo.GinkgoRandomSeed())), r.FullText(), max(r.NumAttempts, 1))
}
