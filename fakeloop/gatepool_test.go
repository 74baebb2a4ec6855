package fakeloop_test

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// serve answers requests, and closes a connection on which none has come for a while.
func serve(n *wires, w *wire, idle time.Duration) {
	requests := make(chan string)
	go func() {
		defer close(requests)
		for {
			text, err := w.receive()
			if err != nil {
				return
			}
			requests <- text
		}
	}()
	defer func() {
		w.close()
		for range requests { // what comes too late is lost
		}
	}()
	for {
		timer := time.NewTimer(idle)
		select {
		case text, ok := <-requests:
			timer.Stop()
			if !ok {
				return
			}
			w.send("re:" + text)
		case <-timer.C:
			_ = n.pass("idle", w.out.name)
			return
		}
	}
}

// pool is a client with a race: it hands out the connection that was used last, unless
// it knows that the server has closed it, and does not try again where the server has and
// it does not know yet.
type pool struct {
	net  *wires
	mu   sync.Mutex
	idle []*pooled
}

type pooled struct {
	*wire
	replies chan string
	mu      sync.Mutex
	dead    bool
}

func (c *pooled) isDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

func (p *pool) checkout() *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !c.isDead() {
			return c
		}
	}
	c := &pooled{wire: p.net.dial("client", "api"), replies: make(chan string)}
	go func() {
		defer close(c.replies)
		for {
			text, err := c.receive()
			if err != nil {
				c.mu.Lock()
				c.dead = true
				c.mu.Unlock()
				c.close()
				return
			}
			c.replies <- text
		}
	}()
	return c
}

func (p *pool) do(text string) (reply string, ok bool) {
	c := p.checkout()
	c.send(text)
	if reply, ok = <-c.replies; ok {
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	return reply, ok
}

const poolWorkers = 6

// poolScenario has six workers use the pool twice each, nap apart, over a network that
// takes a second each way, with a server that closes a connection after ten.
func poolScenario(loop *fakeloop.Loop, journal *fakeloop.Journal, nap time.Duration) {
	n := newWires(loop, time.Second)
	stop := make(chan struct{})
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			select {
			case w := <-n.accept:
				servers.Go(func() { serve(n, w, 10*time.Second) })
			case <-stop:
				return
			}
		}
	})
	client := &pool{net: n}
	var workers []*fakeloop.Goroutine
	for i := range poolWorkers {
		name := fmt.Sprint("w", i)
		workers = append(workers, loop.Go(name, func() {
			for k := range 2 {
				if k > 0 {
					time.Sleep(nap)
					_ = loop.Gate().Pass(fakeloop.Passage{What: "wake", From: name})
				}
				reply, ok := client.do(fmt.Sprint(name, ".", k))
				journal.Printf("%s.%d: %q %v", name, k, reply, ok)
			}
		}))
	}
	for _, w := range workers {
		<-w.Done()
	}
	close(stop)
	servers.Wait() // they close when nothing has come for ten seconds
	time.Sleep(time.Minute)
}

// poolRun runs the scenario, and returns the digest of all that happened, and whether a
// request was lost.
func poolRun(t *testing.T, source fakeloop.Source, nap, spread time.Duration) (digest string, failed bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source, Spread: spread})
		journal := fakeloop.NewJournal(loop)
		poolScenario(loop, journal, nap)
		mustClose(t, loop)
		if ties := loop.Gate().Ties(); len(ties) > 0 {
			t.Errorf("ties: %v", ties)
		}
		text := journal.String()
		failed = strings.Contains(text, "false")
		digest = fmt.Sprintf("%v-%.4x", loop.Timeline().Digest(), sha256.Sum256([]byte(text)))
	})
	return digest, failed
}

// The two events of the race: the workers wake when the news that the server has closed
// the connections arrive, or two seconds later.
var poolRaces = map[string]struct {
	nap, spread time.Duration
	pinned      string // without decisions
}{
	"at one instant":    {nap: 10 * time.Second, pinned: "f60a4b8363a59854-a92a1ada"},
	"two seconds apart": {nap: 12 * time.Second, spread: 5 * time.Second, pinned: "ca3f5ba22da0ea16-fedfbab7"},
}

// In the order of their names nothing is lost, and every run is the same: whatever the
// number of processors, under a collector that is always at work, in the race detector, in
// another process.
func TestPoolRaceInTheOrderOfNames(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, race := range poolRaces {
		t.Run(name, func(t *testing.T) {
			for _, procs := range []int{1, 2, 8} {
				for _, percent := range []int{100, 5} {
					runtime.GOMAXPROCS(procs)
					before := debug.SetGCPercent(percent)
					for range scaled(t, "runs", 500, 10) {
						digest, failed := poolRun(t, nil, race.nap, race.spread)
						equal(t, "digest", digest, race.pinned)
						equal(t, "a request is lost", failed, false)
					}
					debug.SetGCPercent(before)
				}
			}
		})
	}
}

// Seeds find the race, and each repeats: a seed that fails, fails again from its replay
// string, ten times of ten.
func TestSeedsFindThePoolRace(t *testing.T) {
	for name, race := range poolRaces {
		t.Run(name, func(t *testing.T) {
			seeds := scaled(t, "seeds", 200, 40)
			digests := map[string]bool{}
			failing := 0
			for seed := range uint64(seeds) {
				recording := fakeloop.Record(fakeloop.Seed(seed))
				digest, failed := poolRun(t, recording, race.nap, race.spread)
				digests[digest] = true
				again, _ := poolRun(t, fakeloop.Seed(seed), race.nap, race.spread)
				equal(t, "digest of the same seed", again, digest)
				if !failed {
					continue
				}
				failing++
				for range 10 {
					strict := mustParse(t, recording.String()).Strict()
					again, failedAgain := poolRun(t, strict, race.nap, race.spread)
					equal(t, "digest of the replay", again, digest)
					equal(t, "the replay fails", failedAgain, true)
					equal(t, "decisions left", strict.Rest(), 0)
				}
			}
			t.Logf("%d of %d seeds lose a request; %d different runs", failing, seeds, len(digests))
			if failing < seeds/10 || len(digests) < seeds*3/4 {
				t.Errorf("%d of %d seeds lose a request, and %d runs differ", failing, seeds, len(digests))
			}
		})
	}
}

// The order of events alone does not find a race between two that never wait at one
// time: something has to move them.
func TestOrderAloneDoesNotFindARaceOfTwoInstants(t *testing.T) {
	for seed := range uint64(scaled(t, "seeds", 200, 20)) {
		if _, failed := poolRun(t, fakeloop.Seed(seed), poolRaces["two seconds apart"].nap, 0); failed {
			t.Fatalf("seed %d loses a request", seed)
		}
	}
}
