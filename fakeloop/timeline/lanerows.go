package timeline

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// laneRow is one line of a drawing: something that happened in one lane.
type laneRow struct {
	at   time.Duration
	lane int // the number of a chain
	text string
	to   []int // the chains that this set going

	failed bool // it is what went wrong
}

// weight says how much a chain is needed in a drawing.
type weight uint8

const (
	failing weight = 1 << iota // something in it failed
	marked                     // LaneOptions.First asks for it
)

// laneRows are the lines that a run makes, before anything is folded.
type laneRows struct {
	*causal
	rows     []laneRow
	weight   map[int]weight
	quiet    int // the row of a fire that need not be shown; -1 for none
	settling ID  // the future of the last row, if its handlers may follow
}

func (t *Timeline) laneRows(o LaneOptions) *laneRows {
	r := &laneRows{causal: t.causal(), weight: make(map[int]weight), quiet: -1}
	for _, e := range t.All() {
		if e.Kind == Posted && e.Cause == r.settling && r.settling != Driver {
			r.point(e.ID)
		}
		lane, text, shown := r.describe(e)
		if e.Kind == Panicked || e.Kind == Escaped || e.Kind == Unobserved {
			r.weight[lane] |= failing
		}
		if o.First != nil && o.First(e) {
			r.weight[lane] |= marked
		}
		if !shown || o.Keep != nil && !o.Keep(e) {
			continue
		}
		r.add(e, lane, text)
	}
	return r
}

// add appends the row of an event.
func (r *laneRows) add(e Event, lane int, text string) {
	did := e.Cause != Driver && e.Kind != Fired || e.Kind == Panicked || e.Kind == Escaped
	if did && r.quiet >= 0 && r.rows[r.quiet].lane == lane {
		r.rows = r.rows[:r.quiet]
	}
	r.quiet = -1
	r.settling = Driver
	failed := e.Kind == Panicked || e.Kind == Escaped || e.Kind == Unobserved
	r.rows = append(r.rows, laneRow{at: e.At, lane: lane, text: text, failed: failed})
	switch {
	case e.Kind == Fired && !r.isNamed(e):
		r.quiet = len(r.rows) - 1
	case e.Kind == Settled:
		r.settling = e.ID
	case e.Kind == Promised, e.Kind == Stopped:
		r.point(e.ID)
	}
}

// point draws an arrow from the last row to the lane of id.
func (r *laneRows) point(id ID) {
	last, lane := &r.rows[len(r.rows)-1], r.chain(id)
	if lane != last.lane && !slices.Contains(last.to, lane) {
		last.to = append(last.to, lane)
	}
}

// describe returns the lane and the text of an event, and whether it is shown.
func (r *laneRows) describe(e Event) (lane int, text string, shown bool) {
	name := ""
	if e.Label != "" {
		name = " " + plain(e.Label)
	}
	detail := ""
	if d := strings.TrimPrefix(e.Detail, rejectedPrefix); d != "" && d != "resolved" {
		detail = ": " + plain(d)
	}
	verb := e.Kind.String()
	switch e.Kind {
	case Posted:
		return r.chain(e.ID), verb + name + ", never ran", !r.fired[e.ID]
	case Fired:
		if r.handlers[e.ID] {
			verb = "handle"
		}
		return r.chain(e.ID), verb + name, true
	case Left, Returned, Held, Released:
		return r.chain(e.ID), verb + name, true
	case Armed:
		if e.Due == math.MaxInt64 {
			return r.chain(e.ID), verb + name + ", never due", true
		}
		return r.chain(e.ID), verb + name + " +" + (e.Due - e.At).String(), true
	case Panicked, Escaped, Unobserved:
		return r.chain(e.ID), verb + name + detail, true
	case Promised:
		if r.coroutines[e.ID] {
			return r.chain(e.Cause), "start" + name, e.Cause != Driver
		}
		if _, settled := r.settled[e.ID]; settled {
			return r.chain(e.Cause), "", false
		}
		return r.chain(e.ID), verb + name + ", never settled", true
	case Settled:
		if strings.HasPrefix(e.Detail, rejectedPrefix) {
			verb = "reject"
		}
	case Awaited:
		return r.chain(e.Cause), verb + " " + plain(referent(e.Detail)), true
	case Touched:
		if e.Detail != "" {
			verb, detail = plain(e.Detail), ""
		}
	case Chosen:
		return r.chain(e.Cause), verb + name + detail, e.Cause != Driver
	case Passed: // the doing of goroutines, which are in no lane
		return r.chain(Driver), verb + name, true
	case Charged:
		return r.chain(e.Cause), verb + " " + plain(e.Detail), true
	}
	return r.chain(e.Cause), verb + name + detail, true
}

// referent returns the label in what reference made, or the identity if there is
// no label.
func referent(text string) string {
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		if label, err := strconv.Unquote(quoted); err == nil {
			return label
		}
	}
	return text
}

// plain returns text as it is if it prints on one line, otherwise with escapes. What
// would be a command to the runner of GitHub Actions anywhere in a line, or a style to Ginkgo,
// is escaped, too.
func plain(text string) string {
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(text) || strings.Contains(text, "##[") || strings.Contains(text, "{{") {
		return noCommand.Replace(strconv.Quote(text))
	}
	return text
}

var noCommand = strings.NewReplacer("##[", `#\x23[`, "{{", `{\x7b`)
