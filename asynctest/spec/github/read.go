package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

// How many bytes of a text, of a name and of a command line go into the verdicts. Ginkgo's
// own report has the whole.
const (
	keptText = 64 << 10
	keptName = 4 << 10
)

// reproduction is the name of the report entry by which package spec tells how to
// reproduce a failure.
const reproduction = "To reproduce"

// runOf is what a report of Ginkgo's says.
func runOf(report types.Report, root workspace) run {
	r := run{
		item: item{cut(cmp.Or(root.rel(report.SuitePath), "."), keptName), report.SuiteConfig.RandomSeed, shard{1, 1}},
		Name: cut(report.SuiteDescription, keptName),
	}
	for _, reason := range report.SpecialSuiteFailureReasons {
		r.Problems = append(r.Problems, root.problem(reason, report.SuitePath))
	}
	if report.SuiteHasProgrammaticFocus {
		r.Problems = append(r.Problems, problem{Text: "Specs are focused in the code, so the others did not run."})
	}
	for _, s := range report.SpecReports {
		if s.LeafNodeType.Is(types.NodeTypeIt) || s.Failed() {
			r.Specs = append(r.Specs, specOf(s, report, root))
		}
	}
	if !report.SuiteSucceeded && !r.failed() {
		r.Problems = append(r.Problems, problem{Text: "Ginkgo says that the suite failed, and names no spec."})
	}
	return r
}

func specOf(s types.SpecReport, report types.Report, root workspace) spec {
	out := spec{
		Text:  cut(cmp.Or(s.FullText(), s.LeafNodeType.String()), keptName),
		Node:  s.LeafNodeType.String(),
		Place: root.place(s.LeafNodeLocation),
		State: state(s.State.String()),
	}
	var lines []string
	for _, e := range s.ReportEntries {
		text := e.StringRepresentation()
		switch {
		case e.Name == CellEntry:
			out.Cells = append(out.Cells, decoded[Cell](text, &out).kept())
		case e.Name == PointsEntry:
			out.Points = append(out.Points, decoded[Points](text, &out).kept())
		case e.Name == reproduction:
			lines = append(lines, keep(text))
		case e.Visibility != types.ReportEntryVisibilityNever || e.Name == DiagramEntry || e.Name == TimelineEntry:
			out.Entries = append(out.Entries, entry{cut(e.Name, keptName), keep(text)})
		}
	}
	out.Failures = append(out.Failures, failuresOf(s, root)...)
	out.tellOfSweeps()
	if !s.Failed() && len(out.Points) == 0 {
		out.Entries = nil
	}
	if out.State.failed() {
		out.Reproduce = lines
		if len(lines) == 0 && s.LeafNodeType.Is(types.NodeTypeIt) && len(s.FullText()) <= keptName {
			out.Reproduce = []string{reproduce(report, root, s.FullText())}
		}
	}
	return out
}

// reproduce is the line for a spec that has none. Without the suite at hand, on another
// machine than the one that ran it, it is a guess at what the module has.
func reproduce(report types.Report, root workspace, text string) string {
	if _, err := os.Stat(report.SuitePath); err != nil {
		pkg := cmp.Or(root.rel(report.SuitePath), ".")
		if pkg != "." {
			pkg = "./" + pkg
		}
		return rerun.GinkgoTool(pkg, report.SuiteConfig.RandomSeed, text)
	}
	return rerun.Ginkgo(report.SuitePath, report.SuiteConfig.RandomSeed, text)
}

// decoded returns the value that an entry holds. One that holds none is a failure of the
// spec: a verdict must not get lost.
func decoded[T any](text string, s *spec) (value T) {
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		s.Failures = append(s.Failures, failure{"failed", s.Node, s.Place, keep(fmt.Sprintf("A report entry for the summary cannot be read: %v\n%s", err, text)), ""})
		s.State = "failed"
	}
	return value
}

// failuresOf returns the failures of a spec. A spec that is pending or was skipped has
// none, though Ginkgo keeps the reason there.
func failuresOf(s types.SpecReport, root workspace) []failure {
	var out []failure
	var add func(types.SpecState, types.Failure)
	add = func(st types.SpecState, f types.Failure) {
		if f.IsZero() || !st.Is(types.SpecStateFailureStates) {
			return
		}
		text := strings.TrimSpace(f.Message)
		if f.ForwardedPanic != "" {
			text += "\n" + f.ForwardedPanic
		}
		at := root.place(f.Location, f.FailureNodeLocation, s.LeafNodeLocation)
		if root.file(f.Location.FileName) == "" && f.Location.FileName != "" {
			text += "\n\nat " + f.Location.String()
		}
		out = append(out, failure{state(st.String()), cmp.Or(nodeText(f.FailureNodeType), s.LeafNodeType.String()), at, keep(text), ""})
		if more := f.AdditionalFailure; more != nil {
			add(more.State, more.Failure)
		}
	}
	add(s.State, s.Failure)
	for _, f := range s.AdditionalFailures {
		add(f.State, f.Failure)
	}
	return out
}

func nodeText(n types.NodeType) string {
	if n == types.NodeTypeInvalid {
		return ""
	}
	return n.String()
}

// tellOfSweeps marks the failures in whose place a text from all parts of a sweep will
// stand.
func (s *spec) tellOfSweeps() {
	for i, p := range s.Points {
		for j, f := range s.Failures {
			if p.Told != "" && f.Text == p.Told {
				s.Failures[j].Text, s.Failures[j].Sweep = "", p.Title
			}
		}
		s.Points[i].Told = ""
	}
	s.Failures = slices.Compact(s.Failures)
}

// keep cuts a text that is too long in its middle.
func keep(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= keptText {
		return text
	}
	head, tail := whole(text[:keptText*3/4]), fromWhole(text[len(text)-keptText/8:])
	return fmt.Sprintf("%s\n\n[%d bytes are left out here; Ginkgo's JSON report has them]\n\n%s", head, len(text)-len(head)-len(tail), tail)
}
