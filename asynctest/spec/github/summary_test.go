package github

import (
	"fmt"
	"strings"
	"testing"
)

// cells makes a table of so many rows, of which every tenth is bad.
func cells(rows int) verdicts {
	s := spec{Text: "x", Node: it, State: passed}
	for i := range rows {
		s.Cells = append(s.Cells, Cell{Table: "verdicts", Row: fmt.Sprintf("row %d", i), RowAt: i, Column: "reset", Text: "kept", Bad: i%10 == 9})
	}
	return verdictsOf(run{item: item{"a", 1, shard{1, 1}}, Specs: []spec{s}})
}

// A table for which there is no room shows the rows in which something is wrong, in their
// order, then others, and counts what it leaves out.
func TestTableWithoutRoom(t *testing.T) {
	text := summarize(cells(1000), 60_000, "")
	shown, bad := strings.Count(text, "<tr><td><code>row"), strings.Count(text, "<b><code>kept")
	if bad != 100 || shown <= bad || shown > 300 {
		t.Errorf("%d rows are shown, %d of them bad", shown, bad)
	}
	if want := fmt.Sprintf("<p>%d more rows are not shown for want of room; in 0 of them something is wrong.</p>", 1000-shown); !strings.Contains(text, want) {
		t.Errorf("no %q in %s", want, text)
	}
	if strings.Index(text, "row 9<") > strings.Index(text, "row 19<") || strings.Index(text, "row 0<") > strings.Index(text, "row 9<") {
		t.Error("the order of the rows is lost")
	}

	text = summarize(cells(1000), 20_000, "")
	shown, bad = strings.Count(text, "<tr><td><code>row"), strings.Count(text, "<b><code>kept")
	if want := fmt.Sprintf("<p>%d more rows are not shown for want of room; in %d of them something is wrong.</p>", 1000-shown, 100-bad); !strings.Contains(text, want) || bad == 0 {
		t.Errorf("%d rows, no %q", shown, want)
	}

	text = summarize(cells(5), 1500, "")
	if want := "<p>A table of 5 rows and 1 columns is not shown for want of room.</p>"; !strings.Contains(text, want) {
		t.Errorf("no %q in %s", want, text)
	}
}

// Cells of several specs that stand at one place are shown together, the same text once.
func TestTables(t *testing.T) {
	run := func(seed int64, cells ...Cell) run {
		return run{item: item{"a", seed, shard{1, 1}}, Specs: []spec{{Text: "x", Node: it, State: passed, Cells: cells}}}
	}
	cell := func(row, column, text string, rowAt, columnAt int) Cell {
		return Cell{Table: "t", Row: row, Column: column, Text: text, RowAt: rowAt, ColumnAt: columnAt}
	}
	v := verdictsOf(
		run(1, cell("second", "b", "free", 2, 1), cell("first", "a", "free", 1, 2), Cell{Table: "s", Row: "x"}),
		run(2, cell("first", "a", "blocks", 1, 2), cell("second", "b", "free", 2, 1)),
	)
	got := fmt.Sprint(v.tables())
	if want := "[{s [] [{x [{ false}]}]} {t [b a] [{first [{ false} {blocks / free false}]} {second [{free false} { false}]}]}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The table of runs has a limit, and shows those that failed.
func TestManyRuns(t *testing.T) {
	var runs []run
	for i := range int64(400) {
		s := spec{Text: "x", Node: it, State: passed}
		if i%100 == 99 {
			s.State, s.Failures = "failed", []failure{{State: "failed", Node: it, Text: "no"}}
		}
		runs = append(runs, run{item: item{"a", i, shard{1, 1}}, Specs: []spec{s}})
	}
	v := verdictsOf(runs...)
	text := summarize(v, summaryBytes, "")
	if shown, failed := strings.Count(text, "<tr><td>"), strings.Count(text, "<b>failed</b>"); shown != 300 || failed != 4 {
		t.Errorf("%d runs are shown, %d of those that failed", shown, failed)
	}
	for _, want := range []string{"<p>100 more runs are not in this table.</p>", "under 4 seeds: 99, 199, 299, 399", "<h2>Failed: 396 specs passed, 4 failed, 0 skipped, 0 pending</h2>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if got, want := (group{seeds: []int64{1, 2, 3, 4, 5, 6}}).where(), "under 6 seeds, first: 1, 2, 3, 4, 5"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A node that fails in each of the parallel processes is told of once; specs of one name
// each.
func TestGroups(t *testing.T) {
	failed := func(node string) spec {
		return spec{Text: "x", Node: node, State: "failed", Failures: []failure{{State: "failed", Node: node, Text: "no"}}}
	}
	v := verdictsOf(run{item: item{"a", 1, shard{1, 1}}, Specs: []spec{failed("BeforeSuite"), failed("BeforeSuite"), failed(it), failed(it)}})
	var got []string
	for _, g := range v.groups() {
		got = append(got, g.spec.Node+" "+g.where())
	}
	if text, want := strings.Join(got, ", "), "BeforeSuite under seed 1, It under seed 1, It under seed 1"; text != want {
		t.Errorf("%s, want %s", text, want)
	}
}

// A line to reproduce that is too long is not shown in part.
func TestLongLine(t *testing.T) {
	s := spec{Text: "x", Node: it, State: "failed", Reproduce: []string{strings.Repeat("x", lineBytes+1), "second"}}
	text := summarize(verdictsOf(run{item: item{"a", 1, shard{1, 1}}, Specs: []spec{s}}), summaryBytes, "")
	for _, want := range []string{"<p>The line that reproduces it has 4097 bytes, and is in the report.</p>", "<p>1 more such lines, one for each failure, are in the report.</p>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}
