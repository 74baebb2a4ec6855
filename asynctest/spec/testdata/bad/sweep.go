package bad_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var swallowing = asynctest.Scenario{
	Run: func(tunnel *asynctest.Tunnel) any {
		answer := fakeloop.Faulty(fakeloop.Resolved(tunnel.Loop, 7), "answer")
		return fakeloop.Catch(answer, func(error) (int, error) { return 7, nil })
	},
	Leave: []asynctest.LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "one finding is enough"}},
}

var _ = Describe("a sweep", func() {
	It("that finds something", func() { spec.Sweep(swallowing) })
	It("inside of a bubble", spec.Bubble, func() { spec.Sweep(swallowing) })
})
