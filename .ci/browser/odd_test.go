package browser

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Runs that nobody can have made are shown all the same: the tab complains of whatever
// goes wrong in the page.
func TestOddRuns(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	random := func(events, things int, longest int64) *timeline.Timeline {
		tl := new(timeline.Timeline)
		for range events {
			tl.Append(timeline.Event{
				At:     time.Duration(r.Int64N(longest)),
				Turn:   r.Uint64(),
				Kind:   timeline.Kind(r.IntN(25)),
				ID:     timeline.ID(r.IntN(things)) << 40,
				Cause:  timeline.ID(r.IntN(things)) << 40,
				Label:  strings.Repeat([]string{"é", "word ", "\n"}[r.IntN(3)], r.IntN(9)),
				Detail: []string{"", "rejected: no", "resolved", `"x" (00000100)`}[r.IntN(4)],
				Due:    time.Duration(r.Uint64()),
			})
		}
		return tl
	}
	notes := []timeline.Note{
		{}, {Kind: timeline.Fault}, {Kind: timeline.Fault, At: math.MaxInt64, Span: math.MaxInt64}, {Kind: timeline.Blocking, Label: "nowhere"},
		{Kind: timeline.Blocking, ID: 1 << 40, Span: math.MaxInt64}, {Kind: timeline.Blocking, ID: 2 << 40, At: -5, Span: -7}, {Kind: 9, ID: 3 << 40},
	}
	extremes := new(timeline.Timeline)
	for _, at := range []time.Duration{math.MinInt64, -1, 0, 1, math.MaxInt64} {
		extremes.Append(timeline.Event{At: at, Turn: math.MaxUint64, Kind: timeline.Armed, ID: math.MaxUint64, Due: math.MaxInt64})
		extremes.Append(timeline.Event{At: at, Kind: timeline.Fired, ID: math.MaxUint64, Cause: math.MaxUint64})
	}
	empty := new(timeline.Timeline)
	for _, o := range []struct {
		name string
		run  *timeline.Timeline
		timeline.HTMLOptions
	}{
		{"nothing", empty, timeline.HTMLOptions{}},
		{"nothing but notes", empty, timeline.HTMLOptions{Notes: notes}},
		{"nothing, twice", empty, timeline.HTMLOptions{Compare: empty, Notes: notes}},
		{"nothing, and much", empty, timeline.HTMLOptions{Compare: random(200, 9, 1<<40)}},
		{"much, and nothing", random(200, 9, 1<<40), timeline.HTMLOptions{Compare: empty, Notes: notes}},
		{"at one instant", random(300, 30, 1), timeline.HTMLOptions{Notes: notes}},
		{"few things", random(400, 3, 1<<50), timeline.HTMLOptions{Notes: notes, Compare: random(400, 3, 1<<50), Events: 100}},
		{"one event", random(100, 3, 1<<50), timeline.HTMLOptions{Notes: notes, Events: 1}},
		{"extremes", extremes, timeline.HTMLOptions{Notes: notes}},
	} {
		t.Run(o.name, func(t *testing.T) {
			p := open(t, o.run, o.HTMLOptions)
			p.focus("lanes")
			p.keys("npd+c-0" + kb.ArrowLeft + kb.ArrowRight + kb.ArrowUp + kb.ArrowDown + kb.Home + kb.End)
			for _, axis := range []string{"0", "1", "0.5"} {
				p.choose("axis", axis)
				p.choose("which", []string{"all", "findings", "matches"}[r.IntN(3)])
				p.keys("n+++" + kb.ArrowRight)
				p.mouse(input.DispatchMouseEventTypeMouseMoved, gutter+r.Float64()*600, axisHeight+20)
				p.settle()
			}
			p.find("word")
			p.keys(kb.Enter)
			p.focus("events")
			p.keys(kb.End + kb.Home)
			p.settle()
		})
	}
}
