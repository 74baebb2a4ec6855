package sweeps

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Kinds are the columns of the table: all kinds of fault.
var Kinds = []fakeloop.FaultKind{
	fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut, fakeloop.FaultRefused, fakeloop.FaultBlackHole,
	fakeloop.FaultSlow, fakeloop.FaultCancel, fakeloop.FaultPanic, fakeloop.FaultGoexit, fakeloop.FaultNever,
}

// Without is the cell of the run without faults: whether it blocked its loop, on what, and
// what came out.
func (r Result) Without() string {
	switch {
	case r.Subject.Unfit != "":
		return "n/a"
	case r.Blocked != "":
		return "BLOCKS " + r.Subject.Resource.String()
	case r.Report == nil:
		return "free"
	case r.Report.WithoutError != "":
		return "free, error"
	}
	return "free, ok"
}

// Cell says what came of a kind of fault at the points of the subject: how many of them
// led to what, in the order of their first.
func (r Result) Cell(kind fakeloop.FaultKind) string {
	if r.Report == nil {
		return "n/a"
	}
	var texts []string
	times := map[string]int{}
	for _, p := range r.Report.Points {
		text, _ := r.Report.Cell(p.Name, string(kind))
		if text == "" {
			continue
		}
		if times[text]++; times[text] == 1 {
			texts = append(texts, text)
		}
	}
	for i, text := range texts {
		texts[i] = fmt.Sprintf("%d %s", times[text], text)
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ", ")
}

// Real says which faults came to the same on real TCP, and which did not; a finding tells
// those, too.
func (r Result) Real() string {
	if r.Report == nil || len(r.Report.Sampled) == 0 {
		return "-"
	}
	var same, others []string
	for _, s := range r.Report.Sampled {
		fault, _, _ := strings.Cut(s.Fault, " at ")
		if s.Real == s.Virtual {
			same = append(same, fault)
		} else {
			others = append(others, fault+": "+s.Real)
		}
	}
	text := strings.Join(append(others, same...), ", ")
	if len(same) > 0 {
		text += ": same"
	}
	return text
}

// Table renders results: a row for each subject, a column for each kind of fault.
func Table(results []Result) string {
	rows := [][]string{{"", "points", "no fault"}}
	for _, k := range Kinds {
		rows[0] = append(rows[0], string(k))
	}
	rows[0] = append(rows[0], "on real TCP")
	for _, r := range results {
		points := "n/a"
		if r.Report != nil {
			points = fmt.Sprint(len(r.Report.Points))
		}
		row := []string{r.Subject.Name, points, r.Without()}
		for _, k := range Kinds {
			row = append(row, r.Cell(k))
		}
		rows = append(rows, append(row, r.Real()))
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		var line, rule []string
		for i, cell := range row {
			line = append(line, fmt.Sprintf("%-*s", width[i], cell))
			rule = append(rule, strings.Repeat("-", width[i]))
		}
		b.WriteString(strings.TrimRight(strings.Join(line, " | "), " ") + "\n")
		if n == 0 {
			b.WriteString(strings.Join(rule, "-|-") + "\n")
		}
	}
	return b.String()
}

// Explain says, under the table, which faults subjects deal with and why they may, why
// each finding is as it should be, which faults were left out and why, and why a subject was
// not swept.
func Explain(results []Result) string {
	var handled, found, out, left []string
	for _, r := range results {
		s := r.Subject
		for _, l := range s.Leave {
			out = append(out, fmt.Sprintf("- %s, at `%s`: %s.", s.Name, l.Point, l.Why))
		}
		if s.Because != "" {
			handled = append(handled, fmt.Sprintf("- %s, %s: %s.", s.Name, points(s.Handles), s.Because))
		}
		for _, e := range s.Expected {
			found = append(found, fmt.Sprintf("- %s, %s, with %s: %s.", s.Name, e.Check, e.Fault, e.Why))
		}
		switch {
		case s.Unfit != "":
			left = append(left, fmt.Sprintf("- %s: %s.", s.Name, s.Unfit))
		case s.Pointless != "":
			left = append(left, fmt.Sprintf("- %s: %s.", s.Name, s.Pointless))
		}
	}
	return "Faults with which a subject deals, so that its outcome is the one without faults:\n\n" + strings.Join(handled, "\n") +
		"\n\nFindings, and why they are as they should be:\n\n" + strings.Join(found, "\n") +
		"\n\nLeft out:\n\n" + strings.Join(out, "\n") +
		"\n\nn/a, not swept:\n\n" + strings.Join(left, "\n") + "\n"
}

func points(handles []asynctest.Handled) string {
	var all []string
	for _, h := range handles {
		if h.Point == "" {
			return "at any point"
		}
		all = append(all, "`"+h.Point+"`")
	}
	return "at " + strings.Join(all, ", ")
}

// Deviations says how a result differs from what it must be, a sentence each.
func (r Result) Deviations() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	s := r.Subject
	switch {
	case s.Unfit != "":
		return nil
	case s.Pointless != "":
		if r.Refused == nil || !strings.Contains(r.Refused.Error(), "comes to no point at which anything could go wrong") {
			say("it was swept, or refused for another reason than that it comes to no point: %v", r.Refused)
		}
	case r.Refused != nil:
		say("it could not be swept: %v", r.Refused)
	}
	if s.Blocks && !strings.Contains(r.Blocked, fmt.Sprintf(" on %s (", s.Resource)) || s.Blocks && !strings.Contains(r.Blocked, " at "+s.At+" (") {
		say("it must be seen to block on %s in %s, and it is said: %s", s.Resource, s.At, r.Blocked)
	}
	if r.Report == nil {
		return out
	}
	met := make([]bool, len(s.Expected))
	for _, f := range r.Report.Findings {
		i := slices.IndexFunc(s.Expected, func(e Expected) bool { return e.Check == f.Check && e.Fault == f.Fault })
		if i < 0 {
			say("%s at %s with %s: %s", f.Check, f.Place, f.Fault, f.Text)
			continue
		}
		met[i] = true
	}
	for i, e := range s.Expected {
		if !met[i] {
			say("%s with %s was not found, though %s", e.Check, e.Fault, e.Why)
		}
	}
	return out
}
