package blocking

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// No missed wait: callbacks that cannot but block, each of which must be seen.
func TestLivenessOfEveryWait(t *testing.T) {
	f, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 1)
	for _, c := range []struct {
		name string
		kind Kind
		on   Resource
		body func()
	}{
		{"sleep", Park, Sleep, func() { time.Sleep(time.Nanosecond) }},
		{"file read", Syscall, Disk, func() { f.ReadAt(buf, 0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := scaled(t, 50_000)
			loop := newLoop()
			defer loop.stop()
			rec := mustStart(t, Config{Markers: testMarkers})
			for range n {
				loop.do(c.body)
			}
			r := mustStop(t, rec)
			if len(r.Blocks) != 1 || r.Blocks[0].Count != n || r.Blocks[0].Kind != c.kind || r.Blocks[0].Resource != c.on {
				t.Errorf("want %d of %s on %s, got:\n%s", n, c.kind, c.on, r)
			}
			t.Logf("seen %d of %d", r.Blocks[0].Count, n)
		})
	}
}

// Of the two parties to a hand-over on an unbuffered channel one parks, always.
// With both parties in callbacks the number of waits is known exactly, whatever
// the scheduler does. GOMAXPROCS 1 and 2 give different orders.
func TestLivenessOfEveryHandOver(t *testing.T) {
	for _, procs := range []int{1, 2} {
		t.Run(fmt.Sprint("procs ", procs), func(t *testing.T) {
			n := scaled(t, 50_000)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			c := make(chan int)
			rec := mustStart(t, Config{})
			var both sync.WaitGroup
			both.Go(func() {
				for range n {
					Callback(func() { <-c })
				}
			})
			both.Go(func() {
				for range n {
					Callback(func() { c <- 1 })
				}
			})
			both.Wait()
			r := mustStop(t, rec)
			total := 0
			for _, b := range r.Blocks {
				if b.Kind != Park || b.Resource != Channel {
					t.Errorf("unexpected %s", b)
				}
				total += b.Count
			}
			t.Logf("GOMAXPROCS %d: seen %d of %d", procs, total, n)
			if total != n {
				t.Errorf("seen %d waits, want %d:\n%s", total, n, r)
			}
		})
	}
}

// No false report: callbacks of everything that does not block, while the
// collector parks goroutines as often as it can.
func TestSilenceUnderGC(t *testing.T) {
	n := scaled(t, 50_000)
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	stop := garbage(4)
	defer stop()
	data := quiet(t, n)

	// What the same trace shows to an analyser that keeps the runtime's parks
	// says how much there was to drop.
	naive := newAnalyser(Config{Markers: testMarkers})
	naive.asker = askedByAnyone
	all, err := naive.run(decode(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for _, b := range all.Blocks {
		dropped += b.Count
	}
	t.Logf("%d parks of the runtime dropped", dropped)
}

func TestSilence(t *testing.T) { quiet(t, scaled(t, 1_000_000)) }

// quiet runs n harmless callbacks, none of which may be reported, and returns
// the trace.
func quiet(t *testing.T, n int) []byte {
	t.Helper()
	// The test's goroutine is the loop here: a hand-over per callback would
	// wait for the scheduler most of the time.
	var loop *testLoop
	next, end := coroutine(func(yield func(int) bool) {
		for yield(0) {
			harmless()
		}
	})
	defer end()
	rec := mustStart(t, Config{Markers: testMarkers})
	var data []byte
	rec.raw = func(b []byte) []byte { data = b; return b }
	for i := range n {
		if i%2 == 0 {
			loop.dispatch(harmless)
		} else {
			loop.dispatch(func() { next() })
		}
	}
	r := mustStop(t, rec)
	if len(r.Blocks)+len(r.Truncated) != 0 {
		t.Errorf("%d harmless callbacks, yet:\n%s", n, r)
	}
	t.Logf("%d harmless callbacks, %d transitions, none reported", n, r.Events)
	return data
}

// The marker is found down to the depth the tracer records, and beyond it the
// wait is listed apart: at no depth is it lost.
func TestNoDepthIsLost(t *testing.T) {
	const from, to = 90, 150
	rec := mustStart(t, Config{})
	for n := from; n < to; n++ {
		Callback(func() { deep(n, napA) })
	}
	r := mustStop(t, rec)
	blocks, truncated := 0, 0
	for _, b := range r.Blocks {
		blocks += b.Count
	}
	for _, b := range r.Truncated {
		truncated += b.Count
	}
	t.Logf("depth %d to %d: %d placed, %d truncated", from, to, blocks, truncated)
	if blocks == 0 || truncated == 0 || blocks+truncated != to-from {
		t.Errorf("placed %d and truncated %d of %d:\n%s", blocks, truncated, to-from, r)
	}
}

// A first collection of the process inside a callback, or any explicit one, is
// not the callback's doing.
func TestExplicitGC(t *testing.T) {
	rec := mustStart(t, Config{})
	for range 20 {
		Callback(func() {
			runtime.GC()
			runtime.ReadMemStats(new(runtime.MemStats))
		})
	}
	if r := mustStop(t, rec); len(r.Blocks) != 0 {
		t.Error(r)
	}
}
