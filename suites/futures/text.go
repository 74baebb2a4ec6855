package futures

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Text says what was observed, which rule that breaks, where the rule comes from, and
// how to see it again; reproduce is the command.
func (r Result) Text(reproduce string) string {
	return checks.Text{
		Head: fmt.Sprintf("property %d, %s, on %s%s: %s", r.Property.Number, r.Property.Name, r.Subject, r.When.suffix(), r.Status),
		Why:  r.Why, Observed: r.Observed, Notes: r.Notes,
		Rule:  [][2]string{{"rule", r.Property.Rule}, {"level", string(r.Property.Level)}, {"source", r.Property.Source}},
		Stack: r.Stack, Reproduce: reproduce,
	}.String()
}

func (w When) suffix() string {
	switch w {
	case Already:
		return ", settled already"
	case AtOnce:
		return ", settled at once"
	case Later:
		return ", settled later"
	}
	return ""
}

// rank orders statuses: of several, the table shows the worst.
var rank = []Status{NotApplicable, OK, Fail, Race, Hang, Crash}

// Worst returns the status that stands for several of one property.
func Worst(results []Result) Status {
	worst := NotApplicable
	for _, r := range results {
		if slices.Index(rank, r.Status) > slices.Index(rank, worst) {
			worst = r.Status
		}
	}
	return worst
}

// Sorted returns results in the order of the table and, of one property, by subject and
// mode, so that runs in random order show the same.
func Sorted(results []Result) []Result {
	whens := []When{Once, Already, AtOnce, Later}
	return slices.SortedStableFunc(slices.Values(results), func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(a.Property.Number, b.Property.Number),
			strings.Compare(a.Subject, b.Subject),
			cmp.Compare(slices.Index(whens, a.When), slices.Index(whens, b.When)),
		)
	})
}

// Table renders results for a terminal: properties down, subjects across, of several
// modes the worst; below it how many of each status there are, why cells are n/a, and
// what was observed in those that are bad.
func Table(results []Result) string {
	var (
		subjects []string
		rows     []Property
		cells    = map[string][]Result{}
	)
	for _, r := range results {
		if !slices.Contains(subjects, r.Subject) {
			subjects = append(subjects, r.Subject)
		}
		if !slices.ContainsFunc(rows, func(p Property) bool { return p.Number == r.Property.Number }) {
			rows = append(rows, r.Property)
		}
		key := r.Property.ID() + " " + r.Subject
		cells[key] = append(cells[key], r)
	}
	slices.SortStableFunc(rows, func(a, b Property) int { return a.Number - b.Number })
	width := 0
	for _, p := range rows {
		width = max(width, len(p.Name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s%-*s  %s\n", "", width, "", strings.Join(subjects, "  "))
	for _, p := range rows {
		line := fmt.Sprintf("%s%-4d %-*s", p.Part, p.Number, width, p.Name)
		for _, s := range subjects {
			line += fmt.Sprintf("  %-*s", max(len(s), 5), Worst(cells[p.ID()+" "+s]))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("\n")
	for _, s := range subjects {
		fmt.Fprintf(&b, "%s: %s\n", s, counts(results, s))
	}
	b.WriteString(reasons(results))
	for _, r := range results {
		for i, o := range append(slices.Clone(r.Observed), r.Notes...) {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%d on %s%s: %s: %s\n", r.Property.Number, r.Subject, r.When.suffix(), r.Status, o)
		}
	}
	return b.String()
}

// counts says how many properties of a subject came to what.
func counts(results []Result, subject string) string {
	of := map[int][]Result{}
	for _, r := range results {
		if r.Subject == subject {
			of[r.Property.Number] = append(of[r.Property.Number], r)
		}
	}
	n := map[Status]int{}
	for _, rs := range of {
		n[Worst(rs)]++
	}
	var out []string
	for _, s := range []Status{OK, Fail, Race, Hang, Crash, NotApplicable} {
		if n[s] > 0 {
			out = append(out, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(out, ", ")
}

// reasons lists, once for each subject and reason, the properties that are n/a.
func reasons(results []Result) string {
	var out checks.Reasons
	for _, r := range results {
		if r.Status == NotApplicable {
			out.Add(r.Subject+" "+r.Why, fmt.Sprintf("%d (%s)", r.Property.Number, r.Property.Name))
		}
	}
	return out.String()
}
