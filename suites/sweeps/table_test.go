package sweeps

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

var named = Subject{Subject: verdicts.Subject{Name: "fetch"}}

func report(findings ...asynctest.Finding) *asynctest.SweepReport {
	return &asynctest.SweepReport{
		Points:   []explore.Point{{Name: "dial #1", Ways: []string{"refused", "error"}}, {Name: "read #1", Ways: []string{"error"}}, {Name: "read #2", Ways: []string{"error"}}},
		Cells:    map[string]map[string]string{"dial #1": {"refused": "error", "error": "ok"}, "read #1": {"error": "error lost"}, "read #2": {"error": "ok"}},
		Findings: findings,
	}
}

// A cell counts what came of a kind at the points that have it.
func TestTable(t *testing.T) {
	failing := report()
	failing.WithoutError = "it fails"
	bad := named
	bad.Resource = blocking.Network
	got := Table([]Result{
		{Subject: named, Report: report()},
		{Subject: named, Report: failing},
		{Subject: named, Refused: errors.New("no")},
		{Subject: bad, Blocked: "yes", Report: report()},
		{Subject: Subject{Unfit: "no"}},
	})
	rows := strings.Split(got, "\n")
	for i, want := range []string{
		"      | points | no fault       | error              | timeout | reset | cut | refused ",
		"------|--------|----------------|--------------------|---------|-------|-----|---------",
		"fetch | 3      | free, ok       | 2 ok, 1 error lost | -       | -     | -   | 1 error ",
		"fetch | 3      | free, error    | 2 ok, 1 error lost | -       | -     | -   | 1 error ",
		"fetch | n/a    | free           | n/a                | n/a     | n/a   | n/a | n/a     ",
		"fetch | 3      | BLOCKS network | 2 ok, 1 error lost | -       | -     | -   | 1 error ",
		"      | n/a    | n/a            | n/a                | n/a     | n/a   | n/a | n/a     ",
	} {
		if !strings.HasPrefix(rows[i], want) {
			t.Errorf("row %d is\n%s\nwant\n%s", i, rows[i], want)
		}
	}
}

func TestReal(t *testing.T) {
	r := Result{Subject: named, Report: report()}
	if got := r.Real(); got != "-" {
		t.Errorf("nothing sampled: %q", got)
	}
	r.Report.Sampled = []asynctest.Sampled{{Fault: "reset at read #1", Virtual: "error", Real: "error"}, {Fault: "cut at read #1", Virtual: "error", Real: "ok"}, {Fault: "refused at dial #1", Virtual: "ok", Real: "ok"}}
	if got := r.Real(); got != "cut: ok, reset, refused: same" {
		t.Errorf("one that differs: %q", got)
	}
}

// Whatever differs from what must be is told, and nothing else.
func TestDeviations(t *testing.T) {
	found := asynctest.Finding{Check: asynctest.FoundErrorLost, Place: "a.go:1", Fault: "error at read #1", Text: "it is gone"}
	expecting := named
	expecting.Expected = []Expected{{asynctest.FoundErrorLost, "error at read #1", "nobody reads"}}
	pointless := named
	pointless.Pointless = "it makes no call"
	blocks := named
	blocks.Blocks, blocks.Resource, blocks.At = true, blocking.Network, "subjects.Get"
	unfit := named
	unfit.Unfit = "it cannot"
	nothing := errors.New("asynctest: the run without faults comes to no point at which anything could go wrong")
	for name, c := range map[string]struct {
		r    Result
		want []string
	}{
		"as it should be":      {Result{Subject: named, Report: report()}, nil},
		"unfit":                {Result{Subject: unfit}, nil},
		"a finding":            {Result{Subject: named, Report: report(found)}, []string{"error lost at a.go:1 with error at read #1: it is gone"}},
		"one that is expected": {Result{Subject: expecting, Report: report(found)}, nil},
		"one that is missing":  {Result{Subject: expecting, Report: report()}, []string{"error lost with error at read #1 was not found, though nobody reads"}},
		"refused":              {Result{Subject: named, Refused: errors.New("no")}, []string{"it could not be swept: no"}},
		"pointless":            {Result{Subject: pointless, Refused: nothing}, nil},
		"with a point":         {Result{Subject: pointless, Report: report()}, []string{"it was swept, or refused for another reason than that it comes to no point: <nil>"}},
		"refused otherwise":    {Result{Subject: pointless, Refused: errors.New("no")}, []string{"it was swept, or refused for another reason than that it comes to no point: no"}},
		"blocked":              {Result{Subject: blocks, Report: report(), Blocked: "park on network (\"select\") at subjects.Get (fetch.go:79)"}, nil},
		"blocked elsewhere":    {Result{Subject: blocks, Report: report(), Blocked: "park on network (\"select\") at x.Get (x.go:1)"}, []string{"it must be seen to block on network in subjects.Get, and it is said: park on network (\"select\") at x.Get (x.go:1)"}},
		"blocked on another":   {Result{Subject: blocks, Report: report(), Blocked: "park on dns (\"select\") at subjects.Get (x.go:1)"}, []string{"it must be seen to block on network in subjects.Get, and it is said: park on dns (\"select\") at subjects.Get (x.go:1)"}},
	} {
		if got := c.r.Deviations(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A declaration without its reason is a claim, and one of a subject that there is not is
// one of nothing.
func TestListsAreComplete(t *testing.T) {
	for _, s := range Subjects {
		for _, e := range s.Expected {
			if e.Check == "" || e.Fault == "" || e.Why == "" {
				t.Errorf("%s: the expectation %+v is not complete", s.Name, e)
			}
		}
		if (len(s.Handles) > 0) != (s.Because != "") || s.Unfit != "" && s.Pointless != "" {
			t.Errorf("the subject %q is not complete", s.Name)
		}
	}
	for name := range changes {
		if !slices.ContainsFunc(Subjects, func(s Subject) bool { return s.Name == name }) {
			t.Errorf("there is no subject %q", name)
		}
	}
	if len(Subjects) != len(verdicts.Subjects) {
		t.Errorf("%d subjects of %d", len(Subjects), len(verdicts.Subjects))
	}
}
