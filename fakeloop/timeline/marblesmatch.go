package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MarbleMismatch says where a run first differs from an expectation.
type MarbleMismatch struct {
	At   time.Duration // the instant of the first difference
	Want string        // what was expected next, and when; "nothing more" if nothing was
	Got  string        // what happened instead, and when; "nothing more" if the run had ended

	hint, drawing string
}

// Match compares what the picks find in a run with the expectation: the same
// marbles, at the same instants, in the same order but for what stands in
// brackets, and no others. Without picks what counts is the callbacks that have a
// name of their own, the futures that have a label, and panics: Fires, Settles and
// Panics. Match returns nil or a *[MarbleMismatch].
func (m *Marbles) Match(t *Timeline, picks ...Pick) error {
	got := t.marbles(picks)
	n := 0 // of got, as expected
	for i, s := range m.steps {
		missing := slices.Clone(s.marbles)
		for len(missing) > 0 {
			k := -1
			if n < len(got) && got[n].at == s.at {
				k = expected(missing, got[n].Marble)
			}
			if k < 0 {
				return m.mismatch(i, missing, got, n)
			}
			missing = slices.Delete(missing, k, k+1)
			n++
		}
	}
	if n < len(got) {
		return m.mismatch(len(m.steps), nil, got, n)
	}
	return nil
}

// expected returns which of the marbles got is, -1 if it is none of them. One
// that stands for any gives way to one that is got itself.
func expected(missing []Marble, got Marble) int {
	if k := slices.Index(missing, got); k >= 0 {
		return k
	}
	return slices.IndexFunc(missing, func(m Marble) bool { return m.matches(got) })
}

// mismatch describes the difference between the i-th step, of which some marbles
// are missing, and the n-th marble of the run. Either may not exist, not both.
func (m *Marbles) mismatch(i int, missing []Marble, got []seen, n int) error {
	d := &MarbleMismatch{Want: "nothing more", Got: "nothing more"}
	if i < len(m.steps) {
		d.At = m.steps[i].at
		d.Want = marbleStep{marbles: missing}.String() + " at " + d.At.String()
		if len(missing) > 1 {
			d.Want = "one of " + d.Want
		}
	}
	where := difference{}
	if n < len(got) {
		d.Got = fmt.Sprint(got[n].Marble, " at ", got[n].at)
		if i == len(m.steps) || got[n].at < d.At {
			d.At = got[n].at
		}
		where.gotThere = got[n].at == d.At
	}
	where.at = d.At
	for i > where.inWant && m.steps[i-where.inWant-1].at == d.At {
		where.inWant++
	}
	for n > where.inGot && got[n-where.inGot-1].at == d.At {
		where.inGot++
	}
	d.hint, d.drawing = hint(missing, got), drawMarbles(m.steps, got, where)
	return d
}

// hint explains the mistake of those who know other marbles: a word of several
// letters that they mean as several labels.
func hint(missing []Marble, got []seen) string {
	has := func(label string) bool {
		return slices.ContainsFunc(got, func(s seen) bool { return s.Label == label })
	}
	for _, m := range missing {
		letters := strings.Split(m.Label, "")
		if len(letters) > 1 && !has(m.Label) && !slices.ContainsFunc(letters, func(l string) bool { return !has(l) }) {
			return fmt.Sprintf("(%s is one label; several are written with spaces: %s)\n", m, strings.Join(letters, " "))
		}
	}
	return ""
}

// Error shows what was expected and what happened over one time axis, with a
// caret below the first difference.
func (d *MarbleMismatch) Error() string {
	return fmt.Sprintf("timeline: the run is not as expected: want %s, got %s\n%s%s", d.Want, d.Got, d.hint, d.drawing)
}
