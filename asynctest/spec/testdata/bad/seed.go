package bad_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// choices returns what the seed of the spec chooses.
func choices() string {
	tunnel := spec.Tunnel()
	text := fmt.Sprintf("seed %d chooses", tunnel.Seed())
	for range 10 {
		text += fmt.Sprint(" ", tunnel.Loop.Choose("pick", 100))
	}
	return text
}

var _ = Describe("a seed", spec.Bubble, func() {
	It("of one spec", func() { Fail(choices()) })

	It("of another spec", func() { Fail(choices()) })

	It("of each attempt", FlakeAttempts(2), func() { Fail(choices()) })
})
