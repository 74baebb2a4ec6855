package fakeloop_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

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
