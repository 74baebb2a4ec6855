package browser

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// axe returns what axe-core, which stands for the rules of WCAG, has against the page as
// it is now.
func (p *tab) axe() []string {
	p.t.Helper()
	path := os.Getenv("WINDTUNNEL_AXE")
	script, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatalf("WINDTUNNEL_AXE must name axe.min.js of axe-core, as run.sh does: %v", err)
	}
	eval[bool](p, `typeof axe === "object" || (`+quote(string(script))+`, false)`)
	p.do(chromedp.Evaluate[chromedp.Void](string(script)))
	p.settle()
	text := eval[string](p, `axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html.slice(0, 200) + " " + n.failureSummary).join("; "))))`)
	var out []string
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// accessible fails the test for each violation.
func (p *tab) accessible(what string) {
	p.t.Helper()
	for _, v := range p.axe() {
		p.t.Errorf("%s: %s", what, v)
	}
}

func TestAccessibility(t *testing.T) {
	a, b := refused(t), blocked(t)
	p := open(t, a.run, timeline.HTMLOptions{Title: "A run", Notes: a.notes, Compare: b.run, CompareNotes: b.notes})
	for _, theme := range []string{"light", "dark"} {
		p.prefers(theme)
		p.accessible("two runs, " + theme)
		p.find("fetch")
		p.keys(kb.Enter)
		p.accessible("a search, " + theme)
		p.do(chromedp.Click(chromedp.ID("help")))
		p.accessible("the keys, " + theme)
		p.keys(kb.Escape)
	}
	p.find("nothing has this")
	p.accessible("a search in vain")
	open(t, new(timeline.Timeline), timeline.HTMLOptions{}).accessible("an empty run")
	one := open(t, b.run, timeline.HTMLOptions{Notes: b.notes})
	one.accessible("one run")
}

// The check finds what is wrong.
func TestAccessibilityIsChecked(t *testing.T) {
	p := openBytes(t, []byte(`<!DOCTYPE html><html><title>x</title><body><button></button><p style="color:#ddd">faint`))
	if got := p.axe(); len(got) < 3 {
		t.Errorf("axe has against a bad page only %q", got)
	}
}
