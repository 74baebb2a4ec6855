package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// The limits of a Mermaid diagram: those of GitHub's renderer, and what can be read.
const (
	mermaidCharacters   = 50_000 // as JavaScript counts them
	mermaidArrows       = 500
	mermaidMost         = 200 // rows
	defaultMermaid      = 40  // rows
	mostParticipants    = 40
	defaultParticipants = 8
	mermaidText         = 80 // characters of a text
)

// Mermaid draws what led to the failure of a run (see [Timeline.Failure]), or the run if
// nothing went wrong, as a sequence diagram for a ```mermaid block on GitHub: one
// participant for each causal chain, and the rows of [Timeline.Lanes] as notes and
// messages, each with its virtual time. What failed stands on red ground.
//
// LaneOptions.Lanes are participants, of which zero means 8, and more than 40 count as 40.
// LaneOptions.Rows are notes and messages, of which zero means 40, and more than 200
// count as 200. Width has no meaning. The diagram has fewer if it would exceed what GitHub
// draws: 50,000 characters and 500 messages. A last note says how much is not
// drawn.
//
// Labels and outcomes are shown as text, whatever they say: all but letters, digits
// and a few others are written as entities. Of each the first 80 characters are
// shown.
//
// Mermaid panics if an option is negative.
func (t *Timeline) Mermaid(o LaneOptions) string {
	if o.Width < 0 || o.Lanes < 0 || o.Rows < 0 {
		panic(fmt.Sprintf("timeline: Mermaid: Width (%d), Lanes (%d) and Rows (%d) must not be negative; zero means the default", o.Width, o.Lanes, o.Rows))
	}
	f := t.Failure()
	everything := o
	everything.Keep = nil
	all := len(t.laneRows(everything).rows)
	why := " that were not asked for"
	if o.Keep == nil && len(f.Events) > 0 {
		o.Keep, why = f.Led, " that did not lead here"
	}
	if o.First == nil {
		o.First = f.Is
	}
	rows := t.laneRows(o)
	lanes := min(cmp.Or(o.Lanes, defaultParticipants), mostParticipants)
	for limit := min(cmp.Or(o.Rows, defaultMermaid), mermaidMost); ; limit -= (limit + 3) / 4 {
		d := mermaidDrawing{limit: limit, elsewhere: all - len(rows.rows), why: why}
		d.lanes, d.width = lanes, 1<<30
		d.choose(rows)
		d.draw()
		if limit <= 1 || d.arrows <= mermaidArrows && len(utf16.Encode([]rune(d.text.String()))) <= mermaidCharacters {
			return d.text.String()
		}
	}
}

// mermaidDrawing is the diagram under construction.
type mermaidDrawing struct {
	laneDrawing
	limit     int
	elsewhere int // rows that are not about it
	why       string
	arrows    int
	cutTexts  int
}

func (d *mermaidDrawing) line(depth int, format string, args ...any) {
	d.text.WriteString(strings.Repeat("    ", depth))
	fmt.Fprintf(&d.text, format, args...)
	d.text.WriteByte('\n')
}

// draw writes the diagram.
func (d *mermaidDrawing) draw() {
	d.line(0, "sequenceDiagram")
	if len(d.columns) == 0 {
		d.line(1, "participant p0 as nothing happened")
		return
	}
	for i, c := range d.columns {
		d.line(1, "participant p%d as %s", i, d.quoted(c.name))
	}
	for _, part := range limitFolds(foldRows(d.rows), d.limit) {
		switch {
		case part.skipped > 0:
			d.note(fmt.Sprintf("%s left out, from %v to %v", count(part.skipped, "line"), part.from, part.until))
		case part.times > 1:
			d.line(1, "loop %s", d.quoted(fmt.Sprintf("%s times, until %v", commas(part.times), part.until)))
			for _, r := range part.rows {
				d.row(2, r)
			}
			d.line(1, "end")
		default:
			d.row(1, part.rows[0])
		}
	}
	var cut []string
	if d.elsewhere > 0 {
		cut = append(cut, count(d.elsewhere, "line")+d.why)
	}
	if len(d.hidden) > 0 {
		cut = append(cut, fmt.Sprintf("%s with %s", count(len(d.hidden), "chain"), count(d.lost, "line")))
	}
	if d.cutTexts > 0 {
		cut = append(cut, "the rest of "+count(d.cutTexts, "text")+" that end in ~")
	}
	if len(cut) > 0 {
		d.note("not drawn: " + strings.Join(cut, ", "))
	}
}

// note writes a note over all participants.
func (d *mermaidDrawing) note(text string) {
	over := "p0"
	if n := len(d.columns); n > 1 {
		over += ",p" + strconv.Itoa(n-1)
	}
	d.line(1, "Note over %s: %s", over, d.quoted(text))
}

// row writes what happened: a note, or messages to those whom it set going.
func (d *mermaidDrawing) row(depth int, r laneRow) {
	if r.failed {
		d.line(depth, "rect rgba(255, 0, 0, 0.25)")
		defer d.line(depth, "end")
		depth++
	}
	text := d.quoted(r.at.String() + " " + r.text)
	if len(r.to) == 0 {
		d.line(depth, "Note over p%d: %s", r.lane, text)
	}
	for _, to := range r.to {
		d.arrows++
		d.line(depth, "p%d->>p%d: %s", r.lane, to, text)
	}
}

// quoted returns text, cut, for a place where Mermaid takes text.
func (d *mermaidDrawing) quoted(text string) string {
	short := cutText(text, mermaidText)
	if short != text {
		d.cutTexts++
	}
	var b strings.Builder
	for _, c := range short {
		if c == ' ' || unicode.IsLetter(c) || unicode.IsDigit(c) || slices.Contains([]rune(".,_/~"), c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "#%d;", c)
		}
	}
	return b.String()
}
