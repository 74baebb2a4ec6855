package fakeloop

import (
	"fmt"
	"strconv"
	"strings"
)

// DivergenceError means that a run asked something else than was recorded: it is
// not the recorded run.
type DivergenceError struct {
	Number int // of the decision, counted from 1
	Of     int // how many decisions were recorded

	// Recorded is the recorded decision, nil if the recording had ended. Of the
	// identities of its options only the first four digits are known; the others
	// are zero. Its time is not known.
	Recorded *Decision
	Choice   int // what was chosen then

	Asked Decision // what the loop asked now
}

// Error shows what was recorded and what was asked side by side, with the first
// difference marked.
func (e *DivergenceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fakeloop: at %v the run left the recorded one, at decision %d (%d are recorded):\n", e.Asked.At, e.Number, e.Of)
	left, right := e.recordedRows(), rows(e.Asked, false, -1)
	width := len("recorded")
	for _, row := range left {
		width = max(width, len(row))
	}
	fmt.Fprintf(&b, "    %-*s  now\n", width, "recorded")
	first := e.firstDifference()
	for i := range max(len(left), len(right)) {
		mark, l, r := " ", "", ""
		if i == first {
			mark = ">"
		}
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %s %-*s  %s", mark, width, l, r), " ") + "\n")
	}
	b.WriteString("The code or its input has changed since, or the run depends on something else than its decisions: the order of a map, the wall clock, a goroutine that did not announce itself. Replay.Source follows a recording as far as it can.")
	return b.String()
}

func (e *DivergenceError) recordedRows() []string {
	if e.Recorded == nil {
		return []string{"(the recording has ended)"}
	}
	return rows(*e.Recorded, true, e.Choice)
}

// rows shows a decision: the question, then a row for each option.
func rows(d Decision, short bool, choice int) []string {
	question := fmt.Sprintf("%q, one of %d", d.Label, d.N)
	if choice >= 0 {
		question += ": " + strconv.Itoa(choice)
	}
	out := []string{question}
	for i, o := range d.Options {
		row := "  " + describe(o.ID, o.Label)
		if short {
			row = fmt.Sprintf("  %04x....", shortHash(o.ID))
			if o.Label != "" {
				row = fmt.Sprintf("  %q (%04x....)", o.Label, shortHash(o.ID))
			}
		}
		if i == choice {
			row += " <-"
		}
		out = append(out, row)
	}
	return out
}

// firstDifference returns the first row that differs. Options say more than their
// number, so they come first.
func (e *DivergenceError) firstDifference() int {
	r := e.Recorded
	if r == nil || r.Label != e.Asked.Label || r.Options == nil || e.Asked.Options == nil {
		return 0
	}
	for i := range min(r.N, e.Asked.N) {
		if !alike(r.Options[i], e.Asked.Options[i]) {
			return i + 1
		}
	}
	return min(r.N, e.Asked.N) + 1
}
