package spec

import (
	"fmt"

	"github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
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
//
// And by machines: a scenario that does not say which share it is does that of
// [github.ShardVariable]. What was found is attached to the spec's report, from which
// package github makes one table and one list of findings for all of them.
func Sweep(s asynctest.Scenario) *asynctest.SweepReport {
	r := ginkgo.CurrentSpecReport()
	if s.Name == "" {
		s.Name = r.FullText()
	}
	if s.Command == "" {
		s.Command = command(r)
	}
	if s.Shard == 0 && s.Shards == 0 {
		part, of, err := github.Part()
		if err != nil {
			ginkgo.Fail(err.Error(), 1)
		}
		if of > 1 {
			s.Shard, s.Shards = part, of
		}
	}
	s.Tunnel = append([]asynctest.TunnelOption{asynctest.WithFatal(isFailure)}, s.Tunnel...)
	report, err := s.Sweep()
	if err == nil {
		attachFindings(report)
	}
	if err == nil && len(report.Findings) == 0 {
		ginkgo.GinkgoWriter.Println(report)
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

// attachFindings attaches to the report of the spec what a sweep has found.
func attachFindings(r *asynctest.SweepReport) {
	place := map[explore.Fault]int{}
	points := github.Points{Title: r.Name, Checked: r.Runs - r.Without}
	for row, p := range r.Points { // findings are told in the order of points and ways
		for column, way := range p.Ways {
			place[explore.Fault{Point: p.Name, Way: way}] = len(place)
			text, found := r.Cell(p.Name, way)
			if text == "" {
				continue // another shard's
			}
			addEntry(github.Cell{Table: "sweep of " + r.Name, Row: p.Name, Column: way, Text: text, RowAt: row, ColumnAt: column, Bad: found}.Attachment())
		}
		for bytes := range p.Bytes {
			place[explore.Fault{Point: p.Name, Way: p.Cut(bytes)}] = len(place)
		}
	}
	if len(r.Findings) > 0 {
		points.Told = r.String()
	}
	for _, f := range r.Findings {
		group := fmt.Sprintf("%s, at %s", f.Check, f.Place)
		points.Findings = append(points.Findings, github.Finding{
			Point: place[f.Run.Faults[0]], Name: f.Fault, Group: group, Text: group + ": " + f.Text, Reproduce: f.Reproduce,
		})
		for _, fault := range f.Also {
			other := github.Finding{Name: fault, Group: group}
			if run, err := explore.ParseRun(fault); err == nil && len(run.Faults) > 0 {
				other.Point = place[run.Faults[0]]
			}
			points.Findings = append(points.Findings, other)
		}
	}
	addEntry(points.Attachment())
}

func addEntry(name, text string) {
	ginkgo.AddReportEntry(name, text, ginkgo.ReportEntryVisibilityNever)
}
