package futures_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// harnessMutants are edits of the code that runs the checks, and the test that notices.
// A harness that takes everything for a pass would be the worst of libraries.
var harnessMutants = []struct {
	name, file, old, new, test string
}{
	{"Goexit counts as a pass", "../internal/checks/end.go",
		`over <- End[S]{Status: Crash, Text: "the goroutine of the " + what + " ended by runtime.Goexit"}`, `over <- End[S]{Status: OK}`,
		"TestStatuses"},
	{"a failure counts as a pass", "run.go", "		r.Status = Fail\n", "		r.Status = OK\n", "TestStatuses"},
	{"a stuck bubble counts as a pass", "run.go", "	e = end{Status: Hang, Text: \"nothing", "	e = end{Status: OK, Text: \"nothing", "TestStatuses"},
	{"a panic at the end is dropped", "run.go", "if last := checks.Call[Status](whole, t.Close); e.Status == OK {", "if last := checks.Call[Status](whole, t.Close); false {", "TestStatuses"},
	{"a stuck process is waited for until the guard", "stuck.go", "if idle++; !asleep(outside) {", "if idle++; !asleep(outside) || true {", "TestProcesses"},
	{"one mode stands for three", "modes.go", "	if t.When == Already {\n", "	if true {\n", "TestModes"},
	{"later is at once", "modes.go", "	case Later:\n		t.Rest()\n", "	case Later:\n", "TestModes"},
	{"there are no modes", "property.go", "	if p.Three {\n", "	if false {\n", "TestModes"},
	{"what a failure says is as long as it likes", "t.go", "args...), longest)", "args...), 99*longest)", "TestAbridgedFailure"},
	{"what is lacking counts as there", "needs.go", "		case a.has(need):\n", "		case true || a.has(need):\n", "TestNotApplicable"},
	{"nothing is repeated", "runner.go", "	second := r.once(a, result)\n", "	second := first\n", "TestConfirmation"},
	{"the repetition is in the same process", "runner.go", "	r.drop(subject)\n	second", "	second", "TestConfirmation"},
	{"what is not confirmed is dropped", "runner.go", "	case first.Property.Level == Stochastic:\n", "	case false:\n", "TestConfirmation"},
	{"a process that ended counts as a pass", "worker.go", "		r.Status, r.Stack = Crash, strings", "		r.Status, r.Stack = OK, strings", "TestProcesses"},
	{"a process that ended as declared is used again", "worker.go", "				r.ended(crashes, output.String())\n				return r, errGone\n", "				r.ended(crashes, output.String())\n				return r, nil\n", "TestMutantsInProcesses"},
	{"a ruined process is used again", "runner.go", "	second := r.once(a, result)\n	r.drop(subject)\n", "	second := r.once(a, result)\n", "TestConfirmation"},
	{"failures before a crash are forgotten", "worker.go", "	case expected && len(r.Observed) > 0:\n", "	case false:\n", "TestMutantsInProcesses"},
	{"what is printed excuses everything", "worker.go", "strings.Contains(output.String(), e.Excuse)", "true", "TestPrinted"},
	{"extra calls are not waited for", "t.go", "	t.Rest()\n	if got := strings.Join(t.Marked()", "	if got := strings.Join(t.Marked()[:min(len(words), len(t.Marked()))]", "TestDummies"},
}

// TestHarnessMutants builds the package with one thing wrong at a time. At the default
// scale it only looks for the places of the edits: each build takes seconds.
func TestHarnessMutants(t *testing.T) {
	if os.Getenv("WINDTUNNEL_MUTANT") != "" {
		return // a mutant makes no mutants
	}
	chosen := harnessMutants[:0]
	if os.Getenv("WINDTUNNEL_SCALE") == "1" {
		chosen = harnessMutants
	}
	t.Logf("%d of %d mutants of the harness are built", len(chosen), len(harnessMutants))
	for i, m := range harnessMutants {
		text, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: found %d times in %s, want once; update the table:\n%s", m.name, n, m.file, m.old)
			continue
		}
		if i >= len(chosen) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			edited, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
			whole, err := filepath.Abs(m.file)
			if err != nil {
				t.Fatal(err)
			}
			replace, err := json.Marshal(map[string]any{"Replace": map[string]string{whole: edited}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(edited, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(overlay, replace, 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "test", "-vet=off", "-count=1", "-timeout=60s", "-overlay="+overlay, "-run=^"+m.test+"$", ".")
			cmd.Env = append(os.Environ(), "WINDTUNNEL_MUTANT=1")
			out, err := cmd.CombinedOutput()
			switch {
			case strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]"):
				t.Fatalf("the mutant does not compile:\n%s", out)
			case err == nil:
				t.Errorf("%s does not notice:\n%s", m.test, out)
			case !strings.Contains(string(out), "--- FAIL: "+m.test) && !strings.Contains(string(out), "panic: test timed out"):
				t.Errorf("%s did not fail, but:\n%s", m.test, out)
			}
		})
	}
}
