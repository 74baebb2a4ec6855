//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

const pageFile = "testdata/page.golden"

func htmlOf(t *testing.T, tl *timeline.Timeline, o timeline.HTMLOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := tl.WriteHTML(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// element returns the content of the elements of a page that begin with a tag.
func element(page, open, name string) []string {
	var out []string
	for _, part := range strings.Split(page, open)[1:] {
		content, _, _ := strings.Cut(part, "</"+name+">")
		out = append(out, content)
	}
	return out
}

const dataTag = `<script type="application/json" id="run">`

// pageData is what a page says to its script.
type pageData struct {
	Kinds []string
	Runs  []struct {
		Digest, From, Until        string
		Total, First, Skipped      int
		Lost, MoreNotes            int
		IDs                        string
		Kind, Turn, ID             []int
		S, NS                      []int64
		Cause, Label, Detail, Lane []int
		Lanes, Roots, Sites        []int
		Due                        []int64
		Notes                      []struct {
			Kind        string
			Event, Lane int
			At, Span    [2]int64
			Label, Text int
		}
	}
	Differ []int
	Pairs  []int
	Texts  []string
}

func dataOf(t *testing.T, tl *timeline.Timeline, o timeline.HTMLOptions) pageData {
	t.Helper()
	var d pageData
	text := element(htmlOf(t, tl, o), dataTag, "script")[0]
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// fetches is a run with a little of all that a page shows.
func fetches(t *testing.T, seed uint64) *timeline.Timeline {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{Sites: true, Decisions: fakeloop.Seed(seed)})
	reply := fakeloop.NewPromise[string](loop, "reply")
	for _, name := range []string{"first", "second"} {
		fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (string, error) {
			return fakeloop.Await(co, reply.Future())
		}).OnSettled(func(string, error) {})
	}
	loop.Named("request").AfterFunc(20*time.Millisecond, func() {
		timeout := loop.Named("timeout").AfterFunc(time.Minute, func() {})
		loop.Named("response").AfterFunc(30*time.Millisecond, func() {
			loop.Charge(5 * time.Millisecond)
			timeout.Stop()
			reply.Reject(errors.New("not found"))
			panic("<b>lost</b>")
		})
	})
	if err := loop.RunUntilIdle(); err == nil {
		t.Error("no panic is reported")
	}
	if err := loop.Close(); err != nil {
		t.Error(err)
	}
	return loop.Timeline()
}

func notes(tl *timeline.Timeline) []timeline.Note {
	out := []timeline.Note{{Kind: timeline.Fault, At: time.Millisecond, Span: 40 * time.Millisecond, Label: "latency 30ms"}}
	for _, e := range tl.All() {
		if e.Kind == timeline.Fired && e.Label == "response" {
			out = append(out, timeline.Note{
				Kind: timeline.Blocking, ID: e.ID, Span: 5 * time.Millisecond,
				Label: "client.read (client.go:12), park on network", Text: "client.read\n\tclient.go:12\nclient.get\n\tclient.go:40",
			})
		}
	}
	return out
}

// The page is the same on every machine and in every run. Of its own script and style
// the golden file has the size of neither: the tests in a browser are about these.
func TestPageIsGolden(t *testing.T) {
	a, b := fetches(t, 1), fetches(t, 3)
	page := htmlOf(t, a, timeline.HTMLOptions{Title: "Golden & bold", Notes: notes(a), Compare: b})
	for _, part := range [][]string{element(page, "<style>", "style"), element(page, "<script>", "script")} {
		page = strings.ReplaceAll(page, part[0], "...")
	}
	page = regexp.MustCompile(`sha256-[^']*`).ReplaceAllString(page, "sha256-...")
	golden, err := os.ReadFile(pageFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	reason, want, _ := strings.Cut(strings.TrimPrefix(string(golden), "why: "), "\n---\n")
	if len(reason) < 20 {
		t.Errorf("%s gives no reason for the page", pageFile)
	}
	if *update {
		if err := os.WriteFile(pageFile, []byte("why: "+reason+"\n---\n"+page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != want {
		t.Errorf("got\n%s\nwant\n%s", page, want)
	}
}

func TestPageIsDeterministic(t *testing.T) {
	a := fetches(t, 1)
	o := timeline.HTMLOptions{Title: "run", Notes: notes(a), Compare: fetches(t, 2)}
	want := htmlOf(t, a, o)
	for range 5 {
		o.Compare = fetches(t, 2)
		if htmlOf(t, fetches(t, 1), o) != want {
			t.Fatal("two pages of one run differ")
		}
	}
}

// Nothing but the page's own script and style may run, and nothing may be fetched.
func TestPageHasAPolicy(t *testing.T) {
	page := htmlOf(t, fetches(t, 1), timeline.HTMLOptions{})
	hash := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	styles, scripts := element(page, "<style>", "style"), element(page, "<script>", "script")
	if len(styles) != 1 || len(scripts) != 1 || strings.Count(page, "<script") != 2 {
		t.Fatalf("%d styles, %d scripts, %d elements of scripts", len(styles), len(scripts), strings.Count(page, "<script"))
	}
	policy := fmt.Sprintf(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src %s; script-src %s; base-uri 'none'; form-action 'none'">`,
		hash(styles[0]), hash(scripts[0]))
	if !strings.Contains(page, policy) {
		t.Errorf("the page has not the policy\n%s\nbut\n%s", policy, page[:600])
	}
	own := strings.ReplaceAll(page, element(page, dataTag, "script")[0], "")
	for _, outside := range []string{"http:", "https:", "src=", "@import", "url(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "localStorage"} {
		if strings.Contains(own, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	if regexp.MustCompile(`<[^>]* on\w+=`).MatchString(own) {
		t.Error("an element has a handler in its attributes")
	}
}

// Each event is on the page, with all that it tells.
func TestPageHasTheEvents(t *testing.T) {
	for name, tl := range map[string]*timeline.Timeline{"fetches": fetches(t, 1), "retries": retries(t), "queue": queue(t, 50), "empty": new(timeline.Timeline),
		"odd": of(
			timeline.Event{At: -5, Turn: 9, Kind: 200, ID: 1, Cause: id(3)},
			timeline.Event{At: math.MaxInt64, Kind: timeline.Armed, ID: id(2), Due: math.MaxInt64},
			timeline.Event{At: math.MinInt64, Turn: 3, Kind: timeline.Fired, ID: id(2), Label: "x", Detail: "y"},
		)} {
		d := dataOf(t, tl, timeline.HTMLOptions{})
		r := d.Runs[0]
		if r.Total != tl.Len() || r.Skipped != 0 || r.Digest != tl.Digest().String() || len(r.Kind) != tl.Len() {
			t.Fatalf("%s: %d events of %d, %d left out, digest %s", name, len(r.Kind), r.Total, r.Skipped, r.Digest)
		}
		due := map[int64][]int64{}
		for part := range slices.Chunk(r.Due, 3) {
			due[part[0]] = part[1:]
		}
		var s, ns int64
		var turn int
		text := func(n int) string { return r.IDs[8*n : 8*n+8] }
		for i, e := range tl.All() {
			s, ns, turn = s+r.S[i], ns+r.NS[i], turn+r.Turn[i]
			got := fmt.Sprint(r.Kind[i], s, ns, turn, text(r.ID[i]), d.Texts[r.Label[i]], d.Texts[r.Detail[i]], due[int64(i)])
			wantDue := []int64(nil)
			if e.Kind == timeline.Armed {
				wantDue = []int64{int64(e.Due / time.Second), int64(e.Due % time.Second)}
			}
			want := fmt.Sprint(int(e.Kind), int64(e.At/time.Second), int64(e.At%time.Second), int(e.Turn), strings.Replace(e.ID.String(), "driver", "00000000", 1), e.Label, e.Detail, wantDue)
			if got != want {
				t.Errorf("%s: event %d is\n%s\nwant\n%s", name, i, got, want)
			}
			if cause := strings.Replace(e.Cause.String(), "driver", "00000000", 1); text(r.Cause[i]) != cause {
				t.Errorf("%s: event %d is by %s, want %s", name, i, text(r.Cause[i]), cause)
			}
			if lane := r.Lane[i]; lane < 0 || lane >= len(r.Lanes) {
				t.Errorf("%s: event %d is in lane %d of %d", name, i, lane, len(r.Lanes))
			}
		}
	}
}

// The lanes are those of the drawing in text, and sites are told with what was made.
func TestPageHasLanesAndSites(t *testing.T) {
	d := dataOf(t, fetches(t, 1), timeline.HTMLOptions{})
	var lanes []string
	for _, n := range d.Runs[0].Lanes {
		lanes = append(lanes, d.Texts[n])
	}
	if got, want := strings.Join(lanes, ", "), "driver, first, second, request"; got != want {
		t.Errorf("the lanes are %s, want %s", got, want)
	}
	sites := 0
	for part := range slices.Chunk(d.Runs[0].Sites, 2) {
		if !regexp.MustCompile(`^html_test\.go:\d+$`).MatchString(d.Texts[part[1]]) {
			t.Errorf("made at %q", d.Texts[part[1]])
		}
		sites++
	}
	if sites != 6 { // the promise, two coroutines, three timers
		t.Errorf("%d sites, want 6", sites)
	}
}

// A note about a callback begins when that fires, one about a coroutine when that is
// resumed, at the time that the note says, if it says one.
func TestPageNotesBegin(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		fakeloop.Async(loop, "sleeper", func(co *fakeloop.Coroutine) (int, error) {
			for range 3 {
				if err := co.Sleep(time.Second); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		loop.Named("tick").AfterFunc(time.Second, func() {})
	})
	var sleeper, tick timeline.ID
	for _, e := range tl.All() {
		switch {
		case e.Kind == timeline.Promised && e.Label == "sleeper":
			sleeper = e.ID
		case e.Kind == timeline.Armed && e.Label == "tick":
			tick = e.ID
		}
	}
	d := dataOf(t, tl, timeline.HTMLOptions{Notes: []timeline.Note{
		{ID: tick, Label: "tick"},
		{ID: sleeper, Label: "sleeper"},
		{ID: sleeper, Label: "sleeper", At: 2 * time.Second, Span: 1500 * time.Millisecond, Kind: timeline.Blocking},
		{ID: sleeper, Label: "sleeper", At: time.Hour},
		{ID: id(77), Label: "unknown", Kind: timeline.Fault},
		{Label: "all", At: time.Second},
	}})
	events := tl.Events()
	var got []string
	for _, n := range d.Runs[0].Notes {
		at := "nowhere"
		if n.Event >= 0 {
			e := events[n.Event]
			at = fmt.Sprint(e.Kind, " ", e.At, " ", e.Label, " in ", d.Texts[d.Runs[0].Lanes[n.Lane]])
		} else if n.Lane != -1 {
			t.Errorf("a note about nothing is in lane %d", n.Lane)
		}
		got = append(got, fmt.Sprint(n.Kind, " ", d.Texts[n.Label], " ", n.Span, ": ", at))
	}
	want := []string{
		"remark tick [0 0]: fire 1s tick in tick",
		"remark sleeper [0 0]: fire 0s sleeper in sleeper",
		"blocking sleeper [1 500000000]: fire 2s sleep in sleeper",
		"remark sleeper [0 0]: promise 0s sleeper in sleeper",
		"fault unknown [0 0]: nowhere",
		"remark all [0 0]: nowhere",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNoteKinds(t *testing.T) {
	if got := fmt.Sprint(timeline.Remark, timeline.Blocking, timeline.Fault, timeline.NoteKind(9)); got != "remark blocking fault note(9)" {
		t.Error(got)
	}
}

// Two runs are told apart, and the lanes of one chain are found in both.
func TestPageCompares(t *testing.T) {
	a, b := fetches(t, 1), fetches(t, 3)
	difference, differ := timeline.Diverge(a, b)
	if !differ {
		t.Fatal("the seeds make one run")
	}
	d := dataOf(t, a, timeline.HTMLOptions{Compare: b})
	if len(d.Runs) != 2 || d.Differ[0] != difference.Index || d.Texts[d.Differ[1]] != difference.String() {
		t.Errorf("%d runs, which part at %v", len(d.Runs), d.Differ)
	}
	for lane, other := range d.Pairs {
		if x, y := d.Texts[d.Runs[0].Lanes[lane]], d.Texts[d.Runs[1].Lanes[other]]; x != y {
			t.Errorf("lane %q is beside %q", x, y)
		}
	}
	if d := dataOf(t, a, timeline.HTMLOptions{Compare: a}); d.Differ != nil {
		t.Errorf("a run differs from itself at %v", d.Differ)
	}
	if d := dataOf(t, a, timeline.HTMLOptions{Compare: new(timeline.Timeline)}); d.Differ[0] != 0 || slices.Max(d.Pairs) != -1 {
		t.Errorf("beside nothing: %v, %v", d.Differ, d.Pairs)
	}
}

type brokenWriter struct{ left int }

var errBroken = errors.New("the disk is full")

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

func TestPageReturnsTheErrorOfTheWriter(t *testing.T) {
	if err := fetches(t, 1).WriteHTML(&brokenWriter{10_000}, timeline.HTMLOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestPageRefusesNegativeLimits(t *testing.T) {
	for _, o := range []timeline.HTMLOptions{{Events: -1}, {Text: -1}} {
		func() {
			defer func() {
				want := fmt.Sprintf("timeline: WriteHTML: Events (%d) and Text (%d) must not be negative; zero means the default", o.Events, o.Text)
				if got := recover(); got != want {
					t.Errorf("panicked with %v, want %q", got, want)
				}
			}()
			_ = fetches(t, 1).WriteHTML(new(bytes.Buffer), o)
		}()
	}
}
