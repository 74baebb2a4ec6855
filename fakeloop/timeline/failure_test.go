//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func kinds(events []timeline.Event) string {
	var out []string
	for _, e := range events {
		out = append(out, strings.TrimSpace(e.Kind.String()+" "+e.Label))
	}
	return strings.Join(out, ", ")
}

func TestFailureIsTheWorst(t *testing.T) {
	at := func(k timeline.Kind, n uint64, detail string) timeline.Event {
		return timeline.Event{Kind: k, ID: id(n), Label: fmt.Sprint(n), Detail: detail}
	}
	panicked, escaped := at(timeline.Panicked, 1, "oh no"), at(timeline.Escaped, 2, "FailNow")
	unobserved := at(timeline.Unobserved, 3, "")
	pending, settled := at(timeline.Promised, 4, ""), at(timeline.Promised, 5, "")
	rejected, resolved := at(timeline.Settled, 5, "rejected: no"), at(timeline.Settled, 5, "resolved")
	handler := timeline.Event{Kind: timeline.Posted, ID: id(6), Cause: id(5), Label: "5"}
	for _, c := range []struct {
		want   string
		events []timeline.Event
	}{
		{"", nil},
		{"", []timeline.Event{settled, resolved}},
		{"", []timeline.Event{settled, rejected, handler}},
		{"settle 5", []timeline.Event{settled, rejected}},
		{"promise 4, settle 5", []timeline.Event{pending, settled, rejected}},
		{"unobserved 3", []timeline.Event{pending, settled, rejected, unobserved}},
		{"panic 1, escape 2", []timeline.Event{pending, unobserved, panicked, escaped}},
	} {
		f := of(c.events...).Failure()
		if got := kinds(f.Events); got != c.want {
			t.Errorf("of %s: %q went wrong, want %q", kinds(c.events), got, c.want)
		}
		for _, e := range c.events {
			if f.Is(e) != strings.Contains(", "+c.want+",", ", "+kinds([]timeline.Event{e})+",") {
				t.Errorf("Is(%s) = %v when %q went wrong", kinds([]timeline.Event{e}), f.Is(e), c.want)
			}
			if c.want == "" && !f.Led(e) {
				t.Errorf("Led(%s) is false, and nothing went wrong", kinds([]timeline.Event{e}))
			}
		}
	}
}

// led returns what led to the failure of a run, by kind and label.
func led(tl *timeline.Timeline) string {
	f := tl.Failure()
	var events []timeline.Event
	for _, e := range tl.All() {
		if f.Led(e) {
			events = append(events, e)
		}
	}
	return kinds(events)
}

// The causal past is followed through posts, timers, settles, coroutines and what they
// await last, and through nothing else.
func TestLedFollowsTheCauses(t *testing.T) {
	want := "promise reply, promise client, arm request, await client, fire request, arm response, fire response, settle reply, settle client"
	if got := led(lost(t)); got != want {
		t.Errorf("what led to a lost rejection is\n%s\nwant\n%s", got, want)
	}
	want = "promise answer, promise main, await main, await main"
	if got := led(pending(t)); got != want {
		t.Errorf("what led to a wait that does not end is\n%s\nwant\n%s", got, want)
	}
	want = "arm parse, fire parse, panic parse"
	if got := led(panics(t)); got != want {
		t.Errorf("what led to a panic is\n%s\nwant\n%s", got, want)
	}
}

// Work outside, whoever posted it, and faults that a network had.
func TestLedFollowsWork(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	loop.Named("begin").Post(func() {
		work := loop.Outside("download")
		loop.Named("other").Post(func() {})
		loop.AfterFunc(time.Second, func() {})
		work.Return(func() { panic("oh no") })
	})
	if err := loop.RunUntilIdle(); err == nil {
		t.Error("no panic is reported")
	}
	tl := loop.Timeline()
	tl.Append(timeline.Event{Kind: timeline.Passed, ID: id(70), Label: "fault 0 on"})
	tl.Append(timeline.Event{Kind: timeline.Passed, ID: id(71), Label: "accept client>api:80"})
	tl.Append(timeline.Event{Kind: timeline.Posted, ID: id(72), Label: "fault 0 on"})
	want := "post begin, fire begin, leave download, return download, post download, fire download, panic download, pass fault 0 on"
	if got := led(tl); got != want {
		t.Errorf("what led to the panic is\n%s\nwant\n%s", got, want)
	}
}

// Whoever cancelled a future led to its rejection.
func TestLedFollowsCancelling(t *testing.T) {
	got := led(of(
		timeline.Event{Kind: timeline.Promised, ID: id(1), Label: "reply"},
		timeline.Event{Kind: timeline.Posted, ID: id(2), Label: "giving up"},
		timeline.Event{Kind: timeline.Posted, ID: id(3), Label: "other"},
		timeline.Event{Kind: timeline.Cancelled, ID: id(1), Cause: id(2), Label: "reply"},
		timeline.Event{Kind: timeline.Settled, ID: id(1), Label: "reply", Detail: "rejected: cancelled"},
	))
	if want := "promise reply, post giving up, cancel reply, settle reply"; got != want {
		t.Errorf("what led to the rejection is %s, want %s", got, want)
	}
}

// A failure that leaves the loop in a callback that resumed a coroutine is the coroutine's.
func TestLedFollowsWhoIsResumed(t *testing.T) {
	got := led(of(
		timeline.Event{Kind: timeline.Promised, ID: id(1), Label: "client"},
		timeline.Event{Kind: timeline.Posted, ID: id(2), Label: "begin"},
		timeline.Event{Kind: timeline.Fired, ID: id(2), Label: "begin"},
		timeline.Event{Kind: timeline.Touched, ID: id(3), Cause: id(1), Label: "queue"},
		timeline.Event{Kind: timeline.Escaped, ID: id(2), Label: "begin"},
	))
	if want := "promise client, post begin, fire begin, escape begin"; got != want {
		t.Errorf("what led to the failure is %s, want %s", got, want)
	}
}

func TestShortSaysWhatWentWrong(t *testing.T) {
	at := func(k timeline.Kind, n uint64, detail string) timeline.Event {
		return timeline.Event{Kind: k, ID: id(n), Label: fmt.Sprint(n), Detail: detail}
	}
	for _, c := range []struct {
		want   string
		events []timeline.Event
	}{
		{"No event of the run is a failure. The run:\n(nothing happened)\n", nil},
		{"What led to 1 panic (1 of 1 line):\n", []timeline.Event{at(timeline.Panicked, 1, "")}},
		{"What led to 1 failure that left the loop and 2 panics (3 of 3 lines):\n", []timeline.Event{at(timeline.Escaped, 1, ""), at(timeline.Panicked, 2, ""), at(timeline.Panicked, 3, "")}},
		{"What led to 1 rejection that nobody looked at (1 of 1 line):\n", []timeline.Event{at(timeline.Unobserved, 1, "")}},
		{"What led to 2 rejections that nobody looked at (2 of 2 lines):\n", []timeline.Event{at(timeline.Unobserved, 1, ""), at(timeline.Unobserved, 2, "")}},
		{"What led to 1 future that is pending (1 of 1 line):\n", []timeline.Event{at(timeline.Promised, 1, "")}},
		{"What led to 2 futures that are pending and 1 rejection (3 of 3 lines):\n", []timeline.Event{at(timeline.Promised, 1, ""), at(timeline.Promised, 2, ""), at(timeline.Settled, 3, "rejected: no")}},
	} {
		if got := of(c.events...).Short(0); !strings.HasPrefix(got, c.want) {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}

// So many lines, of whatever length, and what they leave out.
func TestShortKeepsItsLimits(t *testing.T) {
	tl := queue(t, 1000)
	for rows, most := range map[int]int{0: 30, 1: 1, 5: 5, 1000: 1000} {
		lines := strings.Count(tl.Short(rows), "\n")
		if lines > most+4 { // the text above, the head, what is left out, the foot
			t.Errorf("Short(%d) has %d lines", rows, lines)
		}
	}
	big := bigFailure().Short(0)
	for line := range strings.Lines(big) {
		if len([]rune(line)) > 101 {
			t.Errorf("a line has %d characters", len(line))
		}
	}
	defer func() {
		if got, want := recover(), "timeline: Short(-1): rows must not be negative; zero means 30"; got != want {
			t.Errorf("panicked with %v, want %q", got, want)
		}
	}()
	tl.Short(-1)
}

// wantHarmless holds a text against what a terminal, a runner of GitHub Actions and Ginkgo
// take for more than text.
func wantHarmless(t testing.TB, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if wrong := commandIn(line); wrong != "" {
			t.Errorf("%s in the line %q", wrong, line)
		}
	}
}

func commandIn(line string) string {
	switch {
	case strings.HasPrefix(strings.TrimSpace(line), "::"):
		return "a workflow command"
	case strings.Contains(line, "##["):
		return "an old workflow command"
	case strings.Contains(line, "{{"):
		return "a style of Ginkgo"
	case strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c >= 0x2028 && c <= 0x202e }):
		return "a control character"
	case !utf8Valid(line):
		return "no text"
	}
	return ""
}

func utf8Valid(s string) bool { return strings.ToValidUTF8(s, "") == s }

func TestCommandIn(t *testing.T) {
	for line, want := range map[string]string{
		"0s | a :: b": "", "  ::error::x": "a workflow command", "x ##[error]": "an old workflow command", "x {{red}}": "a style of Ginkgo",
		"\x1b[31m": "a control character", "a\u202eb": "a control character", "a\u0085b": "a control character", "\xff": "no text",
	} {
		if got := commandIn(line); got != want {
			t.Errorf("in %q found %q, want %q", line, got, want)
		}
	}
}

func TestTextsOfHostileRuns(t *testing.T) {
	for _, text := range hostile {
		tl := hostileRun(t, text)
		wantHarmless(t, tl.Short(0))
		wantHarmless(t, tl.Lanes(timeline.LaneOptions{Width: 200}))
	}
	wantHarmless(t, bigFailure().Short(0))
	for _, text := range []string{"a\xff", "b\n", "c##[x", "d{{x"} { // each for one reason
		if got, want := of(timeline.Event{Kind: timeline.Left, ID: 1, Label: text}).Short(0), strconv.Quote(text)[:3]; !strings.Contains(got, "leave "+want) {
			t.Errorf("%q is not quoted in\n%s", text, got)
		}
	}
}

func FuzzShort(f *testing.F) {
	addHostile(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		tl := eventsOf(data)
		wantHarmless(t, tl.Short(10))
		wantHarmless(t, tl.Lanes(timeline.LaneOptions{}))
	})
}
