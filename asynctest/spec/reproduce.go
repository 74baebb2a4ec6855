package spec

import (
	"os"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// reproduction names the entry with the line that runs a spec again.
const reproduction = "To reproduce"

// tell adds to the report of a spec that has failed how to repeat it, once in an attempt.
func tell() {
	r := ginkgo.CurrentSpecReport()
	if isTold(r, reproduction) {
		return
	}
	ginkgo.AddReportEntry(reproduction, r.LeafNodeLocation, ginkgo.ReportEntryVisibilityFailureOrVerbose, command(r))
}

// command returns the line that runs the one spec again, with all that was random in it.
func command(r types.SpecReport) string {
	config, _ := ginkgo.GinkgoConfiguration()
	wd, _ := os.Getwd()
	return rerun.Ginkgo(wd, config.RandomSeed, r.FullText())
}
