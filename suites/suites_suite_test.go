package suites_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
	"github.com/windtunnel-go/windtunnel/suites/futures"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

var (
	jsonPath     = flag.String("windtunnel.json", "", "write the verdict table to this file, as JSON")
	updateReadme = flag.Bool("windtunnel.readme", false, "put the verdict table into README.md")
)

func TestSuites(t *testing.T) {
	futuresRunner = futures.NewRunner(t, futureSubjects()...)
	suiteT = t
	RegisterFailHandler(Fail)
	RunSpecs(t, "windtunnel suites")
}

// The entries by which specs hand their measurements to the report of the
// whole run, which may be spread over several processes.
const (
	cellEntry   = "windtunnel cell"
	mutantEntry = "windtunnel mutant"
)

// attach adds a value to the spec's report for the tables at the end.
func attach(entry string, value any) {
	GinkgoHelper()
	text, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry(entry, string(text), ReportEntryVisibilityNever)
}

// attachCell adds a cell to the spec's report, for the table at the end and for the one in
// the summary of a job of GitHub Actions.
func attachCell(cell verdicts.Cell, subject verdicts.Subject, fault verdicts.Fault) {
	GinkgoHelper()
	attach(cellEntry, cell)
	name, text := github.Cell{
		Table: "A fetch under faults", Row: cell.Subject, Column: cell.Fault, Text: cell.Text(),
		RowAt:    slices.IndexFunc(verdicts.Subjects, func(s verdicts.Subject) bool { return s.Name == cell.Subject }),
		ColumnAt: slices.IndexFunc(verdicts.Faults, func(f verdicts.Fault) bool { return f.Name == cell.Fault }),
		Bad:      len(cell.Deviations(subject, fault)) > 0,
	}.Attachment()
	AddReportEntry(name, text, ReportEntryVisibilityNever)
}

// attached returns the values that specs added under an entry.
func attached[T any](report Report, entry string) []T {
	var out []T
	for _, spec := range report.SpecReports {
		for _, e := range spec.ReportEntries {
			if e.Name != entry {
				continue
			}
			var value T
			if err := json.Unmarshal([]byte(e.StringRepresentation()), &value); err != nil {
				Fail(fmt.Sprintf("the report entry %q of %q is not what attach wrote: %v", entry, spec.FullText(), err))
			}
			out = append(out, value)
		}
	}
	return out
}

var _ = ReportAfterSuite("verdicts", func(report Report) {
	table := verdicts.Table{Cells: attached[verdicts.Cell](report, cellEntry)}
	if len(table.Cells) == 0 {
		return // a filter left nothing to show
	}
	table.Sort(verdicts.Subjects, verdicts.Faults)
	fmt.Printf("\n\nA fetch, real HTTP through a real toxiproxy: did it block its loop, and what came out?\n\n%v", table)
	if results := attached[mutantResult](report, mutantEntry); len(results) > 0 {
		sortMutants(results)
		fmt.Printf("\nBroken on purpose, and the cells that each was seen to flip:\n")
		for _, m := range results {
			fmt.Printf("  %v\n", m)
		}
	}
	unmeasured := slices.ContainsFunc(table.Cells, func(c verdicts.Cell) bool { return c.NA == verdicts.NoClock || c.NA == verdicts.NoSignals })
	if !unmeasured && len(table.Cells) == len(verdicts.Subjects)*len(verdicts.Faults) {
		compareReadme(table.Grid())
	}
	if *jsonPath != "" {
		text, err := table.JSON()
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(*jsonPath, append(text, '\n'), 0o644)).To(Succeed())
	}
})

const readme = "../README.md"

// compareReadme checks that the README shows what was measured, or makes it do so.
func compareReadme(grid string) {
	GinkgoHelper()
	const begin, end = "<!-- the verdict table -->\n```text\n", "```\n<!-- end of the verdict table -->"
	text, err := os.ReadFile(readme)
	Expect(err).NotTo(HaveOccurred())
	before, rest, found := strings.Cut(string(text), begin)
	shown, after, foundEnd := strings.Cut(rest, end)
	Expect(found && foundEnd).To(BeTrue(), "README.md has lost the comments around the verdict table")
	if *updateReadme {
		Expect(os.WriteFile(readme, []byte(before+begin+grid+end+after), 0o644)).To(Succeed())
		return
	}
	Expect(shown).To(Equal(grid), "README.md shows another table; go tool ginkgo run ./suites -- -windtunnel.readme puts this one there")
}
