package verdicts

import (
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// Each way in which a cell can fail has its text here, with the reason why it
// reads as it does. Texts are sentences about the subject ("it ..."), name what
// was measured before what was expected, and end with what helps to go on: the
// error, the place, the line to paste.
func TestDeviationTexts(t *testing.T) {
	free := Subject{Name: "callback fetch"}
	blocks := Subject{Name: "synchronous fetch", Blocks: true, Resource: blocking.Network, At: "subjects.Synchronous"}
	awaits := Subject{Name: "coroutine fetch", Surfaces: "await"}
	well := Fault{Name: "none", Why: "nothing is wrong"}
	reset := Fault{Name: "reset", Want: "ECONNRESET", Stage: "body", AtLeast: 50e6, Why: "an RST arrives"}
	page := Cell{Outcomes: 1, Value: "page"}
	failed := Cell{Outcomes: 1, Error: "read: connection reset", Reachable: "ECONNRESET", Stages: []string{"body"}}
	sleep := Block{Kind: "park", Resource: "sleep", Reason: "sleep", Func: "app.onData", At: "app/client.go:12", Allow: `blocking.AllowFunc("app.onData", "why")`}
	network := Block{Kind: "park", Resource: "network", Reason: "select", Func: "subjects.Synchronous", At: "subjects/fetch.go:57"}
	with := func(c Cell, edit func(*Cell)) Cell { edit(&c); return c }

	for _, tc := range []struct {
		name   string
		reason string // why the text reads as it does
		cell   Cell
		of     Subject
		under  Fault
		want   []string
	}{
		{
			name: "as it must be", reason: "a cell that is right says nothing",
			cell: page, of: free, under: well,
		},
		{
			name: "fails as it must", reason: "an error that is expected is right",
			cell: failed, of: free, under: reset,
		},
		{
			name: "blocked", reason: "the place comes before the function, so that a terminal links it; the rule to paste ends the line",
			cell: with(page, func(c *Cell) { c.Blocks = []Block{sleep} }), of: free, under: well,
			want: []string{`it blocked its loop: park on sleep (sleep) at app/client.go:12 in app.onData; to allow it: blocking.AllowFunc("app.onData", "why")`},
		},
		{
			name: "did not block", reason: "a detector that has gone blind looks like this, so it is a failure and not a success",
			cell: page, of: blocks, under: well,
			want: []string{"it did not block its loop; it must be seen to block on network in subjects.Synchronous"},
		},
		{
			name: "blocked on something else", reason: "the resource found stands before the one expected",
			cell: with(page, func(c *Cell) {
				c.Blocks = []Block{network, {Kind: "syscall", Resource: "disk", Reason: "syscall.pread", Func: "subjects.Synchronous", At: "subjects/fetch.go:60"}}
			}), of: blocks, under: well,
			want: []string{"it blocked on disk (syscall.pread) at subjects/fetch.go:60 in subjects.Synchronous; it must be seen to block on network only"},
		},
		{
			name: "blocked somewhere else", reason: "a block blamed on the wrong function sends the reader to the wrong place",
			cell: with(page, func(c *Cell) { b := network; b.Func, b.At = "http.Get", "http/client.go:9"; c.Blocks = []Block{b} }), of: blocks, under: well,
			want: []string{"it blocked at http/client.go:9 in http.Get; it must be seen to block in subjects.Synchronous"},
		},
		{
			name: "over the CPU budget", reason: "it says what to do, since there is no line to name: the whole callback computes",
			cell: with(page, func(c *Cell) { c.OverBudget = true }), of: free, under: well,
			want: []string{"one callback used more than 25ms of CPU time; offload what computes for long"},
		},
		{
			name: "within the CPU budget", reason: "a clock that has stopped looks like this, so it is a failure and not a success",
			cell: Cell{Outcomes: 1, Value: "done"}, of: Subject{Local: "no network", CPU: true, Computes: true}, under: well,
			want: []string{"no callback used more than 25ms of CPU time; it must be seen to"},
		},
		{
			name: "not applicable", reason: "nothing was measured, so nothing deviates",
			cell: Cell{NA: "there is no network in it"}, of: Subject{Local: "no network"}, under: reset,
		},
		{
			name: "no outcome", reason: "nothing else can be said of an outcome that did not come",
			cell: Cell{}, of: free, under: well,
			want: []string{"no outcome was delivered; there must be one"},
		},
		{
			name: "two outcomes", reason: "the first outcome is judged as well: here it is right",
			cell: with(page, func(c *Cell) { c.Outcomes = 2 }), of: free, under: well,
			want: []string{"2 outcomes were delivered; there must be one"},
		},
		{
			name: "wrong value", reason: "the size tells a cut page from an empty one",
			cell: Cell{Outcomes: 1, Value: "wrong value of 0 bytes"}, of: free, under: well,
			want: []string{"it delivered a wrong value of 0 bytes, though nothing is wrong"},
		},
		{
			name: "error where none belongs", reason: "the error is the reader's next clue, so it ends the line",
			cell: failed, of: free, under: well,
			want: []string{"it failed, though nothing is wrong: read: connection reset"},
		},
		{
			name: "value where an error belongs", reason: "the error was lost; the reason says which",
			cell: page, of: free, under: reset,
			want: []string{"it delivered a value (page); it must fail with ECONNRESET, because an RST arrives"},
		},
		{
			name: "error without identity", reason: "it says what errors.Is does find, since a text alone looks right",
			cell: with(failed, func(c *Cell) { c.Reachable = "" }), of: free, under: reset,
			want: []string{"errors.Is does not find ECONNRESET in its error (it finds nothing it knows): read: connection reset; it must, because an RST arrives"},
		},
		{
			name: "error of another identity", reason: "the identity found points at the fault that really struck",
			cell: with(failed, func(c *Cell) { c.Reachable = "DeadlineExceeded" }), of: free, under: reset,
			want: []string{"errors.Is does not find ECONNRESET in its error (it finds DeadlineExceeded): read: connection reset; it must, because an RST arrives"},
		},
		{
			name: "no stage", reason: "the identity survived and the subject's own wrapping did not",
			cell: with(failed, func(c *Cell) { c.Stages = nil }), of: free, under: reset,
			want: []string{"its error has lost the *subjects.FetchError on the way: read: connection reset"},
		},
		{
			name: "fault struck elsewhere", reason: "then the fault was not the one the column is about",
			cell: with(failed, func(c *Cell) { c.Stages = []string{"request"} }), of: free, under: reset,
			want: []string{`the fetch failed at stage "request"; this fault strikes at stage "body": read: connection reset`},
		},
		{
			name: "lookup failed elsewhere", reason: "a subject that looks names up itself fails at that stage and no later",
			cell: with(failed, func(c *Cell) { c.Stages, c.Reachable = []string{"request"}, "NXDOMAIN" }), of: Subject{Resolves: true},
			under: Fault{Name: "NXDOMAIN", Nowhere: true, Want: "NXDOMAIN", Why: "there is no such name"},
			want:  []string{`the fetch failed at stage "request"; this fault strikes at stage "resolve": read: connection reset`},
		},
		{
			name: "surfaced elsewhere", reason: "a coroutine's error belongs at its await",
			cell: failed, of: awaits, under: reset,
			want: []string{`the error surfaced at stage "body"; it must surface at "await": read: connection reset`},
		},
		{
			name: "pending", reason: "one line a thing, in the loop's own words",
			cell: with(page, func(c *Cell) { c.Pending = []string{`future "page" (12345678), pending`} }), of: free, under: well,
			want: []string{`left pending when the loop was idle: future "page" (12345678), pending`},
		},
		{
			name: "unobserved", reason: "one line an error, in the loop's own words",
			cell: with(page, func(c *Cell) { c.Unobserved = []string{"fakeloop: nobody looked"} }), of: free, under: well,
			want: []string{"left unobserved: fakeloop: nobody looked"},
		},
		{
			name: "loop error", reason: "a panic beside a right outcome is still a failure",
			cell: with(page, func(c *Cell) { c.LoopErrors = []string{"fakeloop: callback panicked"} }), of: free, under: well,
			want: []string{"the loop reported: fakeloop: callback panicked"},
		},
		{
			name: "too early", reason: "only a lower bound is a fact on real time; missing it means that the fault was not injected",
			cell: with(failed, func(c *Cell) { c.Early = true }), of: free, under: reset,
			want: []string{"the outcome came in less than 50ms, so the fault was not there"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Join(tc.cell.Deviations(tc.of, tc.under), "\n")
			if want := strings.Join(tc.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant (%s):\n%s", got, tc.reason, want)
			}
			if tc.reason == "" {
				t.Error("a golden text needs the reason why it reads as it does")
			}
		})
	}
}
