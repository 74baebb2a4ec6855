package spec_test

import (
	"math/rand/v2"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// What is random in a spec comes from its seed, and the line that its report gives when it
// fails brings the same numbers again.
var _ = It("sorts whatever it is given", func() {
	random := rand.New(rand.NewPCG(spec.Seed(), 0))
	numbers := random.Perm(100)
	slices.Sort(numbers)
	Expect(slices.IsSorted(numbers)).To(BeTrue())
})

// The spec of this file is run with the others of its suite.
func ExampleSeed() {
	// Output:
}
