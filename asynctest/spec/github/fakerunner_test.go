//go:build !race

package github

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fakeRunner runs the steps of composite actions and of the jobs of a workflow as GitHub's
// runner does, as far as the files in .github need it. What it does not know fails the
// test.
type fakeRunner struct {
	t          *testing.T
	workspace  string
	temp       string
	repository string            // this one's root, which is checked out as the workflow's own
	artifacts  map[string]string // directories by name

	// What the steps of the last action or job have told.
	annotations []string
	summary     string
	obeyed      []string // commands other than annotations and groups
}

// scope is what expressions may look up.
type scope struct {
	values map[string]string
	failed bool
}

type step struct {
	ID               string            `yaml:"id"`
	If               string            `yaml:"if"`
	Uses             string            `yaml:"uses"`
	With             map[string]string `yaml:"with"`
	Shell            string            `yaml:"shell"`
	Run              string            `yaml:"run"`
	Env              map[string]string `yaml:"env"`
	WorkingDirectory string            `yaml:"working-directory"`
}

type action struct {
	Inputs map[string]struct {
		Default  string `yaml:"default"`
		Required bool   `yaml:"required"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

type workflow struct {
	On struct {
		Call struct {
			Inputs map[string]struct {
				Default string `yaml:"default"`
			} `yaml:"inputs"`
		} `yaml:"workflow_call"`
	} `yaml:"on"`
	Jobs map[string]struct {
		If    string            `yaml:"if"`
		Env   map[string]string `yaml:"env"`
		Steps []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

func parse[T any](t *testing.T, file string) (value T) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return value
}

// action runs a composite action of the workspace, or below it.
func (r *fakeRunner) action(path string, with map[string]string, env []string) (outputs map[string]string, ok bool) {
	r.t.Helper()
	dir := filepath.Join(r.workspace, path)
	a := parse[action](r.t, filepath.Join(dir, "action.yml"))
	if a.Runs.Using != "composite" {
		r.t.Fatalf("%s is no composite action", path)
	}
	s := scope{values: map[string]string{}}
	for name, input := range a.Inputs {
		s.values["inputs."+name] = input.Default
	}
	for name, value := range with {
		if _, known := a.Inputs[name]; !known {
			r.t.Fatalf("%s has no input %q", path, name)
		}
		s.values["inputs."+name] = value
	}
	r.steps(a.Runs.Steps, &s, append(slices.Clone(env), "GITHUB_ACTION_PATH="+dir))
	outputs = map[string]string{}
	for name, output := range a.Outputs {
		outputs[name] = r.expand(output.Value, &s)
	}
	return outputs, !s.failed
}

// job runs a job of a workflow.
func (r *fakeRunner) job(w workflow, name string, with, context map[string]string) (ok bool) {
	r.t.Helper()
	s := scope{values: maps.Clone(context)}
	for input, declared := range w.On.Call.Inputs {
		s.values["inputs."+input] = declared.Default
	}
	for input, value := range with {
		if _, known := w.On.Call.Inputs[input]; !known {
			r.t.Fatalf("the workflow has no input %q", input)
		}
		s.values["inputs."+input] = value
	}
	job, known := w.Jobs[name]
	if !known {
		r.t.Fatalf("the workflow has no job %q", name)
	}
	var env []string
	for _, name := range slices.Sorted(maps.Keys(job.Env)) {
		env = append(env, name+"="+r.expand(job.Env[name], &s))
	}
	r.steps(job.Steps, &s, env)
	return !s.failed
}

// steps runs steps, one after the other.
func (r *fakeRunner) steps(steps []step, s *scope, env []string) {
	r.t.Helper()
	for i, st := range steps {
		if !r.holds(st.If, s) {
			continue
		}
		with := map[string]string{}
		for name, value := range st.With {
			with[name] = r.expand(value, s)
		}
		outputs, ok := map[string]string(nil), true
		switch owner, _, _ := strings.Cut(st.Uses, "@"); {
		case st.Run != "":
			outputs, ok = r.script(st, s, env)
		case strings.HasPrefix(st.Uses, "./"):
			outputs, ok = r.action(st.Uses, with, env)
		case owner == "actions/setup-go":
		case owner == "actions/checkout":
			r.checkout(with)
		case owner == "actions/upload-artifact":
			r.upload(with)
		case owner == "actions/download-artifact":
			r.download(with)
		default:
			r.t.Fatalf("step %d uses %q", i+1, st.Uses)
		}
		for name, value := range outputs {
			s.values["steps."+st.ID+".outputs."+name] = value
		}
		if !ok {
			s.failed = true
		}
	}
}

// script runs the script of a step with bash.
func (r *fakeRunner) script(st step, s *scope, env []string) (outputs map[string]string, ok bool) {
	r.t.Helper()
	if st.Shell != "bash" {
		r.t.Fatalf("a script for %q", st.Shell)
	}
	if strings.Contains(st.Run, "${{") {
		r.t.Fatalf("an expression in a script, which may bring in code:\n%s", st.Run)
	}
	dir, err := os.MkdirTemp(r.temp, "_step")
	if err != nil {
		r.t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("script.sh"), []byte(st.Run), 0o644); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file("script.sh"))
	cmd.Dir = filepath.Join(r.workspace, r.expand(st.WorkingDirectory, s))
	cmd.Env = append(r.environment(), env...)
	for name, value := range st.Env {
		cmd.Env = append(cmd.Env, name+"="+r.expand(value, s))
	}
	for _, name := range []string{"OUTPUT", "STEP_SUMMARY", "ENV", "PATH", "STATE"} {
		if err := os.WriteFile(file(name), nil, 0o644); err != nil {
			r.t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "GITHUB_"+name+"="+file(name))
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		if _, exited := err.(*exec.ExitError); !exited {
			r.t.Fatal(err)
		}
	}
	r.t.Logf("%s\n%s", st.Run, out)
	r.obey(string(out))
	summary, err1 := os.ReadFile(file("STEP_SUMMARY"))
	text, err2 := os.ReadFile(file("OUTPUT"))
	if err1 != nil || err2 != nil {
		r.t.Fatal(err1, err2)
	}
	if len(summary) > 1<<20 {
		r.t.Errorf("a summary of %d bytes", len(summary))
	}
	r.summary += string(summary)
	outputs = map[string]string{}
	for l := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSuffix(l, "\n"), "=")
		if !found {
			r.t.Errorf("an output without a value: %q", l)
		}
		outputs[name] = value
	}
	return outputs, err == nil
}

// command is how the runner finds one at the beginning of a line.
var commandLine = regexp.MustCompile(`^\s*::([a-zA-Z-]+|[0-9A-Z]{20,})( [^:]*)?::(.*)$`)

// obey does what the runner does with the lines that a step prints.
func (r *fakeRunner) obey(output string) {
	stopped := ""
	annotations := 0
	lines := bufio.NewScanner(strings.NewReader(strings.ReplaceAll(output, "\r", "\n")))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		m := commandLine.FindStringSubmatch(lines.Text())
		switch {
		case m == nil:
		case stopped != "":
			if m[1] == stopped {
				stopped = ""
			}
		case m[1] == "stop-commands":
			stopped = m[3]
		case m[1] == "group" || m[1] == "endgroup":
		case m[1] == "error":
			if annotations++; annotations <= 10 { // the others get lost
				r.annotations = append(r.annotations, lines.Text())
			}
		default:
			r.obeyed = append(r.obeyed, lines.Text())
		}
	}
	if stopped != "" {
		r.t.Error("commands are still stopped at the end of the step")
	}
}

// environment is what was recorded of a runner's, and what the go command needs here.
func (r *fakeRunner) environment() []string {
	text, err := os.ReadFile("testdata/environment.txt")
	if err != nil {
		r.t.Fatal(err)
	}
	names := strings.NewReplacer("=WORKSPACE\n", "="+r.workspace+"\n", "=TEMP\n", "="+r.temp+"\n")
	var out []string
	for l := range strings.Lines(names.Replace(string(text))) {
		if !strings.HasPrefix(l, "#") {
			out = append(out, strings.TrimSuffix(l, "\n"))
		}
	}
	for _, name := range []string{"PATH", "HOME", "GOCACHE", "GOPATH", "GOMODCACHE", "GOROOT", "GOTOOLCHAIN", "TMPDIR"} {
		if value, set := os.LookupEnv(name); set {
			out = append(out, name+"="+value)
		}
	}
	return append(out, "GOPROXY=off") // nothing is downloaded: the module has this one's versions
}

func (r *fakeRunner) checkout(with map[string]string) {
	if with["persist-credentials"] != "false" {
		r.t.Error("a checkout leaves its token behind")
	}
	switch {
	case with["path"] == "": // the workspace is there
	case with["repository"] != "windtunnel-go/windtunnel" || with["ref"] != "the workflow's commit":
		r.t.Errorf("a checkout of %q at %q", with["repository"], with["ref"])
	default:
		if err := os.Symlink(r.repository, filepath.Join(r.workspace, with["path"])); err != nil && !os.IsExist(err) {
			r.t.Fatal(err)
		}
	}
}

func (r *fakeRunner) upload(with map[string]string) {
	name := with["name"]
	if _, there := r.artifacts[name]; there || name == "" || strings.ContainsAny(name, "\":<>|*?\r\n\\/") {
		r.t.Errorf("an artifact cannot be called %q, or there is one already", name)
	}
	to := filepath.Join(r.temp, "_artifacts", name)
	if err := os.CopyFS(to, os.DirFS(with["path"])); err != nil {
		r.t.Fatal(err)
	}
	r.artifacts[name] = to
	for _, f := range r.files(name) {
		if strings.ContainsAny(f, "\":<>|*?\r\n\\") || strings.HasPrefix(f, ".") {
			r.t.Errorf("an artifact cannot hold %q", f)
		}
	}
}

func (r *fakeRunner) download(with map[string]string) {
	for name, from := range r.artifacts {
		if ok, err := filepath.Match(with["pattern"], name); err != nil || !ok {
			continue
		}
		if err := os.CopyFS(filepath.Join(with["path"], name), os.DirFS(from)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// files lists the files of an artifact.
func (r *fakeRunner) files(artifact string) (names []string) {
	err := filepath.Walk(r.artifacts[artifact], func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			name, _ := filepath.Rel(r.artifacts[artifact], path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return names
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

// expand replaces the expressions in a text.
func (r *fakeRunner) expand(text string, s *scope) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		value, known := s.values[name]
		if !known && !strings.HasPrefix(name, "steps.") { // a step that did not run has no outputs
			r.t.Fatalf("nothing is called %q", name)
		}
		return value
	})
}

// holds evaluates a condition. One that asks for no status asks for success.
func (r *fakeRunner) holds(condition string, s *scope) bool {
	condition = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(condition, "${{"), "}}"))
	status, holds := !s.failed, true
	for _, term := range strings.Split(condition, "&&") {
		term = strings.TrimSpace(term)
		name, isNotEmpty := strings.CutSuffix(term, " != ''")
		switch {
		case term == "":
		case term == "always()" || term == "!cancelled()":
			status = true
		case isNotEmpty:
			holds = holds && r.expand(fmt.Sprintf("${{ %s }}", name), s) != ""
		default:
			r.t.Fatalf("no such condition is known: %q", term)
		}
	}
	return status && holds
}
