package timeline_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestParseMarbles(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		" \t\n":                      "",
		"a":                          "a",
		"ab":                         "ab",
		"a b":                        "(a b)",
		"(a b)":                      "(a b)",
		"a(b c)":                     "(a b c)",
		"(a)(b)":                     "(a b)",
		"( a [ b  c ] )":             "(a [b c])",
		"[a]":                        "a",
		"[a b]":                      "[a b]",
		"[a b][c d]":                 "([a b] [c d])",
		"[a b]-[c d]":                "[a b] 1ms [c d]",
		"-a--b":                      "1ms a 2ms b",
		"- a 9ms (b c) #":            "1ms a 9ms (b c #)",
		"-=10ms -a--b":               "10ms a 20ms b",
		"-= 1h30m -a":                "1h30m0s a",
		" -=1ns a-b":                 "a 1ns b",
		"a-9ms-b":                    "a 11ms b",
		"1.5s a 1h2m3.5s b":          "1.5s a 1h2m3.5s b",
		"5us a 5µs b 5μs c":          "5µs a 5µs b 5µs c",
		"0s a 0 b":                   "(a b)",
		"a-":                         "a",
		"5s":                         "",
		"#":                          "#",
		"|":                          "|",
		"a#":                         "(a #)",
		"a|":                         "(a |)",
		"#a":                         "#a",
		"|a":                         "|a",
		"# a":                        "(# a)",
		"##|":                        "(# # |)",
		"#a#b":                       "(#a #b)",
		"[# #a |b]":                  "[# #a |b]",
		"'a'":                        "a",
		"'a b'":                      "'a b'",
		"''":                         "''",
		"#''":                        "#",
		"'a'b'c'":                    "(a b c)",
		"'9ms'":                      "'9ms'",
		"'-'":                        "'-'",
		"'a'b":                       "(a b)",
		"x'y z'":                     "(x 'y z')",
		"_x9 ä 日本":                   "(_x9 ä 日本)",
		`'it\'s' 'back\\slash' '\n'`: `('it\'s' 'back\\slash' '\n')`,
		`'\x41\u00e4\101' '\xff'`:    `(AäA '\xff')`,
		"'tab\there'":                `'tab\there'`,
		"#'a b' |'c d'":              "(#'a b' |'c d')",
		"2562047h47m16.854775807s a": "2562047h47m16.854775807s a",
	} {
		m, err := timeline.ParseMarbles(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := m.String(); got != want {
			t.Errorf("%q is understood as %q, want %q", text, got, want)
		}
		wantRoundTripOfMarbles(t, m)
	}
}

// wantRoundTripOfMarbles checks that what String returns parses to the same.
func wantRoundTripOfMarbles(t *testing.T, m *timeline.Marbles) {
	t.Helper()
	text := m.String()
	again, err := timeline.ParseMarbles(text)
	if err != nil {
		t.Errorf("the canonical form does not parse: %v", err)
		return
	}
	if got := again.String(); got != text {
		t.Errorf("%q becomes %q", text, got)
	}
}

func TestParseMarblesErrors(t *testing.T) {
	const (
		anything  = "an event, a time or a group"
		together  = "an event, an unordered group or ); time cannot pass between parentheses"
		unordered = "an event or ]; time cannot pass between brackets"
		duration  = "a duration, such as 9ms or 1h30m"
		escape    = `an escape of Go, such as \' or \n`
		quote     = "the quote that ends the label"
		utf       = `text in UTF-8, or an escape such as \xff`
		less      = "less time: the whole expression must be shorter than 292 years"
	)
	for _, c := range []struct {
		text  string
		pos   int
		want  string
		found string
	}{
		{")", 0, anything, `')'`},
		{"a]", 1, anything, `']'`},
		{"a $", 2, anything, `'$'`},
		{"a\x00", 1, anything, `'\x00'`},
		{"a\xff", 1, anything, "the byte 0xff"},
		{"٣", 0, anything, `'٣'`},
		{"a -= 5ms", 3, anything, `'='`},
		{".5s", 0, anything, `'.'`},
		{"()", 1, together, `')'`},
		{"(", 1, together, "the end of the text"},
		{"(a", 2, together, "the end of the text"},
		{"(a-b)", 2, together, `'-'`},
		{"(a 9ms)", 3, together, `'9'`},
		{"(a (b))", 3, together, `'('`},
		{"[]", 1, unordered, `']'`},
		{"[a", 2, unordered, "the end of the text"},
		{"[a - b]", 3, unordered, `'-'`},
		{"[a (b c)]", 3, unordered, `'('`},
		{"[a [b c]]", 3, unordered, `'['`},
		{"([a b", 5, unordered, "the end of the text"},
		{"9", 0, duration, `'9'`},
		{"a 9", 2, duration, `'9'`},
		{"a 9msb", 2, duration, `'9'`},
		{"9.ms.", 0, duration, `'9'`},
		{"292y", 0, duration, `'2'`},
		{"-=", 2, duration, "the end of the text"},
		{"-=x", 2, duration, `'x'`},
		{"-=-5ms", 2, duration, `'-'`},
		{"-= 0s a", 3, "a unit longer than 0", `'0'`},
		{"2562047h47m a 17s", 14, less, `'1'`},
		{"2562047h47m16.854775807s -a", 25, less, `'-'`},
		{"'", 1, quote, "the end of the text"},
		{"'abc", 4, quote, "the end of the text"},
		{`'a\'`, 4, quote, "the end of the text"},
		{`'a\q'`, 2, escape, `'\\'`},
		{`'\ud800'`, 1, escape, `'\\'`},
		{`'\`, 1, escape, `'\\'`},
		{"'a\xff'", 2, utf, "the byte 0xff"},
		{"#'", 2, quote, "the end of the text"},
	} {
		m, err := timeline.ParseMarbles(c.text)
		var e *timeline.MarblesError
		if !errors.As(err, &e) || m != nil {
			t.Errorf("%q: %v, %v", c.text, m, err)
			continue
		}
		want := fmt.Sprintf("timeline: marbles %q, byte %d: want %s, found %s", c.text, c.pos, c.want, c.found)
		if err.Error() != want || e.Pos != c.pos || e.Want != c.want || e.Text != c.text {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// oddLabels are labels that need care.
var oddLabels = []string{"a", "reply", "two words", "9ms", "-", "#", "#x", "'", `\`, "\n", "\xff", "�", "日本", "", "(", "\u202e", "_"}

// randomRun is a run of settles with odd labels. Several are of one instant.
func randomRun(r *rand.Rand) []timeline.Event {
	var events []timeline.Event
	at := time.Duration(0)
	for range r.IntN(20) {
		if r.IntN(2) == 0 {
			at += time.Duration(r.Int64N(1 << r.IntN(50)))
		}
		e := timeline.Event{At: at, Kind: timeline.Touched, Label: oddLabels[r.IntN(len(oddLabels))]}
		e.Detail = []string{"", "#", "|"}[r.IntN(3)]
		events = append(events, e)
	}
	return events
}

// bySign picks what randomRun makes.
var bySign = timeline.Where(func(e timeline.Event) (timeline.Marble, bool) {
	m := timeline.Marble{Label: e.Label}
	if e.Detail != "" {
		m.Sign = timeline.Sign(e.Detail[0])
	}
	return m, true
})

// The marbles of a run match it, also when they have been written and read; those
// of a run that differs in one event do not.
func TestMarblesOfARunMatchIt(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		events := randomRun(r)
		run := of(events...)
		m := timeline.FromTimeline(run, bySign)
		if err := m.Match(run, bySign); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		wantRoundTripOfMarbles(t, m)
		read := marbles(t, m.String())
		if err := read.Match(run, bySign); err != nil {
			t.Fatalf("seed %d: %q: %v", seed, m, err)
		}
		if len(events) == 0 {
			continue
		}
		other, i, any := slices.Clone(events), r.IntN(len(events)), false
		switch e := &other[i]; r.IntN(4) {
		case 0:
			other = slices.Delete(other, i, i+1)
		case 1:
			any = e.Label == "" && e.Detail != "" // stands for any
			e.Label += "x"
		case 2:
			for ; i < len(other); i++ {
				other[i].At++
			}
		case 3:
			other = slices.Insert(other, i+1, timeline.Event{At: e.At, Label: "new"})
		}
		err := read.Match(of(other...), bySign)
		if (err == nil) != any {
			t.Fatalf("seed %d: %q and %q: %v", seed, m, timeline.FromTimeline(of(other...), bySign), err)
		}
		if err != nil && strings.Count(err.Error(), "^\n") != 1 {
			t.Fatalf("seed %d: no caret in\n%v", seed, err)
		}
	}
}

// Brackets take any order, and nothing but another order.
func TestBracketsTakeAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		words := make([]string, 1+r.IntN(6))
		for i := range words {
			words[i] = []string{"a", "b", "#x", "#y"}[r.IntN(4)]
		}
		text := "s [" + strings.Join(words, " ") + "] e"
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		run := "s " + strings.Join(words, " ") + " e"
		if err := marbles(t, text).Match(happened(t, run)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		words[r.IntN(len(words))] = "z"
		if marbles(t, text).Match(happened(t, "s "+strings.Join(words, " ")+" e")) == nil {
			t.Fatalf("seed %d: %s matches %v", seed, text, words)
		}
	}
}

func FuzzParseMarbles(f *testing.F) {
	for _, seed := range []string{
		"", "-a 9ms (b c) #", "-=10ms a--[b c]|", "'it\\'s' #'x y'", "1h30m a", "(a [b c] d)", "((", "'\\", "9msb", "a\xffb", "-= -",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := timeline.ParseMarbles(text)
		if err != nil {
			var e *timeline.MarblesError
			if !errors.As(err, &e) || m != nil || e.Pos < 0 || e.Pos > len(text) || e.Want == "" {
				t.Fatalf("%q: %v, %#v", text, m, err)
			}
			if e.Pos < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[e.Pos]) {
				t.Fatalf("%q: position %d is within a character", text, e.Pos)
			}
			return
		}
		wantRoundTripOfMarbles(t, m)
		if err := m.Match(new(timeline.Timeline)); (err == nil) != (m.String() == "") {
			t.Fatalf("%q matches a run of nothing: %v", text, err)
		}
	})
}
