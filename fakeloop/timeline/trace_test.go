//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestTraceOfScenarios(t *testing.T) {
	for name, tl := range map[string]*timeline.Timeline{
		"retries": retries(t), "a queue": queue(t, 1000), "a panic": panics(t), "all, one behind the other": scenario(t), "nothing": new(timeline.Timeline),
	} {
		t.Run(name, func(t *testing.T) {
			events := wantTrace(t, tl)
			count := map[string]int{}
			for _, e := range events {
				count[e.Phase+" "+e.Cat]++
			}
			if count["X event"]+count["X callback"] != tl.Len() {
				t.Errorf("%v slices, want one for each of %d events", count, tl.Len())
			}
		})
	}
}

// find returns the events of a trace with a phase, a category and a name, by name.
func find(events []traced, phase, cat, name string) []traced {
	return slices.DeleteFunc(slices.Clone(events), func(e traced) bool { return e.Phase != phase || e.Cat != cat || e.Name != name })
}

// The tracks, spans and arrows of a run are those that its story has.
func TestTraceTellsTheStory(t *testing.T) {
	events := wantTrace(t, retries(t))
	tracks := map[int]string{}
	for _, e := range events {
		if e.Phase == "M" && e.Name == "thread_name" {
			tracks[e.Tid] = e.Args["name"].(string)
		}
	}
	on := func(e traced) string { return tracks[e.Tid] }

	dials := find(events, "b", "work", "dial")
	if len(dials) != 4 || len(find(events, "e", "work", "dial")) != 4 {
		t.Errorf("%d pieces of work begin, want 4", len(dials))
	}
	outcomes := []string{}
	for _, e := range find(events, "e", "future", "dial") {
		outcomes = append(outcomes, e.Args["outcome"].(string))
	}
	if want := []string{"rejected: connection refused", "rejected: connection refused", "rejected: connection refused", "resolved"}; !slices.Equal(outcomes, want) {
		t.Errorf("the futures end with %q", outcomes)
	}
	timer := find(events, "b", "timer", "retry")[0]
	end := find(events, "e", "timer", "retry")[0]
	if timer.ID != end.ID || end.Args["outcome"] != "fired" || end.At-timer.At < 199_999_900 || end.At-timer.At > 200_000_100 {
		t.Errorf("the timer is on from %v to %v ns, %v", timer.At, end.At, end.Args)
	}
	// The answer is settled in the chain of the fetch, and wakes the coroutine.
	settles, woken := find(events, "s", "flow", "settle"), find(events, "f", "flow", "settle")
	last, wake := settles[len(settles)-2], woken[len(woken)-2]
	if on(last) != "fetch" || on(wake) != "main" {
		t.Errorf("an arrow leads from %q to %q", on(last), on(wake))
	}
	slice := slices.IndexFunc(events, func(e traced) bool { return e.Phase == "X" && e.At == last.At && e.Tid == last.Tid })
	if got := events[slice].Name; got != "settle answer" {
		t.Errorf("the arrow begins in %q", got)
	}
	for name, n := range map[string]int{"post": 6, "timer": 3, "work": 4} {
		if got := len(find(events, "f", "flow", name)); got != n {
			t.Errorf("%d arrows of a %s, want %d", got, name, n)
		}
	}
	// Two callbacks are posted before one begins, and none is left at the end.
	counts := find(events, "C", "", "ready queue")
	if counts[1].Args["callbacks"] != 2.0 || counts[len(counts)-1].Args["callbacks"] != 0.0 {
		t.Errorf("the counter goes %v", counts)
	}
}

// What is still open, cancelled, stopped or dropped when the record ends is closed in the
// trace, and says so.
func TestTraceOfLooseEnds(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	timer := loop.Named("timeout").AfterFunc(time.Hour, func() {})
	loop.Named("never").AfterFunc(1<<63-1, func() {})
	loop.Named("work").Post(func() { loop.Charge(5 * time.Millisecond) })
	loop.Named("stop").Post(func() { timer.Stop(); loop.Charge(time.Second) })
	if err := loop.Advance(500 * time.Millisecond); err != nil {
		t.Error(err)
	}
	loop.Named("left").Post(func() {})
	work := loop.Outside("download")
	events := wantTrace(t, loop.Timeline())
	work.Return(func() {})
	ends := map[string]any{}
	for _, e := range events {
		if e.Phase == "e" {
			ends[e.Cat+" "+e.Name] = e.Args["outcome"]
		}
	}
	want := map[string]any{"timer timeout": "stopped", "timer never": "open at the end of the record", "work download": "open at the end of the record"}
	for name, outcome := range want {
		if ends[name] != outcome {
			t.Errorf("%s ends with %v, want %v", name, ends[name], outcome)
		}
	}
	if got := find(events, "X", "callback", "work")[0]; got.to() != int64(5*time.Millisecond) {
		t.Errorf("a callback that began at 0 and was charged 5ms ends at %v ns", got.to())
	}
	if counts := find(events, "C", "", "ready queue"); counts[len(counts)-1].Args["callbacks"] != 1.0 {
		t.Errorf("the counter ends with %v", counts[len(counts)-1].Args)
	}
}

// A trace says where a thing was made once, with its first event.
func TestTraceHasSites(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{Sites: true})
	defer loop.Close()
	p := fakeloop.NewPromise[int](loop, "reply")
	p.Future().OnSettled(func(int, error) {})
	loop.Named("timer").AfterFunc(time.Second, func() { p.Resolve(1) })
	if err := loop.RunUntilIdle(); err != nil {
		t.Error(err)
	}
	sites := 0
	for _, e := range wantTrace(t, loop.Timeline()) {
		if site, ok := e.Args["site"].(string); ok && strings.Contains(site, "trace_test.go:") {
			sites++
		}
	}
	if sites != 2 {
		t.Errorf("%d events have a site, want that of the promise and that of the timer", sites)
	}
}

// A thousand events of one instant stand one behind the other, and the next instant
// behind them.
func TestTraceGivesEachEventItsPlace(t *testing.T) {
	var tl timeline.Timeline
	for i := range 1000 {
		tl.Append(timeline.Event{At: time.Second, Kind: timeline.Posted, ID: id(uint64(i)), Label: fmt.Sprint(i)})
	}
	tl.Append(timeline.Event{At: time.Second + 10, Kind: timeline.Posted, ID: id(5000)})
	tl.Append(timeline.Event{At: 2 * time.Second, Kind: timeline.Posted, ID: id(5001)})
	tl.Append(timeline.Event{At: 1<<63 - 1, Kind: timeline.Posted, ID: id(5002)})
	tl.Append(timeline.Event{At: 1<<63 - 1, Kind: timeline.Posted, ID: id(5003)})
	var at []int64
	for _, e := range wantTrace(t, &tl) {
		if e.Phase == "X" {
			at = append(at, e.from())
		}
	}
	const second = int64(time.Second)
	if at[0] != second || at[999] != second+999 || at[1000] != second+1000 || at[1001] != 2*second {
		t.Errorf("events stand at %d, %d, %d, %d ns", at[0], at[999], at[1000], at[1001])
	}
}

// A callback that was charged more time than passes before the next one ends where that
// begins, or at its own last event.
func TestTraceOfChargedTime(t *testing.T) {
	events := wantTrace(t, of(
		timeline.Event{Kind: timeline.Fired, ID: id(1), Label: "a"},
		timeline.Event{Kind: timeline.Charged, ID: id(1), Cause: id(1), Detail: "1s"},
		timeline.Event{At: time.Millisecond, Kind: timeline.Fired, ID: id(2), Cause: id(1), Label: "b"},
		timeline.Event{At: time.Millisecond, Kind: timeline.Charged, ID: id(2), Cause: id(2), Detail: "-1s"},
		timeline.Event{At: time.Millisecond, Kind: timeline.Charged, ID: id(2), Cause: id(2), Detail: "long"},
		timeline.Event{At: time.Second, Kind: timeline.Fired, ID: id(3), Cause: id(1), Label: "c"},
		timeline.Event{At: time.Second, Kind: timeline.Charged, ID: id(3), Cause: id(3), Detail: "2562047h47m16.854775807s"},
	))
	for label, want := range map[string]int64{"a": int64(time.Millisecond), "b": int64(time.Millisecond) + 3, "c": 1<<63 - 1} {
		if got := find(events, "X", "callback", label)[0].to(); got != want {
			t.Errorf("%s ends at %d ns, want %d", label, got, want)
		}
	}
}

// Faults and connections at the gate are spans, by what they are called there.
func TestTraceOfTheGate(t *testing.T) {
	pass := func(at time.Duration, n uint64, label string) timeline.Event {
		return timeline.Event{At: at, Kind: timeline.Passed, ID: id(n), Label: label}
	}
	events := wantTrace(t, of(
		pass(0, 1, "start client"),
		pass(1, 2, "fault 0 on: severed client, api"),
		pass(2, 3, "deliver upstream client>api:80#1"),
		pass(3, 4, "fault 7 off"),
		pass(4, 5, "deliver upstream client>api:80#1"),
		pass(5, 6, "fault 0 off: severed client, api"),
		pass(6, 7, "deliver downstream client>api:80#1"),
		pass(7, 8, "fault 1 on"),
		pass(8, 9, "fault one on"),
	))
	var got []string
	for _, e := range events {
		if e.Cat == "fault" || e.Cat == "connection" {
			got = append(got, fmt.Sprint(e.Phase, " ", e.Name, " ", e.from()))
		}
	}
	want := []string{
		"b fault 0: severed client, api 1", "b client>api:80#1 2", "b fault 7 0", "e fault 7 4", "n pass deliver upstream client>api:80#1 4", "e fault 0: severed client, api 6",
		"e client>api:80#1 7", "b fault 1 7", "e fault 1 9",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A request to cancel is marked on what is still pending, and two things of one identity
// are one.
func TestTraceOfSpans(t *testing.T) {
	on := func(k timeline.Kind) timeline.Event { return timeline.Event{Kind: k, ID: id(1), Label: "reply"} }
	events := wantTrace(t, of(
		on(timeline.Cancelled), on(timeline.Promised), on(timeline.Cancelled), on(timeline.Promised), on(timeline.Settled),
		on(timeline.Cancelled), on(timeline.Settled), on(timeline.Promised),
	))
	got := ""
	for _, e := range events {
		if e.Cat == "future" {
			got += e.Phase
		}
	}
	if got != "bnebe" {
		t.Errorf("the phases of the span are %q", got)
	}
}

// hostile are texts that do something where they are not taken for text.
var hostile = []string{
	"::error file=x.go,line=1::hello", "  ::stop-commands::x", "##[error]hello", "a\n::add-mask::b\r\n", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
	"</script><!--", "x->>y: hi\nend", "%%{init: {'theme':'dark'}}%%", "#59;#lt;#quot;", "wrap: x; y", "$$x$$", "```\n# title\n```", "participant x as y", "\x1b[31mred\x1b[0m\x07",
	"\x00\x01\x7f", "\xff\xfe invalid", "\u2028\u2029\u202e", "{{red}}x{{/}}", "`id` $(id) \"'\\", strings.Repeat("é", 3000), "| --> <-- > ~",
}

// hostileRun is a run in which everything has a hostile name and outcome.
func hostileRun(t testing.TB, text string) *timeline.Timeline {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{})
	p := fakeloop.NewPromise[string](loop, text)
	fakeloop.Async(loop, text, func(co *fakeloop.Coroutine) (string, error) { return fakeloop.Await(co, p.Future()) })
	fakeloop.NewPromise[string](loop, text)
	loop.Named(text).AfterFunc(time.Second, func() {
		fakeloop.Offload(loop, text, func(context.Context) (int, error) { return 0, errors.New(text) }).OnSettled(func(int, error) { p.Reject(errors.New(text)) })
		loop.Named(text).Post(func() { panic(text) })
		loop.Choose(text, 2)
		loop.Touch(text)
	})
	if err := loop.RunUntilIdle(); err == nil {
		t.Error("no panic is reported")
	}
	if err := loop.Close(); err == nil {
		t.Error("nothing is reported as lost")
	}
	return loop.Timeline()
}

// bigFailure is a run with a failure of 5 MB.
func bigFailure() *timeline.Timeline {
	text := strings.Repeat("::error::<b>5 MB of it</b>\n%%{x}%%;\x1b[31m", 5<<20/40)
	return of(
		timeline.Event{Kind: timeline.Promised, ID: id(1), Label: "reply"},
		timeline.Event{Kind: timeline.Posted, ID: id(2), Label: "answer"},
		timeline.Event{Turn: 1, Kind: timeline.Fired, ID: id(2), Label: "answer"},
		timeline.Event{Turn: 1, Kind: timeline.Settled, ID: id(1), Cause: id(2), Label: "reply", Detail: "rejected: " + text},
		timeline.Event{Turn: 1, Kind: timeline.Panicked, ID: id(2), Label: "answer", Detail: text},
	)
}

func TestTraceOfHostileTexts(t *testing.T) {
	for _, text := range hostile {
		tl := hostileRun(t, text)
		for _, e := range wantTrace(t, tl) {
			if n := len([]rune(e.Name)); n > 80 {
				t.Errorf("a name has %d characters", n)
			}
		}
		var out strings.Builder
		if err := tl.WriteTrace(&out); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "<>&\x1b\x00\r") {
				t.Errorf("%q is not text in %q", text, line)
			}
		}
	}
	wantTrace(t, bigFailure())
}

func TestReadTraceOfACompressedFile(t *testing.T) {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	if err := errors.Join(lost(t).WriteTrace(packed), packed.Close()); err != nil {
		t.Fatal(err)
	}
	whole := out.Bytes()
	back, err := timeline.ReadTrace(bytes.NewReader(whole))
	if err != nil || back.Digest() != lost(t).Digest() {
		t.Errorf("read %v, %v", back, err)
	}
	for n, want := range map[int]string{2: "timeline: ReadTrace: unexpected EOF", len(whole) - 20: "timeline: ReadTrace: unexpected EOF"} {
		if back, err := timeline.ReadTrace(bytes.NewReader(whole[:n])); back != nil || err == nil || err.Error() != want {
			t.Errorf("of %d bytes read %v, %v, want %s", n, back, err, want)
		}
	}
}

// failing fails all writes.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriteTracePassesErrorsOn(t *testing.T) {
	want := errors.New("the disk is full")
	if err := retries(t).WriteTrace(failing{want}); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

func TestReadTraceRefuses(t *testing.T) {
	var out strings.Builder
	if err := of(timeline.Event{Kind: timeline.Posted, ID: 1, Cause: 2, Label: "a\xff", Detail: "b\xff"}, timeline.Event{At: time.Second, Kind: timeline.Armed, ID: 2, Due: time.Minute}).WriteTrace(&out); err != nil {
		t.Fatal(err)
	}
	good := out.String()
	if _, err := timeline.ReadTrace(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	digest := good[strings.Index(good, `"digest":"`)+10:][:64]
	for _, c := range []struct{ old, new, want string }{
		{good, "", "timeline: ReadTrace: EOF"},
		{good, "[]", "timeline: ReadTrace: json: cannot unmarshal array into Go value of type struct"},
		{"windtunnel timeline 1", "other", `timeline: ReadTrace: otherData.format is "other", want "windtunnel timeline 1": WriteTrace has not written this`},
		{`"n":0`, `"n":1`, "timeline: ReadTrace: event 0 is missing, or there twice"},
		{`"n":1`, `"n":0`, "timeline: ReadTrace: event 0 is missing, or there twice"},
		{`"n":1`, `"n":"1"`, "timeline: ReadTrace: the arguments of a slice: json: cannot unmarshal string"},
		{`"events":2`, `"events":3`, "timeline: ReadTrace: there are 2 events, want 3"},
		{`"kind":"post"`, `"kind":"fire"`, "want " + digest + ": some have been changed, or another version wrote them"},
		{`"kind":"post"`, `"kind":"kind(300)"`, `timeline: ReadTrace: event 0: there is no kind "kind(300)" of events`},
		{`"at":"1s"`, `"at":"soon"`, `timeline: ReadTrace: event 1: time: invalid duration "soon"`},
		{`"due":"1m0s"`, `"due":"later"`, `timeline: ReadTrace: event 1: time: invalid duration "later"`},
		{`"id":"0000000000000001"`, `"id":"x"`, `timeline: ReadTrace: event 0: strconv.ParseUint: parsing "x": invalid syntax`},
		{`"cause":"0000000000000002"`, `"cause":"y"`, `timeline: ReadTrace: event 0: strconv.ParseUint: parsing "y": invalid syntax`},
		{`"label_quoted":"\"a\\xff\""`, `"label_quoted":"a"`, "timeline: ReadTrace: event 0: label_quoted: invalid syntax"},
		{`"detail_quoted":"\"b\\xff\""`, `"detail_quoted":"b"`, "timeline: ReadTrace: event 0: detail_quoted: invalid syntax"},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Fatalf("%s is not in\n%s", c.old, good)
		}
		if tl, err := timeline.ReadTrace(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), c.want) || tl != nil {
			t.Errorf("with %s got %v, want %q", c.new, err, c.want)
		}
	}
}

// A trace to which another tool has added something, in another order, is the same run.
func TestReadTraceOfAChangedFile(t *testing.T) {
	var out strings.Builder
	if err := queue(t, 5).WriteTrace(&out); err != nil {
		t.Fatal(err)
	}
	head, list, _ := strings.Cut(out.String(), `"traceEvents":[`)
	lines := strings.Split(strings.TrimSuffix(strings.TrimSpace(list), "\n]}"), ",\n")
	slices.Reverse(lines)
	lines = append(lines, `{"name":"note","ph":"i","ts":5,"pid":9,"tid":9}`, `{"name":"x","cat":"other","ph":"X","ts":5,"dur":1,"pid":9,"tid":9,"args":{"n":0}}`)
	back, err := timeline.ReadTrace(strings.NewReader(head + `"traceEvents":[` + strings.Join(lines, ",") + "]}"))
	if err != nil {
		t.Fatal(err)
	}
	if back.Digest() != queue(t, 5).Digest() {
		t.Error("another digest")
	}
}
