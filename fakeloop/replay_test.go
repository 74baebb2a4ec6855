package fakeloop_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// optionFunc is a source with options made of a function.
type optionFunc func(d fakeloop.Decision) (int, error)

func (f optionFunc) ChooseOption(d fakeloop.Decision) (int, error) { return f(d) }

func (f optionFunc) Choose(string, int) int { panic("asked without options") }

// mixture draws a program of everything that asks for decisions: posts of several
// origins, timers with equal deadlines, coroutines, work outside, choices.
func mixture(seed uint64) func(loop *fakeloop.Loop) {
	return func(loop *fakeloop.Loop) {
		r := rand.New(rand.NewPCG(seed, 1))
		var grow func(depth int)
		grow = func(depth int) {
			if depth > 3 {
				return
			}
			for range 1 + r.IntN(3) {
				name := string(rune('a' + r.IntN(5)))
				switch r.IntN(6) {
				case 0:
					_ = loop.PostFrom(name, func() { grow(depth + 1) })
				case 1:
					loop.Named(name).AfterFunc(time.Duration(r.IntN(3))*time.Second, func() { grow(depth + 1) })
				case 2:
					fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
						grow(depth + 1)
						err := co.Sleep(time.Duration(loop.Choose("nap", 3)) * time.Second)
						grow(depth + 1)
						return 0, err
					})
				case 3:
					fakeloop.Offload(loop, name, nothing).OnSettled(func(int, error) { grow(depth + 1) })
				case 4:
					loop.Named(name).Post(func() { grow(depth + 1) })
				case 5:
					if loop.Choose("fault "+name, 4) > 0 {
						grow(depth + 1)
					}
				}
			}
		}
		for range 4 {
			grow(0)
		}
	}
}

// run runs a program under a source and returns the timeline.
func run(t testing.TB, program func(*fakeloop.Loop), source fakeloop.Source) *timeline.Timeline {
	t.Helper()
	loop := newLoop(t, fakeloop.Config{Decisions: source})
	program(loop)
	mustIdle(t, loop)
	return loop.Timeline()
}

func mustParse(t testing.TB, text string) *fakeloop.Replay {
	t.Helper()
	r, err := fakeloop.ParseReplay(text)
	if err != nil {
		t.Fatalf("ParseReplay(%q): %v", text, err)
	}
	return r
}

// What was recorded, printed and parsed gives the same run, strictly and leniently.
func TestReplayGivesTheSameTimeline(t *testing.T) {
	decisions, text := 0, 0
	n := uint64(scaled(t, "programs and seeds", 2000, 100))
	for i := range n {
		program := mixture(i)
		recording := fakeloop.Record(fakeloop.Seed(i))
		want := run(t, program, recording)
		replay := mustParse(t, recording.String())
		equal(t, "decisions", replay.Len(), recording.Len())
		equal(t, "text", replay.String(), recording.String())
		decisions += replay.Len()
		text += len(replay.String())

		strict := replay.Strict()
		again := fakeloop.Record(strict)
		if d, differ := timeline.Diverge(want, run(t, program, again)); differ {
			t.Fatalf("program %d, strict replay: %v", i, d)
		}
		equal(t, "decisions left", strict.Rest(), 0)
		equal(t, "recording of the replay", again.String(), recording.String())
		if d, differ := timeline.Diverge(want, run(t, program, replay.Source())); differ {
			t.Fatalf("program %d, lenient replay: %v", i, d)
		}
	}
	if decisions < 10*int(n) {
		t.Errorf("%d decisions in %d runs: too few to show anything", decisions, n)
	}
	t.Logf("%d decisions, %.1f characters each", decisions, float64(text)/float64(decisions))
}

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

// The options of a decision are what could go first, in the order of first in first
// out, with the identities and labels that the timeline has.
func TestOptionsOfADecision(t *testing.T) {
	var asked []fakeloop.Decision
	loop := newLoop(t, fakeloop.Config{Decisions: optionFunc(func(d fakeloop.Decision) (int, error) {
		d.Options = slices.Clone(d.Options)
		asked = append(asked, d)
		return d.N - 1, nil
	})})
	_ = loop.PostFrom("a", func() {})
	_ = loop.PostFrom("a", func() {})
	loop.Named("b").AfterFunc(0, func() {})
	mustIdle(t, loop)
	for _, name := range []string{"c", "d"} {
		_ = loop.Outside(name).Return(func() {})
	}
	loop.AfterFunc(time.Second, func() { loop.Choose("mine", 2) })
	mustIdle(t, loop)
	ids := map[timeline.ID]string{}
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Posted || e.Kind == timeline.Armed || e.Kind == timeline.Left {
			ids[e.ID] = e.Label
		}
	}
	var got []string
	for _, d := range asked {
		text := fmt.Sprint(d.Label, " at ", d.At, ":")
		for _, o := range d.Options {
			if label, ok := ids[o.ID]; !ok || label != o.Label {
				t.Errorf("option %v: the timeline has %q", o, label)
			}
			text += " " + o.Label
		}
		if d.Options != nil && len(d.Options) != d.N {
			t.Errorf("%d options for %d ways", len(d.Options), d.N)
		}
		got = append(got, text)
	}
	want := []string{"next callback at 0s: a b", "next return at 0s: c d", "mine at 1s:"}
	if !slices.Equal(got, want) {
		t.Errorf("asked: %q\n want: %q", got, want)
	}
	if mine := asked[len(asked)-1]; mine.Options != nil {
		t.Errorf("a user's question has options: %v", mine)
	}
}

// A source that wants no options costs a decision no allocation.
func TestDecisionsDoNotAllocate(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: sourceFunc(func(_ string, n int) int { return n - 1 })})
	post := func() {
		for _, origin := range []string{"a", "b", "c", "d"} {
			_ = loop.PostFrom(origin, func() {})
		}
	}
	round := func() {
		post()
		mustIdle(t, loop)
	}
	for range 100 {
		round()
	}
	if a := testing.AllocsPerRun(500, round); a >= 1 {
		t.Errorf("a round of three decisions makes %v allocations", a)
	}
}

// A refusal ends the driving call, and every later one, with the source's error; no
// callback runs any more.
func TestRefusal(t *testing.T) {
	refusal := fmt.Errorf("enough")
	refuse := func(label string) fakeloop.Source {
		return optionFunc(func(d fakeloop.Decision) (int, error) {
			if d.Label == label {
				return 1, refusal
			}
			return 0, nil
		})
	}
	t.Run("next callback", func(t *testing.T) {
		var log journal
		loop := newLoop(t, fakeloop.Config{Decisions: refuse("next callback")})
		origins(&log, "a", "b")(loop)
		sameError(t, "RunUntilIdle", loop.RunUntilIdle(), refusal)
		sameError(t, "Advance", loop.Advance(time.Second), refusal)
		ran, err := loop.Step()
		equal(t, "Step ran something", ran, false)
		sameError(t, "Step", err, refusal)
		log.want(t, "")
		equal(t, "callbacks pending", len(loop.Pending()), 2)
		sameError(t, "Close", loop.Close(), refusal)
	})
	t.Run("next return", func(t *testing.T) {
		var log journal
		loop := newLoop(t, fakeloop.Config{Decisions: refuse("next return")})
		_ = loop.Outside("a").Return(log.note("a"))
		_ = loop.Outside("b").Return(log.note("b"))
		sameError(t, "RunUntilIdle", loop.RunUntilIdle(), refusal)
		log.want(t, "")
	})
	t.Run("Choose in a callback", func(t *testing.T) {
		var log journal
		loop := newLoop(t, fakeloop.Config{Decisions: refuse("dial")})
		p := fakeloop.NewPromise[int](loop, "")
		loop.Post(func() {
			log.add("%d", loop.Choose("dial", 3))
			log.add("%d", loop.Choose("other", 3))
			p.Resolve(1)
		})
		loop.Post(log.note("next"))
		_, err := p.Future().Wait()
		sameError(t, "Wait", err, nil) // it is settled
		sameError(t, "Await", loop.Await(fakeloop.NewPromise[int](loop, "").Future()), refusal)
		log.want(t, "0 0")
		equal(t, "decisions recorded", len(chosen(loop)), 0)
	})
	t.Run("Choose of the driver", func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Decisions: refuse("dial")})
		equal(t, "Choose", loop.Choose("dial", 3), 0)
		sameError(t, "Close", loop.Close(), refusal)
	})
	t.Run("again and again", func(t *testing.T) {
		inBothModes(t, func(t *testing.T, mode fakeloop.Mode) {
			var log journal
			loop := newLoop(t, fakeloop.Config{Mode: mode, Decisions: refuse("next callback")})
			loop.Post(func() { origins(&log, "a", "b")(loop) })
			loop.AfterFunc(time.Second, log.note("timer"))
			for range 2 {
				sameError(t, "RunUntilIdle", loop.RunUntilIdle(), refusal)
			}
			sameError(t, "Run", loop.Run(), refusal)
			_ = loop.PostFrom("c", log.note("c"))
			sameError(t, "RunUntilIdle", loop.RunUntilIdle(), refusal)
			log.want(t, "")
			sameError(t, "Close", loop.Close(), refusal)
		})
	})
	t.Run("nobody waits for a wall loop", func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Decisions: refuse("dial")})
		done := make(chan struct{})
		loop.Post(func() { loop.Choose("dial", 2); close(done) })
		<-done
		sameError(t, "Close", loop.Close(), refusal)
	})
}

func TestRest(t *testing.T) {
	var log journal
	recording := fakeloop.Record(nil)
	run(t, origins(&log, "a", "b", "c"), recording)
	strict := mustParse(t, recording.String()).Strict()
	equal(t, "before", strict.Rest(), 2)
	loop := newLoop(t, fakeloop.Config{Decisions: strict})
	origins(&log, "a", "b", "c")(loop)
	if _, err := loop.Step(); err != nil {
		t.Fatal(err)
	}
	equal(t, "after one", strict.Rest(), 1)
	mustIdle(t, loop)
	equal(t, "at the end", strict.Rest(), 0)
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

// A replay serves many loops, each source one.
func TestReplayServesManyLoops(t *testing.T) {
	recording := fakeloop.Record(fakeloop.Seed(3))
	want := run(t, mixture(3), recording).Digest()
	replay := recording.Replay()
	equal(t, "text", replay.String(), recording.String())
	equal(t, "decisions", replay.Len(), recording.Len())
	for range 3 {
		equal(t, "digest", run(t, mixture(3), replay.Strict()).Digest(), want)
	}
	before := replay.Len()
	run(t, mixture(4), recording)
	equal(t, "decisions of a replay taken before", replay.Len(), before)
	equal(t, "digest", run(t, mixture(3), replay.Strict()).Digest(), want)
}

// A lenient replay finds what went first by its identity, wherever it stands now,
// and label by label.
func TestLenientReplay(t *testing.T) {
	var log journal
	recording := fakeloop.Record(&script{2, 1, 1, 2, 1})
	run(t, func(loop *fakeloop.Loop) {
		origins(&log, "a", "b", "c")(loop)
		loop.AfterFunc(time.Second, func() {
			log.add("%d", loop.Choose("dial", 4))
			log.add("%d", loop.Choose("dial", 4))
			log.add("%d", loop.Choose("read", 2))
		})
	}, recording)
	log.want(t, "c b a 1 2 1")
	replay := mustParse(t, recording.String())
	for _, c := range []struct{ names, want string }{
		{"x y a b c", "c b x y a 0 1 1 2 0"},
		{"c b a", "c b a 0 1 1 2 0"},
		{"a b", "a b 0 1 1 2 0"}, // c has gone, and only one question is left
		{"b x a", "b x a 0 1 1 2 0"},
	} {
		run(t, func(loop *fakeloop.Loop) {
			origins(&log, strings.Fields(c.names)...)(loop)
			loop.AfterFunc(time.Second, func() {
				log.add("%d", loop.Choose("new", 4))
				log.add("%d", loop.Choose("read", 2))
				log.add("%d", loop.Choose("dial", 4))
				log.add("%d", loop.Choose("dial", 3))
				log.add("%d", loop.Choose("dial", 4))
			})
		}, replay.Source())
		log.want(t, c.want)
	}
	run(t, func(loop *fakeloop.Loop) {
		log.add("%d", loop.Choose("dial", 4))
		log.add("%d", loop.Choose("dial", 2)) // 2 is out of range
	}, replay.Source())
	log.want(t, "1 0")
}

// Sources can be asked without options, by sources that wrap them and know of none.
func TestSourcesAskedWithoutOptions(t *testing.T) {
	var log journal
	recording := fakeloop.Record(fakeloop.Record(fakeloop.Seed(5)))
	plain := func(s fakeloop.Source) fakeloop.Source { return sourceFunc(s.Choose) }
	want := run(t, origins(&log, "a", "b", "c", "d"), plain(recording)).Digest()
	equal(t, "decisions", recording.Len(), 3)
	replay := mustParse(t, recording.String())
	for _, s := range []fakeloop.Source{replay.Strict(), replay.Source(), plain(replay.Strict()), plain(replay.Source())} {
		equal(t, "digest", run(t, origins(&log, "a", "b", "c", "d"), s).Digest(), want)
	}
	equal(t, "FIFO", fakeloop.Record(nil).Choose("x", 3), 0)
	strict := replay.Strict()
	defer func() {
		err, _ := recover().(*fakeloop.DivergenceError)
		if err == nil || err.Number != 1 || err.Recorded.Label != "next callback" || err.Asked.Label != "x" {
			t.Errorf("panic with %v", err)
		}
	}()
	strict.Choose("x", 2)
}

// What is passed on is not written down.
func TestRecordingOfABrokenSource(t *testing.T) {
	answers := []func() (int, error){
		func() (int, error) { return 2, nil },
		func() (int, error) { return -1, nil },
		func() (int, error) { panic("boom") },
		func() (int, error) { return 1, context.Canceled },
	}
	for i, answer := range answers {
		recording := fakeloop.Record(optionFunc(func(fakeloop.Decision) (int, error) { return answer() }))
		loop := newLoop(t, fakeloop.Config{Decisions: recording})
		how := ending(func() { loop.Choose("x", 2) })
		equal(t, fmt.Sprint("answer ", i, " is passed on"), how == "return", i == 3)
		equal(t, "recorded", recording.Len(), 0)
	}
}

// Two hundred seeds run four independent callbacks in every one of their 24 orders,
// whichever way they come to be ready together.
func TestSeedShufflesEveryTie(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	for what, start := range map[string]func(*fakeloop.Loop, *journal){
		"callbacks of different origins": func(loop *fakeloop.Loop, log *journal) { origins(log, names...)(loop) },
		"callbacks of different callbacks": func(loop *fakeloop.Loop, log *journal) {
			for _, name := range names {
				_ = loop.PostFrom("parent", func() { loop.Post(log.note(name)) })
			}
		},
		"timers of different callbacks": func(loop *fakeloop.Loop, log *journal) {
			for _, name := range names {
				_ = loop.PostFrom("parent", func() { loop.AfterFunc(time.Second, log.note(name)) })
			}
		},
		"handlers of different futures": func(loop *fakeloop.Loop, log *journal) {
			for _, name := range names {
				p := fakeloop.NewPromise[int](loop, name)
				p.Future().OnSettled(func(int, error) { log.add("%s", name) })
				p.Resolve(1)
			}
		},
		"finished work": func(loop *fakeloop.Loop, log *journal) {
			for _, name := range names {
				_ = loop.Outside(name).Return(log.note(name))
			}
		},
		"a callback, a timer and two coroutines": func(loop *fakeloop.Loop, log *journal) {
			loop.AfterFunc(0, log.note("a"))
			_ = loop.PostFrom("b", log.note("b"))
			for _, name := range names[2:] {
				_ = loop.PostFrom(name, func() {
					fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
						err := co.Sleep(time.Second)
						log.add("%s", name)
						return 0, err
					})
				})
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			orders := map[string]bool{}
			for seed := range uint64(200) {
				var log journal
				run(t, func(loop *fakeloop.Loop) { start(loop, &log) }, fakeloop.Seed(seed))
				got := log.read()
				orders[strings.Join(got, "")] = true
				slices.Sort(got)
				if !slices.Equal(got, names) {
					t.Fatalf("seed %d ran %v", seed, got)
				}
			}
			want := 24
			if strings.HasPrefix(what, "a callback") {
				want = 4 // the coroutines wake later
			}
			equal(t, "orders", len(orders), want)
		})
	}
}
