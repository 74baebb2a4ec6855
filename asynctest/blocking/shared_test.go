package blocking

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/trace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// as runs f as a test of its own would: on a goroutine that descends from nobody's.
func as(f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
}

func waitsOf(r *Report) (n int) {
	for _, b := range r.Blocks {
		n += b.Count
	}
	return n
}

// Recorders of tests that run in parallel each see their own callbacks, all of them.
func TestRecordersInParallel(t *testing.T) {
	n := scaled(t, 5_000)
	var all sync.WaitGroup
	reports := make([]*Report, 4)
	for i := range reports {
		all.Go(func() {
			rec, err := Start(Config{Markers: testMarkers})
			if err != nil {
				t.Error(err)
				return
			}
			loop := newLoop()
			defer loop.stop()
			for range n + i {
				loop.do(napA)
			}
			if reports[i], err = rec.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, r := range reports {
		if r == nil || len(r.Blocks) != 1 || r.Blocks[0].Count != n+i {
			t.Errorf("Recorder %d: want %d naps, got:\n%v", i, n+i, r)
		}
	}
}

// A Recorder sees what happens between its own Start and Stop, whoever else records.
func TestRecordersThatOverlap(t *testing.T) {
	loop := newLoop() // made before any of them, so it is everybody's
	defer loop.stop()
	var first, second, third *Recorder
	as(func() { first = mustStart(t, Config{Markers: testMarkers}) })
	loop.do(napA)
	as(func() { second = mustStart(t, Config{Markers: testMarkers}) })
	loop.do(napA)
	a := mustStop(t, first)
	as(func() { third = mustStart(t, Config{Markers: testMarkers}) })
	loop.do(napA)
	b := mustStop(t, second)
	loop.do(napA)
	c := mustStop(t, third)
	for i, r := range []*Report{a, b, c} {
		if waitsOf(r) != 2 {
			t.Errorf("Recorder %d: want 2 naps, got:\n%s", i, r)
		}
	}
	if trace.IsEnabled() {
		t.Error("the tracer is still on")
	}
}

// Whose goroutine is whose: the descendants of whoever called Start, its own
// subtests' too; and what descends from none is everybody's.
func TestRecorderFamilies(t *testing.T) {
	nap := func() { Callback(napA) }
	var outer, inner, other *Report
	as(func() {
		rec := mustStart(t, Config{})
		go func() {}()
		as(func() {
			sub := mustStart(t, Config{})
			nap()   // outer's and inner's
			as(nap) // likewise
			inner = mustStop(t, sub)
		})
		as(func() {
			mine := mustStart(t, Config{})
			nap() // outer's and other's
			other = mustStop(t, mine)
		})
		nap()
		outer = mustStop(t, rec)
	})
	if waitsOf(outer) != 4 || waitsOf(inner) != 2 || waitsOf(other) != 1 {
		t.Errorf("outer %d, inner %d, other %d; want 4, 2, 1", waitsOf(outer), waitsOf(inner), waitsOf(other))
	}
}

// A goroutine older than a recording is told by the dump of all stacks.
func TestParents(t *testing.T) {
	parents := parentsOf([]byte("goroutine 7 [running]:\nmain.f()\n\t/x.go:1 +0x1\ncreated by main.g in goroutine 3\n\t/x.go:2\n\n" +
		"goroutine 3 [select (durable), synctest bubble 1]:\nmain.f()\ncreated by main.h in goroutine 1\n\n" +
		"goroutine 1 [chan receive]:\nmain.main()\n\ngoroutine 9 [x]:\ncreated by main.g\n"))
	if len(parents) != 2 || parents[7] != 3 || parents[3] != 1 {
		t.Errorf("got %v", parents)
	}
	f := family{root: 3, others: map[int64]bool{1: true}, parents: parents}
	if f.foreign(7) || !f.foreign(1) || f.foreign(9) {
		t.Error("7 descends from 3, 1 is another's, 9 is nobody's")
	}
}

// The output of a shared recording that nobody needs any more is let go.
func TestSharedRecordingForgets(t *testing.T) {
	last := mustStart(t, Config{})
	for range 20 {
		next := mustStart(t, Config{})
		mustStop(t, last)
		last = next
	}
	shared.mu.Lock()
	from := shared.from.(*tracer)
	shared.mu.Unlock()
	from.mu.Lock() // the runtime writes meanwhile
	kept := len(from.gens)
	from.mu.Unlock()
	if kept > 12 {
		t.Errorf("%d generations are kept for one Recorder", kept)
	}
	mustStop(t, last)
}

// A Recorder may leave from inside a bubble while another goes on.
func TestLeaveFromABubble(t *testing.T) {
	var other *Recorder
	as(func() { other = mustStart(t, Config{}) })
	rec := mustStart(t, Config{})
	synctest.Test(t, func(t *testing.T) {
		Callback(func() { time.Sleep(time.Hour) })
		if r := mustStop(t, rec); len(r.Blocks) != 1 {
			t.Error(r)
		}
	})
	if r := mustStop(t, other); len(r.Blocks) != 0 {
		t.Error(r)
	}
}

// When the tracer is taken the flight recorder does as well, and nobody's trace is
// disturbed.
func TestFlightRecorder(t *testing.T) {
	var theirs bytes.Buffer
	if err := trace.Start(&theirs); err != nil {
		t.Fatal(err)
	}
	defer trace.Stop()
	for range 2 { // it is given back
		var first, second *Recorder
		as(func() { first = mustStart(t, Config{}) })
		Callback(napA)
		as(func() { second = mustStart(t, Config{}) })
		Callback(napA)
		a := mustStop(t, first)
		Callback(napA)
		b := mustStop(t, second)
		for i, r := range []*Report{a, b} {
			if len(r.Blocks) != 1 || r.Blocks[0].Count != 2 || r.Unseen != "" {
				t.Errorf("Recorder %d: want 2 naps, got:\n%s", i, r)
			}
		}
	}
	trace.Stop()
	naps := 0
	for s, err := range decode(&theirs) {
		if err != nil {
			t.Fatal(err)
		}
		if s.to == waiting && s.stack != nil && nearest(s.stack.frames, 0, set(callbackMark)) > 0 {
			naps++
		}
	}
	if naps != 6 {
		t.Errorf("the other trace shows %d naps of 6", naps)
	}
}

// takeBoth takes both slots, until the test is over.
func takeBoth(t *testing.T) {
	t.Helper()
	var theirs bytes.Buffer
	if err := trace.Start(&theirs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trace.Stop)
	f := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
}

func TestBusy(t *testing.T) {
	takeBoth(t)
	_, err := Start(Config{})
	wants(t, err, ErrBusy, "and so is the flight recorder", "go test -trace", "Config.LastResort")
	if !trace.IsEnabled() {
		t.Error("Start stopped a trace that it does not own")
	}
}

// Even with a flight recorder of somebody else's running, Recorders can share.
func TestSharingBesideAFlightRecorder(t *testing.T) {
	f := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	defer f.Stop()
	var other *Recorder
	as(func() { other = mustStart(t, Config{}) })
	rec := mustStart(t, Config{})
	Callback(napA)
	if r := mustStop(t, rec); len(r.Blocks) != 1 {
		t.Error(r)
	}
	if r := mustStop(t, other); len(r.Blocks) != 0 {
		t.Error(r)
	}
}

// The last resort sees channels and locks, and says what it does not see.
func TestLastResort(t *testing.T) {
	takeBoth(t)
	rec := mustStart(t, Config{LastResort: true})
	n := 10
	var mu sync.Mutex
	c := make(chan int)
	for range n {
		Callback(func() { c := make(chan int); defer whenParked("chan receive", func() { c <- 1 }).Wait(); <-c })
		Callback(func() { Contend(&mu, func() { mu.Lock(); n--; mu.Unlock() }) })
		Callback(napA)
	}
	go Callback(func() { <-c })
	r := mustStop(t, rec)
	close(c)
	seen := map[string]int{}
	for _, b := range r.Blocks {
		seen[b.Reason+" "+b.Resource.String()] += b.Count
	}
	if seen["chan receive channel"] != 10 || seen["sync lock"] < 10 || seen["sleep sleep"] != 0 {
		t.Errorf("seen %v in:\n%s", seen, r)
	}
	if !strings.Contains(r.String(), "not seen: only the block profile") || !strings.Contains(r.Unseen, "no sleep, no network, no system call") {
		t.Errorf("the report does not say what it misses:\n%s", r)
	}
}

// Under go test -trace all of this package's scenes are seen, in a process of its own.
func TestUnderGoTestTrace(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestScenes$", "-test.trace="+filepath.Join(t.TempDir(), "trace.out"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

// A deep recursion hides the marker, but not from a callback with a name.
func TestNamedBeyondTheDepth(t *testing.T) {
	rec := mustStart(t, Config{})
	Named("deep", func() { deep(200, napA) })
	if r := mustStop(t, rec); len(r.Blocks) != 1 || r.Blocks[0].Name != "deep" || r.Blocks[0].User.Func != FuncName(napA) || len(r.Truncated) != 0 {
		t.Errorf("want one nap in the callback named deep, got:\n%s", r)
	}
}

// A trace that somebody else has ended, and another that has taken its place, are no
// reason to wait for ever, or to report what was never seen.
func TestReplacedByOther(t *testing.T) {
	defer func(d time.Duration) { flushGuard = d }(flushGuard)
	flushGuard = 100 * time.Millisecond
	var other, rec *Recorder
	as(func() { other = mustStart(t, Config{}) })
	rec = mustStart(t, Config{})
	trace.Stop()
	var theirs bytes.Buffer
	if err := trace.Start(&theirs); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // where no timer of its own would help
		_, err := rec.Stop()
		wants(t, err, ErrBlind)
	})
	_, err := other.Stop()
	wants(t, err, ErrBlind)
	mustStop(t, mustStart(t, Config{}))
}

// A Recorder that was left running, on a tracer that somebody has stopped, does not
// blind the next one.
func TestStartBesideABlindOne(t *testing.T) {
	blind := mustStart(t, Config{})
	trace.Stop()
	rec := mustStart(t, Config{})
	Callback(napA)
	_, err := blind.Stop()
	wants(t, err, ErrBlind)
	if r := mustStop(t, rec); len(r.Blocks) != 1 {
		t.Error(r)
	}
}
