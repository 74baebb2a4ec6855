//go:build !race

// These are megabytes of text in one goroutine, of which the race detector has nothing to
// say and takes long.

package github

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/net/html"

	"github.com/onsi/ginkgo/v2/types"
)

// hostile are texts that are commands, markup or control for somebody on the way to the
// reader.
var hostile = []string{
	"::error file=a.go,line=1::not ours",
	"\n::set-output name=x::y\n::add-mask::a\r::stop-commands::x",
	"##[error]old commands ##[add-path]/tmp",
	"<script>alert(1)</script><img src=x onerror=alert(1)></code></pre></details></table><!--",
	"```\n````\n~~~\n`` ` ``\n# heading\n| a | b |\n|---|---|\n> quote\n- [ ] task",
	"[link](javascript:alert(1)) ![image](https://example.org/x.png) https://example.org @everyone #1 :bomb: $x$",
	"sequenceDiagram\n  a->>b: <b>\n  click a href \"javascript:alert(1)\"\n%%{init: {}}%%",
	"\x1b[31mred\x1b[0m \x1b]8;;https://example.org\x07link\x07 \x00\b\x7f \u202etfel\u202c \u2028\ufeff",
	"%25 %0A %0D %3A &lt; &#10; \\n \xff\xfe \xc3",
	"<!-- windtunnel annotated 10 -->",
}

// hostileReport is a report in which every text is hostile, and failure messages and
// report entries are repeated until they are long.
func hostileReport(suite int, text string, long, specs int) types.Report {
	message := strings.Repeat(text, long/len(text)+1)
	at := types.CodeLocation{FileName: home + "/a,b:c%\n" + text, LineNumber: 7, FullStackTrace: text}
	r := types.Report{SuitePath: home + "/" + fmt.Sprint(suite, text), SuiteDescription: text, SpecialSuiteFailureReasons: []string{text}}
	for i := range specs {
		s := types.SpecReport{
			ContainerHierarchyTexts: []string{fmt.Sprint(i), text}, LeafNodeText: text, LeafNodeType: types.NodeTypeIt, LeafNodeLocation: at,
			State:              types.SpecStatePanicked,
			Failure:            types.Failure{Message: text, Location: at, ForwardedPanic: text},
			AdditionalFailures: []types.AdditionalFailure{{State: types.SpecStateFailed, Failure: types.Failure{Message: text, Location: at}}},
		}
		cellName, cell := Cell{Table: text, Row: text, Column: text, Text: text, Bad: true}.Attachment()
		pointsName, points := Points{Title: text, Of: 1, Checked: 1, Told: text, Findings: []Finding{{Name: text, Group: text, Text: text, Reproduce: text}}}.Attachment()
		for name, value := range map[string]string{cellName: cell, pointsName: points, text: text, DiagramEntry: text, TimelineEntry: message, reproduction: text} {
			s.ReportEntries = append(s.ReportEntries, types.ReportEntry{Name: name, Value: types.WrapEntryValue(value)})
		}
		for _, name := range []string{CellEntry, PointsEntry} {
			s.ReportEntries = append(s.ReportEntries, types.ReportEntry{Name: name, Value: types.WrapEntryValue("no JSON " + text)})
		}
		s.ReportEntries = append(s.ReportEntries, types.ReportEntry{Name: DiagramEntry, Value: types.WrapEntryValue("sequenceDiagram\n" + message)})
		r.SpecReports = append(r.SpecReports, s)
	}
	return r
}

func TestHostileTexts(t *testing.T) {
	all := strings.Join(hostile, "\n")
	page := func(text string) string { return strings.Repeat(text, 40<<10/len(text)) }
	for name, c := range map[string]struct {
		texts       []string
		long, specs int
	}{
		"each":           {hostile, 0, 1},
		"together":       {[]string{all}, 0, 3},
		"5 MB":           {[]string{all}, 5 << 20, 1},
		"5 MB in a line": {[]string{strings.ReplaceAll(all, "\n", " ")}, 5 << 20, 1},
		"40 KB of one":   {[]string{page("`"), page("<"), page("\n"), page("\x1b"), page("\xff")}, 0, 1},
		"many":           {hostile, 20 << 10, 8},
	} {
		t.Run(name, func(t *testing.T) {
			var runs []run
			for i, text := range c.texts {
				runs = append(runs, runOf(hostileReport(i, text, c.long, c.specs), home))
			}
			v := verdictsOf(runs...)
			groups := v.groups()
			wrong := checkAnnotations(annotations(groups, annotationsOfStep), len(groups))
			wrong = append(wrong, checkSummary(summarize(v, summaryBytes, all), len(groups))...)
			for i, w := range wrong {
				if i < 10 {
					t.Errorf("%.1000s", w)
				}
			}
		})
	}
}

// A summary that is nearly full has less of everything, and counts the rest.
func TestNearlyFullSummary(t *testing.T) {
	v := verdictsOf(runOf(recorded(t, "bad"), home))
	none := 0
	for most := 1000; most < 12_000; most += 100 {
		text := summarize(v, most, "")
		if text == "" {
			none++
			continue
		}
		if wrong := checkSummary(text, 5); len(text) > most || len(wrong) > 0 {
			t.Errorf("%d: %d bytes, %q", most, len(text), wrong)
		}
	}
	if none == 0 || none > 5 {
		t.Errorf("%d times there was no room for anything", none)
	}
}

// checkAnnotations holds annotations against what GitHub takes.
func checkAnnotations(all []annotation, wrongs int) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(all) > 10 {
		say("%d annotations of one step", len(all))
	}
	counted := 0
	for _, a := range all {
		text := a.String()
		command := regexp.MustCompile(`^::error ((?:(?:file|line|title)=[^,:\r\n]*,?)+)::([^\r\n]*)$`).FindStringSubmatch(text)
		if command == nil {
			say("not one command: %q", text)
			continue
		}
		if strings.IndexFunc(text, invisible) >= 0 {
			say("control characters: %q", text)
		}
		message := strings.NewReplacer("%25", "%", "%0A", "\n", "%0D", "\r").Replace(command[2])
		if n := len(utf16.Encode([]rune(message))); n > 4096 || n == 0 {
			say("a message of %d characters", n)
		}
		for _, p := range strings.Split(command[1], ",") {
			if title, ok := strings.CutPrefix(p, "title="); ok && len(strings.NewReplacer("%25", "%", "%0A", "\n", "%3A", ":", "%2C", ",").Replace(title)) > 255 {
				say("a title of %d bytes", len(title))
			}
		}
		more := 0
		if _, err := fmt.Sscanf(a.title, "%d more failures", &more); err == nil {
			counted += more
		} else {
			counted++
		}
	}
	if counted != wrongs {
		say("%d failures are annotated or counted, of %d", counted, wrongs)
	}
	return wrong
}

// ours are the lines of a summary outside of fences that are no HTML.
var ours = regexp.MustCompile(`^(|To reproduce:|Diagram:|Timeline:)$`)

// checkSummary reads a summary as GitHub does: lines in fences are text, the others must be
// HTML of a few harmless elements, whose own text is text.
func checkSummary(text string, wrongs int) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(text) > 1<<20 || text == "" {
		say("a summary of %d bytes", len(text))
	}
	if strings.IndexFunc(text, invisible) >= 0 {
		say("control characters at %d", strings.IndexFunc(text, invisible))
	}
	fence, mermaid, edges, told := "", 0, 0, 0
	var open []string
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		mark := l[:len(l)-len(strings.TrimLeft(l, "`"))]
		switch {
		case fence != "":
			if len(mark) >= len(fence) && l == mark {
				fence, edges = "", 0
			}
			edges += strings.Count(l, "->")
			if edges > 500 && mermaid > 0 {
				say("more than 500 edges")
			}
		case len(mark) >= 3:
			fence = mark
			if language := l[len(mark):]; language == "mermaid" {
				mermaid++
			} else if language != "text" && language != "sh" {
				say("a block of %q", language)
			}
		case ours.MatchString(l):
		case !strings.HasPrefix(l, "<"):
			say("neither a block nor HTML: %q", l)
		default:
			told += strings.Count(l, "<h4>") + strings.Count(l, "its text is left out")
			more := 0
			if _, err := fmt.Sscanf(l, "<p><b>%d more failures are not shown", &more); err == nil {
				told += more
			}
			open = checkHTML(l, open, say)
		}
	}
	if fence != "" || len(open) > 0 {
		say("left open: %q %v", fence, open)
	}
	if told != wrongs {
		say("%d failures are told of or counted, of %d", told, wrongs)
	}
	if mermaid > diagramsShown {
		say("%d diagrams", mermaid)
	}
	return wrong
}

func checkHTML(l string, open []string, say func(string, ...any)) []string {
	allowed := " h2 h3 h4 p table tr th td code b details summary "
	for z := html.NewTokenizer(strings.NewReader(l)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return open
		case html.CommentToken, html.DoctypeToken, html.SelfClosingTagToken:
			say("this HTML: %q", z.Raw())
		case html.StartTagToken:
			name, attributes := z.TagName()
			if attributes || !strings.Contains(allowed, " "+string(name)+" ") {
				say("this element: %q in %q", z.Raw(), l)
			}
			open = append(open, string(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				say("%q ends %v in %q", z.Raw(), open, l)
				return nil
			}
			open = open[:len(open)-1]
		case html.TextToken:
			text := string(z.Raw())
			if strings.ContainsAny(text, "<>`*[]|@#$:") && (len(open) == 0 || open[len(open)-1] != "code") && !strings.Contains(text, ": ") && !strings.HasSuffix(text, ":") {
				say("markup outside of code: %q in %q", text, l)
			}
		}
	}
}

// The checks above find what they are there to find.
func TestChecksOfHostileTexts(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "a summary of 0 bytes",
		strings.Repeat("x", 1<<20+1): "a summary of 1048577 bytes",
		"<h4>\x1b</h4>\n":            "control characters at 4",
		"```text\na\n":               "left open: \"```\" []",
		"```js\n```\n":               "a block of \"js\"",
		"```text\n```\n# a\n":        "neither a block nor HTML: \"# a\"",
		"<p>\n":                      "left open: \"\" [p]",
		"<script></script>\n":        "this element: \"<script>\" in \"<script></script>\"",
		"<p><a href=x></a></p>\n":    "this element: \"<a href=x>\" in \"<p><a href=x></a></p>\"",
		"<!-- x -->\n":               "this HTML: \"<!-- x -->\"",
		"<p>a `b`</p>\n":             "markup outside of code: \"a `b`\" in \"<p>a `b`</p>\"",
		"```mermaid\n" + strings.Repeat("a->b\n", 501) + "```\n": "more than 500 edges",
		strings.Repeat("```mermaid\n```\n", 9):                   "9 diagrams",
		"<h4>x</h4>\n":                                           "1 failures are told of or counted, of 0",
	} {
		if got := checkSummary(text, 0); len(got) == 0 || got[len(got)-1] != want && got[0] != want {
			t.Errorf("%.100q: %q, want %q", text, got, want)
		}
	}
	for want, all := range map[string][]annotation{
		"11 annotations of one step":                 make([]annotation, 11),
		"a message of 0 characters":                  {{}},
		"0 failures are annotated or counted, of 1":  {},
		"2 failures are annotated or counted, of 1":  {{message: "x"}, {message: "y"}},
		`control characters: "::error title=::\x1b"`: {{message: "\x1b"}},
	} {
		got := checkAnnotations(all, 1)
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
