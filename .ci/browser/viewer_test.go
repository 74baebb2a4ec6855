package browser

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Chrome's own trace viewer, which every Go toolchain carries for go tool trace, opens
// what WriteTrace writes, and finds in it what was put there.
func TestTraceOpensInTheViewerOfChrome(t *testing.T) {
	p := viewer(t)
	long, _ := longRun(5000)
	for name, run := range map[string]*timeline.Timeline{
		"blocked": blocked(t).run, "refused": refused(t).run, "styles": styles(t, 1).run, "long": long,
	} {
		t.Run(name, func(t *testing.T) {
			trace := traceOf(t, run)
			want, got := expected(t, trace), p.imported(trace)
			if len(got.Warnings) > 0 {
				t.Errorf("the viewer warns: %q", got.Warnings)
			}
			if !reflect.DeepEqual(got.Found, want) {
				t.Errorf("the viewer found %v, want %v", got.Found, want)
			}
			if got.Loose > 0 {
				t.Errorf("%d arrows have no slice at one of their ends", got.Loose)
			}
			if name == "blocked" {
				p.eval(`show()`)
				p.shoot("in the viewer of Chrome")
			}
		})
	}
}

// The check finds what is wrong: an asynchronous span that does not end, one that did not
// begin, an arrow from nowhere, an event of no known kind.
func TestTraceIsChecked(t *testing.T) {
	p := viewer(t)
	for name, events := range map[string]string{
		"no kind":  `{"name":"a","ph":"?","ts":0,"dur":5,"pid":1,"tid":1}`,
		"no begin": `{"name":"a","cat":"future","ph":"e","id":"1","ts":0,"pid":1,"tid":1}`,
		"no end":   `{"name":"a","cat":"future","ph":"b","id":"1","ts":0,"pid":1,"tid":1}`,
		"no start": `{"name":"a","ph":"X","ts":0,"dur":5,"pid":1,"tid":1},{"name":"post","cat":"flow","ph":"f","bp":"e","id":"1","ts":1,"pid":1,"tid":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			trace := `{"traceEvents":[` + events + `]}`
			got := p.imported(trace)
			if len(got.Warnings) == 0 && got.Loose == 0 && reflect.DeepEqual(got.Found, expected(t, trace)) {
				t.Errorf("nothing is found wrong with it: %+v", got)
			}
		})
	}
}

// viewer opens the trace viewer.
func viewer(t *testing.T) *tab {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	var html bytes.Buffer
	html.WriteString(`<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"></head><body>`)
	for _, part := range []struct{ before, file, after string }{
		{"<script>", "webcomponents.min.js", "</script>"},
		{"", "trace_viewer_full.html", ""},
	} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/internal/trace/traceviewer/static", part.file))
		if err != nil {
			t.Fatalf("the toolchain has no trace viewer: %v", err)
		}
		html.WriteString(part.before)
		html.Write(text)
		html.WriteString(part.after)
	}
	html.WriteString(`<style>html, body { margin: 0; height: 100%; } #viewer { height: 800px; display: flex; }</style><script>` + viewerScript + `</script>`)
	path := filepath.Join(t.TempDir(), "viewer.html")
	if err := os.WriteFile(path, html.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	p.do(chromedp.Navigate("file://" + path))
	return p
}

// viewerScript imports a trace as the viewer itself does, and lists what came of it.
const viewerScript = `
let model;
async function imported(text) {
	model = new tr.Model();
	const options = new tr.importer.ImportOptions();
	options.showImportWarnings = false;
	await new tr.importer.Import(model, options).importTraces([text]);
	const found = {};
	const count = (what) => { found[what] = (found[what] || 0) + 1; };
	for (const thread of model.getAllThreads()) {
		for (const s of thread.sliceGroup.slices) { count((s.parentSlice ? "slices within " + s.parentSlice.category : s.category) + (s.didNotFinish ? " that do not end" : "")); }
		for (const s of thread.asyncSliceGroup.slices) { count(s.category + " spans" + (s.didNotFinish ? " that do not end" : "")); }
		if (thread.name) { count("named tracks"); }
	}
	let loose = 0;
	for (const f of model.flowEvents) {
		count(f.title + " arrows");
		if (!f.startSlice || !f.endSlice) { loose++; }
	}
	for (const p of Object.values(model.processes)) {
		for (const c of Object.values(p.counters)) { for (const s of c.series) { found[c.name] = s.samples.length; } }
	}
	return JSON.stringify({Warnings: model.importWarnings.map((w) => w.type + ": " + w.message), Found: found, Loose: loose});
}
function show() {
	const container = document.createElement("track-view-container");
	container.id = "track_view_container";
	const view = document.createElement("tr-ui-timeline-view");
	view.track_view_container = container;
	Polymer.dom(view).appendChild(container);
	view.id = "viewer";
	view.globalMode = true;
	Polymer.dom(document.body).appendChild(view);
	view.model = model;
	view.updateDocumentFavicon = () => {};
	return true;
}
`

// imported is what the viewer made of a trace.
type imported struct {
	Warnings []string
	Found    map[string]int
	Loose    int // arrows without a slice at one end
}

func (p *tab) imported(trace string) imported {
	p.t.Helper()
	var out imported
	if err := json.Unmarshal([]byte(eval[string](p, `imported(`+quote(trace)+`)`)), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *tab) eval(expression string) {
	p.t.Helper()
	eval[bool](p, expression)
}

func traceOf(t *testing.T, run *timeline.Timeline) string {
	t.Helper()
	var b strings.Builder
	if err := run.WriteTrace(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// expected is what a viewer is to find in a trace, from the trace itself: what lies within
// a slice by its times, a span for each of those that begin, and an arrow for each start.
func expected(t *testing.T, trace string) map[string]int {
	t.Helper()
	var whole struct {
		TraceEvents []struct {
			Name, Cat, Ph string
			Ts, Dur       json.Number
			Tid           int
		}
	}
	if err := json.Unmarshal([]byte(trace), &whole); err != nil {
		t.Fatal(err)
	}
	nano := func(n json.Number) int64 {
		f, _ := n.Float64()
		return int64(f*1000 + 0.5)
	}
	type slice struct {
		cat      string
		from, to int64
	}
	tracks := make(map[int][]slice)
	found := make(map[string]int)
	for _, e := range whole.TraceEvents {
		switch e.Ph {
		case "X":
			tracks[e.Tid] = append(tracks[e.Tid], slice{e.Cat, nano(e.Ts), nano(e.Ts) + nano(e.Dur)})
		case "b":
			found[e.Cat+" spans"]++
		case "s":
			found[e.Name+" arrows"]++
		case "C":
			found[e.Name]++
		case "M":
			if e.Name == "thread_name" {
				found["named tracks"]++
			}
		}
	}
	for _, tid := range slices.Sorted(maps.Keys(tracks)) {
		track := tracks[tid]
		slices.SortStableFunc(track, func(a, b slice) int { return int(a.from - b.from) })
		var around slice // the callback under way
		for _, s := range track {
			if s.to <= around.to && s.from < around.to {
				found["slices within "+around.cat]++
				continue
			}
			found[s.cat]++
			around = s
		}
	}
	return found
}
