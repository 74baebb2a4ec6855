package fakeloop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A program that asks something else is stopped at the first place where it does.
func TestStrictReplayFindsTheFirstDivergence(t *testing.T) {
	tried := 0
	for i := range uint64(scaled(t, "changed programs", 2000, 100)) {
		program := mixture(i)
		changed := func(loop *fakeloop.Loop) {
			loop.AfterFunc(time.Second, func() {
				_ = loop.PostFrom("new 1", func() {})
				_ = loop.PostFrom("new 2", func() {})
			})
			program(loop)
		}
		var before []fakeloop.Decision
		var choices []int
		seed := fakeloop.Seed(i)
		recording := fakeloop.Record(optionFunc(func(d fakeloop.Decision) (int, error) {
			d.Options = slices.Clone(d.Options)
			before = append(before, d)
			choices = append(choices, seed.Choose(d.Label, d.N))
			return choices[len(choices)-1], nil
		}))
		run(t, program, recording)
		// The changed program under the same choices: where does it ask something else?
		first := -1
		at := 0
		run(t, changed, optionFunc(func(d fakeloop.Decision) (int, error) {
			defer func() { at++ }()
			if first < 0 && (at == len(before) || d.Label != before[at].Label || d.N != before[at].N || !slices.Equal(d.Options, before[at].Options)) {
				first = at
			}
			if first >= 0 {
				return 0, nil
			}
			return choices[at], nil
		}))
		if first < 0 {
			t.Fatalf("program %d: the change makes no difference", i)
		}
		tried++
		loop := newLoop(t, fakeloop.Config{Decisions: mustParse(t, recording.String()).Strict()})
		changed(loop)
		err := as[*fakeloop.DivergenceError](t, loop.RunUntilIdle())
		equal(t, fmt.Sprintf("program %d: number of the decision", i), err.Number, first+1)
		equal(t, "decisions recorded", err.Of, len(before))
		ran := loop.Timeline().Len()
		equal(t, "error of the next driving call", as[*fakeloop.DivergenceError](t, loop.Advance(time.Hour)), err)
		equal(t, "events after the divergence", loop.Timeline().Len(), ran)
	}
	if tried < 100 {
		t.Errorf("only %d programs", tried)
	}
}

// origins posts one callback of each origin.
func origins(log *journal, names ...string) func(*fakeloop.Loop) {
	return func(loop *fakeloop.Loop) {
		for _, name := range names {
			_ = loop.PostFrom(name, log.note(name))
		}
	}
}

func TestDivergenceTexts(t *testing.T) {
	var log journal
	choose := func(label string, n int) func(*fakeloop.Loop) {
		return func(loop *fakeloop.Loop) {
			loop.AfterFunc(time.Second, func() { loop.Choose(label, n) })
		}
	}
	const advice = "The code or its input has changed since, or the run depends on something else than its decisions: the order of a map, the wall clock, a goroutine that did not announce itself. Replay.Source follows a recording as far as it can."
	for _, c := range []struct {
		name          string
		recorded, now func(*fakeloop.Loop)
		choices       script
		want          string
	}{
		{"another option", origins(&log, "a", "b", "c"), origins(&log, "a", "x", "c"), script{1}, `
fakeloop: at 0s the run left the recorded one, at decision 1 (2 are recorded):
    recorded                      now
    "next callback", one of 3: 1  "next callback", one of 3
      "a" (AAAA....)                "a" (#)
  >   "b" (BBBB....) <-             "x" (#)
      "c" (CCCC....)                "c" (#)
`},
		{"one more", origins(&log, "a", "b"), origins(&log, "a", "b", "c"), script{0}, `
fakeloop: at 0s the run left the recorded one, at decision 1 (1 are recorded):
    recorded                      now
    "next callback", one of 2: 0  "next callback", one of 3
      "a" (AAAA....) <-             "a" (#)
      "b" (BBBB....)                "b" (#)
  >                                 "c" (#)
`},
		{"one less, in the middle", origins(&log, "a", "b", "c"), origins(&log, "a", "c"), script{0}, `
fakeloop: at 0s the run left the recorded one, at decision 1 (2 are recorded):
    recorded                      now
    "next callback", one of 3: 0  "next callback", one of 2
      "a" (AAAA....) <-             "a" (#)
  >   "b" (BBBB....)                "c" (#)
      "c" (CCCC....)
`},
		{"the recording had ended", origins(&log, "a"), origins(&log, "a", "b"), nil, `
fakeloop: at 0s the run left the recorded one, at decision 1 (0 are recorded):
    recorded                   now
  > (the recording has ended)  "next callback", one of 2
                                 "a" (#)
                                 "b" (#)
`},
		{"another label", choose("dial", 3), choose("read", 3), script{2}, `
fakeloop: at 1s the run left the recorded one, at decision 1 (1 are recorded):
    recorded             now
  > "dial", one of 3: 2  "read", one of 3
`},
		{"another number of ways", choose("dial", 3), choose("dial", 4), script{2}, `
fakeloop: at 1s the run left the recorded one, at decision 1 (1 are recorded):
    recorded             now
  > "dial", one of 3: 2  "dial", one of 4
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			recording := fakeloop.Record(&c.choices)
			run(t, c.recorded, recording)
			loop := newLoop(t, fakeloop.Config{Decisions: recording.Replay().Strict()})
			c.now(loop)
			err := loop.RunUntilIdle()
			want := c.want
			for _, e := range run(t, c.recorded, &c.choices).Events() {
				if e.Kind == timeline.Posted && len(e.Label) == 1 {
					want = strings.ReplaceAll(want, strings.Repeat(strings.ToUpper(e.Label), 4), e.ID.String()[:4])
				}
			}
			wantErrorText(t, err, strings.TrimPrefix(want, "\n")+advice)
		})
	}
}

// The error stays, whatever is asked next.
func TestStrictReplayStaysDiverged(t *testing.T) {
	recording := fakeloop.Record(nil)
	for range 2 {
		_ = recording.Choose("a", 2)
	}
	strict := recording.Replay().Strict()
	_, first := strict.ChooseOption(fakeloop.Decision{Label: "b", N: 2})
	_, second := strict.ChooseOption(fakeloop.Decision{Label: "a", N: 2})
	equal(t, "error", as[*fakeloop.DivergenceError](t, second), as[*fakeloop.DivergenceError](t, first))
	equal(t, "decisions left", strict.Rest(), 2)
}
