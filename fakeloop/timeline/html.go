package timeline

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"time"
)

// The defaults of HTMLOptions.
const (
	defaultHTMLEvents = 250_000
	defaultHTMLText   = 16 << 10
)

// HTMLOptions says what [Timeline.WriteHTML] shows beside the events of the run, and how
// much. The zero value is the default.
type HTMLOptions struct {
	Title string // heads the page; empty means "A run"
	Notes []Note // what is known of the run beside its events; the first 1,000 are shown

	// Compare is another run to show beside this one, which is then run A, with the
	// place marked where the two part; nil means none. CompareNotes are its notes.
	Compare      *Timeline
	CompareNotes []Note

	Events int // of each run, at most; zero means 250,000
	Text   int // bytes of each text, at most; zero means 16 KiB

	_ struct{}
}

// NoteKind says what a [Note] tells.
type NoteKind uint8

// The kinds of note.
const (
	Remark   NoteKind = iota // something worth knowing, as the stack of a panic
	Blocking                 // a callback blocked its loop
	Fault                    // a fault was in force, or was injected
)

// String returns the kind in a word.
func (k NoteKind) String() string {
	switch k {
	case Remark:
		return "remark"
	case Blocking:
		return "blocking"
	case Fault:
		return "fault"
	}
	return fmt.Sprintf("note(%d)", uint8(k))
}

// Note is something about a run that is not among its events, such as what a detector
// found, or when a network was cut.
type Note struct {
	Kind  NoteKind
	ID    ID            // what it is about: mostly a callback or a coroutine; zero if it is about the whole run
	At    time.Duration // when it begins, as Event.At; with an ID, zero means with the thing
	Span  time.Duration // how long it lasts; zero for an instant
	Label string        // in a few words: the frame that blocked, the fault
	Text  string        // all there is to say, as a stack; may be empty

	_ struct{}
}

//go:embed page
var pageFiles embed.FS

// pageScripts are the parts of the page's script, in order.
var pageScripts = []string{
	"run", "format", "find", "axis", "rows", "view", "ink", "ticks", "faults", "glyphs", "lanes", "draw", "strip", "list", "details", "keys", "main",
}

// WriteHTML writes a page that shows the run: a single file without references to any
// other, which works from a disk and without a network. It has one lane for each causal
// chain (see [Timeline.Lanes]) over virtual time, with what was pending, set or outside
// as spans, callbacks in which time passed as bars, blocking in red, faults across the
// lanes; each event with its cause, the site at which its thing was made, if the loop
// noted sites, and the way an error came; a search; a list of all events for those who
// do not look at drawings.
//
// Two runs that are equal, with equal options, make the same bytes. The page has no time
// but the run's.
//
// Texts are shown as texts: what does not print is escaped as Go escapes it, line breaks
// and tabs aside. A policy in the page forbids all scripts and styles but its own, and
// every request. What is too much is left out and counted: of a long run the middle,
// so that a quarter of the events are from its beginning; the end of a long text; and
// when all texts together take 16 MiB, all but the beginning of the texts behind.
//
// WriteHTML returns the error of w. It panics if a limit is negative.
func (t *Timeline) WriteHTML(w io.Writer, o HTMLOptions) error {
	if o.Events < 0 || o.Text < 0 {
		panic(fmt.Sprintf("timeline: WriteHTML: Events (%d) and Text (%d) must not be negative; zero means the default", o.Events, o.Text))
	}
	style, script := pagePart("page.css"), pageScript()
	texts := &shownTexts{limit: cmp.Or(o.Text, defaultHTMLText)}
	title := html.EscapeString(texts.cut(cmp.Or(o.Title, "A run")))
	out := bufio.NewWriter(w)
	skeleton := pagePart("page.html")
	for {
		before, rest, found := strings.Cut(skeleton, "{{")
		out.WriteString(before)
		if !found {
			break
		}
		var name string
		name, skeleton, _ = strings.Cut(rest, "}}")
		switch name {
		case "policy":
			fmt.Fprintf(out, "default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", integrity(style), integrity(script))
		case "title":
			out.WriteString(title)
		case "style":
			out.WriteString(style)
		case "data":
			t.writePageData(out, o, texts)
		case "script":
			out.WriteString(script)
		}
	}
	return out.Flush()
}

func pagePart(name string) string {
	data, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}

// pageScript returns the script of the page: its parts, within one function.
func pageScript() string {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range pageScripts {
		b.WriteString(pagePart(name + ".js"))
	}
	b.WriteString("})();\n")
	return b.String()
}

// integrity returns what a policy calls an element with that content.
func integrity(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
