package github

import (
	"cmp"
	"slices"
)

// CellEntry is the name of a report entry that is one cell of a table of verdicts. Its
// text, the string that the entry is, is the JSON of [Cell].
const CellEntry = "windtunnel verdict"

// Cell is one cell of a table in the summary. The cells of a table may come from many
// specs, suites and machines; those that stand at the same place are shown together.
type Cell struct {
	Table    string `json:"table"`
	Row      string `json:"row"`
	Column   string `json:"column"`
	Text     string `json:"text"`
	RowAt    int    `json:"rowAt,omitempty"`    // rows stand in this order, then by name
	ColumnAt int    `json:"columnAt,omitempty"` // and columns
	Bad      bool   `json:"bad,omitempty"`      // this is not as it should be; such rows are shown first if not all can be

	_ struct{}
}

// Attachment returns the name and the text of the report entry for a cell, which are the
// arguments of AddReportEntry.
func (c Cell) Attachment() (name, text string) { return CellEntry, mustJSON(c) }

// kept is the cell with texts that are not too long.
func (c Cell) kept() Cell {
	c.Table, c.Row, c.Column, c.Text = cut(c.Table, keptCell), cut(c.Row, keptCell), cut(c.Column, keptCell), cut(c.Text, keptCell)
	return c
}

const keptCell = 1 << 10 // bytes

func (c Cell) compare(d Cell) int {
	bad := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(c.Table, d.Table), cmp.Compare(c.RowAt, d.RowAt), cmp.Compare(c.Row, d.Row),
		cmp.Compare(c.ColumnAt, d.ColumnAt), cmp.Compare(c.Column, d.Column), cmp.Compare(c.Text, d.Text), cmp.Compare(bad[c.Bad], bad[d.Bad]))
}

// sortedCells returns the cells in order, each once.
func sortedCells(cells []Cell) []Cell {
	slices.SortFunc(cells, Cell.compare)
	return slices.Compact(cells)
}

// table is a table of verdicts.
type table struct {
	title   string
	columns []string
	rows    []row
}

type row struct {
	name  string
	cells []shown // one for each column
}

// shown is what stands at one place of a table.
type shown struct {
	text string
	bad  bool
}

func (r row) bad() bool { return slices.ContainsFunc(r.cells, func(c shown) bool { return c.bad }) }

// tables returns the tables of all specs.
func (v verdicts) tables() []table {
	var cells []Cell
	for _, r := range v.Runs {
		for _, s := range r.Specs {
			cells = append(cells, s.Cells...)
		}
	}
	cells = sortedCells(cells)
	var out []table
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].Table == cells[0].Table {
			n++
		}
		out = append(out, tableOf(cells[:n]))
		cells = cells[n:]
	}
	return out
}

// tableOf makes a table of cells that are sorted.
func tableOf(cells []Cell) table {
	t := table{title: cells[0].Table}
	heads := slices.Clone(cells)
	slices.SortStableFunc(heads, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.ColumnAt, b.ColumnAt), cmp.Compare(a.Column, b.Column))
	})
	for _, c := range heads {
		if !slices.Contains(t.columns, c.Column) {
			t.columns = append(t.columns, c.Column)
		}
	}
	at := map[string]int{}
	for _, c := range cells {
		i, known := at[c.Row]
		if !known {
			i = len(t.rows)
			at[c.Row] = i
			t.rows = append(t.rows, row{name: c.Row, cells: make([]shown, len(t.columns))})
		}
		at := &t.rows[i].cells[slices.Index(t.columns, c.Column)]
		if at.text != "" {
			at.text += " / "
		}
		at.text += c.Text
		at.bad = at.bad || c.Bad
	}
	return t
}
