//go:build !race

package github

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Here the files in .github are run as GitHub would run them, in a repository of its own
// into which they were copied. What they run are other processes, so that the race
// detector would have nothing to look at.

// newRunner makes a workspace with suites of the demo.
func newRunner(t *testing.T, suites ...string) *fakeRunner {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	// Names without symbolic links, as go prints them.
	temp := resolved(t.TempDir())
	r := &fakeRunner{t: t, workspace: filepath.Join(temp, "workspace"), temp: filepath.Join(temp, "temp"), repository: root, artifacts: map[string]string{}}
	write := func(name string, text []byte) {
		t.Helper()
		file := filepath.Join(r.workspace, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) []byte {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := os.MkdirAll(r.temp, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range suites {
		for _, f := range []string{"suite", "specs"} {
			write(s+"/"+f+"_test.go", read("testdata/demo/"+s+"/"+f+".go"))
		}
	}
	module := regexp.MustCompile(`(?m)^module .*`).ReplaceAll(read(filepath.Join(root, "go.mod")), []byte("module example.org/demo"))
	module = fmt.Appendf(module, "\nrequire github.com/windtunnel-go/windtunnel v0.0.0\n\nreplace github.com/windtunnel-go/windtunnel => %s\n", root)
	write("go.mod", module)
	write("go.sum", read(filepath.Join(root, "go.sum")))
	if err := os.CopyFS(filepath.Join(r.workspace, ".github"), os.DirFS(filepath.Join(root, ".github"))); err != nil {
		t.Fatal(err)
	}
	return r
}

// unstable is what differs from run to run in the texts of a process that crashed.
var unstable = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`goroutine \d+`), "goroutine N"},
	{regexp.MustCompile(` \+0x[0-9a-f]+`), " +0xN"},
	{regexp.MustCompile(`in \d[\w.µ]*s\b`), "in N s"},
	{regexp.MustCompile(`windtunnel-\d+`), "windtunnel-N"},
}

// told is what the runner was told, as in the golden files, with the files of the artifact.
func (r *fakeRunner) told(artifact string) string {
	text := strings.Join(r.annotations, "\n") + "\n----\n" + r.summary + "----\n" + strings.Join(r.files(artifact), "\n") + "\n"
	text = strings.NewReplacer(r.workspace, "WORKSPACE", r.temp, "TEMP").Replace(strings.TrimPrefix(text, "\n"))
	for _, u := range unstable {
		text = u.is.ReplaceAllString(text, u.as)
	}
	if len(r.obeyed) > 0 {
		r.t.Errorf("commands of others were obeyed: %q", r.obeyed)
	}
	return text
}

func TestActionOnPassingSuite(t *testing.T) {
	r := newRunner(t, "good")
	outputs, ok := r.action(".github/actions/suites", nil, nil)
	if !ok || outputs["failed"] != "false" {
		t.Errorf("succeeded: %t, outputs: %v", ok, outputs)
	}
	golden(t, "action-passing.golden", r.told("windtunnel"))
}

func TestActionOnFailingSuites(t *testing.T) {
	r := newRunner(t, "bad", "crash", "good")
	outputs, ok := r.action(".github/actions/suites", map[string]string{"suites": "./bad ./crash", "seed": "17", "ginkgo": "--randomize-all\n--keep-going\n"}, nil)
	if ok || outputs["failed"] != "true" {
		t.Errorf("succeeded: %t, outputs: %v", ok, outputs)
	}
	golden(t, "action-failing.golden", r.told("windtunnel"))
}

// Without suites there are no verdicts, so nothing to upload, and the action fails.
func TestActionWithoutSuites(t *testing.T) {
	r := newRunner(t)
	outputs, ok := r.action(".github/actions/suites", map[string]string{"suites": "./..."}, nil)
	if ok || outputs["failed"] != "" || len(r.artifacts) > 0 {
		t.Errorf("succeeded: %t, outputs: %v, artifacts: %v", ok, outputs, r.artifacts)
	}
}

// The workflow in two shards tells the same as was recorded of the suite in one.
func TestWorkflow(t *testing.T) {
	r := newRunner(t, "sweeps")
	w := parse[workflow](t, filepath.Join(r.workspace, ".github", "workflows", "suites.yml"))
	with := map[string]string{"suites": "./sweeps", "seeds": "1", "seed": "17", "shards": "[1, 2]"}
	own := map[string]string{"job.workflow_repository": "windtunnel-go/windtunnel", "job.workflow_sha": "the workflow's commit"}
	for number := 1; number <= 2; number++ {
		context := maps.Clone(own)
		context["matrix.shard"], context["strategy.job-total"] = fmt.Sprint(number), "2"
		if r.job(w, "shard", with, context) {
			t.Errorf("shard %d succeeded", number)
		}
	}
	if len(r.annotations) > 0 || r.summary != "" {
		t.Errorf("the shards tell: %q %q", r.annotations, r.summary)
	}
	if !r.holds(w.Jobs["merge"].If, &scope{failed: true}) || r.job(w, "merge", with, own) {
		t.Error("merge did not run, or succeeded")
	}
	told := strings.Join(r.annotations, "\n") + "\n----\n" + r.summary
	text, err := os.ReadFile("testdata/golden/sweeps.golden")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(text), "\n---\n")
	if want += fmt.Sprintf(annotatedMark, 1); told != want {
		t.Errorf("%s\nwant:\n%s", told, want)
	}
	wantFiles := []string{
		"merged/verdicts.json",
		"shards/windtunnel-shard-1/records/sweeps/seed-17/001-a-client-under-sweeps-keeps-every-error.txt",
		"shards/windtunnel-shard-1/reports/001-sweeps-seed-17-part-1-of-2.json",
		"shards/windtunnel-shard-1/verdicts.json",
		"shards/windtunnel-shard-2/records/sweeps/seed-17/001-a-client-under-sweeps-keeps-every-error.txt",
		"shards/windtunnel-shard-2/reports/001-sweeps-seed-17-part-2-of-2.json",
		"shards/windtunnel-shard-2/verdicts.json",
	}
	if files := r.files("windtunnel"); !slices.Equal(files, wantFiles) {
		t.Errorf("%q\nwant\n%q", files, wantFiles)
	}
	if len(r.obeyed) > 0 {
		t.Errorf("commands of others were obeyed: %q", r.obeyed)
	}
}

// The inputs of the workflow are those of the action, with the same words.
func TestWorkflowAndActionAgree(t *testing.T) {
	text := func(name string) string {
		text, err := os.ReadFile(filepath.Join("../../../.github", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	w := parse[workflow](t, "../../../.github/workflows/suites.yml")
	a := parse[action](t, "../../../.github/actions/suites/action.yml")
	for name := range a.Inputs {
		if _, there := w.On.Call.Inputs[name]; !there && name != "shard" && name != "tell" {
			t.Errorf("the workflow has no input %q", name)
		}
	}
	for name := range w.On.Call.Inputs {
		if !strings.Contains(text("workflows/suites.yml"), "${{ inputs."+name) && name != "shards" {
			t.Errorf("the workflow does not use its input %q", name)
		}
	}
}

// The scripts of the actions parse.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../../../.github/actions/*/action.yml")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		for _, st := range parse[action](t, file).Runs.Steps {
			cmd := exec.Command("bash", "-n")
			cmd.Stdin = bytes.NewReader([]byte(st.Run))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", file, err, out)
			}
		}
	}
}
