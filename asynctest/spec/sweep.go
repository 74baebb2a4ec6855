package spec

import (
	"github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// Sweep is that of package asynctest for a spec, which fails at the line of this call. The
// spec must not have [Bubble].
//
//	It("tells of every error", func() { spec.Sweep(fetching) })
//
// A long one can be shared by the processes of ginkgo -p, in a table of its own:
//
//	DescribeTable("tells of every error", func(shard int) {
//		s := fetching
//		s.Shard, s.Shards = shard, 4
//		spec.Sweep(s)
//	}, Entry(nil, 0), Entry(nil, 1), Entry(nil, 2), Entry(nil, 3))
func Sweep(s asynctest.Scenario) *asynctest.SweepReport {
	r := ginkgo.CurrentSpecReport()
	if s.Name == "" {
		s.Name = r.FullText()
	}
	if s.Command == "" {
		s.Command = command(r)
	}
	s.Tunnel = append([]asynctest.TunnelOption{asynctest.WithFatal(isFailure)}, s.Tunnel...)
	report, err := s.Sweep()
	if err == nil && len(report.Findings) == 0 {
		return report
	}
	if bubble.ID() == 0 { // what a spec with Bubble is told when it has failed
		tell()
	}
	if err != nil {
		ginkgo.Fail(err.Error(), 1)
	}
	ginkgo.Fail(report.String(), 1)
	return nil // not reached
}
