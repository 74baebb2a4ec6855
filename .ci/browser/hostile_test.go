package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// attacks are texts that run, fetch or disturb something if they are taken for anything
// but texts.
var attacks = []string{
	`</script><script>alert("script")</script>`,
	`<!--<script>alert("comment")`,
	`--></style></script><img src=x onerror=alert("image")>`,
	`<svg onload=alert("svg")><iframe src="javascript:alert('frame')"></iframe>`,
	`"><a href="javascript:alert('link')" autofocus onfocus=alert("focus")>x</a>`,
	`</title></textarea></noscript><meta http-equiv="refresh" content="0;url=https://example.org/">`,
	`<link rel=stylesheet href=https://example.org/x.css><style>*{display:none!important}</style>`,
	`<base href="https://example.org/"><form action="https://example.org/"><input type=image src=x>`,
	"\"};alert('json');//", "'};alert(`${alert(1)}`)//", `\u003cscript\u003ealert("escaped")\u003c/script\u003e`,
	"__proto__", "constructor", "toString",
	"\x1b]8;;https://example.org\x07link\x1b]8;;\x07\x1b[2J\x1b[31m", "\u2028alert('line')\u2029",
	"\u202egnp.exe\u2066\u2067", "nul\x00byte \xff\xfe", strings.Repeat("z\u0300\u0301\u0302", 200),
	"::error file=x::not a command", strings.Repeat("no break ", 2000), strings.Repeat("W", 20_000),
}

// Whatever texts a run has, all of the page shows them as texts. The tab complains of
// dialogs, exceptions, requests and broken rules; what changes the page is looked for.
func TestHostileTexts(t *testing.T) {
	tl := new(timeline.Timeline)
	var notes []timeline.Note
	id := func(n int) timeline.ID { return timeline.ID(n+1) << 40 }
	for i, text := range attacks {
		at := time.Duration(i) * time.Millisecond
		for _, e := range []timeline.Event{
			{Kind: timeline.Posted, ID: id(10 * i), Label: text},
			{Kind: timeline.Fired, ID: id(10 * i), Label: text},
			{Kind: timeline.Promised, ID: id(10*i + 1), Cause: id(10 * i), Label: text},
			{Kind: timeline.Settled, ID: id(10*i + 1), Cause: id(10 * i), Label: text, Detail: "rejected: " + text + "\n" + text},
			{Kind: timeline.Awaited, ID: id(10 * i), Cause: id(10 * i), Detail: text},
			{Kind: timeline.Panicked, ID: id(10 * i), Cause: id(10 * i), Label: text, Detail: text},
			{Kind: timeline.Passed, ID: id(10*i + 2), Label: "fault 1 on " + text},
		} {
			e.At = at
			tl.Append(e)
		}
		tl.AddSite(id(10*i+1), text)
		notes = append(notes,
			timeline.Note{Kind: timeline.Blocking, ID: id(10 * i), Label: text, Text: text + "\n" + text, Span: time.Millisecond},
			timeline.Note{Kind: timeline.Fault, At: at, Span: time.Second, Label: text, Text: text},
			timeline.Note{At: at, Label: text, Text: text})
	}
	tl.Append(timeline.Event{Kind: timeline.Unobserved, ID: id(9), Label: strings.Repeat(`<b onclick=alert("much")>`, 200_000)}) // 5 MB
	p := open(t, tl, timeline.HTMLOptions{Title: strings.Join(attacks[:8], " "), Notes: notes, Compare: tl, CompareNotes: notes})
	p.shoot("hostile")
	p.focus("lanes")
	for range attacks {
		p.keys("n")
		p.keys(kb.ArrowRight)
	}
	p.focus("findings")
	for range 3 * len(attacks) {
		p.keys(kb.ArrowDown)
	}
	p.focus("events")
	for range len(attacks) {
		p.keys(kb.PageDown)
	}
	for _, text := range []string{`<script>`, `alert("image")`, `\x1b`, `\u202e`, "constructor"} {
		if found := p.find(text); found == "" || found == "0 matches" {
			t.Errorf("%q is not found", text)
		}
		p.keys(kb.Enter)
	}
	has(t, "the last match", p.text("details"), "constructor")
	if got := eval[string](p, `[...document.querySelectorAll("iframe, svg, img, base, object, embed, input:not(#search), form:not([method=dialog]), a")].map((e) => e.outerHTML).join()`); got != "" {
		t.Errorf("the page has %s", got)
	}
	if got := eval[string](p, `["script", "style", "link", "meta", "title"].map((name) => document.querySelectorAll(name).length).join()`); got != "2,1,1,4,1" {
		t.Errorf("the page has %s scripts, styles, links, metas and titles", got)
	}
	if got := eval[string](p, `[...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames()).filter((name) => name.startsWith("on")).join()`); got != "" {
		t.Errorf("an element has the attributes %s", got)
	}
	if n := eval[int](p, `document.querySelectorAll("body > *").length`); n != 8 {
		t.Errorf("%d elements in the body", n)
	}
	if n := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
		t.Errorf("a text makes the page %d pixels too wide", n)
	}
	if n := eval[int](p, `Math.max(...[...document.querySelectorAll("#details, #findings, #events, h1, #tip, #say")].map((e) => e.textContent.length))`); n > 1<<20 {
		t.Errorf("an element has %d characters", n)
	}
}

// What the tab is to complain of it complains of; and the policy of a page forbids it.
func TestComplaints(t *testing.T) {
	const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">`
	for _, c := range []struct{ html, complaint string }{
		{`<script>alert("boo")</script>`, "opened a dialog: boo"},
		{`<script>throw new Error("boo")</script>`, "threw"},
		{`<script>console.log("boo")</script>`, "wrote to the console"},
		{`<img src="https://example.org/x.png">`, "asked for https://example.org/x.png"},
		{policy + `<script>alert("boo")</script>`, "is complained of: "},
		{policy + `<img src=x onerror=alert("boo")>`, "is complained of: "},
	} {
		p := openBytes(t, []byte("<!DOCTYPE html>"+c.html))
		p.settle()
		p.mu.Lock()
		if got := strings.Join(p.complaints, "\n"); !strings.Contains(got, c.complaint) || strings.Contains(c.html, policy) && strings.Contains(got, "dialog") {
			t.Errorf("%s: the tab complains only of %q", c.html, got)
		}
		p.complaints = nil
		p.mu.Unlock()
	}
}
