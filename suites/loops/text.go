package loops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Text says what was observed, which rule that breaks, where the rule comes
// from, and how to see it again; reproduce is the command.
func (r Result) Text(reproduce string) string {
	return checks.Text{
		Head: fmt.Sprintf("case %s, %s, on %s, mode %s: %s", r.Case.ID(), r.Case.Name, r.Subject, r.Mode, r.Status),
		Why:  r.Why, Observed: r.Observed,
		Rule:  [][2]string{{"rule", r.Case.Rule}, {"otherwise", r.Case.Why}, {"source", r.Case.Source}},
		Stack: r.Stack, Reproduce: reproduce,
	}.String()
}

// Table renders results for a terminal: cases down, subjects and modes across;
// below it, why cells are n/a and what was observed in those that are bad.
func Table(results []Result) string {
	var (
		ids, heads []string
		names      = map[string]string{}
		cells      = map[[2]string]Status{}
	)
	for _, r := range results {
		id, head := r.Case.ID(), r.Subject+" "+string(r.Mode)
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if !slices.Contains(heads, head) {
			heads = append(heads, head)
		}
		names[id] = r.Case.Name
		cells[[2]string{id, head}] = r.Status
	}
	width := 0
	for _, name := range names {
		width = max(width, len(name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-3s  %-*s  %s\n", "", width, "", strings.Join(heads, "  "))
	for _, id := range ids {
		line := fmt.Sprintf("%-3s  %-*s", id, width, names[id])
		for _, head := range heads {
			line += fmt.Sprintf("  %-*s", len(head), cells[[2]string{id, head}])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString(reasons(results))
	for _, r := range results {
		for i, o := range r.Observed {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "%s on %s %s: %s: %s\n", r.Case.ID(), r.Subject, r.Mode, r.Status, o)
		}
	}
	return b.String()
}

// Sorted returns results in the order of the table and, of one case, by subject
// and mode, so that runs in random order show the same.
func Sorted(results []Result) []Result {
	place := map[string]int{}
	for i, c := range Cases() {
		place[c.ID()] = i
	}
	modes := []Mode{Virtual, Bubble, Wall}
	return slices.SortedStableFunc(slices.Values(results), func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(place[a.Case.ID()], place[b.Case.ID()]),
			strings.Compare(a.Subject, b.Subject),
			cmp.Compare(slices.Index(modes, a.Mode), slices.Index(modes, b.Mode)),
		)
	})
}

// reasons lists, once for each subject, mode and reason, the cases that are n/a.
func reasons(results []Result) string {
	var out checks.Reasons
	for _, r := range results {
		if r.Status == NotApplicable {
			out.Add(fmt.Sprintf("%s %s %s", r.Subject, r.Mode, r.Why), fmt.Sprintf("%s (%s)", r.Case.ID(), r.Case.Name))
		}
	}
	return out.String()
}
