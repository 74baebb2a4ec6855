package suites_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// futuresRunner runs the contract of futures, each subject in a process of its own,
// which begins at the place where TestSuites makes the runner.
var futuresRunner *futures.Runner

// futureSubjects are fakeloop's futures on loops of each mode; on the wall clock, which
// is no bubble's, a detector watches them.
func futureSubjects() []futures.Adapter {
	var out []futures.Adapter
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble, fakeloop.Wall} {
		a := futures.Fakeloop(mode)
		if mode == fakeloop.Wall {
			a.Watch = func(body func()) ([]string, error) {
				rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
				if err != nil {
					return nil, err
				}
				body()
				report, err := rec.Stop()
				if err != nil {
					return nil, err
				}
				var blocks []string
				for _, b := range report.Blocks {
					blocks = append(blocks, b.String())
				}
				return blocks, nil
			}
		}
		out = append(out, a)
	}
	return out
}

// futureVerdict is what a spec of the contract hands to the report of the run.
type futureVerdict struct {
	Number  int
	Subject string
	When    futures.When
	Status  futures.Status
	Why     string
}

const futureEntry = "windtunnel future"

var _ = Describe("the contract of futures", func() {
	for _, a := range futureSubjects() {
		Describe("on "+a.Name, func() {
			futures.Specs(It, Fail, func() *futures.Runner { return futuresRunner }, a.Name, "the contract of futures on "+a.Name,
				func(r futures.Result) {
					attach(futureEntry, futureVerdict{r.Property.Number, r.Subject, r.When, r.Status, r.Why})
				})
		})
	}
})

var _ = ReportAfterSuite("the contract of futures", func(report Report) {
	var results []futures.Result
	for _, v := range attached[futureVerdict](report, futureEntry) {
		i := slices.IndexFunc(futures.Properties(), func(p futures.Property) bool { return p.Number == v.Number })
		results = append(results, futures.Result{
			Property: futures.Properties()[i], Subject: v.Subject, When: v.When, Status: v.Status, Why: v.Why,
		})
	}
	if len(results) == 0 {
		return // a filter left nothing to show
	}
	fmt.Printf("\n\nThe contract of futures:\n\n%s", futures.Table(futures.Sorted(results)))
})
