package verdicts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Table is a set of cells: subjects down, faults across.
type Table struct {
	Cells []Cell `json:"cells"`
}

// Sort puts the cells into the order of the given subjects and faults; cells of
// others come last, by name.
func (t *Table) Sort(subjects []Subject, faults []Fault) {
	row := make(map[string]int)
	for i, s := range subjects {
		row[s.Name] = i - len(subjects)
	}
	column := make(map[string]int)
	for i, f := range faults {
		column[f.Name] = i - len(faults)
	}
	slices.SortStableFunc(t.Cells, func(a, b Cell) int {
		return cmp.Or(
			cmp.Compare(row[a.Subject], row[b.Subject]), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(column[a.Fault], column[b.Fault]), cmp.Compare(a.Fault, b.Fault),
		)
	})
}

// JSON returns the table as indented JSON.
func (t Table) JSON() ([]byte, error) { return json.MarshalIndent(t, "", "  ") }

// lineWidth is how wide a table may get before it goes on below, with its first
// column again.
const lineWidth = 130

// String renders the table for a terminal; under it each place that blocked the
// loop, and why cells are n/a. Rows and columns stand in the order of their first
// cells. A part of the table leaves out rows in which all is n/a.
func (t Table) String() string {
	var b strings.Builder
	b.WriteString(t.Grid())
	b.WriteString("\n")
	t.writeBlocks(&b)
	t.writeNotApplicable(&b)
	t.writeNotes(&b)
	return b.String()
}

// Grid renders the cells alone, which are the same in every run.
func (t Table) Grid() string {
	rows, columns := t.heads()
	text := make(map[[2]string]string)
	for _, c := range t.Cells {
		text[[2]string{c.Subject, c.Fault}] = c.Text()
	}
	var parts []string
	for len(columns) > 0 {
		n := fitting(rows, columns, text)
		parts = append(parts, part(rows, columns[:n], text))
		columns = columns[n:]
	}
	return strings.Join(parts, "\n")
}

// fitting returns how many of the columns fit into one part, at least one.
func fitting(rows, columns []string, text map[[2]string]string) int {
	width := widest(rows)
	for i, c := range columns {
		column := []string{c}
		for _, r := range rows {
			column = append(column, text[[2]string{r, c}])
		}
		if width += len(" | ") + widest(column); i > 0 && width > lineWidth {
			return i
		}
	}
	return len(columns)
}

// part renders some columns, with the rows that have something to say there.
func part(rows, columns []string, text map[[2]string]string) string {
	part := [][]string{{""}}
	for _, c := range columns {
		part = append(part, []string{c})
	}
	for _, r := range rows {
		if !slices.ContainsFunc(columns, func(c string) bool { return text[[2]string{r, c}] != notApplicable }) {
			continue
		}
		part[0] = append(part[0], r)
		for i, c := range columns {
			part[i+1] = append(part[i+1], text[[2]string{r, c}])
		}
	}
	var b strings.Builder
	writeColumns(&b, part)
	return b.String()
}

func (t Table) heads() (rows, columns []string) {
	for _, c := range t.Cells {
		if !slices.Contains(rows, c.Subject) {
			rows = append(rows, c.Subject)
		}
		if !slices.Contains(columns, c.Fault) {
			columns = append(columns, c.Fault)
		}
	}
	return rows, columns
}

// writeColumns writes columns of as many fields each, with a rule below the
// first line.
func writeColumns(b *strings.Builder, columns [][]string) {
	for i := range columns[0] {
		var line, rule []string
		for _, column := range columns {
			width := widest(column)
			line = append(line, fmt.Sprintf("%-*s", width, column[i]))
			rule = append(rule, strings.Repeat("-", width))
		}
		b.WriteString(strings.TrimRight(strings.Join(line, " | "), " ") + "\n")
		if i == 0 {
			b.WriteString(strings.Join(rule, "-|-") + "\n")
		}
	}
}

func widest(fields []string) int {
	width := 0
	for _, f := range fields {
		width = max(width, len(f))
	}
	return width
}

// writeBlocks lists the places at which subjects blocked, each once, with the
// faults under which they did.
func (t Table) writeBlocks(b *strings.Builder) {
	type key struct{ subject, at, resource, fn string }
	var order []key
	under := make(map[key][]string)
	faults := make(map[string]int)
	for _, c := range t.Cells {
		if c.OverBudget {
			order = append(order, key{c.Subject, "", "cpu", ""})
		}
		faults[c.Subject]++
		for _, block := range c.Blocks {
			k := key{c.Subject, block.At, block.Resource, block.Func}
			if under[k] == nil {
				order = append(order, k)
			}
			if !slices.Contains(under[k], c.Fault) {
				under[k] = append(under[k], c.Fault)
			}
		}
	}
	if len(order) == 0 {
		b.WriteString("Nothing blocked the loop.\n")
		return
	}
	b.WriteString("What blocked the loop, at the first frame of the subject's own code:\n")
	for _, k := range order {
		if k.resource == "cpu" {
			fmt.Fprintf(b, "  %s: cpu, more than %v of it in one callback\n", k.subject, CPUBudget)
			continue
		}
		when := strings.Join(under[k], ", ")
		if len(under[k]) > 1 && len(under[k]) == faults[k.subject] {
			when = "every fault"
		}
		fmt.Fprintf(b, "  %s: %s at %s in %s, under %s\n", k.subject, k.resource, k.at, k.fn, when)
	}
}

// writeNotApplicable says, once for each reason, why cells are n/a.
func (t Table) writeNotApplicable(b *strings.Builder) {
	var reasons []string
	of := make(map[string][]string)
	for _, c := range t.Cells {
		if c.NA == "" {
			continue
		}
		if of[c.NA] == nil {
			reasons = append(reasons, c.NA)
		}
		if !slices.Contains(of[c.NA], c.Subject) {
			of[c.NA] = append(of[c.NA], c.Subject)
		}
	}
	for _, reason := range reasons {
		fmt.Fprintf(b, "\n%s, because %s: %s.\n", notApplicable, reason, strings.Join(of[reason], "; "))
	}
}

// writeNotes lists the figures that subjects noted.
func (t Table) writeNotes(b *strings.Builder) {
	for _, c := range t.Cells {
		for _, note := range c.Notes {
			fmt.Fprintf(b, "\n%s: %s.\n", c.Subject, note)
		}
	}
}
