package spec_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
)

var update = flag.Bool("update", false, "rewrite the texts in testdata, which keeps the reasons")

const golden = "testdata/bad.golden"

// The suite of bad specs, built once. It is run as a user would, in its own directory,
// which is a copy: a suite that stood in the module would be run by ginkgo -r.
var _ = Describe("the suite of bad specs", Ordered, func() {
	var dir, binary string
	var serial, parallel []types.SpecReport

	BeforeAll(func() {
		var err error
		dir, err = os.MkdirTemp("testdata", "bad")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(os.RemoveAll, dir)
		copyName = filepath.Base(dir)
		sources, err := filepath.Glob("testdata/bad/*.go")
		Expect(err).NotTo(HaveOccurred())
		for _, source := range sources {
			text, err := os.ReadFile(source)
			Expect(err).NotTo(HaveOccurred())
			name := strings.TrimSuffix(filepath.Base(source), ".go") + "_test.go"
			Expect(os.WriteFile(filepath.Join(dir, name), text, 0o644)).To(Succeed())
		}
		binary = filepath.Join(GinkgoT().TempDir(), "bad.test")
		out, err := exec.Command("go", "test", "-c", "-o", binary, "./"+dir).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
	})

	DescribeTable("tells of each what is wrong with it, and of nothing else", func(inParallel bool) {
		records := GinkgoT().TempDir()
		report := filepath.Join(GinkgoT().TempDir(), "report.json")
		cmd := exec.Command(binary, "--ginkgo.seed=1", "--ginkgo.json-report="+report)
		if inParallel {
			cmd = exec.Command("go", "tool", "ginkgo", "run", "--procs=2", "--randomize-all", "--seed=1", "--json-report="+filepath.Base(report), "--output-dir="+filepath.Dir(report), binary)
		}
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "WINDTUNNEL_GUARD=1s", "WINDTUNNEL_SEED=", "GODEBUG=netdns=go", "WINDTUNNEL_RECORDS="+records)
		out, err := cmd.CombinedOutput()
		Expect(err).To(BeAssignableToTypeOf(&exec.ExitError{}), string(out))
		specs := read(report, string(out))
		Expect(len(specs)).To(BeNumerically(">=", 60), string(out))
		compare(golden, specs, func(s types.SpecReport) (string, bool) { return told(s), true })
		compare(goldenStories, specs, func(s types.SpecReport) (string, bool) {
			text := story(s)
			return text, text != ""
		})
		wantRecords(specs, records)
		if inParallel {
			parallel = specs
		} else {
			serial = specs
		}
		for _, s := range specs {
			Expect(lines(s)).To(reproduction(s, inParallel), s.FullText())
		}
	},
		Entry("serially", false),
		Entry("in parallel", true),
	)

	// again runs a line in a directory, with flags in the place of some of its own, and
	// returns the one spec that it runs.
	again := func(dir, line, own, flags string) types.SpecReport {
		GinkgoHelper()
		temp := GinkgoT().TempDir()
		report := filepath.Join(temp, "report.json")
		Expect(line).To(ContainSubstring(own))
		cmd := exec.Command("sh", "-c", strings.Replace(line, own, strings.ReplaceAll(flags, "DIR", temp), 1))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "WINDTUNNEL_SEED=", "GODEBUG=netdns=go", "WINDTUNNEL_RECORDS=off")
		out, _ := cmd.CombinedOutput()
		specs := slices.DeleteFunc(read(report, string(out)), func(s types.SpecReport) bool {
			return s.State == types.SpecStateSkipped && s.Failure.IsZero()
		})
		Expect(specs).To(HaveLen(1), line)
		return specs[0]
	}

	// repeats runs the lines of many specs, with flags in the place of what own finds in them.
	repeats := func(specs []types.SpecReport, own *regexp.Regexp, every int) {
		GinkgoHelper()
		ran := 0
		for i, s := range specs {
			if i%every != 0 && !strings.HasPrefix(s.FullText(), "a seed") {
				continue // each costs a process
			}
			if s.State == types.SpecStatePassed || s.State == types.SpecStateSkipped || strings.Contains(told(s), "real time") || s.IsInOrderedContainer {
				continue
			}
			line := strings.Replace(strings.TrimSuffix(lines(s)[0], " ./asynctest/spec/"+dir), " --focus=", " --ginkgo.focus=", 1)
			once := again(dir, line, own.FindString(line), binary+" --ginkgo.seed=1 --ginkgo.json-report=DIR/report.json")
			Expect(told(once)).To(Equal(told(s)), line)
			ran++
		}
		Expect(ran).To(BeNumerically(">=", 10))
	}

	It("prints lines that fail the same way", func() {
		// The same lines, but for the binary, which is there already.
		repeats(serial, regexp.MustCompile(`^go tool ginkgo run --seed=1`), 4)

		// And one as it stands, but for the report.
		i := slices.IndexFunc(serial, func(s types.SpecReport) bool { return s.FullText() == "a seed of one spec" })
		once := again("../..", lines(serial[i])[0], "ginkgo run", "ginkgo run --json-report=report.json --output-dir=DIR")
		Expect(told(once)).To(Equal(told(serial[i])))
	})

	It("prints such lines in parallel processes, too", func() {
		repeats(parallel, regexp.MustCompile(`^/\S+/bad\.test --ginkgo\.seed=1`), 6)
	})

	It("has seeds that depend on Ginkgo's and on the environment, and on nothing else", func() {
		const name = "a seed of one spec"
		alone := func(environment string, seed int) types.SpecReport {
			GinkgoHelper()
			return again(dir, environment+"RUN", "RUN", fmt.Sprintf("%s --ginkgo.seed=%d --ginkgo.focus='%s$' --ginkgo.json-report=DIR/report.json", binary, seed, name))
		}
		i := slices.IndexFunc(serial, func(s types.SpecReport) bool { return s.FullText() == name })
		Expect(told(alone("", 1))).To(Equal(told(serial[i])))
		Expect(told(alone("", 2))).NotTo(Equal(told(serial[i])))

		env := alone("WINDTUNNEL_SEED=1 ", 2)
		Expect(told(env)).To(Equal(told(serial[i])))
		Expect(lines(env)).To(HaveExactElements(HavePrefix("WINDTUNNEL_SEED=1 go tool ginkgo run --seed=2 --focus='a seed of one spec$' ")))
	})
})

// lines are those that the report of a spec gives to reproduce its failure.
func lines(s types.SpecReport) []string {
	var out []string
	for _, e := range s.ReportEntries {
		if e.Name == "To reproduce" {
			out = append(out, e.StringRepresentation())
		}
	}
	return out
}

// reproduction is what each of the lines should be, one for each attempt that failed. A
// binary that ginkgo has copied does not know where it comes from.
func reproduction(s types.SpecReport, parallel bool) OmegaMatcher {
	if s.Failure.IsZero() && len(s.AdditionalFailures) == 0 || s.State == types.SpecStateSkipped {
		return BeEmpty()
	}
	focus := rerun.Quote(regexp.QuoteMeta(s.FullText()) + "$")
	if parallel {
		return HaveEach(MatchRegexp(`^/\S+/bad\.test --ginkgo\.seed=1 --ginkgo\.focus=` + regexp.QuoteMeta(focus) + `$`))
	}
	return HaveEach("go tool ginkgo run --seed=1 --focus=" + focus + " ./asynctest/spec/testdata/" + copyName)
}

// read returns the specs of a report.
func read(file, output string) []types.SpecReport {
	GinkgoHelper()
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred(), output)
	var reports []types.Report
	Expect(json.Unmarshal(text, &reports)).To(Succeed())
	var specs []types.SpecReport
	for _, r := range reports {
		for _, s := range r.SpecReports {
			if s.LeafNodeType == types.NodeTypeIt {
				specs = append(specs, s)
			}
		}
	}
	slices.SortFunc(specs, func(a, b types.SpecReport) int { return strings.Compare(a.FullText(), b.FullText()) })
	return specs
}

// compare holds what is told of the specs against a golden file, in which each text has a
// reason for reading as it does. Tell says of a spec of which there is nothing to tell that
// it does not count.
func compare(golden string, specs []types.SpecReport, tell func(types.SpecReport) (text string, counts bool)) {
	GinkgoHelper()
	wanted := readGolden(golden)
	var out strings.Builder
	var wrong []string
	for _, s := range specs {
		got, counts := tell(s)
		if !counts {
			continue
		}
		name := s.FullText()
		want, ok := wanted[name]
		delete(wanted, name)
		fmt.Fprintf(&out, "=== %s\nwhy: %s\n---\n%s\n", name, want.reason, got)
		if len(want.reason) < 20 {
			wrong = append(wrong, name+": no reason is given")
		}
		if !ok || got != want.text {
			wrong = append(wrong, fmt.Sprintf("%s:\n%s\nwanted:\n%s", name, got, want.text))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		wrong = append(wrong, name+": no spec is called so, or nothing is told of it")
	}
	if *update {
		Expect(os.WriteFile(golden, []byte(out.String()), 0o644)).To(Succeed())
		return
	}
	Expect(strings.Join(wrong, "\n\n")).To(BeEmpty())
}

type goldenText struct{ reason, text string }

func readGolden(golden string) map[string]goldenText {
	GinkgoHelper()
	data, err := os.ReadFile(golden)
	if !*update {
		Expect(err).NotTo(HaveOccurred())
	}
	out := map[string]goldenText{}
	for _, section := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		head, text, ok := strings.Cut(section, "\n---\n")
		name, reason, ok2 := strings.Cut(head, "\nwhy: ")
		Expect(ok && ok2).To(BeTrue(), "the section of %q has no reason or no text", name)
		out[name] = goldenText{reason, strings.TrimSuffix(text, "\n")}
	}
	return out
}

// told is what the report says of a spec.
func told(s types.SpecReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", s.State)
	if s.NumAttempts > 1 {
		fmt.Fprintf(&b, ", attempt %d", s.NumAttempts)
	}
	b.WriteString("\n")
	tell := func(state types.SpecState, f types.Failure) {
		if f.IsZero() {
			return
		}
		fmt.Fprintf(&b, "%v in [%v] at %s: %s\n%s\n", state, f.FailureNodeType, filepath.Base(f.Location.FileName),
			strings.TrimSpace(f.Location.ContentsOfLine()), mask(f.Message))
		if f.ForwardedPanic != "" {
			b.WriteString(mask(f.ForwardedPanic) + "\n")
		}
	}
	tell(s.State, s.Failure)
	for _, f := range s.AdditionalFailures {
		tell(f.State, f.Failure)
	}
	return strings.TrimSpace(b.String())
}

// unstable is what differs from machine to machine, or from edit to edit.
var unstable = []struct {
	is *regexp.Regexp
	as string
}{
	// The frames of the standard library, and those of the loop.
	{regexp.MustCompile(`(?m)^ *(?:created by )?\S+\n +GOROOT/src/\S+:\d+\n?`), ""},
	{regexp.MustCompile(`(?m)^ *(?:created by )?github.com/windtunnel-go/windtunnel/fakeloop\.\S+\n +\S+:\d+\n?`), ""},
	{regexp.MustCompile(`(?:/[^\s:]*/)?(\w+\.go):\d+`), "$1:LINE"},
	{regexp.MustCompile(`0x[0-9a-f]+`), "0xADDRESS"},
	{regexp.MustCompile(`[\w.\[\]:%]+:53\b`), "NAMESERVER"},
	{regexp.MustCompile(`holds \d+ transitions`), "holds N transitions"},
	{regexp.MustCompile(`goroutine \d+ `), "goroutine N "},
	{regexp.MustCompile(`(bubble |caller's is )[1-9]\d*`), "${1}N"},
	// The rest of it is another binary where specs run in parallel.
	{regexp.MustCompile(`(WINDTUNNEL_SWEEP='[^']*') .*`), "$1 COMMAND"},
}

// copyName is what the directory of the bad suite's copy is called.
var copyName = "bad"

var goroot = sync.OnceValue(func() string {
	out, _ := exec.Command("go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(out))
})

func mask(text string) string {
	text = strings.ReplaceAll(text, goroot(), "GOROOT")
	text = strings.ReplaceAll(text, copyName, "bad")
	for _, u := range unstable {
		text = u.is.ReplaceAllString(text, u.as)
	}
	return strings.TrimRight(text, "\n")
}
