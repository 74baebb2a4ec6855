package verdicts

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var sample = Table{Cells: []Cell{
	{Subject: "callback fetch", Fault: "refused", Outcomes: 1, Error: "dial: refused", Reachable: "ECONNREFUSED"},
	{Subject: "unlisted", Fault: "no fault", Outcomes: 3, Value: "page", Pending: []string{"a"}, Unobserved: []string{"b", "c"}, LoopErrors: []string{"d"}, Early: true},
	{Subject: "synchronous fetch", Fault: "no fault", Outcomes: 1, Value: "page", Blocks: []Block{
		{Resource: "disk", At: "app/a.go:1", Func: "app.a"},
		{Resource: "network", At: "app/b.go:2", Func: "app.b"},
		{Resource: "network", At: "app/b.go:2", Func: "app.b"},
	}},
	{Subject: "callback fetch", Fault: "no fault"},
	{Subject: "callback fetch", Fault: "timeout", Outcomes: 1, Error: "lost"},
	{Subject: "synchronous fetch", Fault: "refused", Outcomes: 1, Value: "page", Blocks: []Block{{Resource: "network", At: "app/b.go:2", Func: "app.b"}}},
}}

// The table has the rows and columns that were measured, in the order of the
// lists, and a blank where nothing was.
func TestTableText(t *testing.T) {
	table := Table{Cells: append([]Cell(nil), sample.Cells...)}
	table.Sort(Subjects, Faults)
	const want = `
                  | no fault                                                        | refused              | timeout
------------------|-----------------------------------------------------------------|----------------------|--------------------
synchronous fetch | BLOCKS disk+network, page                                       | BLOCKS network, page |
callback fetch    | free, no outcome                                                | free, ECONNREFUSED   | free, unknown error
unlisted          | free, page x3, 1 pending, 2 unobserved, 1 loop error, too early |                      |

What blocked the loop, at the first frame of the subject's own code:
  synchronous fetch: disk at app/a.go:1 in app.a, under no fault
  synchronous fetch: network at app/b.go:2 in app.b, under every fault
`
	if got := "\n" + table.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

func TestTableTextWithoutBlocks(t *testing.T) {
	table := Table{Cells: []Cell{{Subject: "s", Fault: "f", Outcomes: 1, Value: "page"}}}
	const want = `
  | f
--|-----------
s | free, page

Nothing blocked the loop.
`
	if got := "\n" + table.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

// What is n/a says so once, with the reason; a part in which a row would be
// nothing else leaves it out.
func TestTableTextNotApplicable(t *testing.T) {
	wide := strings.Repeat("w", lineWidth)
	table := Table{Cells: []Cell{
		{Subject: "fetch", Fault: "a", Outcomes: 1, Value: "page"},
		{Subject: "fetch", Fault: "b", Outcomes: 1, Value: "page"},
		{Subject: "fetch", Fault: wide, Outcomes: 1, Value: "page"},
		{Subject: "hash", Fault: "a", Outcomes: 1, Value: "done", OverBudget: true},
		{Subject: "hash", Fault: "b", NA: "there is no network in it"},
		{Subject: "hash", Fault: wide, NA: "there is no network in it"},
	}}
	want := `
      | a                | b
------|------------------|-----------
fetch | free, page       | free, page
hash  | BLOCKS cpu, done | n/a

      | ` + wide + `
------|-` + strings.Repeat("-", lineWidth) + `
fetch | free, page

What blocked the loop, at the first frame of the subject's own code:
  hash: cpu, more than 25ms of it in one callback

n/a, because there is no network in it: hash.
`
	if got := "\n" + table.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

// A table that is too wide goes on below. A single column is never cut.
func TestTableTextGoesOnBelow(t *testing.T) {
	wide := strings.Repeat("w", lineWidth)
	table := Table{Cells: []Cell{
		{Subject: "s", Fault: "a", Outcomes: 1, Value: "page"},
		{Subject: "s", Fault: "b", Outcomes: 1, Value: "page"},
		{Subject: "s", Fault: wide, Outcomes: 1, Value: "page"},
	}}
	want := `
  | a          | b
--|------------|-----------
s | free, page | free, page

  | ` + wide + `
--|-` + strings.Repeat("-", lineWidth) + `
s | free, page

Nothing blocked the loop.
`
	if got := "\n" + table.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

// JSON carries every measurement.
func TestTableJSON(t *testing.T) {
	text, err := sample.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back Table
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, sample) {
		t.Errorf("got:\n%v\nwant:\n%v", back, sample)
	}
}

// A fault or a subject without the reason for its verdict is a claim.
func TestListsAreComplete(t *testing.T) {
	targets := map[string]bool{"": true}
	for _, target := range Targets {
		targets[target.Name] = true
	}
	for _, f := range Faults {
		if f.Name == "" || f.Why == "" || f.Deadline <= 0 || !targets[f.Want] || (f.Want == "") == (f.Stage != "" || f.NoNames || f.Nowhere) {
			t.Errorf("the fault %+v is not complete", f)
		}
	}
	for _, s := range Subjects {
		if s.Name == "" || s.Start == nil || s.Blocks != (s.At != "") || s.Computes && !s.CPU {
			t.Errorf("the subject %+v is not complete", s)
		}
	}
}
