package timeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shownNotes is how many notes of a run a page has.
const shownNotes = 1000

// writePageData writes what the page shows, as JSON that HTML takes for text.
func (t *Timeline) writePageData(w *bufio.Writer, o HTMLOptions, texts *shownTexts) {
	limit := o.Events
	if limit == 0 {
		limit = defaultHTMLEvents
	}
	runs := []*shownRun{newShownRun(t, limit, o.Notes, texts)}
	if o.Compare != nil {
		runs = append(runs, newShownRun(o.Compare, limit, o.CompareNotes, texts))
	}
	w.WriteString(`{"kinds":`)
	writeJSON(w, kindNames)
	w.WriteString(",\n\"runs\":[")
	for i, r := range runs {
		if i > 0 {
			w.WriteString(",")
		}
		r.write(w)
	}
	w.WriteString("]")
	if o.Compare != nil {
		writeComparison(w, t, o.Compare, runs, texts)
	}
	w.WriteString(",\n\"texts\":")
	writeJSON(w, append([]string{""}, texts.all...))
	w.WriteString("}")
}

// writeComparison writes where two runs part, and which lanes are of the same chain.
func writeComparison(w *bufio.Writer, a, b *Timeline, runs []*shownRun, texts *shownTexts) {
	if d, differ := Diverge(a, b); differ {
		fmt.Fprintf(w, ",\n\"differ\":[%d,%d]", d.Index, texts.number(d.String()))
	}
	other := make(map[ID]int)
	for i, root := range runs[1].roots {
		other[root] = i
	}
	w.WriteString(",\n\"pairs\":")
	pairs := []int{}
	for _, root := range runs[0].roots {
		lane, exists := other[root]
		if !exists {
			lane = -1
		}
		pairs = append(pairs, lane)
	}
	writeJSON(w, pairs)
}

// shownRun is one run of a page in columns: an event is the n-th of each. Identities are
// numbers, in the order of their first use. Numbers are small where that is easy, since
// most of a page are these.
type shownRun struct {
	texts  *shownTexts
	causal *causal
	roots  []ID // by lane
	lanes  map[int]int

	total, first, skipped int // events; that many are left out behind the first ones
	from, until           time.Duration
	lost                  int // failures among what was left out

	ids     map[ID]int
	idText  []byte // eight digits each
	last    Event
	lastAt  pageTime
	columns [11][]byte
	due     []int64 // which event, and its deadline, of those that are armed
	sites   []int   // which identity, and where it was made
	notes   []shownNote
	more    int // notes that are left out

	digest Digest
}

// The columns.
const (
	kindColumn = iota
	secondColumn
	nanosecondColumn
	turnColumn
	idColumn
	causeColumn
	labelColumn
	detailColumn
	laneColumn
	laneNameColumn // by lane
	laneIDColumn   // by lane
)

var columnNames = [...]string{"kind", "s", "ns", "turn", "id", "cause", "label", "detail", "lane", "lanes", "roots"}

// pageTime is a time in two numbers that JavaScript has.
type pageTime struct{ s, ns int64 }

func pageTimeOf(d time.Duration) pageTime {
	return pageTime{int64(d / time.Second), int64(d % time.Second)}
}

// shownNote is a note with numbers in place of texts and identities.
type shownNote struct {
	kind  NoteKind
	event int // with which it begins; -1 for none
	lane  int // -1 for none
	at    pageTime
	span  pageTime
	label int
	text  int
}

func newShownRun(t *Timeline, limit int, notes []Note, texts *shownTexts) *shownRun {
	rows := &laneRows{causal: t.causal()}
	r := &shownRun{
		texts: texts, causal: rows.causal, lanes: make(map[int]int), ids: map[ID]int{Driver: 0},
		idText: []byte("00000000"), total: t.Len(), first: t.Len(), digest: t.Digest(),
	}
	if r.total > limit {
		r.first, r.skipped = limit/4, r.total-limit
	}
	if len(notes) > shownNotes {
		notes, r.more = notes[:shownNotes], len(notes)-shownNotes
	}
	for _, n := range notes { // they come before the texts of events if these are too long
		texts.number(n.Label)
		texts.number(n.Text)
	}
	begins, since := r.noteEvents(t, notes)
	for i, e := range t.All() {
		lane, _, _ := rows.describe(e)
		switch {
		case i < r.first || i >= r.first+r.skipped:
			r.add(i, e, r.lane(lane))
		case i == r.first:
			r.from = e.At
			fallthrough
		default:
			r.until = e.At
			if e.fails() {
				r.lost++
			}
		}
	}
	sites := t.Sites()
	for _, s := range t.sites { // in order, and each once
		if text, there := sites[s.id]; there {
			delete(sites, s.id)
			if n, known := r.ids[s.id]; known {
				r.sites = append(r.sites, n, texts.number(text))
			}
		}
	}
	for i, n := range notes {
		r.addNote(n, begins[i], since[i])
	}
	names := unique(chainsOf(r), r.causal)
	for _, root := range r.roots {
		chain := r.causal.chain(root)
		r.number(laneNameColumn, texts.number(names[chain]))
		r.number(laneIDColumn, r.identity(root))
	}
	return r
}

func chainsOf(r *shownRun) []int {
	chains := make([]int, len(r.roots))
	for chain, lane := range r.lanes {
		chains[lane] = chain
	}
	return chains
}

// fails reports whether an event is one that a reader looks for first.
func (e Event) fails() bool {
	switch e.Kind {
	case Panicked, Escaped, Unobserved:
		return true
	}
	return e.Kind == Settled && strings.HasPrefix(e.Detail, "rejected: ")
}

func (r *shownRun) lane(chain int) int {
	lane, known := r.lanes[chain]
	if !known {
		lane = len(r.roots)
		r.lanes[chain] = lane
		r.roots = append(r.roots, r.causal.roots[chain])
	}
	return lane
}

func (r *shownRun) identity(id ID) int {
	n, known := r.ids[id]
	if !known {
		n = len(r.ids)
		r.ids[id] = n
		r.idText = append(r.idText, id.String()...)
	}
	return n
}

func (r *shownRun) number(column, n int) {
	b := &r.columns[column]
	if len(*b) > 0 {
		*b = append(*b, ',')
	}
	*b = strconv.AppendInt(*b, int64(n), 10)
}

func (r *shownRun) add(i int, e Event, lane int) {
	at := pageTimeOf(e.At)
	r.number(kindColumn, int(e.Kind))
	r.number(secondColumn, int(at.s-r.lastAt.s))
	r.number(nanosecondColumn, int(at.ns-r.lastAt.ns))
	r.number(turnColumn, int(e.Turn-r.last.Turn))
	r.number(idColumn, r.identity(e.ID))
	r.number(causeColumn, r.identity(e.Cause))
	r.number(labelColumn, r.texts.number(e.Label))
	r.number(detailColumn, r.texts.number(e.Detail))
	r.number(laneColumn, lane)
	if e.Kind == Armed {
		due := pageTimeOf(e.Due)
		r.due = append(r.due, int64(i), due.s, due.ns)
	}
	r.last, r.lastAt = e, at
}

// noteEvents returns the events with which notes begin, -1 for those that are about
// nothing in the run: a note about a callback begins when that fires, one about a
// coroutine when a callback that resumes it does. It returns the times too, which are not
// before those of the events.
func (r *shownRun) noteEvents(t *Timeline, notes []Note) (out []int, since []time.Duration) {
	out = slices.Repeat([]int{-1}, len(notes))
	for _, n := range notes {
		since = append(since, n.At)
	}
	about := make(map[ID][]int)
	for i, n := range notes {
		if n.ID != Driver {
			about[n.ID] = append(about[n.ID], i)
		}
	}
	if len(about) == 0 {
		return out, since
	}
	fired := make([]bool, len(notes))
	for i, e := range t.All() {
		list := about[e.ID]
		if co, resumes := r.causal.resumed[e.ID]; resumes && e.Kind == Fired {
			list = slices.Concat(list, about[co])
		}
		for _, n := range list {
			switch {
			case fired[n]:
			case e.Kind == Fired && (e.At >= notes[n].At || notes[n].At == 0):
				out[n], fired[n] = i, true
				since[n] = max(notes[n].At, e.At)
			case out[n] < 0:
				out[n] = i
				since[n] = max(notes[n].At, e.At)
			}
		}
	}
	return out, since
}

func (r *shownRun) addNote(n Note, event int, since time.Duration) {
	s := shownNote{
		kind: n.Kind, event: event, lane: -1, at: pageTimeOf(since), span: pageTimeOf(n.Span),
		label: r.texts.number(n.Label), text: r.texts.number(n.Text),
	}
	if event >= 0 {
		if lane, there := r.lanes[r.causal.chain(n.ID)]; there {
			s.lane = lane
		}
	}
	r.notes = append(r.notes, s)
}

func (r *shownRun) write(w *bufio.Writer) {
	fmt.Fprintf(w, "{\"digest\":%q,\"total\":%d,\"first\":%d,\"skipped\":%d,\"lost\":%d,", r.digest.String(), r.total, r.first, r.skipped, r.lost)
	fmt.Fprintf(w, "\"from\":%q,\"until\":%q,\n\"ids\":%q", r.from.String(), r.until.String(), r.idText)
	for i, name := range columnNames {
		fmt.Fprintf(w, ",\n\"%s\":[%s]", name, r.columns[i])
	}
	w.WriteString(",\n\"due\":")
	writeJSON(w, append([]int64{}, r.due...))
	w.WriteString(",\n\"sites\":")
	writeJSON(w, append([]int{}, r.sites...))
	fmt.Fprintf(w, ",\n\"moreNotes\":%d,\"notes\":[", r.more)
	for i, n := range r.notes {
		if i > 0 {
			w.WriteString(",")
		}
		fmt.Fprintf(w, `{"kind":"%v","event":%d,"lane":%d,"at":[%d,%d],"span":[%d,%d],"label":%d,"text":%d}`,
			n.kind, n.event, n.lane, n.at.s, n.at.ns, n.span.s, n.span.ns, n.label, n.text)
	}
	w.WriteString("]}")
}

// writeJSON writes v, which always marshals, with <, > and & escaped.
func writeJSON(w *bufio.Writer, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Write(text)
}
