package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// tell adds to the report of a spec that has failed how to repeat it.
func tell() {
	ginkgo.AddReportEntry("To reproduce", ginkgo.CurrentSpecReport().LeafNodeLocation,
		ginkgo.ReportEntryVisibilityFailureOrVerbose, command(ginkgo.CurrentSpecReport()))
}

// command returns the line that runs the one spec again, with all that was random in it.
func command(r types.SpecReport) string {
	config, _ := ginkgo.GinkgoConfiguration()
	focus := quote(regexp.QuoteMeta(r.FullText()) + "$")
	dir, root := here()
	line := ""
	if text := os.Getenv(environment); text != "" {
		line = environment + "=" + quote(text) + " "
	}
	if root == "" {
		return line + fmt.Sprintf("%s --ginkgo.seed=%d --ginkgo.focus=%s", quote(os.Args[0]), config.RandomSeed, focus)
	}
	if hasTool(root) {
		return line + fmt.Sprintf("go tool ginkgo run --seed=%d --focus=%s %s", config.RandomSeed, focus, quote(dir))
	}
	return line + fmt.Sprintf("go test -count=1 %s -ginkgo.seed=%d -ginkgo.focus=%s", quote(dir), config.RandomSeed, focus)
}

// here returns the directory of the suite, which is where Ginkgo and go test run it, as
// the go command names it in the root of its module, and that root, "" if there is none.
func here() (dir, root string) {
	wd, err := os.Getwd()
	if err != nil {
		return "", ""
	}
	for root = wd; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(root) == root {
			return "", ""
		}
	}
	rel, err := filepath.Rel(root, wd)
	if err != nil {
		return "", ""
	}
	if rel == "." {
		return ".", root
	}
	return "./" + filepath.ToSlash(rel), root
}

// hasTool reports whether go tool ginkgo works in a module.
func hasTool(root string) bool {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	return err == nil && tool.Match(text)
}

var tool = regexp.MustCompile(`(?m)^\s*(tool\s+)?github\.com/onsi/ginkgo/v2/ginkgo\s*$`)

// plain is what a shell takes as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// quote makes one word of text for a shell.
func quote(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
