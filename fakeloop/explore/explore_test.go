package explore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// scenario is a run of which the first call is tried again, and that asks the user
// something. It returns what happened.
func scenario(loop *fakeloop.Loop) string {
	read := func(name string) error {
		f := loop.Fault(fakeloop.FaultPoint{Name: name, Kinds: []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultCut}, Bytes: 3})
		if f == nil {
			return nil
		}
		return f.Err()
	}
	if read("first") != nil && read("again") != nil {
		return "failed"
	}
	if loop.Choose("cached", 3) == 0 && read("second") != nil {
		return "no second"
	}
	return "ok"
}

// play makes one run of the scenario.
func play(r explore.Run) (*explore.Source, string) {
	source := r.Source()
	loop := fakeloop.New(fakeloop.Config{Decisions: source})
	defer func() { _ = loop.Close() }()
	outcome := scenario(loop)
	for _, origin := range []string{"a", "b", "c"} {
		_ = loop.PostFrom(origin, func() { outcome += " " + origin })
	}
	_ = loop.RunUntilIdle()
	source.End()
	_ = loop.Fail("late") // is no point of the run
	return source, outcome
}

// points is what explore.Sweep is to be told of a run.
func points(r explore.Run, s *explore.Source) []explore.Point {
	if len(r.Faults) == 0 {
		return s.Points()
	}
	return s.Behind()
}

// runs returns what a sweep makes of the scenario: each run and its outcome.
func runs(t *testing.T, c explore.Config) []string {
	t.Helper()
	var out []string
	err := explore.Sweep(c, func(r explore.Run) ([]explore.Point, error) {
		source, outcome := play(r)
		if missed := source.Missed(); len(missed) > 0 {
			t.Errorf("%v did not meet %v", r, missed)
		}
		out = append(out, fmt.Sprint(r, ": ", outcome))
		return points(r, source), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSweep(t *testing.T) {
	for name, c := range map[string]struct {
		config explore.Config
		want   string
	}{
		"single faults": {explore.Config{}, `no fault: ok a b c
error at first #1: ok a b c
cut at first #1: ok a b c
choice 1 at choose cached #1: ok a b c
choice 2 at choose cached #1: ok a b c
error at second #1: no second a b c
cut at second #1: no second a b c`},
		"what is left out": {explore.Config{Leave: func(p explore.Point, f explore.Fault) bool { return p.Choice || f.Way == "cut" }}, `no fault: ok a b c
error at first #1: ok a b c
error at second #1: no second a b c`},
		"each byte": {explore.Config{EveryByte: true, Leave: func(p explore.Point, f explore.Fault) bool { return p.Choice || p.Name == "first #1" }}, `no fault: ok a b c
error at second #1: no second a b c
cut at second #1: no second a b c
cut after 0 bytes at second #1: no second a b c
cut after 1 bytes at second #1: no second a b c
cut after 2 bytes at second #1: no second a b c`},
		"pairs": {explore.Config{Pairs: 2, Leave: func(p explore.Point, f explore.Fault) bool { return f.Way == "cut" }}, `no fault: ok a b c
error at first #1: ok a b c
error at first #1 + error at again #1: failed a b c
error at first #1 + choice 2 at choose cached #1: ok a b c
choice 1 at choose cached #1: ok a b c
choice 2 at choose cached #1: ok a b c
error at second #1: no second a b c`},
		"seeds": {explore.Config{Seeds: []uint64{0, 3}, Leave: func(p explore.Point, f explore.Fault) bool { return p.Name != "second #1" || f.Way != "cut" }}, `no fault: ok a b c
cut at second #1: no second a b c
no fault + seed 3: ok c b a
cut at second #1 + seed 3: no second c b a`},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, "runs", strings.Join(runs(t, c.config), "\n"), c.want)
		})
	}
}

// All shards together make the runs of a sweep in one piece, and each makes the one
// without faults.
func TestShards(t *testing.T) {
	for _, c := range []explore.Config{{}, {Pairs: 3, Seeds: []uint64{0, 9}}, {EveryByte: true}} {
		whole := runs(t, c)
		for _, n := range []int{1, 2, 5} {
			var together []string
			for i := range n {
				c.Shard, c.Shards = i, n
				for _, r := range runs(t, c) {
					if !slices.Contains(together, r) {
						together = append(together, r)
					} else if !strings.HasPrefix(r, "no fault") {
						t.Errorf("two shards make the run %q", r)
					}
				}
			}
			slices.Sort(together)
			want := slices.Clone(whole)
			slices.Sort(want)
			equal(t, fmt.Sprint(n, " shards"), strings.Join(together, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestSweepThatMakesNoSense(t *testing.T) {
	for _, c := range []explore.Config{{Shards: -1}, {Shard: 2, Shards: 2}, {Shard: -1, Shards: 2}, {Shard: 1}, {Pairs: -1}} {
		err := explore.Sweep(c, nil)
		want := fmt.Sprintf("explore: shard %d of %d, %d pairs: shards are counted from 0, and nothing is negative", c.Shard, c.Shards, c.Pairs)
		if err == nil || err.Error() != want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// An error of a run ends the sweep, whichever run it is.
func TestSweepEndsWithAnError(t *testing.T) {
	enough := errors.New("enough")
	for last := 1; last <= 4; last++ {
		n := 0
		err := explore.Sweep(explore.Config{Pairs: 1}, func(r explore.Run) ([]explore.Point, error) {
			source, _ := play(r)
			if n++; n == last {
				return nil, enough
			}
			return points(r, source), nil
		})
		if !errors.Is(err, enough) || n != last {
			t.Errorf("%d runs, %v", n, err)
		}
	}
}

// Progress counts up to what is known, which ends as the number of runs.
func TestProgress(t *testing.T) {
	var last [2]int
	n := len(runs(t, explore.Config{Pairs: 2, Progress: func(done, known int) {
		if done != last[0]+1 || known < done || known < last[1] {
			t.Errorf("after %v: %d of %d", last, done, known)
		}
		last = [2]int{done, known}
	}}))
	equal(t, "progress at the end", last, [2]int{n, n})
}

func TestRunText(t *testing.T) {
	for _, r := range []explore.Run{
		{},
		{Seed: 7},
		{Faults: []explore.Fault{{Point: "read client<api:80 conn 1 #2", Way: "cut after 3 bytes"}}},
		{Seed: 1<<64 - 1, Faults: []explore.Fault{{Point: "look at me #1", Way: "black hole"}, {Point: "b #1", Way: "choice 2"}}},
	} {
		again, err := explore.ParseRun(r.String())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(r) || len(again.Faults) != len(r.Faults) {
			t.Errorf("%v: %v, %v", r, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                  `explore: "" is no fault: write one like "reset at read client<api:80 conn 1 #1", several with " + " between them, or "no fault"`,
		"reset":             `explore: "reset" is no fault: write one like "reset at read client<api:80 conn 1 #1", several with " + " between them, or "no fault"`,
		"reset at ":         `explore: "reset at" is no fault: write one like "reset at read client<api:80 conn 1 #1", several with " + " between them, or "no fault"`,
		"no fault + seed x": `explore: "seed x": the seed must be a number from 0 to 2^64-1`,
	} {
		if _, err := explore.ParseRun(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A run that does not meet the point of a fault, or whose point cannot go wrong so, says
// that it missed it.
func TestMissed(t *testing.T) {
	for _, text := range []string{"error at third #1", "panic at first #1", "cut after 3 bytes at first #1", "choice 3 at choose cached #1", "error at late #1"} {
		r, err := explore.ParseRun(text)
		if err != nil {
			t.Fatal(err)
		}
		source, _ := play(r)
		equal(t, "missed", fmt.Sprint(source.Missed()), "["+text+"]")
		equal(t, "struck", source.Struck(), 0)
		equal(t, "points behind", len(source.Behind()), 0)
	}
}

// A caller that knows nothing of options gets the same answers.
func TestSourceWithoutOptions(t *testing.T) {
	r, _ := explore.ParseRun("choice 2 at choose x #2")
	source := r.Source()
	equal(t, "choices", fmt.Sprint(source.Choose("x", 3), source.Choose("x", 3), source.Choose("x", 3)), "0 2 0")
}

func TestGrouped(t *testing.T) {
	groups := explore.Grouped([]string{"b1", "a1", "b2", "c1", "b3"}, func(s string) string { return s[:1] })
	equal(t, "groups", fmt.Sprint(groups), "[{b1 [b2 b3]} {a1 []} {c1 []}]")
}

// open opens a journal of outcomes.
func open(t *testing.T, file, of string) *explore.Journal[string] {
	t.Helper()
	j, err := explore.OpenJournal[string](file, of)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// journaled makes a sweep with a journal, and stops it before a run.
func journaled(t *testing.T, j *explore.Journal[string], stop int) (made int, outcomes []string) {
	t.Helper()
	err := explore.Sweep(explore.Config{Pairs: 2}, func(r explore.Run) ([]explore.Point, error) {
		if known, ok := j.Find(r); ok {
			outcomes = append(outcomes, known.Value)
			return known.Points, nil
		}
		if made++; made == stop {
			return nil, errors.New("stopped")
		}
		source, outcome := play(r)
		p := points(r, source)
		if err := j.Check(r, p); err != nil {
			return nil, err
		}
		outcomes = append(outcomes, outcome)
		return p, j.Add(explore.Result[string]{Run: r, Points: p, Value: outcome})
	})
	if (err != nil) != (stop > 0) {
		t.Fatal(err)
	}
	return made, outcomes
}

// A sweep that was stopped goes on where it was, also if its last line was cut off.
func TestJournal(t *testing.T) {
	whole, want := journaled(t, nil, 0)
	for stop := 1; stop <= whole; stop++ {
		file := filepath.Join(t.TempDir(), "journal")
		j := open(t, file, "it")
		journaled(t, j, stop)
		_ = j.Close()
		text, _ := os.ReadFile(file)
		if err := os.WriteFile(file, append(text, `{"run":{"fau`...), 0o600); err != nil {
			t.Fatal(err)
		}
		j = open(t, file, "it")
		equal(t, "known", j.Len(), stop-1)
		made, outcomes := journaled(t, j, 0)
		equal(t, "made", made, whole-max(stop-2, 0)) // the one without faults is made each time
		equal(t, "outcomes", strings.Join(outcomes, ", "), strings.Join(want, ", "))
	}
	equal(t, "no journal", (*explore.Journal[string])(nil).Len(), 0)
	if err := (*explore.Journal[string])(nil).Close(); err != nil {
		t.Error(err)
	}
}

func TestJournalErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "journal")
	j := open(t, file, "it")
	if err := j.Add(explore.Result[string]{Points: []explore.Point{{Name: "a"}}}); err != nil {
		t.Fatal(err)
	}
	wantText := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir+"/", ""), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantText("other points", j.Check(explore.Run{}, nil), "explore: journal is a journal of code that has changed since: the run without faults met 1 points then, and meets 0 now: remove it")
	_ = j.Close()
	wantText("closed", j.Add(explore.Result[string]{Run: explore.Run{Seed: 1}}), "explore: the journal cannot be written: write journal: file already closed")
	_, err := explore.OpenJournal[string](file, "that")
	wantText("another", err, "explore: journal is the journal of another sweep (it, not that): remove it or name another file")
	_, err = explore.OpenJournal[string](dir, "it")
	wantText("a directory", err, "explore: the journal cannot be read: read ")
	_, err = explore.OpenJournal[string](filepath.Join(dir, "none", "journal"), "it")
	wantText("no directory", err, "explore: the journal cannot be written: open none/journal: no such file or directory")
	for name, c := range map[string][2]string{
		"notes":  {"hello\n", "explore: notes is no journal of a sweep, and is left alone: remove it or name another file"},
		"broken": {`{"journal":"windtunnel sweep 1","of":"it"}` + "\nhello\n", "explore: line 2 of the journal broken: invalid character 'h'"},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(c[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = explore.OpenJournal[string](filepath.Join(dir, name), "it")
		wantText(name, err, c[1])
		text, _ := os.ReadFile(filepath.Join(dir, name))
		equal(t, "left alone", string(text), c[0])
	}
}

// Points that goroutines meet between two events are in one order, whichever comes first.
func TestPointsThatRace(t *testing.T) {
	var want []string
	for _, order := range [][2]uint64{{1, 2}, {2, 1}} {
		source := explore.Run{}.Source()
		meet := func(events int, goroutine uint64, name string) {
			source.ChooseFault(fakeloop.FaultPoint{Name: name, Met: fakeloop.Moment{Events: events, Goroutine: goroutine}})
		}
		names := map[uint64][]string{1: {"x", "a"}, 2: {"c", "z"}}
		meet(3, 7, "s")
		for i := range 2 {
			for _, g := range order {
				meet(4, g, names[g][i])
			}
		}
		meet(5, 1, "b")
		var got []string
		for _, p := range source.Points() {
			got = append(got, p.Name)
		}
		if want == nil {
			want = got
		}
		equal(t, "points", strings.Join(got, " "), "s c z x a b")
		equal(t, "points", strings.Join(got, " "), strings.Join(want, " "))
	}
}
