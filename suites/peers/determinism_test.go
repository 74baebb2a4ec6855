package peers_test

import (
	"runtime"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// same fails unless two records are equal, and have one digest.
func same(t *rapid.T, what string, want, got *timeline.Timeline) {
	if d, differ := timeline.Diverge(want, got); differ {
		t.Fatalf("%s: %v", what, d)
	}
	if want.Digest() != got.Digest() {
		t.Fatalf("%s: equal timelines, different digests: %v, %v", what, want.Digest(), got.Digest())
	}
}

// A scenario has one digest, however often it is run and on however many processors.
func TestDeterminismOfManyRuns(t *testing.T) {
	const scenarios = 3
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	runs := scaled(t, "runs of each scenario under each GOMAXPROCS", 10_000, 20)
	total, events := 0, 0
	check(t, scenarios, func(t *rapid.T) {
		acts := rapid.SliceOfN(scenario(0), 10, 10).Draw(t, "scenario")
		seed := rapid.Uint64().Draw(t, "seed")
		again := func() *timeline.Timeline {
			return run(fakeloop.Config{Decisions: fakeloop.Seed(seed)}, flat(acts))
		}
		want := again()
		digest := want.Digest()
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			for range runs {
				if got := again(); got.Digest() != digest {
					same(t, "", want, got)
				}
				total++
			}
		}
		events += want.Len()
	})
	t.Logf("%d scenarios of %d events in all had one digest each in %d runs under GOMAXPROCS 1, 2 and 8", scenarios, events, total)
}

func flat(lists [][]act) (acts []act) {
	for _, list := range lists {
		acts = append(acts, list...)
	}
	return acts
}

// A scenario has the same digest on virtual time and in a bubble.
func TestDeterminismInABubble(t *testing.T) {
	scenarios, events := 0, 0
	check(t, scaled(t, "scenarios", 10_000, 200), func(r *rapid.T) {
		acts := scenario(0).Draw(r, "scenario")
		seed := rapid.Uint64Range(0, 99).Draw(r, "seed")
		config := func(mode fakeloop.Mode) fakeloop.Config {
			c := fakeloop.Config{Mode: mode}
			if seed > 0 {
				c.Decisions = fakeloop.Seed(seed)
			}
			return c
		}
		virtual := run(config(fakeloop.Virtual), acts)
		var bubble *timeline.Timeline
		synctest.Test(t, func(*testing.T) { bubble = run(config(fakeloop.Bubble), acts) })
		same(r, "A is virtual, B in a bubble", virtual, bubble)
		scenarios, events = scenarios+1, events+virtual.Len()
	})
	t.Logf("%d scenarios of %d events in all had the digest of virtual time in a bubble", scenarios, events)
}

// What was recorded of a seeded run repeats it.
func TestDeterminismOfReplays(t *testing.T) {
	scenarios, decisions := 0, 0
	check(t, scaled(t, "scenarios", 10_000, 200), func(t *rapid.T) {
		acts := scenario(0).Draw(t, "scenario")
		recording := fakeloop.Record(fakeloop.Seed(rapid.Uint64().Draw(t, "seed")))
		want := run(fakeloop.Config{Decisions: recording}, acts)
		replay, err := fakeloop.ParseReplay(recording.String())
		if err != nil {
			t.Fatalf("ParseReplay(%q): %v", recording.String(), err)
		}
		source := replay.Strict()
		same(t, "A was recorded as "+recording.String(), want, run(fakeloop.Config{Decisions: source}, acts))
		if rest := source.Rest(); rest > 0 {
			t.Fatalf("%d of %d recorded decisions were not asked for", rest, replay.Len())
		}
		scenarios, decisions = scenarios+1, decisions+replay.Len()
	})
	if decisions < scenarios {
		t.Errorf("%d scenarios took %d decisions only", scenarios, decisions)
	}
	t.Logf("%d recorded scenarios with %d decisions repeated their digest", scenarios, decisions)
}
