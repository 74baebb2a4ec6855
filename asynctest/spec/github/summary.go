package github

import (
	"fmt"
	"strings"
)

const (
	// summaryBytes is how long the summary of a step may be; GitHub refuses a longer one
	// as a whole. Its own limit is 1 MiB; masking secrets may lengthen what it measures.
	summaryBytes = 1_000_000
	// What one failure may take of it, so that many are shown.
	failureBytes  = 16 << 10
	timelineBytes = 32 << 10
	entryBytes    = 8 << 10
	lineBytes     = 4 << 10
	nameBytes     = 300
	// diagramsShown is how many diagrams are drawn: each is a frame of its own.
	diagramsShown = 8
	// runsShown is how many lines the table of runs has.
	runsShown = 300
)

// TimelineEntry is the name of a report entry that is a timeline as text.
const TimelineEntry = "Timeline"

// summary collects Markdown within a limit.
type summary struct {
	b        strings.Builder
	most     int
	diagrams int
}

// add appends a text if there is room for it.
func (s *summary) add(text string) bool {
	if s.b.Len()+len(text) > s.most {
		return false
	}
	s.b.WriteString(text)
	return true
}

// summarize renders the summary in no more than most bytes. If room is left for
// nothing, that is what it returns.
func summarize(v verdicts, most int, artifact string) string {
	const reserve = 1000 // for the sentences that count what is left out
	groups := v.groups()
	s := &summary{most: most - reserve}
	if !s.add(headline(v, groups)) {
		return ""
	}
	s.add(runsTable(v))
	for _, t := range v.tables() {
		s.addTable(t)
	}
	left := 0
	for i, g := range groups {
		if i == 0 {
			s.add("<h3>Failures</h3>\n\n")
		}
		drawn := s.diagrams
		if !s.add(s.full(g)) {
			s.diagrams = drawn
			if !s.add(brief(g)) {
				left++
			}
		}
	}
	s.most = most
	if left > 0 {
		s.add(fmt.Sprintf("<p><b>%d more failures are not shown:</b> GitHub takes no summary of more than 1 MiB.</p>\n\n", left))
	}
	if artifact != "" {
		s.add("<p>The reports and timelines as a whole are in the artifact " + code(artifact, nameBytes) + ".</p>\n\n")
	}
	return s.b.String()
}

// counts are how many specs there are in each state.
type counts struct{ passed, failed, skipped, pending int }

func count(specs []spec) (c counts) {
	for _, s := range specs {
		switch {
		case s.State.failed():
			c.failed++
		case s.State == "pending":
			c.pending++
		case s.State == "skipped":
			c.skipped++
		default:
			c.passed++
		}
	}
	return c
}

func headline(v verdicts, groups []group) string {
	var all counts
	for _, r := range v.Runs {
		c := count(r.Specs)
		all.passed, all.failed, all.skipped, all.pending = all.passed+c.passed, all.failed+c.failed, all.skipped+c.skipped, all.pending+c.pending
	}
	verdict := "Passed"
	problems := 0
	if v.failed() {
		verdict = "Failed"
		for _, g := range groups {
			if g.spec == nil {
				problems++
			}
		}
	}
	text := fmt.Sprintf("<h2>%s: %d specs passed, %d failed, %d skipped, %d pending", verdict, all.passed, all.failed, all.skipped, all.pending)
	if problems > 0 {
		text += fmt.Sprintf("; %d problems", problems)
	}
	return text + "</h2>\n\n"
}

// runsTable has a line for each run; those that failed come first if there are too many.
func runsTable(v verdicts) string {
	if len(v.Runs) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("<table>\n<tr><th>suite</th><th>seed</th><th>verdict</th><th>passed</th><th>failed</th><th>skipped</th><th>pending</th></tr>\n")
	shown := 0
	for _, failed := range []bool{true, false} {
		for _, r := range v.Runs {
			if len(v.Runs) > runsShown && r.failed() != failed || len(v.Runs) <= runsShown && !failed {
				continue
			}
			if shown == runsShown {
				break
			}
			shown++
			c, verdict := count(r.Specs), "passed"
			if r.failed() {
				verdict = "<b>failed</b>"
			}
			fmt.Fprintf(&b, "<tr><td>%s</td><td>%d</td><td>%s</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td></tr>\n",
				code(r.Suite, nameBytes), r.Seed, verdict, c.passed, c.failed, c.skipped, c.pending)
		}
	}
	b.WriteString("</table>\n\n")
	if rest := len(v.Runs) - shown; rest > 0 {
		fmt.Fprintf(&b, "<p>%d more runs are not in this table.</p>\n\n", rest)
	}
	return b.String()
}

// addTable adds a table of verdicts, or as much of it as a fifth of what is left holds:
// then rows in which something is wrong come first.
func (s *summary) addTable(t table) {
	room := (s.most - s.b.Len()) / 5
	var head strings.Builder
	fmt.Fprintf(&head, "<h3>%s</h3>\n\n<table>\n<tr><th></th>", code(t.title, nameBytes))
	for _, c := range t.columns {
		head.WriteString("<th>" + code(c, nameBytes) + "</th>")
	}
	head.WriteString("</tr>\n")
	lines := make([]string, len(t.rows))
	total := head.Len()
	for i, r := range t.rows {
		var b strings.Builder
		b.WriteString("<tr><td>" + code(r.name, nameBytes) + "</td>")
		for _, c := range r.cells {
			text := ""
			if c.text != "" {
				text = code(c.text, nameBytes)
			}
			if c.bad {
				text = "<b>" + text + "</b>"
			}
			b.WriteString("<td>" + text + "</td>")
		}
		b.WriteString("</tr>\n")
		lines[i] = b.String()
		total += len(lines[i])
	}
	keep := make([]bool, len(t.rows))
	used, left, leftBad := head.Len(), 0, 0
	for _, bad := range []bool{true, false} {
		for i, r := range t.rows {
			switch {
			case r.bad() != bad:
			case total <= room || used+len(lines[i]) <= room:
				keep[i] = true
				used += len(lines[i])
			default:
				left++
				if bad {
					leftBad++
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString(head.String())
	for i, l := range lines {
		if keep[i] {
			b.WriteString(l)
		}
	}
	b.WriteString("</table>\n\n")
	if left > 0 {
		fmt.Fprintf(&b, "<p>%d more rows are not shown for want of room; in %d of them something is wrong.</p>\n\n", left, leftBad)
	}
	if head.Len() > room || !s.add(b.String()) {
		s.add(fmt.Sprintf("<p>A table of %d rows and %d columns is not shown for want of room.</p>\n\n", len(t.rows), len(t.columns)))
	}
}

// brief is a failure for which there is little room.
func brief(g group) string {
	text := "<p>" + code(g.title(), nameBytes) + " " + g.where()
	if g.at() != (place{}) {
		text += " at " + code(g.at().String(), nameBytes)
	}
	return text + "; its text is left out for want of room.</p>\n\n"
}

// full is a failure with all that belongs to it.
func (s *summary) full(g group) string {
	var b strings.Builder
	b.WriteString("<h4>" + code(g.title(), nameBytes) + "</h4>\n\n")
	var facts []string
	if g.spec != nil || g.at() != (place{}) {
		facts = append(facts, code(g.at().String(), nameBytes))
	}
	if g.spec != nil {
		facts = append(facts, "in "+g.node(), "suite "+code(g.suite, nameBytes))
	}
	if where := g.where(); where != "" {
		facts = append(facts, where)
	}
	if len(facts) > 0 {
		b.WriteString("<p>" + strings.Join(facts, ", ") + "</p>\n\n")
	}
	b.WriteString(block("text", cut(visible(g.message()), failureBytes)) + "\n")
	if g.spec == nil {
		return b.String()
	}
	if lines := g.spec.Reproduce; len(lines) > 0 {
		if len(lines[0]) <= lineBytes {
			b.WriteString("To reproduce:\n\n" + block("sh", lines[0]) + "\n")
		} else {
			fmt.Fprintf(&b, "<p>The line that reproduces it has %d bytes, and is in the report.</p>\n\n", len(lines[0]))
		}
		if len(lines) > 1 {
			fmt.Fprintf(&b, "<p>%d more such lines, one for each failure, are in the report.</p>\n\n", len(lines)-1)
		}
	}
	for _, e := range g.spec.Entries {
		b.WriteString(s.entry(e))
	}
	return b.String()
}

func (g group) node() string {
	if len(g.spec.Failures) > 0 {
		return g.spec.Failures[0].Node
	}
	return g.spec.Node
}

// entry shows a report entry: a diagram drawn, a timeline open, the others folded.
func (s *summary) entry(e entry) string {
	switch e.Name {
	case DiagramEntry:
		why := undrawable(e.Text)
		if why == "" && s.diagrams == diagramsShown {
			why = fmt.Sprintf("%d others are drawn, and each takes its time", diagramsShown)
		}
		if why == "" {
			s.diagrams++
			return "Diagram:\n\n" + block("mermaid", e.Text) + "\n"
		}
		return folded("Diagram, not drawn: "+why, e.Text, entryBytes)
	case TimelineEntry:
		return "Timeline:\n\n" + block("text", cut(visible(e.Text), timelineBytes)) + "\n"
	}
	return folded(e.Name, e.Text, entryBytes)
}

func folded(title, text string, most int) string {
	return "<details><summary>" + code(title, nameBytes) + "</summary>\n\n" + block("text", cut(visible(text), most)) + "\n</details>\n\n"
}
