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

// optionFunc is a source with options made of a function.
type optionFunc func(d fakeloop.Decision) (int, error)

func (f optionFunc) ChooseOption(d fakeloop.Decision) (int, error) { return f(d) }

func (f optionFunc) Choose(string, int) int { panic("asked without options") }

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
		inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
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
