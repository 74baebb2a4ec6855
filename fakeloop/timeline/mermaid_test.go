//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// What a line of a diagram may be, the text in it included.
const mermaidWords = `((?:[\p{L}\p{Nd} .,_/~]|#\d+;)*)`

var (
	participantLine = regexp.MustCompile(`^    participant p(\d+) as ` + mermaidWords + `$`)
	noteLine        = regexp.MustCompile(`^(?:    )+Note over p\d+(?:,p\d+)?: ` + mermaidWords + `$`)
	messageLine     = regexp.MustCompile(`^(?:    )+p\d+->>p\d+: ` + mermaidWords + `$`)
	blockLine       = regexp.MustCompile(`^(?:    )+(?:loop ` + mermaidWords + `|rect rgba\(255, 0, 0, 0\.25\))$`)
	endLine         = regexp.MustCompile(`^(?:    )+end$`)
	mentioned       = regexp.MustCompile(`\bp\d+\b`)
	entity          = regexp.MustCompile(`#\d+;`)
)

// diagramFaults returns what is wrong with a diagram: what GitHub does not draw, and what
// would be taken for more than text.
func diagramFaults(text string) []string {
	var faults []string
	if n := len(utf16.Encode([]rune(text))); n > 50_000 {
		faults = append(faults, fmt.Sprint("it has ", n, " characters"))
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "sequenceDiagram" {
		faults = append(faults, "it is no sequence diagram")
	}
	known, open, messages := map[string]bool{}, 0, 0
	for _, line := range lines[1:] {
		words := ""
		if m := participantLine.FindStringSubmatch(line); m != nil {
			known["p"+m[1]], words = true, m[2]
		} else if m := noteLine.FindStringSubmatch(line); m != nil {
			words = m[1]
		} else if m := messageLine.FindStringSubmatch(line); m != nil {
			words = m[1]
			messages++
		} else if m := blockLine.FindStringSubmatch(line); m != nil {
			words = m[1]
			open++
		} else if endLine.MatchString(line) {
			if open--; open < 0 {
				faults = append(faults, "there is an end too many")
			}
		} else {
			faults = append(faults, fmt.Sprintf("a line is no statement: %q", line))
			continue
		}
		if n := utf8.RuneCountInString(entity.ReplaceAllString(words, "x")); n > 80 {
			faults = append(faults, fmt.Sprint("a text has ", n, " characters"))
		}
		statement, _, _ := strings.Cut(line, ":")
		if !strings.Contains(line, " as ") {
			for _, p := range mentioned.FindAllString(statement, -1) {
				if !known[p] && !strings.Contains(statement, "loop ") {
					faults = append(faults, "there is no participant "+p)
				}
			}
		}
	}
	if open > 0 {
		faults = append(faults, "a block has no end")
	}
	if len(known) == 0 {
		faults = append(faults, "nobody takes part")
	}
	if messages > 500 {
		faults = append(faults, fmt.Sprint("there are ", messages, " messages"))
	}
	return faults
}

func TestDiagramFaults(t *testing.T) {
	const head = "sequenceDiagram\n    participant p0 as a#58;b\n"
	for text, want := range map[string]string{
		head + "    loop x\n        Note over p0: é 1.5s\n        p0->>p0: x\n    end\n": "",
		"graph TD\n    participant p0 as a\n":                                            "it is no sequence diagram",
		head + "    participant p1 as a:b\n":                                             `a line is no statement: "    participant p1 as a:b"`,
		head + "    p0->>p0: x; y\n":                                                     `a line is no statement: "    p0->>p0: x; y"`,
		head + "    p0->>p1: x\n":                                                        "there is no participant p1",
		head + "    Note over p0,p2: x\n":                                                "there is no participant p2",
		head + "    end\n":                                                               "there is an end too many",
		head + "    rect rgba(255, 0, 0, 0.25)\n":                                        "a block has no end",
		"sequenceDiagram\n":                                                              "nobody takes part",
		head + "    p0->>p0: " + strings.Repeat("x", 81) + "\n":                          "a text has 81 characters",
		head + strings.Repeat("    p0->>p0: x\n", 501):                                   "there are 501 messages",
		head + strings.Repeat("    Note over p0: "+strings.Repeat("x", 80)+"\n", 600):    "it has 59445 characters",
	} {
		if got := strings.Join(diagramFaults(text), "; "); got != want {
			t.Errorf("of %.60q… got %q, want %q", text, got, want)
		}
	}
}

func wantDiagram(t testing.TB, text string) {
	t.Helper()
	if faults := diagramFaults(text); len(faults) > 0 {
		t.Errorf("%s in\n%.3000s", strings.Join(faults, "; "), text)
	}
}

func TestMermaidOfScenarios(t *testing.T) {
	everything := timeline.LaneOptions{Keep: func(timeline.Event) bool { return true }, Rows: 1000, Lanes: 1000}
	for _, tl := range []*timeline.Timeline{retries(t), queue(t, 1000), panics(t), scenario(t), lost(t), pending(t), bigFailure(), new(timeline.Timeline)} {
		wantDiagram(t, tl.Mermaid(timeline.LaneOptions{}))
		wantDiagram(t, tl.Mermaid(everything))
	}
	for _, text := range hostile {
		wantDiagram(t, hostileRun(t, text).Mermaid(timeline.LaneOptions{}))
		wantDiagram(t, hostileRun(t, text).Mermaid(everything))
	}
}

// A run that would take more than GitHub draws is cut until it fits, and says by how much:
// by characters here, since each one takes five.
func TestMermaidFitsIntoGitHub(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		loop.Named("all").Post(func() {
			for i := range 300 {
				loop.Named(fmt.Sprint(i, strings.Repeat("<>", 50))).AfterFunc(time.Duration(i)*time.Second, func() {})
			}
		})
	})
	text := tl.Mermaid(timeline.LaneOptions{Rows: 200})
	wantDiagram(t, text)
	if n := utf8.RuneCountInString(text); n < 25_000 {
		t.Errorf("only %d characters are left", n)
	}
	drawn := strings.Count(text, "Note over p0: ") - 1 // which tells of texts that were cut
	var left int
	if _, err := fmt.Sscanf(text[strings.Index(text, " lines left out")-3:], "%d lines left out", &left); err != nil || drawn-1+left != 601 {
		t.Errorf("%d rows are drawn and %d left out, want 601 together (%v)", drawn-1, left, err)
	}
	// By messages: each settle wakes many.
	tl = recordLoop(t, func(loop *fakeloop.Loop) {
		var bells []*fakeloop.Promise[int]
		for i := range 50 {
			bells = append(bells, fakeloop.NewPromise[int](loop, fmt.Sprint("bell ", i)))
		}
		for i := range 30 {
			fakeloop.Async(loop, fmt.Sprint("waiter ", i), func(co *fakeloop.Coroutine) (int, error) {
				for _, bell := range bells {
					if _, err := fakeloop.Await(co, bell.Future()); err != nil {
						return 0, err
					}
				}
				return 0, nil
			})
		}
		loop.Named("ringer").Post(func() {
			for i, bell := range bells {
				loop.AfterFunc(time.Duration(i)*time.Second, func() { bell.Resolve(1) })
			}
		})
	})
	rings := func(e timeline.Event) bool {
		return e.Kind == timeline.Settled && strings.HasPrefix(e.Label, "bell")
	}
	awaits := func(e timeline.Event) bool { return rings(e) || e.Kind == timeline.Awaited && e.At == 0 }
	text = tl.Mermaid(timeline.LaneOptions{Keep: awaits, Lanes: 40, Rows: 200})
	wantDiagram(t, text)
	if n := strings.Count(text, "->>"); n < 250 || !strings.Contains(text, " left out, from ") {
		t.Errorf("%d messages are left, of 1,500", n)
	}
}

func TestMermaidSaysWhatIsNotDrawn(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{panics(t).Mermaid(timeline.LaneOptions{}), "    Note over p0: not drawn#58; 2,002 lines that did not lead here\n"},
		{queue(t, 3).Mermaid(timeline.LaneOptions{Lanes: 1, Keep: untouched}), "    Note over p0: not drawn#58; 8 lines that were not asked for, 1 chain with 19 lines\n"},
		{queue(t, 1000).Mermaid(timeline.LaneOptions{Rows: 12, Keep: untouched}), "    Note over p0,p1: 6,992 lines left out, from 0s to 9.98s\n"},
		{bigFailure().Mermaid(timeline.LaneOptions{}), ", the rest of 1 text that end in ~\n"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("got\n%swithout %q", c.got, c.want)
		}
	}
	if text := retries(t).Mermaid(timeline.LaneOptions{}); strings.Contains(text, "not drawn") {
		t.Errorf("something is said not to be drawn in\n%s", text)
	}
}

func TestMermaidRefusesNegativeOptions(t *testing.T) {
	for _, o := range []timeline.LaneOptions{{Width: -1}, {Lanes: -1}, {Rows: -1}} {
		func() {
			defer func() {
				want := fmt.Sprintf("timeline: Mermaid: Width (%d), Lanes (%d) and Rows (%d) must not be negative; zero means the default", o.Width, o.Lanes, o.Rows)
				if got := recover(); got != want {
					t.Errorf("panicked with %v, want %q", got, want)
				}
			}()
			retries(t).Mermaid(o)
		}()
	}
}

func FuzzMermaid(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		tl := eventsOf(data)
		wantDiagram(t, tl.Mermaid(timeline.LaneOptions{}))
		wantDiagram(t, tl.Mermaid(timeline.LaneOptions{Keep: func(timeline.Event) bool { return true }, Rows: 200, Lanes: 40}))
	})
}
