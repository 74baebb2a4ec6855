package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The defaults of LaneOptions, and the least width.
const (
	defaultLaneWidth = 100
	leastLaneWidth   = 60
	defaultLanes     = 4
	defaultLaneRows  = 200
	leastColumn      = 12
)

// LaneOptions says how much [Timeline.Lanes] may draw. The zero value is the
// default.
type LaneOptions struct {
	Width int // columns of text; zero means 100, anything below 60 counts as 60
	Lanes int // lanes side by side at most; zero means 4
	Rows  int // lines at most, head and foot not counted; zero means 200

	// Keep says which events to draw; nil means those that Lanes draws by
	// itself, and no function adds to these.
	Keep func(Event) bool

	// First marks the events that the drawing is about: the chains in which
	// they happen are the last to be left out. Nil marks none.
	First func(Event) bool

	_ struct{}
}

// Lanes draws the run as text with one column for each causal chain, time running
// down. A chain is what one thing that the driver of the loop began led to: the
// callbacks it posted, the timers it set, the handlers of its futures. A coroutine
// is a chain of its own, and so is an origin of PostFrom. A future that the driver
// made belongs to the chain that settles it. What the driver does itself stands
// in a column of its own.
//
// Each line has the virtual time and one thing that happened; an arrow leads to
// the chain that it set going: the one whose handler it posted, or whose coroutine
// it started or woke, or whose timer it stopped. Left out is what goes without
// saying: the post of a callback that ran, the making of a future that was settled,
// the decisions that no callback asked for, and the fire of a callback without a
// name of its own that did something which is drawn.
//
// What does not fit is folded, and the drawing says so: lines that repeat are drawn
// once, with how often; of too many chains those that LaneOptions.First marks are
// taken first, then those that failed, then those that began first; the middle of
// a long run is left out; a text that was cut ends in ~. Texts are taken to be as
// wide as they have characters. One with characters that do not print, or that the log of
// GitHub Actions or Ginkgo would not take for text, is quoted.
//
// Lanes panics if an option is negative.
func (t *Timeline) Lanes(o LaneOptions) string {
	if o.Width < 0 || o.Lanes < 0 || o.Rows < 0 {
		panic(fmt.Sprintf("timeline: Lanes: Width (%d), Lanes (%d) and Rows (%d) must not be negative; zero means the default", o.Width, o.Lanes, o.Rows))
	}
	d := laneDrawing{
		width: max(cmp.Or(o.Width, defaultLaneWidth), leastLaneWidth),
		lanes: cmp.Or(o.Lanes, defaultLanes),
		limit: cmp.Or(o.Rows, defaultLaneRows),
	}
	all := t.laneRows(o)
	d.choose(all)
	d.draw(foldRows(d.rows))
	return d.text.String()
}

// laneDrawing is the text under construction.
type laneDrawing struct {
	width, lanes, limit int

	rows    []laneRow // of the lanes that are drawn, numbered from 0
	columns []column
	time    int      // the width of the times
	hidden  []string // the names of the chains that are not drawn
	lost    int      // the lines of these
	cut     int      // texts that did not fit
	text    strings.Builder
}

// column is one lane on the page.
type column struct {
	name         string
	start, width int
}

// choose takes the lanes that fit, and their rows.
func (d *laneDrawing) choose(all *laneRows) {
	var order []int            // chains, as they come up
	place := make(map[int]int) // of a chain on the page; -1 outside
	for _, r := range all.rows {
		if _, seen := place[r.lane]; !seen {
			place[r.lane] = -1
			order = append(order, r.lane)
		}
		d.time = max(d.time, length(r.at.String()))
	}
	room := d.width - d.time
	fit := min(d.lanes, room/(leastColumn+3), len(order))
	byNeed := slices.Clone(order)
	slices.SortStableFunc(byNeed, func(a, b int) int { return cmp.Compare(all.weight[b], all.weight[a]) })
	for _, chain := range byNeed[:fit] {
		place[chain] = 0
	}
	names := unique(order, all.causal)
	for _, chain := range order {
		if place[chain] < 0 {
			d.hidden = append(d.hidden, names[chain])
			continue
		}
		place[chain] = len(d.columns)
		d.columns = append(d.columns, column{name: names[chain], width: max(leastColumn, length(names[chain]))})
	}
	for _, r := range all.rows {
		if place[r.lane] < 0 {
			d.lost++
			continue
		}
		d.take(r, place)
	}
	d.arrange(room)
}

// take adds a row of a lane that is drawn. Arrows to lanes that are not are told in
// words.
func (d *laneDrawing) take(r laneRow, place map[int]int) {
	row, away := laneRow{at: r.at, lane: place[r.lane], text: r.text, failed: r.failed}, 0
	for _, chain := range r.to {
		if p, exists := place[chain]; exists && p >= 0 {
			row.to = append(row.to, p)
		} else if exists {
			away++
		}
	}
	if away > 0 {
		row.text += " -> +" + strconv.Itoa(away)
	}
	slices.Sort(row.to)
	d.rows = append(d.rows, row)
	c := &d.columns[row.lane]
	c.width = max(c.width, length(row.text))
}

// arrange narrows the widest columns until all fit into the room.
func (d *laneDrawing) arrange(room int) {
	widest := 0
	for _, c := range d.columns {
		widest = max(widest, c.width)
	}
	for ; widest > leastColumn; widest-- {
		sum := 0
		for _, c := range d.columns {
			sum += min(c.width, widest) + 3
		}
		if sum <= room {
			break
		}
	}
	start := d.time + 3
	for i := range d.columns {
		c := &d.columns[i]
		c.start, c.width = start, min(c.width, widest)
		start += c.width + 3
	}
}

// draw writes the page.
func (d *laneDrawing) draw(folds []fold) {
	if len(d.columns) == 0 {
		d.text.WriteString("(nothing happened)\n")
		return
	}
	line := d.line("")
	for _, c := range d.columns {
		copy(line[c.start:], []rune(d.fitting(c.name, c.width)))
	}
	d.write(line)
	for _, part := range limitFolds(folds, d.limit) {
		if part.skipped > 0 {
			d.note(fmt.Sprintf("%s left out, from %v to %v", count(part.skipped, "line"), part.from, part.until))
			continue
		}
		for _, r := range part.rows {
			d.row(r)
		}
		switch n := len(part.rows); {
		case part.times > 1 && n == 1:
			d.note(fmt.Sprintf("x %s: this line, until %v", commas(part.times), part.until))
		case part.times > 1:
			d.note(fmt.Sprintf("x %s: these %d lines, until %v", commas(part.times), n, part.until))
		}
	}
	if len(d.hidden) > 0 {
		text := fmt.Sprintf("+ %s, %s, not drawn: %s", count(len(d.hidden), "chain"), count(d.lost, "line"), strings.Join(d.hidden, ", "))
		d.write([]rune(d.fitting(text, d.width)))
	}
	if d.cut > 0 {
		d.text.WriteString("~ marks what was cut: " + count(d.cut, "text") + "\n")
	}
}

// row writes one row with its arrows.
func (d *laneDrawing) row(r laneRow) {
	line := d.line(r.at.String())
	c := d.columns[r.lane]
	text := []rune(d.fitting(r.text, c.width))
	for _, to := range slices.Backward(r.to) { // from the farthest on the right
		if head := d.columns[to].start; to > r.lane {
			stroke(line[c.start+len(text)+1:head], '-')
			line[head] = '>'
		}
	}
	for _, to := range r.to { // from the farthest on the left
		if head := d.columns[to].start; to < r.lane {
			stroke(line[head+1:c.start-1], '-')
			line[head] = '<'
		}
	}
	for _, to := range r.to { // arrows that end on the way of others
		line[d.columns[to].start] = map[bool]rune{true: '>', false: '<'}[to > r.lane]
	}
	copy(line[c.start:], text)
	d.write(line)
}

func stroke(part []rune, c rune) {
	for i := range part {
		part[i] = c
	}
}

// line returns an empty line of the page.
func (d *laneDrawing) line(time string) []rune {
	last := d.columns[len(d.columns)-1]
	line := []rune(strings.Repeat(" ", last.start+last.width))
	copy(line[d.time-length(time):], []rune(time))
	for _, c := range d.columns {
		line[c.start-2] = '|'
	}
	return line
}

func (d *laneDrawing) write(line []rune) {
	d.text.WriteString(strings.TrimRight(string(line), " ") + "\n")
}

// note writes a line about the lines above.
func (d *laneDrawing) note(text string) {
	text = "... " + text
	indent := min(d.time-3, d.width-length(text))
	d.write([]rune(strings.Repeat(" ", max(indent, 0)) + d.fitting(text, d.width)))
}

// fitting returns text, cut if it is wider than width.
func (d *laneDrawing) fitting(text string, width int) string {
	if length(text) <= width {
		return text
	}
	d.cut++
	return string([]rune(text)[:width-1]) + "~"
}

// unique returns the names of chains; those of one name are numbered.
func unique(order []int, c *causal) map[int]string {
	names, seen := make(map[int]string), make(map[string]int)
	for _, chain := range order {
		name := c.name(chain)
		if seen[name]++; seen[name] > 1 {
			name += " (" + strconv.Itoa(seen[name]) + ")"
		}
		names[chain] = name
	}
	return names
}
