package suites_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	. "github.com/onsi/ginkgo/v2"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// suiteT is the test in which the suite runs: bubbles belong to one.
var suiteT *testing.T

// loopVerdict is what a spec of the contract hands to the report of the run.
type loopVerdict struct {
	ID     string
	Mode   loops.Mode
	Status loops.Status
	Why    string
}

const loopEntry = "windtunnel loop"

// fakeloopUnder is the adapter of fakeloop with a detector watching it.
func fakeloopUnder(mode loops.Mode) loops.Adapter {
	a := loops.Fakeloop(mode)
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
		var out []string
		for _, b := range report.Blocks {
			out = append(out, b.String()+" at "+b.User.Location())
		}
		return out, nil
	}
	if mode == loops.Bubble {
		a.Around = func(body func()) { synctest.Test(suiteT, func(*testing.T) { body() }) }
	}
	return a
}

var _ = Describe("the contract of event loops", func() {
	for _, mode := range []loops.Mode{loops.Virtual, loops.Bubble, loops.Wall} {
		Describe("on fakeloop, "+string(mode), func() {
			for _, c := range loops.Cases() {
				It(c.ID()+": "+c.Name, func() {
					r := fakeloopUnder(mode).Run(c)
					attach(loopEntry, loopVerdict{c.ID(), mode, r.Status, r.Why})
					if r.Bad() {
						Fail(r.Text(fmt.Sprintf("go tool ginkgo run --focus 'on fakeloop, %s %s:' ./suites", mode, c.ID())))
					}
				})
			}
		})
	}
})

var _ = ReportAfterSuite("the contract of event loops", func(report Report) {
	var results []loops.Result
	for _, v := range attached[loopVerdict](report, loopEntry) {
		i := slices.IndexFunc(loops.Cases(), func(c loops.Case) bool { return c.ID() == v.ID })
		results = append(results, loops.Result{
			Case: loops.Cases()[i], Subject: "fakeloop", Mode: v.Mode, Status: v.Status, Why: v.Why,
		})
	}
	if len(results) == 0 {
		return // a filter left nothing to show
	}
	fmt.Printf("\n\nThe contract of event loops:\n\n%s", loops.Table(loops.Sorted(results)))
})
