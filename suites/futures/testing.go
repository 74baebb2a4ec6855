package futures

import (
	"os"
	"path/filepath"
	"testing"
)

// Run runs the table as subtests of t, one for each property, and for each of the three
// modes where there are such, named by number and mode as in "48/later". It logs the
// properties that are not applicable with what they lack. The checks run in a process
// of their own, which is this test binary running t again: see NewRunner.
func Run(t *testing.T, a Adapter) {
	t.Helper()
	if subject, ok := child(); ok && subject != a.Name {
		return
	}
	r := NewRunner(t, a)
	var results []Result
	for _, p := range Properties() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Helper() // a failure is at the line that calls Run
			for _, when := range p.Whens() {
				check := func(t *testing.T) {
					t.Helper()
					result := r.Run(a.Name, p, when)
					results = append(results, result)
					if result.Bad() {
						t.Error(result.Text(command(t.Name())))
					}
				}
				if when == Once {
					check(t)
					continue
				}
				t.Run(string(when), check)
			}
		})
	}
	if text := reasons(results); text != "" {
		t.Log(text)
	}
}

// Compare runs the table on several subjects and returns the results, in the order of
// the subjects, for Table, JSON and whatever a test wants to see of them. It fails
// nothing by itself.
func Compare(t *testing.T, adapters ...Adapter) []Result {
	t.Helper()
	r := NewRunner(t, adapters...)
	var out []Result
	for _, a := range adapters {
		out = append(out, r.RunAll(a.Name)...)
		r.Close()
	}
	return out
}

// command is the shortest that runs one test of the package in whose directory the
// process runs.
func command(test string) string {
	race := ""
	if raceEnabled {
		race = "-race "
	}
	return "go test " + race + "-run '" + pattern(test) + "' " + here()
}

// here is the package of the working directory as the go command takes it in the root
// of its module.
func here() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for root := dir; root != filepath.Dir(root); root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
			continue
		}
		if rel, err := filepath.Rel(root, dir); err == nil && rel != "." {
			return "./" + filepath.ToSlash(rel)
		}
	}
	return "."
}
