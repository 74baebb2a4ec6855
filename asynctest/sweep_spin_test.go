package asynctest_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// stubborn tries again at once what fails, until stop is true: a client that cannot give up.
func stubborn(stop *atomic.Bool, fails func(loop *fakeloop.Loop) error) func(tunnel *Tunnel) any {
	return func(tunnel *Tunnel) any {
		return fakeloop.Resolved(tunnel.Loop, tryAgain(stop, fails(tunnel.Loop)))
	}
}

func tryAgain(stop *atomic.Bool, err error) int {
	tries := 1
	for err != nil && !stop.Load() {
		tries++
	}
	return min(tries, 2)
}

func asks(loop *fakeloop.Loop) error { return loop.Fail("ask") }

// A run that spins ends the sweep, and is named, with what it does and the line that repeats
// it: one with a fault, one without, and one that spins when its tunnel is closed.
func TestSweepOfWhatSpins(t *testing.T) {
	const repeats = "\nTo reproduce: WINDTUNNEL_SWEEP="
	for _, c := range []struct {
		name  string
		run   func(stop *atomic.Bool) func(tunnel *Tunnel) any
		wants []string
	}{
		{"with a fault", func(stop *atomic.Bool) func(*Tunnel) any { return stubborn(stop, asks) }, []string{
			`the run "error at ask #1" does not end, and the sweep ends here: goroutines have been running in the bubble for 900ms of real time, in which virtual time did not move by 1m0s: `,
			"\n\nTo mend: try again with a pause, or for so many times; or leave this fault out with Scenario.Leave; if it only takes that long, say so with WINDTUNNEL_GUARD=30s",
			repeats + "'error at ask #1' go test -count=1 -run='^TestSweepOfWhatSpins$/^with_a_fault$'",
		}},
		{"without faults", func(stop *atomic.Bool) func(*Tunnel) any {
			return stubborn(stop, func(*fakeloop.Loop) error { return errLost })
		}, []string{
			`the run "no fault" does not end, and the sweep ends here: `,
			"\n\nTo mend: try again with a pause, or for so many times; if it only takes that long, ",
			repeats + "'no fault' go test",
		}},
		{"when its tunnel is closed", func(stop *atomic.Bool) func(*Tunnel) any {
			return func(tunnel *Tunnel) any {
				context.AfterFunc(tunnel.Context(), func() { tryAgain(stop, tunnel.Context().Err()) })
				return fakeloop.Resolved(tunnel.Loop, 1)
			}
		}, []string{
			"\n\nTo mend: what runs when the tunnel is closed must come to an end; if it only takes that long, ",
			repeats + "'no fault' go test",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WINDTUNNEL_GUARD", "150ms")
			g := NewWithT(t)
			var stop atomic.Bool
			defer stop.Store(true)
			r, err := Scenario{Name: t.Name(), Run: c.run(&stop), Progress: progress.Config{Style: progress.Off}}.Sweep()
			g.Expect(r).To(BeNil())
			g.Expect(err).To(MatchError(HavePrefix("asynctest: sweep of " + t.Name() + ": the run ")))
			for _, want := range append(c.wants, "A goroutine that runs cannot be stopped, and may keep a processor until the process ends.  These run:\n\n", "asynctest_test.tryAgain", "sweep_spin_test.go:") {
				g.Expect(err).To(MatchError(ContainSubstring(want)))
			}
		})
	}
}

// A run in which virtual time stands still is a finding, with what keeps it from moving.
func TestSweepOfWhatStandsStill(t *testing.T) {
	t.Setenv("WINDTUNNEL_GUARD", "150ms")
	g := NewWithT(t)
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	r, err := Scenario{
		Name: t.Name(), Progress: progress.Config{Style: progress.Off},
		Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultTimeout, fakeloop.FaultPanic, fakeloop.FaultGoexit}, Why: "one is enough"}},
		Run: func(tunnel *Tunnel) any {
			if asks(tunnel.Loop) != nil {
				mu.Lock() // never unlocked
			}
			return fakeloop.Resolved(tunnel.Loop, 1)
		},
	}.Sweep()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Findings).To(HaveLen(1))
	f := r.Findings[0]
	g.Expect(f.Check).To(Equal(FoundPending))
	g.Expect(f.Place).To(Equal(lineIn(g, "sweep_spin_test.go", "// never unlocked")))
	g.Expect(f.Fault).To(Equal("error at ask #1"))
	g.Expect(f.Reproduce).To(Equal("WINDTUNNEL_SWEEP='error at ask #1' go test -count=1 -run='^TestSweepOfWhatStandsStill$' ./asynctest"))
	g.Expect(f.Text).To(And(
		HavePrefix("Scenario.Run: virtual time stands still, and nothing has run in the bubble for 150ms of real time: "),
		ContainSubstring("1 goroutine [sync.Mutex.Lock], the one that runs the test:\n"), ContainSubstring("asynctest_test.TestSweepOfWhatStandsStill.func1\n")))
	g.Expect(f.Text).NotTo(ContainSubstring("did not happen when"))
}

// The test fails, and others run, beside what goes on spinning.
func TestAfterASweepOfWhatSpins(t *testing.T) {
	if os.Getenv("WINDTUNNEL_SPIN") != "" {
		t.Run("it", func(t *testing.T) { Sweep(t, Scenario{Run: stubborn(new(atomic.Bool), asks)}) })
		t.Run("the next", func(t *testing.T) {
			Sweep(t, Scenario{Run: func(tunnel *Tunnel) any {
				return fakeloop.Timeout(fakeloop.Offload(tunnel.Loop, "work", func(context.Context) (int, error) { return 1, nil }), time.Minute)
			}})
		})
		return
	}
	g := NewWithT(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestAfterASweepOfWhatSpins$", "-test.v", "-test.timeout=120s")
	cmd.Env = append(os.Environ(), "WINDTUNNEL_SPIN=1", "WINDTUNNEL_GUARD=150ms")
	text, err := cmd.CombinedOutput()
	out := string(text)
	g.Expect(err).To(HaveOccurred())
	g.Expect(out).To(ContainSubstring("To reproduce: WINDTUNNEL_SWEEP='error at ask #1' go test -count=1 -run='^TestAfterASweepOfWhatSpins$/^it$'"))
	g.Expect(out).To(ContainSubstring(`the run "error at ask #1" does not end, and the sweep ends here: `))
	g.Expect(out).To(ContainSubstring("--- PASS: TestAfterASweepOfWhatSpins/the_next"))
}
