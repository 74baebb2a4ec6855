package spec_test

import (
	"encoding/json"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// adding is a scenario with ten points, of which each error gets to the outcome.
var adding = Scenario{Run: func(tunnel *Tunnel) any {
	var all []*fakeloop.Future[int]
	for i := range 10 {
		all = append(all, fakeloop.Faulty(fakeloop.Resolved(tunnel.Loop, i), fmt.Sprint("answer ", i)))
	}
	return fakeloop.All(tunnel.Loop, all...)
}, Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "there is no limit to the answers"}}}

var _ = Describe("a sweep", func() {
	It("is one spec", func() {
		r := spec.Sweep(adding)
		Expect(r.Name).To(Equal("a sweep is one spec"))
		Expect(r.Runs).To(Equal(1 + 10*6))
	})

	DescribeTable("is shared by processes", func(shard int) {
		s := adding
		s.Shard, s.Shards = shard, 4
		Expect(spec.Sweep(s).Runs).To(BeNumerically("<=", 1+3*6))
	},
		Entry(nil, 0),
		Entry(nil, 1),
		Entry(nil, 2),
		Entry(nil, 3),
	)

	It("does the part that the environment says, and attaches what it found", func() {
		checked := 0
		for _, part := range []string{"1/3", "2/3", "3/3"} {
			GinkgoT().Setenv(github.ShardVariable, part)
			r := spec.Sweep(adding)
			Expect(r.Runs).To(BeNumerically("<", 1+10*6), part)
			checked += r.Runs - r.Without
		}
		Expect(checked).To(Equal(10 * 6))
		entries := CurrentSpecReport().ReportEntries
		told, cells := 0, 0
		for _, e := range entries {
			switch e.Name {
			case github.PointsEntry:
				var p github.Points
				Expect(json.Unmarshal([]byte(e.StringRepresentation()), &p)).To(Succeed())
				Expect(p.Title).To(Equal(CurrentSpecReport().FullText()))
				told += p.Checked
			case github.CellEntry:
				cells++
			}
		}
		Expect(told).To(Equal(10 * 6))
		Expect(cells).To(Equal(10*6+3*10), "what is left out is, in each part")
	})

	It("reaches the test with a failure of its scenario", func() {
		failures := InterceptGomegaFailures(func() {
			_, err := Scenario{Name: "it", Run: func(*Tunnel) any {
				Expect(1).To(Equal(2))
				return nil
			}}.Sweep()
			Expect(err).To(HaveOccurred())
		})
		Expect(failures).To(HaveLen(1))
	})
})
