package asynctest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

// summary is the head of the report.
func (r *SweepReport) summary() string {
	text := fmt.Sprintf("sweep of %s: %s in %d runs (%s)", r.Name, count(len(r.Findings), "finding", "findings"), r.Runs, count(len(r.Points), "point", "points"))
	if r.WithoutError != "" {
		text += "\nEven the run without faults fails, and the others were compared with that. If it should not, mend the scenario first. Its error:\n" + indent(r.WithoutError)
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// legend explains the words of a table to who has never seen one.
const legend = "(ok: the outcome is the one without faults; error: it tells of the fault; -: this point cannot fail so; a cell shows one finding, the first)\n"

// String returns the report as text: the findings, what was not swept, and the table.
func (r *SweepReport) String() string {
	var b strings.Builder
	b.WriteString(r.summary() + "\n")
	for i, f := range r.Findings {
		fmt.Fprintf(&b, "\n%d. %s, at %s\n", i+1, f.Check, f.Place)
		fmt.Fprintf(&b, "   with %s%s:\n", f.Fault, f.faultInWords())
		fmt.Fprintf(&b, "%s\n", indent(f.Text))
		if len(f.Also) > 0 {
			fmt.Fprintf(&b, "   also with %s\n", strings.Join(shorten(f.Also), ", "))
		}
		if lines := f.handles(); len(lines) > 0 {
			fmt.Fprintf(&b, "   If the code is meant to deal with that, say so in Scenario.Handles:\n%s\n", indent(strings.Join(lines, "\n")))
		}
		if len(f.Timeline) > 0 {
			fmt.Fprintf(&b, "   What happened, from the fault on:\n%s\n", indent(strings.Join(f.Timeline, "\n")))
		}
		fmt.Fprintf(&b, "   To mend: %s\n   To reproduce: %s\n", f.toMend(), f.Reproduce)
	}
	if r.one {
		return b.String()
	}
	b.WriteString("\n" + r.Table() + legend)
	if len(r.Sampled) > 0 {
		b.WriteString("\non real TCP, too:\n")
	}
	for _, s := range r.Sampled {
		if s.Real == s.Virtual {
			fmt.Fprintf(&b, "  %s: %s, as in virtual time\n", s.Fault, s.Real)
		} else {
			fmt.Fprintf(&b, "  %s: %s, and %s in virtual time\n", s.Fault, s.Real, s.Virtual)
		}
	}
	b.WriteString("\nnot swept:\n")
	for _, text := range r.NotSwept {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	if len(r.NotSampled) > 0 {
		b.WriteString("\nnot on real TCP:\n")
	}
	for _, text := range r.NotSampled {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	return b.String()
}

func indent(text string) string { return "      " + strings.ReplaceAll(text, "\n", "\n      ") }

func shorten(all []string) []string {
	const most = 8
	if len(all) <= most {
		return all
	}
	return append(slices.Clone(all[:most]), fmt.Sprintf("%d more", len(all)-most))
}

func listPoints(points []explore.Point) string {
	var b strings.Builder
	for _, p := range points {
		fmt.Fprintf(&b, "  %s: %s\n", p.Name, strings.Join(p.Ways, ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}

// Cell is what the table says of a fault of a point, and whether that is a finding: of a
// cut, the first finding with any of its cuts, if there is one. "" means that it was not
// swept here, or cannot be.
func (r *SweepReport) Cell(point, way string) (text string, found bool) {
	cells := r.Cells[point]
	if !fine(cells[way]) {
		return cells[way], true
	}
	order := r.order()
	for _, other := range slices.SortedFunc(maps.Keys(cells), func(a, b string) int {
		return slices.Compare(order(single(point, a)), order(single(point, b)))
	}) {
		if kindOf(explore.Fault{Way: other}) == fakeloop.FaultKind(way) && !fine(cells[other]) {
			return cells[other], true
		}
	}
	return cells[way], false
}

// fine reports whether a cell is no finding.
func fine(cell string) bool {
	switch cell {
	case "", cellValue, cellError, cellMissed, cellLeft:
		return true
	}
	return false
}

func single(point, way string) explore.Run {
	return explore.Run{Faults: []explore.Fault{{Point: point, Way: way}}}
}

// Table returns the table of single faults as text: a row for each point, a column for
// each fault. "ok" is the outcome without faults, "error" one that tells of the fault,
// "not met" a run that took another way before it came to the point. "-" is a fault that
// the point cannot have, "left out" one that the scenario leaves out, "elsewhere" one that
// another shard sweeps; anything else is what was found.
func (r *SweepReport) Table() string {
	var ways []string
	for _, p := range r.Points {
		for _, way := range p.Ways {
			if !slices.Contains(ways, way) {
				ways = append(ways, way)
			}
		}
	}
	rows := [][]string{append([]string{"point"}, ways...)}
	for _, p := range r.Points {
		row := []string{p.Name}
		for _, way := range ways {
			cell, _ := r.Cell(p.Name, way)
			if cell == "" && slices.Contains(p.Ways, way) {
				cell = cellOther
			}
			row = append(row, cmp.Or(cell, cellNone))
		}
		rows = append(rows, row)
	}
	width := make([]int, len(ways)+1)
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%-*s  ", width[i], cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
