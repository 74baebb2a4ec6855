package asynctest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// edit is this module with one thing wrong in the packages of this directory, and who must
// notice.
type edit struct {
	name     string
	file     string
	old, new string
	in       string   // the package with those who must notice
	killedBy []string // tests; in ./spec texts of specs
}

// scale returns WINDTUNNEL_SCALE, by default little.
func scale(t *testing.T) float64 {
	text := os.Getenv("WINDTUNNEL_SCALE")
	if text == "" {
		return 0.01
	}
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || s < 0 || math.IsInf(s, 0) || math.IsNaN(s) {
		t.Fatalf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", text)
	}
	return s
}

// TestEdits builds the tests with one edit each: those that are named must fail, every one.
// At full scale all edits are tried, below that one.
func TestEdits(t *testing.T) {
	sources := map[string]string{}
	for _, e := range edits {
		if _, known := sources[e.file]; !known {
			text, err := os.ReadFile(e.file)
			if err != nil {
				t.Fatal(err)
			}
			sources[e.file] = string(text)
		}
		if n := strings.Count(sources[e.file], e.old); n != 1 || e.old == e.new {
			t.Errorf("%s: found %d times in %s, want once; update the table:\n%s", e.name, n, e.file, e.old)
		}
	}
	if t.Failed() || raceEnabled {
		return // what is edited is built without the race detector: once is enough
	}
	n := max(1, int(math.Round(float64(len(edits))*min(scale(t), 1))))
	t.Logf("scale %v: %d edits (full: %d)", scale(t), n, len(edits))
	for i := range n {
		e := edits[i*len(edits)/n]
		t.Run(e.name, func(t *testing.T) {
			overlay := writeEdit(t, e, sources[e.file])
			for _, name := range e.killedBy {
				out, failed := tryEdit(e.in, name, overlay)
				if strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") || strings.Contains(out, "Ran 0 of ") || strings.Contains(out, "no tests to run") {
					t.Fatalf("nothing was tried:\n%s", out)
				}
				if !failed {
					t.Errorf("%s survives %s:\n%s", e.name, name, out)
				}
			}
		})
	}
}

// writeEdit writes the edited file, and returns the file that tells the go command to read it
// in the place of the other one.
func writeEdit(t *testing.T, e edit, source string) (overlay string) {
	t.Helper()
	dir := t.TempDir()
	original, err := filepath.Abs(e.file)
	if err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(dir, "edited.go")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: edited}})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	for file, text := range map[string]string{edited: strings.Replace(source, e.old, e.new, 1), overlay: string(text)} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

// tryEdit runs one test, or in ./spec one spec, of an edited module.
func tryEdit(in, name, overlay string) (out string, failed bool) {
	args := []string{"test", "-vet=off", "-count=1", "-timeout=120s", "-v", "-run=^" + name + "$", in}
	if in == "./spec" {
		args[5] = "-run=^TestSpec$"
		args = append(args, "-ginkgo.focus="+regexp.QuoteMeta(name))
	}
	cmd := exec.Command("go", args...)
	// In the environment, since some of the tests build what they look at.
	cmd.Env = append(os.Environ(), "WINDTUNNEL_SCALE=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	text, err := cmd.CombinedOutput()
	return fmt.Sprintf("%s\n%s", cmd, text), err != nil
}
