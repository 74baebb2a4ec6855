package toxics

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// race has two clients each send a word, the second one two seconds after the first,
// over a network that takes two seconds. It returns in which order they come, and when.
func race(t *testing.T, source fakeloop.Source, spread time.Duration, list ...Toxic) (order, when string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source, Spread: spread})
		n, err := NewNetwork(Config{Gate: loop.Gate(), Plan: Plan{Seed: 42, Toxics: list}})
		must(t, err)
		l, err := n.Listen("server:1")
		must(t, err)
		journal := fakeloop.NewJournal(loop)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { journal.Printf("%s", readOnce(c)) }()
			}
		}()
		for _, name := range []string{"first", "second"} {
			c, err := n.DialContext(t.Context(), "tcp", "server:1")
			must(t, err)
			send(t, c, name)
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Minute)
		for _, e := range journal.Entries() {
			order += e.Text + " "
		}
		when = journal.String()
		must(t, n.Close())
		must(t, loop.Close())
	})
	return order, when
}

// zeros answers 0, and counts how often it is asked about latencies.
type zeros struct{ asked int }

func (z *zeros) Choose(label string, n int) int {
	if label == "latencies of client>server:1" && n == lots {
		z.asked++
	}
	return 0
}

// The source of the gate moves latencies, as far as it is told to, and so finds a race of
// two events that are two seconds apart. A replay repeats each, ten times of ten, and choice
// 0 is what happens without a source.
func TestDecisionsMoveLatencies(t *testing.T) {
	away := Latency{Direction: Upstream, Latency: 2 * time.Second}
	plain, at := race(t, nil, 0, away)
	equal(t, "without a source", plain, "first second ")
	source := &zeros{}
	_, got := race(t, source, 5*time.Second, away)
	equal(t, "choice 0", got, at)
	equal(t, "asked", source.asked, 2)

	seeds := scaled(t, "seeds", 200, 20)
	for _, spread := range []time.Duration{0, 5 * time.Second} {
		reversed, different := 0, map[string]bool{}
		for seed := range uint64(seeds) {
			recording := fakeloop.Record(fakeloop.Seed(seed))
			order, when := race(t, recording, spread, away)
			different[when] = true
			if order == plain {
				continue
			}
			reversed++
			for range 10 {
				replay, err := fakeloop.ParseReplay(recording.String())
				must(t, err)
				_, again := race(t, replay.Strict(), spread, away)
				equal(t, "the replay of "+recording.String(), again, when)
			}
		}
		t.Logf("spread %v: %d of %d seeds turn the order round; %d different runs", spread, reversed, seeds, len(different))
		equal(t, fmt.Sprintf("with spread %v the order is turned round", spread), reversed > seeds/20, spread > 0)
		if len(different) < seeds/2 {
			t.Errorf("spread %v: %d seeds gave %d different runs", spread, seeds, len(different))
		}
	}
}

// Where nothing is random nobody is asked.
func TestNoDecisionWithoutToxics(t *testing.T) {
	source := &zeros{}
	_, when := race(t, source, 5*time.Second)
	equal(t, "asked", source.asked, 0)
	equal(t, "arrivals", strings.Count(when, "\n"), 2)
}
