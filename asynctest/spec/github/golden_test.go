package github

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

var update = flag.Bool("update", false, "rewrite the texts in testdata, which keeps the reasons")

// home is the workspace of the recorded reports, which Ginkgo wrote about the suites in
// testdata/demo.
const home = "/home/runner/work/demo/demo"

// recorded returns what Ginkgo wrote about a suite of the demo.
func recorded(t *testing.T, name string) types.Report {
	t.Helper()
	reports, err := readReports(filepath.Join("testdata", "recorded", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}

// told is what a runner is told of reports: the annotations, a line, and the summary.
func told(reports ...types.Report) string {
	var runs []run
	for _, r := range reports {
		runs = append(runs, runOf(r, home))
	}
	return toldOf(verdictsOf(runs...))
}

func toldOf(v verdicts) string {
	var b strings.Builder
	for _, a := range annotations(v.groups(), annotationsOfStep) {
		b.WriteString(a.String() + "\n")
	}
	return b.String() + "----\n" + summarize(v, summaryBytes, "windtunnel")
}

// golden compares a text with that of a file, which begins with the reason why it reads as
// it does.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	reason, want, _ := strings.Cut(string(text), "\n---\n")
	if reason, ok := strings.CutPrefix(reason, "why: "); !ok || len(reason) < 20 {
		t.Errorf("%s: no reason is given", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(reason+"\n---\n"+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestGolden(t *testing.T) {
	t.Setenv("WINDTUNNEL_SEED", "")
	bad, good, sweeps := recorded(t, "bad"), recorded(t, "good"), recorded(t, "sweeps")
	others := func(change func(*types.Report)) types.Report {
		r := bad
		r.SpecReports = nil
		change(&r)
		return r
	}
	for name, reports := range map[string][]types.Report{
		"passing":       {good},
		"failing":       {bad, good},
		"sweeps":        {sweeps},
		"several-seeds": {bad, underSeed(bad, 18), underSeed(bad, 19)},
		"problems": {
			others(func(r *types.Report) {
				r.SpecialSuiteFailureReasons = []string{"Failed to compile bad:\n\n./specs_test.go:16:27: undefined: x\n/home/runner/work/demo/demo/bad/specs_test.go:3:1: y"}
			}),
			others(func(r *types.Report) { r.SuitePath = home + "/focus"; r.SuiteHasProgrammaticFocus = true }),
			others(func(r *types.Report) { r.SuitePath = home; r.SpecReports = nil }),
		},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name+".golden", told(reports...)) })
	}
}

func underSeed(r types.Report, seed int64) types.Report {
	r.SuiteConfig.RandomSeed = seed
	return r
}
