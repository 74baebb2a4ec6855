package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// longRun is a run of so many events, and a few more: 1,000 lanes in which something is
// asked for and answered again and again, seldom with an error; and once a callback
// blocks.
func longRun(events int) (*timeline.Timeline, []timeline.Note) {
	tl := new(timeline.Timeline)
	var blocker timeline.ID
	for round, now := 0, time.Duration(0); tl.Len() < events; round++ {
		client := round % 1000
		root := timeline.ID(client + 1).Child(0)
		if round < 1000 {
			tl.Append(timeline.Event{At: now, Kind: timeline.Posted, ID: root, Label: fmt.Sprint("client ", client)})
			tl.Append(timeline.Event{At: now, Kind: timeline.Fired, ID: root, Label: fmt.Sprint("client ", client)})
		}
		call, reply := root.Child(int64(2*round+1)), root.Child(int64(2*round+2))
		outcome := "resolved"
		if round%5000 == 4999 {
			outcome = fmt.Sprintf("rejected: call %d: connection refused", round)
		}
		now += 137 * time.Microsecond
		for _, e := range []timeline.Event{
			{Kind: timeline.Promised, ID: reply, Cause: root, Label: "reply"},
			{Kind: timeline.Armed, ID: call, Cause: root, Label: "call", Due: now + time.Millisecond},
			{At: time.Millisecond, Kind: timeline.Fired, ID: call, Cause: root, Label: "call"},
			{At: time.Millisecond, Kind: timeline.Settled, ID: reply, Cause: call, Label: "reply", Detail: outcome},
		} {
			e.At += now
			e.Turn = uint64(round)
			tl.Append(e)
		}
		now += time.Millisecond
		if round == 777 {
			blocker = call
		}
	}
	return tl, []timeline.Note{{Kind: timeline.Blocking, ID: blocker, Span: 100 * time.Microsecond, Label: "client.read (client.go:12), park on network"}}
}

// most is how many nodes a page may have, however long its run.
const most = 1200

// A page of 200,000 events has no more nodes than one of 200, whatever is done with it,
// and does it.
func TestLongRun(t *testing.T) {
	short, _ := longRun(200)
	few := open(t, short, timeline.HTMLOptions{})
	few.settle()
	small := few.nodes()

	run, notes := longRun(200_000)
	p := open(t, run, timeline.HTMLOptions{Title: "200,000 events", Notes: notes})
	p.settle()
	p.shoot("long")
	bounded := func(after string) {
		t.Helper()
		if n := p.nodes(); n > small+200 || n > most {
			t.Errorf("%d nodes after %s; a page of 200 events has %d", n, after, small)
		}
	}
	bounded("the beginning")
	has(t, "the head", p.text("summary"), "200,000 events in 1,000 lanes", "1 blocked", "9 failures")
	p.changes("a turn of the wheel", func() { p.wheel(500, 300, 1e-6, 900, 0) })
	for range 20 {
		p.wheel(500, 300, 1e-6, 2000, 0)
	}
	if top := eval[float64](p, `document.getElementById("lanes").scrollTop`); top < 30_000 {
		t.Errorf("scrolled to %v", top)
	}
	bounded("scrolling the lanes")
	p.changes("zooming", func() {
		for range 12 {
			p.wheel(500, 300, 1e-6, -400, 2)
		}
	})
	p.shoot("long zoomed")
	p.changes("moving", func() { p.wheel(500, 300, 800, 1e-6, 8) })
	bounded("zooming")
	for _, axis := range []string{"1", "0", "0.5"} {
		p.choose("axis", axis)
		p.changes("all of it", func() { p.do(chromedp.Click(chromedp.ID("fit"))); p.wheel(500, 300, 1e-6, -99, 2) })
	}
	if found := p.find("connection refused"); found != "9 matches" {
		t.Errorf("the search finds %s", found)
	}
	for range 12 {
		p.keys(kb.Enter)
	}
	has(t, "the match", p.text("found"), "3 of 9")
	has(t, "what is said of it", p.text("details"), "failure", "connection refused", "rejected by", "lane\nclient")
	bounded("a search")
	if found := p.find("reply"); found != "99,000 matches" {
		t.Errorf("the search finds %s", found)
	}
	bounded("a search that finds half of it")
	p.find("")
	p.focus("events")
	p.keys(kb.End)
	has(t, "the last event", p.said(), "settle reply")
	p.keys(kb.PageUp + kb.PageUp)
	eval[bool](p, `document.getElementById("events").scrollTop = 2e6, true`)
	bounded("scrolling the list")
	p.focus("findings")
	p.keys(kb.Home)
	p.focus("lanes")
	p.keys("n")
	for range 30 {
		p.keys(kb.ArrowDown + kb.ArrowRight)
	}
	bounded("going through the lanes")
	t.Logf("%d nodes for 200 events, %d for %d", small, p.nodes(), run.Len())
}

// Of a longer run the page says what it leaves out.
func TestLeftOut(t *testing.T) {
	run, notes := longRun(30_000)
	p := open(t, run, timeline.HTMLOptions{Notes: notes, Events: 2000})
	p.shoot("left out")
	has(t, "the head", p.text("summary"), "30,000 events", "28,000 events left out, from ", "1 failure among them")
	has(t, "the list", p.text("findings"), "blocked: client.read", "(its event is left out)", "884.586ms")
}
