package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A callback that blocks its loop is what the page shows first: in red, with its frame,
// under the fault, and in words.
func TestBlockedCoroutine(t *testing.T) {
	s := blocked(t)
	p := open(t, s.run, timeline.HTMLOptions{Title: "A coroutine that blocks, beside three fetches", Notes: s.notes})
	p.shoot("blocked")
	has(t, "the head", p.text("summary"), "in 5 lanes", "1 blocked", "2 faults", "1 failure")
	has(t, "the list of findings", p.text("findings"), "blocked: subjects.Get (fetch.go:", "latency 50ms", "dials to stats fail")
	has(t, "what is said of it", p.text("details"), "fire blocking fetch", "ran for", "blocked subjects.Get (fetch.go:", "park on network",
		"resumes\ncoroutine blocking fetch", "made at\nfetch.go:")
	if n := p.pixels("blocked"); n < 2000 {
		t.Errorf("%d red pixels", n)
	}
	if n := p.pixels("fault"); n < 500 {
		t.Errorf("%d pixels of the fault", n)
	}
	if n := p.pixels("error"); n < 100 {
		t.Errorf("%d pixels of the error", n)
	}
	p.do(chromedp.EmulateViewport(1280, 480))
	p.shoot("for the README")
}

// Fetches that do not block show no red.
func TestStyles(t *testing.T) {
	s := styles(t, 1)
	p := open(t, s.run, timeline.HTMLOptions{Title: "Four styles of one fetch, 50 ms of latency", Notes: s.notes})
	p.shoot("styles")
	has(t, "the head", p.text("summary"), "in 5 lanes", "nothing is known to have blocked")
	for _, wrong := range []string{"blocked", "error"} {
		if n := p.pixels(wrong); n > 0 {
			t.Errorf("%d pixels of what is %s", n, wrong)
		}
	}
	if n := p.pixels("good"); n < 100 {
		t.Errorf("%d pixels of what was settled", n)
	}
}

// A refused dial is seen where it fails, on its way, and as what it came from.
func TestRefusedDial(t *testing.T) {
	s := refused(t)
	p := open(t, s.run, timeline.HTMLOptions{Title: "A dial that is refused for 250 ms, and tried again", Notes: s.notes})
	p.shoot("refused")
	failures := 0
	for _, e := range s.run.All() {
		if strings.HasPrefix(e.Detail, "rejected: ") {
			failures++
		}
	}
	has(t, "the head", p.text("summary"), "2 faults", fmt.Sprint(failures, " failures"), "nothing is known to have blocked")
	if n := p.pixels("error"); n < 500 {
		t.Errorf("%d pixels of errors", n)
	}
	p.find("await: fetch")
	p.keys(kb.Enter)
	has(t, "what is said of it", p.text("details"), "failure reject fetch", "connection refused",
		"made at", "fetch.go:", "made by", "rejected by", "The way of the error", "reject page", "What led to it", "leave fetch")
}

// The mouse tells of what is under it, a click says all, a link goes to the cause.
func TestMouse(t *testing.T) {
	s := refused(t)
	p := open(t, s.run, timeline.HTMLOptions{Notes: s.notes})
	p.settle()
	hit := 0.0
	for x := gutter + 2.0; x < 900 && hit == 0; x += 4 {
		p.mouse(input.DispatchMouseEventTypeMouseMoved, x, axisHeight+1.3*rowHeight)
		if eval[bool](p, `!document.getElementById("tip").hidden`) {
			hit = x
		}
	}
	if hit == 0 {
		t.Fatal("nothing is told of anything in the second lane")
	}
	has(t, "the tip", p.text("tip"), "lane retry", "at ")
	p.click(hit, axisHeight+1.3*rowHeight)
	has(t, "what is said of it", p.text("details"), "lane\nretry", "event\n")
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 20, 20)
	if !eval[bool](p, `document.getElementById("tip").hidden`) {
		t.Error("the tip stays when the mouse has gone")
	}
	p.find("connection refused")
	p.keys(kb.Enter)
	before := p.text("details")
	p.do(chromedp.Click(chromedp.CSS("#details .link")))
	if p.text("details") == before {
		t.Error("a link does not go anywhere")
	}
	p.changes("a turn of the wheel with Ctrl", func() { p.wheel(500, 200, 1e-6, -300, 2) })
	p.changes("a drag", func() {
		left := chromedp.ButtonType(input.MouseButtonLeft)
		held := func(e *input.DispatchMouseEventParams) { e.Buttons = 1 }
		p.mouse(input.DispatchMouseEventTypeMousePressed, 500, 300, left, chromedp.ClickCount(1))
		p.mouse(input.DispatchMouseEventTypeMouseMoved, 400, 300, left, held)
		p.mouse(input.DispatchMouseEventTypeMouseReleased, 400, 300, left)
	})
	p.changes("a turn of the wheel with Shift", func() { p.wheel(500, 200, 60, 1e-6, 8) })
	p.changes("the button Fit", func() { p.do(chromedp.Click(chromedp.ID("fit"))) })
	p.changes("a click into the strip", func() {
		p.wheel(500, 200, 1e-6, -600, 2)
		p.mouse(input.DispatchMouseEventTypeMousePressed, 300, -20, chromedp.ButtonType(input.MouseButtonLeft), chromedp.ClickCount(1))
		p.mouse(input.DispatchMouseEventTypeMouseReleased, 300, -20, chromedp.ButtonType(input.MouseButtonLeft))
	})
}

// All of it goes without a mouse, and is told to those who do not see it.
func TestKeyboard(t *testing.T) {
	s := refused(t)
	p := open(t, s.run, timeline.HTMLOptions{Notes: s.notes})
	p.settle()
	var way []string
	for range 13 {
		p.keys(kb.Tab)
		way = append(way, p.focused())
	}
	// The buttons of the search are disabled while there is none; details has links of its own.
	if got, want := strings.Join(way[:10], " "), "search axis which in out fit theme help lanes findings"; got != want {
		t.Errorf("the Tab key goes to %s, want %s", got, want)
	}
	p.focus("lanes")
	if p.said() != "" {
		t.Errorf("it said %q before anybody asked", p.said())
	}
	p.keys("n")
	has(t, "n", p.said(), "error: reject", "connection refused", "lane fetch")
	first := p.said()
	p.keys("n")
	if p.said() == first {
		t.Error("the second n goes nowhere")
	}
	p.keys("p")
	if p.said() != first {
		t.Errorf("n and p go to %q", p.said())
	}
	for _, step := range []struct{ name, key, back string }{
		{"left", kb.ArrowLeft, kb.ArrowRight}, {"up", kb.ArrowUp, ""}, {"down", kb.ArrowDown, ""},
		{"Home", kb.Home, ""}, {"End", kb.End, ""}, {"cause", "c", ""},
	} {
		before := p.said()
		p.keys(step.key)
		if p.said() == before {
			t.Errorf("%s says %q again", step.name, before)
		}
		if step.back != "" {
			if p.keys(step.back); p.said() != before {
				t.Errorf("%s and back says %q, want %q", step.name, p.said(), before)
			}
		}
	}
	p.changes("+", func() { p.keys("+") })
	p.changes("-", func() { p.keys("-") })
	p.keys("+++")
	p.changes("Shift and right", func() { p.keys(kb.ArrowRight, chromedp.ModifierShift) })
	p.changes("0", func() { p.keys("0") })
	p.keys(kb.Enter)
	if p.focused() != "details-head" {
		t.Errorf("Enter goes to %q", p.focused())
	}
	p.keys(kb.Escape)
	if p.focused() != "lanes" {
		t.Errorf("Escape goes back to %q", p.focused())
	}
	p.keys("?")
	if !eval[bool](p, `document.getElementById("keys").open`) {
		t.Error("? does not show the keys")
	}
	p.keys(kb.Escape)
	if eval[bool](p, `document.getElementById("keys").open`) || p.focused() != "lanes" {
		t.Error("Escape does not close the keys")
	}
	p.keys("/")
	if p.focused() != "search" {
		t.Errorf("/ goes to %q", p.focused())
	}
	p.find("") // the protocol of the browser types the key, too, though the page prevents that
	p.focus("events")
	p.keys(kb.End)
	has(t, "the last of the list", p.said(), "at ", "lane")
	if got := eval[string](p, `(() => { const box = document.getElementById("events"), item = document.getElementById(box.getAttribute("aria-activedescendant")); return [item.getAttribute("aria-posinset"), item.getAttribute("aria-setsize"), item.getAttribute("aria-selected")].join(" "); })()`); got != fmt.Sprintf("%[1]d %[1]d true", s.run.Len()) {
		t.Errorf("the last event is item %s", got)
	}
}

// The search finds words of events, of sites, of lanes, of notes and identities.
func TestSearch(t *testing.T) {
	s := blocked(t)
	p := open(t, s.run, timeline.HTMLOptions{Notes: s.notes})
	var some timeline.Event
	for _, e := range s.run.All() {
		if e.Kind == timeline.Promised && e.Label == "page" {
			some = e
		}
	}
	for _, c := range []struct{ text, found, event string }{
		{"SUBJECTS.GET", "1 match", "fire blocking fetch"},
		{"fetch.go:", "", "promise"},
		{some.ID.String(), "", "promise page"},
		{"await", "1 match", "await page"},
		{"no such thing", "0 matches", ""},
	} {
		if got := p.find(c.text); c.found != "" && got != c.found || c.found == "" && (got == "0 matches" || got == "") {
			t.Errorf("%q: %s", c.text, got)
		}
		has(t, "the list of "+c.text, p.text("events"), c.event)
	}
	p.find("fetch")
	p.keys(kb.Enter)
	first := p.said()
	has(t, "the count", p.text("found"), "1 of ")
	p.keys(kb.Enter)
	has(t, "the count", p.text("found"), "2 of ")
	p.keys(kb.Enter, chromedp.ModifierShift)
	if p.said() != first {
		t.Errorf("back and forth leads to %q, not to %q", p.said(), first)
	}
	if n := p.pixels("match"); n < 50 {
		t.Errorf("%d pixels of matches", n)
	}
	p.changes("only the lanes with matches", func() {
		p.find("blocking fetch")
		p.choose("which", "matches")
	})
	if p.find(""); p.text("found") != "" || p.text("events-head") != "Events" {
		t.Errorf("after the search: %q, %q", p.text("found"), p.text("events-head"))
	}
}

// Each theme, and each axis, is another drawing.
func TestThemesAndAxes(t *testing.T) {
	s := blocked(t)
	p := open(t, s.run, timeline.HTMLOptions{Notes: s.notes})
	set := func(id, value string) func() { return func() { p.choose(id, value) } }
	paper := func() string { return eval[string](p, `getComputedStyle(document.body).backgroundColor`) }
	p.prefers("light")
	if paper() != "rgb(255, 255, 255)" {
		t.Errorf("the paper of a light system is %s", paper())
	}
	p.changes("a dark system", func() { p.prefers("dark") })
	p.shoot("dark")
	if paper() != "rgb(15, 20, 25)" || p.pixels("blocked") < 2000 {
		t.Errorf("in the dark the paper is %s, and %d pixels are red", paper(), p.pixels("blocked"))
	}
	p.changes("the theme light", set("theme", "light"))
	p.changes("the theme dark", set("theme", "dark"))
	p.changes("the theme of the system", func() { p.prefers("light"); set("theme", "")() })
	p.changes("an axis to scale", set("axis", "1"))
	p.shoot("scale")
	p.changes("an axis of events", set("axis", "0"))
	p.shoot("order")
	p.changes("the axis at the beginning", set("axis", "0.5"))
}

// Two runs stand lane beside lane, with the place where they part.
func TestCompare(t *testing.T) {
	a, b := styles(t, 1), styles(t, 2)
	p := open(t, a.run, timeline.HTMLOptions{Title: "One scenario, two seeds", Notes: a.notes, Compare: b.run, CompareNotes: b.notes})
	p.shoot("compare")
	has(t, "the head", p.text("summary"), "run A: ", "run B: ", a.run.Digest().String(), b.run.Digest().String())
	d, _ := timeline.Diverge(a.run, b.run)
	has(t, "what is said of it", p.text("details"), "the runs part at event", strings.Split(d.String(), "\n")[0], "  A", "  B")
	if n := p.pixels("chosen"); n < 400 {
		t.Errorf("%d pixels of the place where the runs part", n)
	}
	p.focus("lanes")
	p.keys(kb.End)
	has(t, "the end", p.said(), "run A")
	p.keys(kb.ArrowDown)
	has(t, "the lane below", p.said(), "run B")
	has(t, "the list", p.text("events-head"), "Events of run B")
	p.keys("d")
	has(t, "d", p.text("details"), "the runs part at event")

	same := open(t, a.run, timeline.HTMLOptions{Compare: a.run})
	has(t, "the head", same.text("summary"), "the runs are the same")
}
