package clients_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

var update = flag.Bool("windtunnel.clients", false, "write what came of each scene into testdata, and the table into README.md")

// seed is that of all runs.
const seed = 1

// run is what one run of a scene came to.
type run struct {
	took     time.Duration
	timeline *timeline.Timeline
	journal  string
}

// digest is that of all that happened, and of all that the client saw, in the order
// that does not depend on the scheduler.
func (r run) digest() string {
	return fmt.Sprintf("%v-%.4x", r.timeline.Digest(), sha256.Sum256([]byte(r.journal)))
}

// differs says where r parts from the first run.
func (r run) differs(first run) string {
	if d, differ := timeline.Diverge(first.timeline, r.timeline); differ {
		return d.String()
	}
	return "the events are the same; the first run saw\n" + first.journal + "and another one\n" + r.journal
}

// playOnce plays a scene in a bubble of its own. It has failed t if anything is left.
func playOnce(t testing.TB, sc scene) (r run) {
	t.Helper()
	away := sc.away
	if away == 0 {
		away = 2 * time.Second
	}
	asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
		s := &stage{tunnel, t, fakeloop.NewJournal(tunnel.Loop)}
		sc.play(s)
		r.took = tunnel.Elapsed()
		time.Sleep(time.Minute + 2*away)
		s.must(tunnel.Settle())
		for _, c := range tunnel.Net.Open() {
			t.Errorf("the connection %s is left open", c)
		}
		for _, tie := range tunnel.Loop.Gate().Ties() {
			t.Logf("a tie, where runs may differ: %v", tie)
		}
		r.timeline, r.journal = tunnel.Loop.Timeline(), s.log.String()
	}, asynctest.WithSeed(seed), asynctest.WithNetwork(toxics.Config{Plan: toxics.Plan{Toxics: []toxics.Toxic{
		toxics.Latency{Direction: toxics.Upstream, Latency: away},
		toxics.Latency{Latency: away},
	}}}))
	return r
}

// perform plays the scenes of a client, each as often as the scale says, on one, two and
// eight processors by turns, and compares what came of them with testdata.
func perform(t *testing.T, client string, scenes ...scene) {
	head := fmt.Sprintf("# %s, seed %d, %s\n", client, seed, release())
	var played []string // all, or those that -run chose
	file := "testdata/" + strings.ToLower(strings.NewReplacer("/", "-", " ", "-").Replace(client)) + ".txt"
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			verdict := verdictOf(t, sc)
			played = append(played, fmt.Sprintf("%s: %s\n\t%s\n", sc.name, sc.shows, verdict))
		})
	}
	if t.Failed() {
		return
	}
	if *update {
		if len(played) < len(scenes) {
			t.Fatalf("%s is written when all scenes are played", file)
		}
		if err := os.WriteFile(file, []byte(head+strings.Join(played, "")), 0o666); err != nil {
			t.Fatal(err)
		}
		writeReport(t)
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	if first, _, _ := strings.Cut(want, "\n"); !strings.HasSuffix(first, release()) {
		t.Logf("%s has the digests of another release, %s: they are not compared", file, first)
		return
	}
	for _, verdict := range played {
		if !strings.Contains(want, "\n"+verdict) {
			t.Errorf("%s does not have what came of it, which -windtunnel.clients writes there:\n%s", file, verdict)
		}
	}
	if len(played) == len(scenes) && want != head+strings.Join(played, "") {
		t.Errorf("%s has more than these scenes, or another order; -windtunnel.clients writes it anew", file)
	}
}

// verdictOf plays a scene many times and says what came of it.
func verdictOf(t testing.TB, sc scene) string {
	t.Helper()
	first, digests := playAll(t, sc)
	if t.Failed() {
		return ""
	}
	t.Logf("%d different digests", len(digests))
	if sc.varies == "" {
		return fmt.Sprintf("%v, %s", first.took.Round(time.Second), first.digest())
	}
	if len(digests) == 1 && !sc.chance {
		t.Errorf("all runs are the same, and were to differ: %s", sc.varies)
	}
	return "varies: " + sc.varies // its duration, too
}

// release is the one of Go, "go1.26", without what is patched in it.
func release() string {
	parts := strings.SplitN(runtime.Version(), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// playAll plays a scene many times and returns the first run, and the digests of all.
func playAll(t testing.TB, sc scene) (first run, digests map[string]bool) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	full := sc.runs
	if full == 0 {
		full = 100
	}
	digests = map[string]bool{}
	n := scaled(t, "runs", full, 4)
	for i := range n {
		runtime.GOMAXPROCS([]int{2, 1, 8}[3*i/n])
		r := playOnce(t, sc)
		if t.Failed() {
			return first, digests
		}
		if i == 0 {
			first = r
		}
		digests[r.digest()] = true
		if len(digests) > 1 && sc.varies == "" {
			t.Errorf("run %d differs: %s", i+1, r.differs(first))
			return first, digests
		}
	}
	return first, digests
}
