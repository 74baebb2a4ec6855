package toxics

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// crowd is 20 clients of net/http that share a pool of 8 connections, through jitter, a
// slicer and a toxic that hits half of the connections. It returns what the clients saw,
// and the digest of what passed the gate.
func crowd(t *testing.T, gated bool, seed uint64, source fakeloop.Source) (seen, passed string) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source})
		config := Config{Plan: Plan{Seed: seed, Toxics: []Toxic{
			Latency{Direction: Upstream, Latency: time.Second, Jitter: 300 * time.Millisecond},
			Latency{Latency: time.Second, Jitter: 300 * time.Millisecond},
			Latency{Latency: 500 * time.Millisecond, Share: 0.5},
			Slicer{Size: 1500, Variation: 500, Delay: time.Millisecond},
		}}}
		if gated {
			config.Gate = loop.Gate()
		}
		n, err := NewNetwork(config)
		must(t, err)
		n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %d", r.URL.Path, len(body))
			http.NewResponseController(w).Flush()
			w.Write(make([]byte, 5000))
		}))
		transport := &http.Transport{DialContext: n.DialContext, MaxConnsPerHost: 8, IdleConnTimeout: 30 * time.Second}
		client := http.Client{Transport: transport, Timeout: time.Minute}
		journal := fakeloop.NewJournal(loop)
		var all sync.WaitGroup
		for i := range 20 {
			start := func(f func()) { go f() }
			if gated {
				start = func(f func()) { loop.Go(fmt.Sprintf("client %02d", i), f) }
			}
			all.Add(1)
			start(func() {
				defer all.Done()
				for k := range 3 {
					answer, err := client.Post(fmt.Sprintf("http://api/%d/%d", i, k), "text/plain", strings.NewReader(strings.Repeat("x", 3000*k)))
					size := 0
					if err == nil {
						var body []byte
						body, err = io.ReadAll(answer.Body)
						size = len(body)
						answer.Body.Close()
					}
					journal.Printf("client %02d.%d: %d bytes, %v", i, k, size, err)
				}
			})
		}
		all.Wait()
		transport.CloseIdleConnections()
		must(t, n.Close())
		must(t, loop.Settle())
		passed = loop.Timeline().Digest().String()
		seen = journal.String()
		must(t, loop.Close())
	})
	return seen, passed
}

// Unmodified clients run the same way every time: what they see, and when, and every
// event of the network. Without a gate they do not.
func TestOneDigestPerSeed(t *testing.T) {
	runs := scaled(t, "runs", 1000, 8)
	for _, source := range []func() fakeloop.Source{
		func() fakeloop.Source { return nil },
		func() fakeloop.Source { return fakeloop.Seed(7) },
	} {
		first, events := crowd(t, true, 42, source())
		equal(t, "requests", strings.Count(first, "client "), 60)
		t.Logf("digest %.16s", events) // the same in every process
		for range runs {
			seen, passed := crowd(t, true, 42, source())
			if seen != first {
				t.Fatalf("another run:\n%s\nthe first one:\n%s", seen, first)
			}
			equal(t, "digest", passed, events)
		}
	}
	different := map[string]bool{}
	for range 20 {
		seen, _ := crowd(t, false, 42, nil)
		different[seen] = true
	}
	// Not a rule: the skew alone orders much.
	t.Logf("without a gate, 20 runs gave %d results", len(different))
}

// Another seed is another interleaving, whether it is the plan's or the loop's.
func TestSeedsInterleave(t *testing.T) {
	seeds := scaled(t, "seeds", 200, 10)
	for name, run := range map[string]func(seed uint64) (string, string){
		"of the plan": func(seed uint64) (string, string) { return crowd(t, true, seed, nil) },
		"of the loop": func(seed uint64) (string, string) { return crowd(t, true, 42, fakeloop.Seed(seed)) },
	} {
		orders, contents := map[string]bool{}, map[string]bool{}
		for seed := range uint64(seeds) {
			seen, passed := run(seed)
			orders[passed], contents[seen] = true, true
			if again, _ := run(seed); again != seen {
				t.Errorf("seed %d %s does not repeat", seed, name)
			}
		}
		t.Logf("%d seeds %s: %d orders of events, %d contents", seeds, name, len(orders), len(contents))
		if len(orders) < seeds*3/4 {
			t.Errorf("%d seeds %s give only %d orders", seeds, name, len(orders))
		}
	}
}
