package peers_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// same fails unless two records have one digest.
func same(t *rapid.T, what string, want, got *timeline.Timeline) {
	if want.Digest() == got.Digest() {
		return
	}
	if d, differ := timeline.Diverge(want, got); differ {
		t.Fatalf("%s: %v", what, d)
	}
	t.Fatalf("%s: equal timelines, different digests: %v, %v", what, want.Digest(), got.Digest())
}

// A scenario has one digest, however often it is run and on however many processors. The
// digests are printed, so that processes can be compared that were given one -rapid.seed:
// under the race detector the runtime keeps some 5 kB for each coroutine that ever was, so
// the full count is run there in parts, for example
//
//	for i in $(seq 20); do WINDTUNNEL_SCALE=0.05 go test -race -run DeterminismOfMany . -v -rapid.seed 1; done
func TestDeterminismOfManyRuns(t *testing.T) {
	const scenarios = 3
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	runs := scaled(t, "runs of each scenario under each GOMAXPROCS", 10_000, 20)
	total, events, orders := 0, 0, 0
	var digests []timeline.Digest
	check(t, scenarios, func(t *rapid.T) {
		acts := long.Draw(t, "scenario")
		seed := rapid.Uint64().Draw(t, "seed")
		var mu sync.Mutex
		var order []byte
		seen := map[string]bool{} // the orders in which the work outside really ended
		again := func() *timeline.Timeline {
			order = order[:0]
			record := run(fakeloop.Config{Decisions: fakeloop.Seed(seed)}, acts, func(work int) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, byte(work))
			})
			seen[string(order)] = true
			return record
		}
		want := again()
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			for i := range runs {
				same(t, fmt.Sprintf("run %d, GOMAXPROCS %d", i, procs), want, again())
				total++
			}
		}
		events, orders, digests = events+want.Len(), orders+len(seen), append(digests, want.Digest())
	})
	t.Logf("%d scenarios of %d events had one digest each in %d runs under GOMAXPROCS 1, 2 and 8, while their work outside ended in %d orders: %v",
		scenarios, events, total, orders, digests)
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
		virtual := run(config(fakeloop.Virtual), acts, nil)
		var bubble *timeline.Timeline
		synctest.Test(t, func(*testing.T) { bubble = run(config(fakeloop.Bubble), acts, nil) })
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
		want := run(fakeloop.Config{Decisions: recording}, acts, nil)
		replay, err := fakeloop.ParseReplay(recording.String())
		if err != nil {
			t.Fatalf("ParseReplay(%q): %v", recording.String(), err)
		}
		source := replay.Strict()
		same(t, "A was recorded as "+recording.String(), want, run(fakeloop.Config{Decisions: source}, acts, nil))
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
