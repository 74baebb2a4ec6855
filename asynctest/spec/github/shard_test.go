package github

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"
)

func TestParseShard(t *testing.T) {
	for text, want := range map[string]shard{"1/1": {1, 1}, "2/5": {2, 5}, "5/5": {5, 5}} {
		if got, err := parseShard(text); got != want || err != nil || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "/", "0/1", "2/1", "-1/2", "1/0", "a/b", "1/2/3", "1/ 2"} {
		want := fmt.Sprintf("github: shard %q: want a number and how many there are, such as 2/3", text)
		if got, err := parseShard(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// Each part of each run is done by exactly one shard, and the parts of a run are all of
// its sweeps.
func TestPlans(t *testing.T) {
	for shards := 1; shards <= 30; shards++ {
		for suites := 1; suites <= 4; suites++ {
			for seeds := 1; seeds <= 4; seeds++ {
				p := plan{Shards: shards}
				for i := range suites {
					p.Suites = append(p.Suites, fmt.Sprint("suite", i))
				}
				for i := range seeds {
					p.Seeds = append(p.Seeds, int64(i))
				}
				parts := map[item][]shard{}
				most, least := 0, 1<<30
				for number := 1; number <= shards; number++ {
					mine := p.items(number)
					most, least = max(most, len(mine)), min(least, len(mine))
					for _, i := range mine {
						whole := item{i.Suite, i.Seed, shard{}}
						parts[whole] = append(parts[whole], i.Part)
					}
				}
				if len(parts) != suites*seeds || least == 0 || most-least > 1 {
					t.Fatalf("%v: %d runs, %d to %d in a shard", p, len(parts), least, most)
				}
				for whole, all := range parts {
					slices.SortFunc(all, func(a, b shard) int { return a.Number - b.Number })
					for i, part := range all {
						if part != (shard{i + 1, len(all)}) {
							t.Fatalf("%v: %v is cut into %v", p, whole, all)
						}
					}
				}
			}
		}
	}
}

// fakeGinkgo stands for the go command: it lists suites, and runs them by the function.
type fakeGinkgo struct {
	suites []string // directories
	run    func(dir string, seed int64, part shard, report string) error
}

func (f fakeGinkgo) start(out, errs io.Writer, environment []string, name string, args ...string) error {
	switch {
	case name == "go" && args[0] == "list":
		for _, s := range f.suites {
			fmt.Fprintf(out, "%s\tfmt\tgithub.com/onsi/ginkgo/v2\n", s)
		}
		fmt.Fprintf(out, "%s\ttesting\n", f.suites[0]+"/plain")
		return nil
	case name == "go" && args[1] == "-n":
		return nil
	}
	part, flags := shard{1, 1}, map[string]string{}
	for _, v := range environment {
		if text, ok := strings.CutPrefix(v, ShardVariable+"="); ok {
			part, _ = parseShard(text)
		}
	}
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		flags[name] = value
	}
	var seed int64
	fmt.Sscan(flags["--seed"], &seed)
	return f.run(args[len(args)-1], seed, part, filepath.Join(flags["--output-dir"], flags["--json-report"]))
}

// sharded runs the suites in so many shards, and returns what merging makes of them, as
// JSON and as told.
func sharded(t *testing.T, f fakeGinkgo, root string, shards, seeds int) (merged, told string) {
	t.Helper()
	dir := t.TempDir()
	for number := 1; number <= shards; number++ {
		var out bytes.Buffer
		c := command{getenv: func(name string) string { return map[string]string{"GITHUB_WORKSPACE": root}[name] }, out: &out, errs: &out, start: f.start}
		code := c.main([]string{"run", "-quiet", "-seed=4", fmt.Sprint("-seeds=", seeds), fmt.Sprintf("-shard=%d/%d", number, shards), "-output=" + filepath.Join(dir, fmt.Sprint("artifact-", number))})
		if code == exitMisuse {
			t.Fatal(out.String())
		}
	}
	var out bytes.Buffer
	c := command{getenv: func(name string) string { return map[string]string{"GITHUB_ACTIONS": "true"}[name] }, out: &out, errs: &out}
	if code := c.main([]string{"merge", "-output=" + dir + "/merged", dir}); code == exitMisuse {
		t.Fatal(out.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, "merged", verdictsFile))
	if err != nil {
		t.Fatal(err)
	}
	var v verdicts
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return string(text), out.String() + toldOf(v)
}

// same checks that all numbers of shards have one result.
func same(t *testing.T, f fakeGinkgo, root string, seeds int) (told string) {
	t.Helper()
	whole, told := sharded(t, f, root, 1, seeds)
	for _, shards := range []int{2, 5} {
		merged, others := sharded(t, f, root, shards, seeds)
		if merged != whole {
			t.Errorf("%d seeds: %d shards:\n%s\nunsharded:\n%s", seeds, shards, merged, whole)
		}
		if others != told {
			t.Errorf("%d seeds: %d shards tell:\n%s\nunsharded:\n%s", seeds, shards, others, told)
		}
	}
	return told
}

// Suites of specs that are made up, some of which fail under some seeds, in an order that
// differs from run to run.
func TestShardsOfMadeUpSuites(t *testing.T) {
	root := t.TempDir()
	f := fakeGinkgo{suites: []string{root + "/a", root + "/b", root + "/c"}}
	f.run = func(dir string, seed int64, part shard, report string) error {
		if filepath.Base(dir) == "c" && seed%2 == 1 {
			return fmt.Errorf("it crashed")
		}
		return reporters.GenerateJSONReport(madeUp(dir, seed, part, filepath.Dir(filepath.Dir(report))), report)
	}
	for _, seeds := range []int{1, 2} {
		told := same(t, f, root, seeds)
		for _, want := range []string{"left no report", "findings at 23 points", "a/x_test.go", "the whole record is in records/x.json"} {
			if !strings.Contains(told, want) && !(seeds == 1 && want == "left no report") {
				t.Errorf("%d seeds: nothing about %q:\n%s", seeds, want, told)
			}
		}
	}
}

func madeUp(dir string, seed int64, part shard, output string) types.Report {
	r := types.Report{SuitePath: dir, SuiteDescription: "made up", SuiteSucceeded: true, SuiteConfig: types.SuiteConfig{RandomSeed: seed}}
	for n := range 40 {
		s := types.SpecReport{
			ContainerHierarchyTexts: []string{"a spec"}, LeafNodeText: fmt.Sprint("number ", n/2), LeafNodeType: types.NodeTypeIt,
			LeafNodeLocation: types.CodeLocation{FileName: dir + "/x_test.go", LineNumber: n / 2}, State: types.SpecStatePassed,
		}
		add := func(name, value string) {
			s.ReportEntries = append(s.ReportEntries, types.ReportEntry{Name: name, Value: types.WrapEntryValue(value)})
		}
		fail := func(message string) {
			s.State, r.SuiteSucceeded = types.SpecStateFailed, false
			s.Failure = types.Failure{Message: message, Location: types.CodeLocation{FileName: dir + "/x_test.go", LineNumber: n}}
		}
		switch {
		case n%4 == 0: // a sweep
			points := Points{Title: "sweep", Of: 23}
			told := map[string]bool{}
			for p := part.Number - 1; p < 23; p += part.Of {
				points.Checked++
				add(Cell{Table: "sweep", Row: fmt.Sprint(p), RowAt: p, Column: "x", Text: fmt.Sprint((p + n) % 2)}.Attachment())
				if (p+n+int(seed))%7 == 0 {
					f := Finding{Point: p, Text: fmt.Sprint("lost at ", p), Reproduce: fmt.Sprint("go test -point=", p)}
					if n%8 == 0 {
						f.Name, f.Group = fmt.Sprint("reset at read ", p), fmt.Sprint("lost by ", p%3)
						if told[f.Group] { // as a sweep does, which groups what it found itself
							f.Text, f.Reproduce = "", ""
						}
						told[f.Group] = true
					}
					points.Findings = append(points.Findings, f)
					add(TimelineEntry, fmt.Sprint("point ", p))
				}
			}
			if len(points.Findings) > 0 {
				points.Told = mustJSON(points.Findings)
				fail(points.Told)
			}
			add(points.Attachment())
		case (n+int(seed))%9 == 1:
			fail(fmt.Sprint("spec ", n, " fails under seed ", seed))
			add("Record", "the whole record is in "+filepath.Join(output, "records", "x.json"))
			add("notes", "second")
			add("notes", "first")
		case n%10 == 1:
			s.State = types.SpecStateSkipped
		}
		r.SpecReports = append(r.SpecReports, s)
	}
	rand.Shuffle(len(r.SpecReports), func(i, j int) {
		r.SpecReports[i], r.SpecReports[j] = r.SpecReports[j], r.SpecReports[i]
	})
	return r
}

// A real suite with a sweep, one of a scenario, and a spec that fails under even seeds: its binary is run as
// ginkgo would run it.
func TestShardsOfRealSuite(t *testing.T) {
	dir, err := os.MkdirTemp("testdata", "sweeps")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"suite", "specs", "scenario"} {
		text, err := os.ReadFile("testdata/demo/sweeps/" + name + ".go")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"_test.go"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "sweeps.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, "./"+dir).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if dir, err = filepath.Abs(dir); err != nil {
		t.Fatal(err)
	}
	f := fakeGinkgo{suites: []string{dir}, run: func(dir string, seed int64, part shard, report string) error {
		cmd := exec.Command(binary, fmt.Sprint("--ginkgo.seed=", seed), "--ginkgo.json-report="+report, "--ginkgo.randomize-all")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY=", ShardVariable+"="+part.String())
		return cmd.Run()
	}}
	t.Run("tells of itself", func(t *testing.T) { tellsOfItself(t, binary, dir) })
	for _, seeds := range []int{1, 2} {
		told := same(t, f, dir, seeds)
		for _, want := range []string{"2 findings at 7 points of the sweep", "the seed is even", "point 5: dial, lost", "10 findings at 30 points of the sweep", "error at part 1 #1: error lost, at scenario_test.go:"} {
			if !strings.Contains(told, want) {
				t.Errorf("%d seeds: nothing about %q:\n%s", seeds, want, told)
			}
		}
	}
}

// tellsOfItself runs the suite, which reports in its own process, three times in one step.
func tellsOfItself(t *testing.T, binary, dir string) {
	summary := filepath.Join(t.TempDir(), "summary")
	run := func(environment ...string) (annotations []string) {
		cmd := exec.Command(binary, "--ginkgo.seed=4", "--ginkgo.skip=of a scenario")
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "GITHUB_WORKSPACE="+filepath.Dir(dir)), environment...)
		out, _ := cmd.CombinedOutput()
		for l := range strings.Lines(string(out)) {
			if strings.HasPrefix(l, "::") {
				annotations = append(annotations, l)
			}
		}
		return annotations
	}
	want := []string{
		"::error file=" + filepath.Base(dir) + "/specs_test.go,line=46,title=[FAILED] a client under sweeps keeps every error::2 findings at 7 points",
		"::error file=" + filepath.Base(dir) + "/specs_test.go,line=51,title=[FAILED] a client under sweeps likes odd seeds::the seed is even",
	}
	for n := range 6 {
		got := run("GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+summary)
		if n == 5 {
			want = nil // there is no room for more than ten
		}
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("the %d. time: %q", n+1, got)
		}
	}
	text, err := os.ReadFile(summary)
	if n := strings.Count(string(text), "<h2>Failed: 3 specs passed, 2 failed"); err != nil || n != 6 {
		t.Errorf("%d summaries, %v", n, err)
	}
	for _, elsewhere := range [][]string{{"GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY=" + summary}, {"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="}} {
		if got := run(elsewhere...); got != nil {
			t.Errorf("%q: %q", elsewhere, got)
		}
	}
	if got := run("GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+dir); len(got) != 1 || !strings.HasPrefix(got[0], "::warning::github: reading the summary so far: read ") {
		t.Errorf("the summary cannot be read: %q", got)
	}
}

func TestPointsText(t *testing.T) {
	p := Points{Title: "faults", Of: 9, Checked: 9}
	for i := 12; i >= 0; i-- {
		p.Findings = append(p.Findings, Finding{Point: i, Name: fmt.Sprint("reset ", i), Group: "lost", Text: fmt.Sprint("text ", i), Reproduce: fmt.Sprint("line ", i)})
	}
	p.Findings = append(p.Findings, Finding{Point: 5, Text: "alone"}, Finding{Point: 5, Text: "alone"}, Finding{Point: 1, Group: "other", Text: "two"}, Finding{Point: 2, Group: "other", Text: "three"})
	p.sort()
	want := `16 findings at 9 points of the sweep "faults"

reset 0: text 0
To reproduce: line 0
Also: reset 1, reset 2, reset 3, reset 4, reset 5, reset 6, reset 7, reset 8, 4 others

point 1: two
Also: point 2

point 5: alone`
	if got := p.text(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What is missing, there twice, or planned otherwise, is told and fails.
func TestMergeProblems(t *testing.T) {
	p := plan{Suites: []string{"a", "b"}, Seeds: []int64{1}, Shards: 2}
	of := func(number int) verdicts {
		v := verdicts{Plan: p, Shard: number}
		for _, i := range p.items(number) {
			v.Runs = append(v.Runs, run{item: i, Specs: []spec{{Text: "x", Node: "It", State: passed}}})
		}
		return v
	}
	other, extra, unplanned := of(2), of(2), of(2)
	other.Plan.Seeds = []int64{2}
	extra.Runs = append(extra.Runs, extra.Runs...)
	unplanned.Runs = append(unplanned.Runs, run{item: item{"c", 1, shard{1, 1}}})
	sweep := of(2)
	sweep.Runs[0].Specs[0].Points = []Points{{Title: "faults", Of: 7, Checked: 5}}
	for _, c := range []struct {
		why    string
		shards []verdicts
		want   string
	}{
		{"all is there", []verdicts{of(2), of(1)}, ""},
		{"nothing is there", nil, "No shard brought any verdicts."},
		{"a shard is missing", []verdicts{of(1)}, "Shard 2 of 2 brought no verdicts of b under seed 1."},
		{"a shard is there twice", []verdicts{of(1), of(2), of(2)}, "The verdicts of b under seed 1 are there 2 times."},
		{"a run is there twice", []verdicts{of(1), extra}, "The verdicts of b under seed 1 are there 2 times."},
		{"another plan", []verdicts{of(1), other}, "Shard 2 of 2 brought no verdicts of b under seed 1.\nShard 2 was planned otherwise (2 shards, seeds [2], suites a b) than shard 1 (2 shards, seeds [1], suites a b); it is left out."},
		{"a run nobody planned", []verdicts{of(1), unplanned}, "The verdicts of c under seed 1 were not planned."},
		{"an unfinished sweep", []verdicts{of(1), sweep}, `"x" checked 5 of the 7 points of its sweep "faults".`},
	} {
		v := merge(c.shards)
		var got []string
		for _, g := range v.groups() {
			got = append(got, g.message())
		}
		if text := strings.Join(got, "\n"); text != c.want || v.failed() != (c.want != "") {
			t.Errorf("%s: failed: %t, %s\nwant %s", c.why, v.failed(), text, c.want)
		}
	}
	if got, want := (item{"a", 1, shard{2, 3}}).String(), "a under seed 1, part 2/3 of its sweeps"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A spec that differs between the parts of a run is as bad as the worst of them.
func TestMergeOfParts(t *testing.T) {
	for i, a := range states {
		for j, b := range states {
			got := joinSpecs(spec{State: a}, spec{State: b}).State
			if want := states[max(i, j)]; got != want {
				t.Errorf("%s and %s: %s", a, b, got)
			}
		}
	}
	if !cmp.Or(state("new in Ginkgo").failed()) {
		t.Error("a state that nobody knows is taken for good")
	}
}
