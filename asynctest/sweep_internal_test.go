package asynctest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true},
		{"dial *", "dial client>api:80", true},
		{"dial *", "redial client>api:80", false},
		{"dial client>api:80", "dial client>api:80", true},
		{"dial client>api:8", "dial client>api:80", false},
		{"* conn 1", "read client<api:80 conn 1", true},
		{"* conn 1", "read client<api:80 conn 11", false},
		{"read *<api:* conn *", "read client<api:80 conn 1", true},
		{"read *<api:* conn *", "read client<db:80 conn 1", false},
		{"*a*", "bab", true},
		{"a*a", "a", false},
		{"*", "", true},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.text, got)
		}
	}
}

// A declaration fits the points of a name, or one of them, and a kind of cut all cuts.
func TestCovers(t *testing.T) {
	cut := []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut}
	f := explore.Fault{Point: "read a #2", Way: "cut after 3 bytes"}
	for pattern, want := range map[string]bool{"read a": true, "read a #2": true, "read a #1": false, "read *": true} {
		if covers(pattern, cut, f) != want || covers(pattern, nil, f) != want || covers(pattern, cut[:1], f) {
			t.Errorf("%q", pattern)
		}
	}
}

// Progress tells of each run with a finding, and of how many there are.
func TestSweepProgress(t *testing.T) {
	var out strings.Builder
	_, err := Scenario{
		Name:     "TestX",
		Progress: progress.Config{Out: &out, Style: progress.Lines, After: -1},
		Run: func(tunnel *Tunnel) any {
			answer := fakeloop.Faulty(fakeloop.Resolved(tunnel.Loop, 7), "answer")
			return fakeloop.Catch(answer, func(error) (int, error) { return 7, nil })
		},
		Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "there is no limit"}},
	}.Sweep()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"sweep of TestX: FAILED timeout at answer #1: error lost, at sweep_internal_test.go:",
		"sweep of TestX: 7 of 7, 5 failed, after ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// What is left out is listed, what fits nothing too, and what was not met.
func TestNotSwept(t *testing.T) {
	s := Scenario{
		Handles: []Handled{{Point: "dail *"}, {Point: "a"}, {Faults: []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut}}},
		Leave:   []LeftOut{{Point: "a", Faults: []fakeloop.FaultKind{fakeloop.FaultPanic}, Why: "it does not"}, {Why: "no time"}},
	}
	r := newSweepReport(s)
	r.Points = []explore.Point{{Name: "a #1", Ways: []string{"error", "panic"}}}
	r.leave(r.Points[0], explore.Fault{Point: "a #1", Way: "panic"}, s.Leave[0])
	r.leave(r.Points[0], explore.Fault{Point: "a #2", Way: "panic"}, s.Leave[0])
	r.leave(r.Points[0], explore.Fault{Point: "a #1", Way: "error"}, s.Leave[1])
	r.add(explore.Run{Faults: []explore.Fault{{Point: "a #9", Way: "error"}}}, verdict{Outcome: cellMissed})
	want := []string{
		"declared as handled, and nothing fits: anything at dail *",
		"declared as handled, and nothing fits: reset, cut at any point",
		"left out, error at any point: no time",
		"left out, panic at a: it does not",
		"not met: error at a #9: the run took another way before it came to the point",
		notReached,
	}
	if got := strings.Join(r.finish(s).NotSwept, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("not swept:\n%s", got)
	}
}

// A report shows no more than a reader can take in.
func TestSweepReportIsShort(t *testing.T) {
	r := newSweepReport(Scenario{Name: "TestX"})
	for i := range 20 {
		run := explore.Run{Faults: []explore.Fault{{Point: fmt.Sprintf("a #%d", i), Way: "error"}}}
		r.add(run, verdict{Outcome: string(FoundErrorLost), Findings: []Finding{{Check: FoundErrorLost, Place: "x.go:1", Run: run, Fault: run.String()}}})
	}
	text := r.finish(Scenario{}).String()
	if !strings.Contains(text, ", error at a #8, 11 more\n") {
		t.Error(text)
	}
	if got := show(strings.Repeat("long ", 1000)); len(got) > 210 {
		t.Error(got)
	}
}

// verdictOf judges a run that is made up.
func verdictOf(p played, handles ...Handled) []Finding {
	w := newSweeper(Scenario{Name: "TestX", Deadline: time.Minute, Handles: handles})
	p.run = explore.Run{Faults: []explore.Fault{{Point: "ask #1", Way: "error"}}}
	p.replay = fakeloop.Record(nil)
	return w.judge(&p, &played{value: 1})
}

// The texts of what is found that a real run seldom has.
func TestTextsOfFindings(t *testing.T) {
	fault := fakeloop.FaultPoint{Name: "ask #1", Kinds: []fakeloop.FaultKind{fakeloop.FaultError}}.Fault(1)
	faults := []*fakeloop.Fault{fault}
	for name, c := range map[string]struct {
		p    played
		want string
	}{
		"a storm":                    {played{outcome: true, storm: "fakeloop: gave up", late: true, faults: faults, early: 1}, "too late at ask: fakeloop: gave up"},
		"late":                       {played{outcome: true, settled: true, late: true, value: 1, wait: "x.go:1", faults: faults}, "too late at x.go:1: the outcome came later than the deadline of 1m0s of virtual time"},
		"busy":                       {played{outcome: true, late: true, wait: "x.go:1", faults: faults}, "too late at x.go:1: the outcome has not come by 2m0s of virtual time, twice the deadline, and things still happen"},
		"no value":                   {played{wrong: errors.New("returned nil"), faults: faults}, "never settled at ask: Scenario.Run returned nil"},
		"missed":                     {played{missed: []explore.Fault{{}}}, ""},
		"an error after the outcome": {played{outcome: true, settled: true, value: 1, faults: faults, early: 0}, ""},
		"an error before it":         {played{outcome: true, settled: true, value: 1, faults: faults, early: 1}, "error lost at ask: the outcome is the value <int>: 1, as without the fault: nothing tells of the injected error, and the scenario does not say that it is handled"},
		"another error":              {played{outcome: true, settled: true, err: io.EOF, faults: faults, early: 1}, "error lost at ask: the injected error cannot be found in the outcome: the outcome is the error\n    <*errors.errorString>: EOF"},
		"the error":                  {played{outcome: true, settled: true, err: fmt.Errorf("x: %w", fault.Err()), faults: faults, early: 1}, ""},
		"a plan that is not met":     {played{outcome: true, settled: true, err: fault.Err(), faults: faults, early: 1, lost: []error{fmt.Errorf("toxics: %w", toxics.ErrUnmatched)}}, ""},
		"a loop's error":             {played{outcome: true, settled: true, err: fault.Err(), faults: faults, early: 1, lost: []error{errors.New("fakeloop: lost")}}, "nobody looked at ask: fakeloop: lost"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range verdictOf(c.p) {
				got = append(got, fmt.Sprintf("%s at %s: %s", f.Check, f.Place, f.Text))
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("found:\n%s\nwant:\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
	if f := verdictOf(played{outcome: true, settled: true, value: 1, faults: faults, early: 1}, Handled{Point: "ask"}); len(f) > 0 {
		t.Errorf("handled: %v", f)
	}
}

// The report says where a stream could be cut elsewhere, if that is not asked for.
func TestHalved(t *testing.T) {
	cut := []string{"reset", "cut"}
	for name, c := range map[string]struct {
		points []explore.Point
		s      Scenario
		want   string
	}{
		"nothing to cut":  {[]explore.Point{{Name: "a #1", Ways: []string{"error"}, Bytes: 7}, {Name: "b #1", Ways: cut, Bytes: 1}}, Scenario{}, ""},
		"one":             {[]explore.Point{{Name: "a #1", Ways: cut, Bytes: 7}}, Scenario{}, "cuts behind each byte (7 bytes at a #1): these streams were cut once, in the middle; set Scenario.EveryByte if the code takes them apart"},
		"three":           {[]explore.Point{{Name: "a #1", Ways: cut, Bytes: 7}, {Name: "b #1", Ways: cut, Bytes: 9}, {Name: "c #1", Ways: cut, Bytes: 2}}, Scenario{}, "cuts behind each byte (7 bytes at a #1, and 2 more): these streams were cut once, in the middle; set Scenario.EveryByte if the code takes them apart"},
		"asked for":       {[]explore.Point{{Name: "a #1", Ways: cut, Bytes: 7}}, Scenario{EveryByte: true}, ""},
		"cuts left out":   {[]explore.Point{{Name: "a #1", Ways: cut, Bytes: 7}}, Scenario{Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultCut}}}}, ""},
		"resets left out": {[]explore.Point{{Name: "a #1", Ways: cut, Bytes: 7}}, Scenario{Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultReset}}}}, "cuts behind each byte (7 bytes at a #1): these streams were cut once, in the middle; set Scenario.EveryByte if the code takes them apart"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newSweepReport(c.s)
			r.Points = c.points
			got := ""
			for _, text := range r.finish(c.s).NotSwept {
				if strings.HasPrefix(text, "cuts") {
					got = text
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The lines to paste are Go.
func TestKindName(t *testing.T) {
	for kind, want := range map[fakeloop.FaultKind]string{
		fakeloop.FaultError: "fakeloop.FaultError", fakeloop.FaultTimeout: "fakeloop.FaultTimeout", fakeloop.FaultReset: "fakeloop.FaultReset",
		fakeloop.FaultCut: "fakeloop.FaultCut", fakeloop.FaultRefused: "fakeloop.FaultRefused", fakeloop.FaultBlackHole: "fakeloop.FaultBlackHole",
		fakeloop.FaultSlow: "fakeloop.FaultSlow", fakeloop.FaultCancel: "fakeloop.FaultCancel", fakeloop.FaultPanic: "fakeloop.FaultPanic",
		fakeloop.FaultGoexit: "fakeloop.FaultGoexit", fakeloop.FaultNever: "fakeloop.FaultNever",
	} {
		if got := kindName(kind); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// What is too long to tell is left out in the middle: its beginning and its end are told.
func TestLongStory(t *testing.T) {
	log := new(timeline.Timeline)
	log.Append(timeline.Event{Kind: timeline.Chosen, Label: "fault: ask #1", Detail: "error"})
	for i := range 40 {
		log.Append(timeline.Event{Kind: timeline.Passed, ID: timeline.ID(i + 1), Label: fmt.Sprintf("deliver upstream client>api:80#%d", i)})
	}
	j := &judgement{played: &played{log: log, faults: []*fakeloop.Fault{{Point: "ask #1"}}, trails: []fakeloop.Trail{{}}, events: 30}}
	story := j.excerpt()
	if len(story) != 14 || !strings.HasSuffix(story[0], "error injected at ask #1") || !strings.HasSuffix(story[7], "...  19 more") || !strings.HasSuffix(story[12], "server, client>api:80#29") || !strings.HasSuffix(story[13], "no outcome") {
		t.Errorf("%d lines:\n%s", len(story), strings.Join(story, "\n"))
	}
}

// Each kind of fault at each kind of point is told in words, and each finding says what to do.
func TestWordsOfASweep(t *testing.T) {
	for fault, want := range map[explore.Fault]string{
		{Point: "offload hang up #1", Way: "error"}:               "the work is not begun, and fails",
		{Point: "offload hang up #1", Way: "never"}:               "the work is never done, and its future never settled",
		{Point: "rate #1", Way: "never"}:                          "it never comes",
		{Point: "lookup a>b #1", Way: "timeout"}:                  "the lookup fails, with an error that is a timeout",
		{Point: "accept b:1 #1", Way: "error"}:                    "the server's accept fails, for now",
		{Point: "close a>b:1 conn 1 #1", Way: "error"}:            "the connection is closed, and close returns an error",
		{Point: "dial a>b:1 #1", Way: "refused"}:                  "nobody listens there",
		{Point: "read a<b:1 conn 1 #1", Way: "reset"}:             "the connection is reset",
		{Point: "read a<b:1 conn 1 #1", Way: "cut"}:               "the stream ends behind half of it",
		{Point: "read a<b:1 conn 1 #1", Way: "cut after 1 bytes"}: "the stream ends behind 1 byte of it",
		{Point: "write a>b:1 conn 1 #1", Way: "cut"}:              "the stream ends behind half of it, and the write fails",
		{Point: "read a<b:1 conn 1 #1", Way: "black hole"}:        "nothing comes through any more, and nobody is told",
		{Point: "timer a #1", Way: "slow"}:                        "it comes 1m0.007s later",
		{Point: "rate #1", Way: "error"}:                          "it fails",
		{Point: "rate #1", Way: "cancel"}:                         "it is cancelled",
		{Point: "rate #1", Way: "panic"}:                          "it panics",
		{Point: "rate #1", Way: "goexit"}:                         "its goroutine ends by runtime.Goexit",
		{Point: "choose a #1", Way: "choice 2"}:                   "",
	} {
		if got := inWords(fault); got != want {
			t.Errorf("%v: %q, want %q", fault, got, want)
		}
	}
	if got := (Finding{Run: explore.Run{Faults: []explore.Fault{{Point: "choose a #1", Way: "choice 2"}}}}).faultInWords(); got != "" {
		t.Errorf("a choice: %q", got)
	}
	if got := (Finding{}).faultInWords(); got != "" {
		t.Errorf("no fault: %q", got)
	}
	texts := map[string]bool{"": true}
	for _, check := range []SweepCheck{FoundWrongValue, FoundTwoOutcomes, FoundErrorLost, FoundNotHandled, FoundPending, FoundTooLate, FoundOverlooked, FoundLeftOver, FoundBlocking, FoundPanic, FoundDiffers} {
		text := Finding{Check: check}.toMend()
		if texts[text] {
			t.Errorf("%s: %q is nothing, or said of another", check, text)
		}
		texts[text] = true
	}
}
