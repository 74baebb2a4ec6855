package sweeps_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A sweep of a scenario, in which two of five errors get lost.
var _ = It("keeps the errors of a scenario", func() {
	spec.Sweep(asynctest.Scenario{Run: func(tunnel *asynctest.Tunnel) any {
		var all []*fakeloop.Future[int]
		for i := range 5 {
			part := fakeloop.Faulty(fakeloop.Resolved(tunnel.Loop, i), fmt.Sprint("part ", i))
			if i%2 == 1 {
				part = fakeloop.Catch(part, func(error) (int, error) { return i, nil })
			}
			all = append(all, part)
		}
		return fakeloop.All(tunnel.Loop, all...)
	}, Leave: []asynctest.LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "there is no limit to a part"}}})
})
