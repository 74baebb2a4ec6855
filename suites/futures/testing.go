package futures

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
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

// command is the shortest that runs one test of the package whose test binary runs.
func command(test string) string {
	if raceEnabled {
		return checks.GoTest(test, "-race")
	}
	return checks.GoTest(test)
}
