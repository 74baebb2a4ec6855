package verdicts

import "testing"

// A subject that this system does not have is not started, and has a row that says why.
func TestMissingSubject(t *testing.T) {
	s := Subject{Name: "pigeon", Missing: "this system has no pigeons", Start: func(*Run) { t.Error("it was started") }}
	for _, f := range Faults {
		cell, err := Measure(s, f)
		if err != nil || cell.NA != s.Missing {
			t.Errorf("%s: n/a for %q, error %v", f.Name, cell.NA, err)
		}
		if got := cell.Deviations(s, f); len(got) != 0 {
			t.Errorf("%s: deviations %q", f.Name, got)
		}
		if cell.Text() != "n/a" || s.Text(f) != "n/a" {
			t.Errorf("%s: the cell says %q, wanted is %q", f.Name, cell.Text(), s.Text(f))
		}
	}
}
