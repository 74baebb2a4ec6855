//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// hostileToHTML are texts that would do harm if they were taken for anything but texts, and
// how they are shown.
var hostileToHTML = []struct{ text, shown string }{
	{`</script><script>alert(1)</script>`, `</script><script>alert(1)</script>`},
	{`<!--<script>`, `<!--<script>`},
	{`<img src=x onerror=alert(1)>`, `<img src=x onerror=alert(1)>`},
	{`]]>&lt;"'` + "`${alert(1)}", `]]>&lt;"'` + "`${alert(1)}"},
	{"{{data}}", "{{data}}"},
	{"\x1b[31mred\x1b[0m \a\b", `\x1b[31mred\x1b[0m \a\b`},
	{"\u2028\u2029", `\u2028\u2029`},
	{"a\u202etxt.exe\u2066", `a\u202etxt.exe\u2066`},
	{"nul\x00, bad \xff\xc3 utf-8", `nul\x00, bad \xff\xc3 utf-8`},
	{"\ufeff\u200b\u00ad", `\ufeff\u200b\u00ad`},
	{"lines\r\nand\ttabs\rreturned", "lines\nand\ttabs\\rreturned"},
	{"עברית, العربية, 日本語, é, \ufffd", "עברית, العربية, 日本語, é, \ufffd"},
	{"::error::not a command", "::error::not a command"},
}

// Texts of others come out as texts: the page has none of them as they are.
func TestPageShowsTexts(t *testing.T) {
	var tl timeline.Timeline
	var notes []timeline.Note
	for i, h := range hostileToHTML {
		tl.Append(timeline.Event{Kind: timeline.Promised, ID: id(uint64(i)), Label: h.text})
		tl.Append(timeline.Event{Kind: timeline.Settled, ID: id(uint64(i)), Label: h.text, Detail: "rejected: " + h.text})
		tl.AddSite(id(uint64(i)), h.text+".go:1")
		notes = append(notes, timeline.Note{Kind: timeline.Fault, Label: h.text, Text: h.text})
	}
	for _, h := range hostileToHTML {
		o := timeline.HTMLOptions{Title: h.text, Notes: notes, Compare: run("resolved"), CompareNotes: notes}
		page := htmlOf(t, &tl, o)
		for _, h := range hostileToHTML {
			harmful := strings.ContainsAny(h.text, "<>") || strings.ContainsFunc(h.text, func(c rune) bool {
				return c != '\n' && c != '\r' && c != '\t' && !unicode.IsPrint(c)
			})
			if harmful && strings.Contains(page, h.text) {
				t.Errorf("the page has %q as it is", h.text)
			}
		}
		d := dataOf(t, &tl, o)
		for i, h := range hostileToHTML {
			r := d.Runs[0]
			if got := d.Texts[r.Label[2*i]]; got != h.shown {
				t.Errorf("the label %q is shown as %q, want %q", h.text, got, h.shown)
			}
			if got := d.Texts[r.Detail[2*i+1]]; got != "rejected: "+h.shown {
				t.Errorf("the detail %q is shown as %q", h.text, got)
			}
			if got := d.Texts[r.Notes[i].Text]; got != h.shown {
				t.Errorf("the note %q is shown as %q", h.text, got)
			}
		}
	}
}

// A title is cut as other texts are, and is empty never.
func TestPageTitle(t *testing.T) {
	for title, want := range map[string]string{"": "A run", "<b>": "&lt;b&gt;", strings.Repeat("x", 99): strings.Repeat("x", 50) + "... (49 more bytes)"} {
		page := htmlOf(t, run("resolved"), timeline.HTMLOptions{Title: title, Text: 50})
		if got := element(page, "<title>", "title")[0]; got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
		if !strings.Contains(page, `<h1 dir="auto">`+want+`</h1>`) {
			t.Errorf("%q is not at the head of the page", want)
		}
	}
}

// A text is cut between characters, and what was cut is counted in bytes of the text.
func TestPageCutsTexts(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"12345678", 8, "12345678"},
		{"123456789", 8, "12345678... (1 more byte)"},
		{"1234567é90", 8, "1234567... (4 more bytes)"},
		{"1234567\x1b[0m", 8, "1234567... (4 more bytes)"},
		{strings.Repeat("\x1b", 1000), 8, `\x1b\x1b... (998 more bytes)`},
		{"é", 1, "... (2 more bytes)"},
		{strings.Repeat("0123456789", 500_000), 0, strings.Repeat("0123456789", 1639)[:16<<10] + "... (4,983,616 more bytes)"},
	} {
		d := dataOf(t, run(c.text), timeline.HTMLOptions{Text: c.limit})
		if got := d.Texts[d.Runs[0].Detail[1]]; got != c.want {
			t.Errorf("%.20q of %d bytes, limit %d: got %q, want %q", c.text, len(c.text), c.limit, got, c.want)
		}
	}
}

// However much there is to say, a page has a bounded size: texts that come late are cut
// short, but for those of notes.
func TestPageBoundsAllTexts(t *testing.T) {
	tl := new(timeline.Timeline)
	for i := range 1100 {
		tl.Append(timeline.Event{Kind: timeline.Settled, ID: id(uint64(i)), Detail: fmt.Sprintf("rejected: %d %s", i, strings.Repeat("x", 16<<10))})
	}
	note := strings.Repeat("stack\n", 1000)
	o := timeline.HTMLOptions{Notes: []timeline.Note{{Text: note}}}
	if n := len(htmlOf(t, tl, o)); n > 18<<20 {
		t.Errorf("a page of %d bytes", n)
	}
	d := dataOf(t, tl, o)
	if got := d.Texts[d.Runs[0].Notes[0].Text]; got != note {
		t.Errorf("the note is cut to %d bytes", len(got))
	}
	if got, want := d.Texts[d.Runs[0].Detail[1099]], "rejected: 1099 "+strings.Repeat("x", 49)+"... (16,335 more bytes)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of a long run the middle is left out, and it is told how much, from when until when,
// and how many failures are among it.
func TestPageLeavesOutTheMiddle(t *testing.T) {
	tl := new(timeline.Timeline)
	for i := range 1000 {
		detail := "resolved"
		if i%10 == 0 {
			detail = "rejected: no"
		}
		tl.Append(timeline.Event{At: time.Duration(i) * time.Second, Kind: timeline.Settled, ID: id(uint64(i + 1)), Detail: detail})
	}
	for i := range 5 {
		tl.Append(timeline.Event{At: time.Hour, Kind: []timeline.Kind{timeline.Panicked, timeline.Escaped, timeline.Unobserved, timeline.Closed, timeline.Fired}[i]})
	}
	r := dataOf(t, tl, timeline.HTMLOptions{Events: 100}).Runs[0]
	if got, want := fmt.Sprintln(r.Total, r.First, r.Skipped, r.From, r.Until, r.Lost, len(r.Kind)), "1005 25 905 25s 15m29s 90 100\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s := sum(r.S[:25]); s != 24 {
		t.Errorf("the last of the first events is at %d s", s)
	}
	if s := sum(r.S[:26]); s != 930 {
		t.Errorf("the first behind the gap is at %d s", s)
	}
	r = dataOf(t, tl, timeline.HTMLOptions{Events: 1}).Runs[0]
	if got, want := fmt.Sprint(r.First, r.Skipped, r.Lost, len(r.Kind)), "0 1004 103 1"; got != want {
		t.Errorf("of one event: got %s, want %s", got, want)
	}
	r = dataOf(t, tl, timeline.HTMLOptions{Events: 1005}).Runs[0]
	if got, want := fmt.Sprint(r.First, r.Skipped, len(r.Kind)), "1005 0 1005"; got != want {
		t.Errorf("of all: got %s, want %s", got, want)
	}
}

func sum(list []int64) (s int64) {
	for _, v := range list {
		s += v
	}
	return s
}

func TestPageCountsNotes(t *testing.T) {
	r := dataOf(t, run("resolved"), timeline.HTMLOptions{Notes: make([]timeline.Note, 1234)}).Runs[0]
	if len(r.Notes) != 1000 || r.MoreNotes != 234 {
		t.Errorf("%d notes and %d more", len(r.Notes), r.MoreNotes)
	}
}
