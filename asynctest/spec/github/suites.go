package github

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

// starter runs a program to its end, with more in its environment than this process has.
type starter func(out, errs io.Writer, environment []string, name string, args ...string) error

// start is the starter that starts something.
func start(out, errs io.Writer, environment []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.Env = append(os.Environ(), environment...)
	cmd.WaitDelay = 10 * time.Second // if somebody it has started and left behind holds its output open
	return cmd.Run()
}

// suiteRunner runs the suites of a module with Ginkgo.
type suiteRunner struct {
	*command
	root   workspace
	ginkgo []string // the command line that begins Ginkgo's
	flags  []string // for ginkgo run
}

const ginkgoPath = "github.com/onsi/ginkgo/v2"

// list returns the directories of the packages that are Ginkgo suites.
func (r suiteRunner) list(packages []string) (dirs []string, err error) {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	args := []string{"list", "-f", `{{.Dir}}{{range .TestImports}}{{"\t"}}{{.}}{{end}}{{range .XTestImports}}{{"\t"}}{{.}}{{end}}`}
	for _, f := range r.flags {
		if strings.HasPrefix(strings.TrimLeft(f, "-"), "tags=") {
			args = append(args, "-"+strings.TrimLeft(f, "-"))
		}
	}
	var out, errs bytes.Buffer
	if err := r.start(&out, &errs, nil, "go", append(append(args, "--"), packages...)...); err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, errs.String())
	}
	for l := range strings.Lines(out.String()) {
		if fields := strings.Split(strings.TrimSpace(l), "\t"); slices.Contains(fields[1:], ginkgoPath) {
			dirs = append(dirs, fields[0])
		}
	}
	slices.Sort(dirs)
	if dirs = slices.Compact(dirs); len(dirs) == 0 {
		return nil, fmt.Errorf("no package of %s is a Ginkgo suite", strings.Join(packages, " "))
	}
	return dirs, nil
}

// ginkgoLine returns the command line that begins Ginkgo's: its version is that of the
// module, either way.
func (c *command) ginkgoLine() []string {
	if c.start(io.Discard, io.Discard, nil, "go", "tool", "-n", "ginkgo") == nil {
		return []string{"go", "tool", "ginkgo"}
	}
	return []string{"go", "run", ginkgoPath + "/ginkgo"}
}

// private is what the runner gives to the step and not to the code that it tests, which
// could otherwise write into its summary and set the environment of later steps.
var private = []string{"GITHUB_STEP_SUMMARY=", "GITHUB_OUTPUT=", "GITHUB_ENV=", "GITHUB_PATH=", "GITHUB_STATE="}

// run runs one suite under one seed, and leaves the report and the timelines.
func (r suiteRunner) run(number int, i item, dir string) run {
	name := fmt.Sprintf("%03d-%s-seed-%d", number, slug(i.Suite), i.Seed)
	environment := slices.Clone(private)
	if i.Part.Of > 1 {
		name += fmt.Sprintf("-part-%d-of-%d", i.Part.Number, i.Part.Of)
		environment = append(environment, ShardVariable+"="+i.Part.String())
	}
	reports, records := filepath.Join(r.output, "reports"), filepath.Join(r.output, "records", recordsOf(i))
	environment = append(environment, RecordsVariable+"="+records, "GINKGO_NO_COLOR=TRUE")
	line := append(slices.Clone(r.ginkgo), "run", fmt.Sprintf("--seed=%d", i.Seed), "--json-report="+name+".json", "--output-dir="+reports, "--no-color")
	line = append(append(line, r.flags...), dir)
	last := &tail{most: 256 << 10}
	err := errors.Join(os.MkdirAll(reports, 0o755), os.MkdirAll(records, 0o755))
	if err == nil {
		err = r.guarded(i.String(), func(out io.Writer) error {
			both := io.MultiWriter(out, last)
			return r.start(both, both, environment, line[0], line[1:]...)
		})
	}
	out := run{item: i}
	say := func(format string, args ...any) {
		out.Problems = append(out.Problems, r.root.problem(fmt.Sprintf(format, args...), dir))
	}
	read, readErr := readReports(filepath.Join(reports, name+".json"))
	for _, report := range read {
		one := runOf(report, r.root)
		one.inArtifact(r.output)
		out.Name = one.Name
		out.Specs = append(out.Specs, one.Specs...)
		out.Problems = append(out.Problems, one.Problems...)
		if err := writeStories(records, report); err != nil {
			say("The timelines cannot be written: %v", err)
		}
	}
	switch {
	case readErr != nil && err != nil:
		say("The suite left no report (%v):\n%s", err, last.telling())
	case readErr != nil:
		say("The suite left no report: %v", readErr)
	case err != nil && !out.failed():
		say("The suite failed (%v), and its report does not say why:\n%s", err, last.telling())
	}
	return out
}

// guarded lets a suite print what it likes: GitHub obeys no command in it.
func (r suiteRunner) guarded(title string, body func(io.Writer) error) error {
	if _, ok := runnerOf(r.getenv, r.out); !ok {
		return body(r.out)
	}
	token := rand.Text()
	fmt.Fprintf(r.out, "::group::%s\n::stop-commands::%s\n", escapeData(line(title)), token)
	err := body(r.out)
	fmt.Fprintf(r.out, "\n::%s::\n::endgroup::\n", token)
	return err
}

// RecordsVariable is the environment variable that tells a suite a directory for files
// about its specs: records, pages. The action uploads what is in there.
const RecordsVariable = "WINDTUNNEL_RECORDS"

// writeStories leaves the timelines and diagrams of the specs that failed, as a whole,
// in files of their own.
func writeStories(dir string, report types.Report) error {
	endings := map[string]string{DiagramEntry: ".mmd", TimelineEntry: ".txt"}
	n := 0
	for _, s := range report.SpecReports {
		for _, e := range s.ReportEntries {
			ending, ok := endings[e.Name]
			if !ok || !s.Failed() {
				continue
			}
			n++
			file := filepath.Join(dir, fmt.Sprintf("%03d-%s%s", n, slug(s.FullText()), ending))
			if err := os.WriteFile(file, []byte(e.StringRepresentation()), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordsOf names the directory of the records of a run. It does not depend on how the
// runs were cut into shards, so that what a spec says of a file of its own does not.
func recordsOf(i item) string {
	dir := i.Suite
	if !filepath.IsLocal(dir) || !plain.MatchString(dir) {
		dir = slug(dir)
	}
	return filepath.Join(filepath.FromSlash(dir), fmt.Sprintf("seed-%d", i.Seed))
}

// plain is a path that an artifact may hold.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./@+-]+$`)

// inArtifact names the files of the output as they are found in the artifact.
func (r run) inArtifact(output string) {
	for _, s := range r.Specs {
		for i := range s.Entries {
			s.Entries[i].Text = strings.ReplaceAll(s.Entries[i].Text, output+string(filepath.Separator), "")
		}
	}
}

var odd = regexp.MustCompile(`[^A-Za-z0-9]+`)

// slug is a text as part of a file name, such as an artifact may hold.
func slug(text string) string {
	text = strings.Trim(odd.ReplaceAllString(text, "-"), "-")
	return text[:min(len(text), 60)]
}

// tail keeps the end of what is written to it, most bytes of it or twice as many.
type tail struct {
	most int
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if len(t.text) > 2*t.most {
		t.text = append(t.text[:0], t.text[len(t.text)-t.most:]...)
	}
	return len(p), nil
}

var fatal = regexp.MustCompile(`(?m)^\s*(fatal error: |panic: |WARNING: DATA RACE)`)

// telling is the part of the end that tells why a process has ended: from the first
// word about it, or the last lines.
func (t *tail) telling() string {
	if at := fatal.FindIndex(t.text); at != nil {
		return strings.TrimSpace(string(t.text[at[0]:]))
	}
	return strings.TrimSpace(fromWhole(string(t.text[max(0, len(t.text)-4096):])))
}
