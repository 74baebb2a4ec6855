package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// What a reader does with a page, and sees.

// The sizes of the drawing, as the page has them.
const (
	gutter     = 190
	axisHeight = 46
	rowHeight  = 46
)

// keys presses keys on whatever has the focus.
func (p *tab) keys(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// focus puts the focus on an element.
func (p *tab) focus(id string) {
	p.t.Helper()
	p.do(chromedp.Focus(chromedp.ID(id)))
}

// focused is the identity of the element that has the focus.
func (p *tab) focused() string {
	p.t.Helper()
	return eval[string](p, "document.activeElement.id")
}

// find searches for a text, and waits for the answer.
func (p *tab) find(text string) string {
	p.t.Helper()
	p.focus("search")
	eval[bool](p, `document.getElementById("search").value = "", true`)
	if text != "" {
		p.keys(text)
	}
	eval[bool](p, `document.getElementById("search").dispatchEvent(new Event("input"))`)
	eval[bool](p, `new Promise((done) => setTimeout(() => done(true), 200))`) // it waits for more letters
	p.settle()
	return p.text("found")
}

// choose takes an option of a select.
func (p *tab) choose(id, value string) {
	p.t.Helper()
	eval[bool](p, `(() => { const s = document.getElementById(`+quote(id)+`); s.value = `+quote(value)+`; return s.dispatchEvent(new Event("change")); })()`)
}

// said is what a screen reader was told last.
func (p *tab) said() string {
	p.t.Helper()
	return eval[string](p, `document.getElementById("say").textContent`)
}

// corner is where the drawing begins on the screen.
func (p *tab) corner() (x, y float64) {
	p.t.Helper()
	at := eval[[]float64](p, `(() => { const b = document.getElementById("lanes").getBoundingClientRect(); return [b.left, b.top]; })()`)
	return at[0], at[1]
}

// mouse does something at a point of the drawing.
func (p *tab) mouse(what input.DispatchMouseEventType, x, y float64, options ...chromedp.MouseOption) {
	p.t.Helper()
	left, top := p.corner()
	p.do(chromedp.MouseEvent(what, left+x, top+y, options...))
}

// click presses and lets go the left button at a point of the drawing.
func (p *tab) click(x, y float64) {
	p.t.Helper()
	p.mouse(input.DispatchMouseEventTypeMousePressed, x, y, chromedp.ButtonType(input.MouseButtonLeft), chromedp.ClickCount(1))
	p.mouse(input.DispatchMouseEventTypeMouseReleased, x, y, chromedp.ButtonType(input.MouseButtonLeft), chromedp.ClickCount(1))
}

// wheel turns the wheel over a point of the drawing, by distances that are not zero.
func (p *tab) wheel(x, y, dx, dy float64, modifiers int64) {
	p.t.Helper()
	p.mouse(input.DispatchMouseEventTypeMouseWheel, x, y, func(e *input.DispatchMouseEventParams) {
		e.DeltaX, e.DeltaY, e.Modifiers = dx, dy, modifiers
	})
	p.settle()
}

// pixels counts the pixels of the drawing that have the colour of a variable of the
// style, in the theme that the page has now.
func (p *tab) pixels(variable string) int {
	p.t.Helper()
	p.settle()
	return eval[int](p, `(() => {
		const probe = document.createElement("span");
		document.body.append(probe);
		probe.style.color = "var(--`+variable+`)";
		const want = getComputedStyle(probe).color.match(/\d+/g).map(Number);
		probe.remove();
		const c = document.getElementById("drawing");
		const copy = new OffscreenCanvas(c.width, c.height).getContext("2d", {willReadFrequently: true});
		copy.drawImage(c, 0, 0);
		const all = copy.getImageData(0, 0, c.width, c.height).data;
		let n = 0;
		for (let i = 0; i < all.length; i += 4) if (all[i] === want[0] && all[i + 1] === want[1] && all[i + 2] === want[2]) n++;
		return n;
	})()`)
}

// drawn is the drawing, as a text.
func (p *tab) drawn() string {
	p.t.Helper()
	p.settle()
	return eval[string](p, `document.getElementById("drawing").toDataURL()`)
}

// changes fails the test unless what is done changes the drawing.
func (p *tab) changes(what string, do func()) {
	p.t.Helper()
	before := p.drawn()
	do()
	if p.drawn() == before {
		p.t.Errorf("%s does not change the drawing", what)
	}
}

// nodes counts the nodes of the document.
func (p *tab) nodes() int {
	p.t.Helper()
	return eval[int](p, `(() => { const walk = document.createTreeWalker(document, NodeFilter.SHOW_ALL); let n = 1; while (walk.nextNode()) n++; return n; })()`)
}

// prefers makes the system's theme light or dark.
func (p *tab) prefers(theme string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
	})
	p.settle()
}

// has fails the test unless a text has all the parts.
func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%s", what, part, text)
		}
	}
}
