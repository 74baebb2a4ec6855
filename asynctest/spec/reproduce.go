package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// tell adds to the report of a spec that has failed how to repeat it.
func tell() {
	r := ginkgo.CurrentSpecReport()
	ginkgo.AddReportEntry("To reproduce", r.LeafNodeLocation, ginkgo.ReportEntryVisibilityFailureOrVerbose, command(r))
}

// command returns the line that runs the one spec again, with all that was random in it.
func command(r types.SpecReport) string {
	config, _ := ginkgo.GinkgoConfiguration()
	focus := rerun.Quote(regexp.QuoteMeta(r.FullText()) + "$")
	dir, root := rerun.Here()
	line := rerun.Environment()
	switch {
	case root == "":
		return line + fmt.Sprintf("%s --ginkgo.seed=%d --ginkgo.focus=%s", rerun.Quote(os.Args[0]), config.RandomSeed, focus)
	case hasTool(root):
		return line + fmt.Sprintf("go tool ginkgo run --seed=%d --focus=%s %s", config.RandomSeed, focus, rerun.Quote(dir))
	}
	return line + fmt.Sprintf("go test -count=1 %s -ginkgo.seed=%d -ginkgo.focus=%s", rerun.Quote(dir), config.RandomSeed, focus)
}

// hasTool reports whether go tool ginkgo works in a module.
func hasTool(root string) bool {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	return err == nil && tool.Match(text)
}

var tool = regexp.MustCompile(`(?m)^\s*(tool\s+)?github\.com/onsi/ginkgo/v2/ginkgo\s*$`)
