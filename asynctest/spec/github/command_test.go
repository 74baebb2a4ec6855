package github

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"
)

// result is what a command has done.
type result struct {
	code      int
	out, errs string
}

// do runs a command in an environment.
func do(environment map[string]string, f starter, args ...string) result {
	var out, errs bytes.Buffer
	c := command{getenv: func(name string) string { return environment[name] }, out: &out, errs: &errs, start: f}
	code := c.main(args)
	return result{code, out.String(), errs.String()}
}

// reports returns a fake that leaves a report of each suite.
func reports(root string, suites ...string) fakeGinkgo {
	f := fakeGinkgo{run: func(dir string, seed int64, _ shard, report string) error {
		r := types.Report{SuitePath: dir, SuiteSucceeded: true, SuiteConfig: types.SuiteConfig{RandomSeed: seed}}
		return reporters.GenerateJSONReport(r, report)
	}}
	for _, s := range suites {
		f.suites = append(f.suites, filepath.Join(root, s))
	}
	return f
}

func TestMisuse(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken", verdictsFile)
	if err := os.MkdirAll(filepath.Dir(broken), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	no := func(out, errs io.Writer, _ []string, _ string, _ ...string) error {
		fmt.Fprint(errs, "no Go files")
		return errors.New("exit status 1")
	}
	none := func(out, errs io.Writer, _ []string, _ string, _ ...string) error {
		_, err := fmt.Fprint(out, "/x\ttesting\n")
		return err
	}
	for _, c := range []struct {
		args  string
		start starter
		want  string
	}{
		{"", nil, usage},
		{"walk", nil, usage},
		{"report", nil, "actions report: want the files that ginkgo --json-report has written\n"},
		{"report " + dir + "/##[x]none.json", nil, "actions report: open " + dir + "/# #[x]none.json: no such file or directory\n"},
		{"report " + dir + "/none.json", nil, "actions report: open " + dir + "/none.json: no such file or directory\n"},
		{"report " + broken, nil, "actions report: " + broken + " is not a report of Ginkgo's: unexpected end of JSON input\n"},
		{"merge", nil, "actions merge: want one directory\n"},
		{"merge a b", nil, "actions merge: want one directory\n"},
		{"merge " + dir, nil, "actions merge: " + broken + ": unexpected end of JSON input\n"},
		{"run -seeds=0", nil, "actions run: -seeds=0: want at least one\n"},
		{"run -seed=x", nil, "actions run: the seed \"x\" is no number: strconv.ParseInt: parsing \"x\": invalid syntax\n"},
		{"run -shard=6/5", nil, "actions run: github: shard \"6/5\": want a number and how many there are, such as 2/3\n"},
		{"run -output=" + dir + " ./x", no, "actions run: go list: exit status 1␤no Go files\n"},
		{"run -output=" + dir + " ./x ./y", none, "actions run: no package of ./x ./y is a Ginkgo suite\n"},
	} {
		got := do(nil, c.start, strings.Fields(c.args)...)
		if got.code != exitMisuse || got.errs != c.want || got.out != "" {
			t.Errorf("%s: %+v, want %q", c.args, got, c.want)
		}
	}
	if got := do(nil, nil, "merge", "-x"); got.code != exitMisuse || !strings.HasPrefix(got.errs, "flag provided but not defined: -x\n") {
		t.Errorf("%+v", got)
	}
	if got := do(nil, nil, "run", "-h"); got.code != 0 || !strings.HasPrefix(got.errs, "Usage of actions run:\n") {
		t.Errorf("%+v", got)
	}
}

func TestReportCommand(t *testing.T) {
	t.Setenv("WINDTUNNEL_SEED", "")
	got := do(nil, nil, "report", "-artifact=windtunnel", "testdata/recorded/good.json")
	if want := summarize(verdictsOf(runOf(recorded(t, "good"), home)), summaryBytes, "windtunnel"); got.code != 0 || !strings.HasPrefix(got.out, want[:50]) {
		t.Errorf("without a runner: %+v", got)
	}
	summary := filepath.Join(t.TempDir(), "summary")
	got = do(map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": home, "GITHUB_STEP_SUMMARY": summary}, nil,
		"report", "-artifact=windtunnel", "testdata/recorded/bad.json", "testdata/recorded/good.json")
	text, err := os.ReadFile(summary)
	if err != nil || got.code != 0 {
		t.Fatal(err, got)
	}
	golden(t, "failing.golden", got.out+"----\n"+strings.TrimSuffix(string(text), fmt.Sprintf(annotatedMark, 5)))
}

// A summary that is full says so, and stays as it is but for the count of annotations.
func TestFullSummary(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(summary, bytes.Repeat([]byte("x\n"), summaryBytes/2), 0o644); err != nil {
		t.Fatal(err)
	}
	got := do(map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary}, nil, "report", "testdata/recorded/bad.json")
	if want := "actions report: github: the summary of this step is full, so there is nothing in it about this suite\n"; got.code != exitMisuse || got.errs != want {
		t.Errorf("%+v, want %q", got, want)
	}
	if info, err := os.Stat(summary); err != nil || info.Size() > summaryBytes+100 {
		t.Error(info, err)
	}
}

// What a suite prints is between two commands that nobody can guess, and ginkgo is told
// what it needs to know.
func TestRunCommand(t *testing.T) {
	root := t.TempDir()
	f := reports(root, "a", "b")
	var lines, environments []string
	fake := func(out, errs io.Writer, environment []string, name string, args ...string) error {
		if slices.Contains(args, "run") {
			lines = append(lines, strings.Join(append([]string{name}, args...), " "))
			environments = append(environments, strings.Join(environment, " "))
			fmt.Fprint(out, "::error::x")
		}
		return f.start(out, errs, environment, name, args...)
	}
	output := filepath.Join(root, "out")
	outputs := filepath.Join(root, "outputs")
	got := do(map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": root, "GITHUB_RUN_ID": "7", "GITHUB_OUTPUT": outputs}, fake,
		"run", "-seeds=2", "-ginkgo= --race\n\n-p \n", "-output="+output)
	group := `::group::%s\n::stop-commands::([A-Z2-7]{26})\n::error::x\n::([A-Z2-7]{26})::\n::endgroup::\n`
	pattern := "^" + fmt.Sprintf(strings.Repeat(group, 4), "a under seed 7", "b under seed 7", "a under seed 8", "b under seed 8") + "$"
	m := regexp.MustCompile(pattern).FindStringSubmatch(got.out)
	if got.code != 0 || m == nil {
		t.Fatalf("%+v", got)
	}
	for i := 1; i < len(m); i += 2 {
		if m[i] != m[i+1] || slices.Contains(m[i+2:], m[i]) {
			t.Errorf("the tokens are %q", m[1:])
		}
	}
	want := "go tool ginkgo run --seed=8 --json-report=003-a-seed-8.json --output-dir=" + output + "/reports --no-color --race -p " + root + "/a"
	if len(lines) != 4 || lines[2] != want {
		t.Errorf("%q, want %q", lines, want)
	}
	want = "GITHUB_STEP_SUMMARY= GITHUB_OUTPUT= GITHUB_ENV= GITHUB_PATH= GITHUB_STATE= WINDTUNNEL_RECORDS=" + output + "/records/a/seed-8 GINKGO_NO_COLOR=TRUE"
	if environments[2] != want {
		t.Errorf("%q, want %q", environments[2], want)
	}
	if text, err := os.ReadFile(outputs); err != nil || string(text) != "directory="+output+"\nfailed=false\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// Without the tool line, Ginkgo is run from the module; packages are listed with the tags
// that are asked for.
func TestRunCommandLines(t *testing.T) {
	root := t.TempDir()
	f := reports(root, "a")
	var lines []string
	fake := func(out, errs io.Writer, environment []string, name string, args ...string) error {
		lines = append(lines, strings.Join(append([]string{name}, args...), " "))
		if args[0] == "tool" {
			return errors.New(`go: no such tool "ginkgo"`)
		}
		return f.start(out, errs, environment, name, args...)
	}
	got := do(map[string]string{"GITHUB_WORKSPACE": root}, fake, "run", "-seed=1", "-ginkgo=--tags=slow", "-output="+root+"/out", "./a")
	if got.code != 0 || len(lines) != 3 {
		t.Fatalf("%+v\n%q", got, lines)
	}
	if !strings.HasSuffix(lines[0], " -tags=slow -- ./a") || !strings.HasPrefix(lines[2], "go run github.com/onsi/ginkgo/v2/ginkgo run --seed=1 ") || !strings.HasSuffix(lines[2], " --tags=slow "+root+"/a") {
		t.Errorf("%q", lines)
	}
}

// What a suite leaves when something is wrong with it, and what is said about that.
func TestRunProblems(t *testing.T) {
	leave := func(report, text string) {
		if err := os.WriteFile(report, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	root := t.TempDir()
	for _, c := range []struct {
		why, want string
		run       func(out io.Writer, report string) error
	}{
		{"it crashed", "The suite left no report (exit status 2):\nfatal error: all goroutines are asleep\nx", func(out io.Writer, _ string) error {
			fmt.Fprint(out, "Running Suite\nfatal error: all goroutines are asleep\nx\n")
			return errors.New("exit status 2")
		}},
		{"it was killed", "The suite left no report (signal: killed):\nRunning Suite", func(out io.Writer, _ string) error {
			fmt.Fprint(out, "Running Suite\n")
			return errors.New("signal: killed")
		}},
		{"it left half a report", "The suite left no report (exit status 1):\n", func(_ io.Writer, report string) error {
			leave(report, "[{")
			return errors.New("exit status 1")
		}},
		{"it left nothing, and was content", "The suite left no report: open REPORT: no such file or directory", func(io.Writer, string) error { return nil }},
		{"it failed after the report", "The suite failed (exit status 1), and its report does not say why:\nWARNING: DATA RACE", func(out io.Writer, report string) error {
			leave(report, `[{"SuiteSucceeded": true}]`)
			fmt.Fprint(out, "PASS\nWARNING: DATA RACE\n")
			return errors.New("exit status 1")
		}},
	} {
		var report string
		f := fakeGinkgo{suites: []string{root}}
		fake := func(out, errs io.Writer, environment []string, name string, args ...string) error {
			f.run = func(_ string, _ int64, _ shard, file string) error { report = file; return c.run(out, file) }
			return f.start(out, errs, environment, name, args...)
		}
		got := do(map[string]string{"GITHUB_WORKSPACE": root}, fake, "run", "-output="+t.TempDir())
		text := strings.ReplaceAll(got.out, report, "REPORT")
		if _, after, _ := strings.Cut(text, "```text\n"); got.code != exitFailed || !strings.HasPrefix(after, c.want) {
			t.Errorf("%s: %+v, want %q", c.why, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	last := &tail{most: 100}
	for i := range 1000 {
		fmt.Fprintln(last, i)
	}
	if len(last.text) > 200 || len(last.text) < 100 || !strings.HasSuffix(last.telling(), "\n999") {
		t.Errorf("%q", last.text)
	}
}
