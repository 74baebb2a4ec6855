package fakeloop_test

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// pinned are the digests of scenario by seed, the same in every process, on
// every machine, with and without -race. They change with whatever the loop
// records, with the scenario, and with the lines of scenario_test.go (the texts
// of its panics name them). If such a change is meant, paste what the failing
// test prints; if not, it has found something.
var pinned = map[uint64]string{
	1: "b9326dcc47990a8183722b124d0979f7a5951b4b4bc6983c7a7d6afb84d52933",
	2: "ce59a1f7f2a4c5a20cc51748b5cdf46f284ae67562002f5f6521fabd71236eed",
	3: "b392d9830296227032a1ed0905ce6d08b9adcb3e8146c9ac63aa0fcd6b4fc7b8",
}

func TestDeterminismScenarioIsRich(t *testing.T) {
	record := scenario(1)
	if record.Len() < 1000 {
		t.Errorf("the scenario has %d events only", record.Len())
	}
	counts := map[timeline.Kind]int{}
	for _, e := range record.All() {
		counts[e.Kind]++
	}
	for k := timeline.Posted; k <= timeline.Closed; k++ {
		if counts[k] == 0 {
			t.Errorf("the scenario has no event of kind %v", k)
		}
	}
	t.Logf("%d events: %v", record.Len(), counts)
}

func TestDeterminismPinned(t *testing.T) {
	for seed := range uint64(len(pinned)) {
		digest := scenario(seed + 1).Digest()
		if got, want := fmt.Sprintf("%x", digest[:]), pinned[seed+1]; got != want {
			t.Errorf("digest of seed %d:\n got %s\nwant %s", seed+1, got, want)
		}
	}
	if !t.Failed() {
		t.Logf("pinned digests hold on %s", runtime.Version())
	}
}

// One seed, one timeline, however the scheduler and the collector behave.
func TestDeterminismOfManyRuns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := scenario(7)
	procs := []int{1, 2, runtime.GOMAXPROCS(0)}
	runs := scaled(t, "runs of the scenario", 1000, 20)
	for i := range runs {
		runtime.GOMAXPROCS(procs[i%3])
		if d, differ := timeline.Diverge(want, scenario(7)); differ {
			t.Fatalf("run %d, GOMAXPROCS %d: %v", i, procs[i%3], d)
		}
	}
	if got := scenario(7).Digest(); got != want.Digest() {
		t.Errorf("equal timelines, different digests: %v, %v", got, want.Digest())
	}
	t.Logf("%d runs of %d events gave one digest under GOMAXPROCS %v: %v", runs+2, want.Len(), procs, want.Digest())
}

func TestDeterminismSeedsDiffer(t *testing.T) {
	seen := map[timeline.Digest]uint64{}
	n := uint64(scaled(t, "seeds", 200, 20))
	for seed := range n {
		d := scenario(seed).Digest()
		if other, ok := seen[d]; ok {
			t.Errorf("seeds %d and %d give one timeline", other, seed)
		}
		seen[d] = seed
	}
}

// The pinned digests hold in other processes, under other settings.
func TestDeterminismBetweenProcesses(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Skipf("no way to run this test again: %v", err)
	}
	for _, setting := range []string{"GOMAXPROCS=1", "GOMAXPROCS=2", "GOMAXPROCS=8 GOGC=5", "GOMAXPROCS=3 GODEBUG=asyncpreemptoff=1"} {
		t.Run(setting, func(t *testing.T) {
			cmd := exec.Command(exe, "-test.run=^TestDeterminismPinned$", "-test.v")
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // else every -race process sleeps a second
			cmd.Env = append(cmd.Env, strings.Fields(setting)...)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "pinned digests hold") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Goroutines that post without being announced make a run racy, and that shows:
// as two digests, and as the first event that differs.
func TestDeterminismOfARacyScenario(t *testing.T) {
	const most = 100_000
	first := racy()
	for i := range most {
		other := racy()
		if other.Digest() == first.Digest() {
			continue
		}
		t.Logf("the digests differ after %d runs: %v, %v", i+2, first.Digest(), other.Digest())
		d, differ := timeline.Diverge(first, other)
		if !differ {
			t.Fatal("two digests, but Diverge finds no difference")
		}
		a, b := first.Events(), other.Events()
		index := 0
		for a[index] == b[index] {
			index++
		}
		equal(t, "index of the first difference", d.Index, index)
		text := d.String()
		t.Logf("%s", text)
		for _, line := range []string{
			fmt.Sprintf("the runs differ from event %d on\n", index),
			fmt.Sprintf("     A %6d %v\n", index, a[index]),
			fmt.Sprintf("     B %6d %v\n", index, b[index]),
		} {
			if !strings.Contains(text, line) {
				t.Errorf("the divergence does not show %q:\n%s", line, text)
			}
		}
		// Each side is one of the two that raced, and says so.
		labels := []string{d.A[0].Label, d.B[0].Label}
		slices.Sort(labels)
		if !slices.Equal(labels, []string{"left", "right"}) {
			t.Errorf("the first events that differ are of %q", labels)
		}
		return
	}
	t.Fatalf("%d runs of a racy scenario gave one digest", most)
}

// Changing any field of any event of a real timeline changes the digest, and to
// another digest each time. By reflection, so that a new field is not
// forgotten.
func TestDeterminismEveryFieldCounts(t *testing.T) {
	events := scenario(1).Events()
	fields := reflect.TypeFor[timeline.Event]().NumField()
	seen := map[timeline.Digest]string{digestOf(events): "the original"}
	n := scaled(t, "changed fields", len(events)*fields, 400)
	for k := range n {
		at := k * len(events) * fields / n
		i, field := at/fields, at%fields
		kept := events[i]
		v := reflect.ValueOf(&events[i]).Elem().Field(field)
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "'")
		case reflect.Int64:
			v.SetInt(v.Int() ^ 1<<(k%63))
		case reflect.Uint64, reflect.Uint8:
			v.SetUint(v.Uint() ^ 1<<(k%8))
		default:
			t.Fatalf("field %s is a %v: teach this test to change it", reflect.TypeFor[timeline.Event]().Field(field).Name, v.Kind())
		}
		what := fmt.Sprintf("event %d, field %s", i, reflect.TypeFor[timeline.Event]().Field(field).Name)
		d := digestOf(events)
		if other, ok := seen[d]; ok {
			t.Fatalf("%s changed: the digest is that of %s", what, other)
		}
		seen[d] = what
		events[i] = kept
	}
	// So do leaving out, doubling and exchanging events.
	for name, changed := range map[string][]timeline.Event{
		"without the first": events[1:],
		"without the last":  events[:len(events)-1],
		"last one twice":    append(slices.Clone(events), events[len(events)-1]),
		"first two swapped": append([]timeline.Event{events[1], events[0]}, events[2:]...),
		"nothing":           nil,
	} {
		if other, ok := seen[digestOf(changed)]; ok {
			t.Errorf("%s: the digest is that of %s", name, other)
		}
	}
}

func digestOf(events []timeline.Event) timeline.Digest {
	var tl timeline.Timeline
	for _, e := range events {
		tl.Append(e)
	}
	return tl.Digest()
}
