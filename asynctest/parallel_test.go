package asynctest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"
)

// wrapped is a test as libraries hand it on.
type wrapped struct{ *testing.T }

// parallelTests call t.Parallel where it would end the process.
var parallelTests = map[string]func(t *testing.T){
	"one": func(t *testing.T) {
		Run(t, func(*Tunnel) {
			t.Run("sub", func(t *testing.T) { t.Parallel(); t.Error("ran on") }) // here: one
		})
	},
	"two of three, after one outside": func(t *testing.T) {
		t.Run("outside", func(t *testing.T) { t.Parallel(); t.Log("the one outside ran") })
		Run(wrapped{t}, func(tunnel *Tunnel) {
			t.Run("c", func(*testing.T) { time.Sleep(time.Hour) })
			t.Logf("elapsed %v", tunnel.Elapsed())
			for _, name := range []string{"a", "b"} {
				t.Run(name, func(t *testing.T) { t.Parallel(); t.Error("ran on") }) // here: two of three, after one outside
			}
		})
	},
	"waited for": func(t *testing.T) {
		Run(t, func(*Tunnel) {
			var all sync.WaitGroup
			all.Add(1)
			t.Run("sub", func(t *testing.T) { defer all.Done(); t.Parallel() }) // here: waited for
			all.Wait()
		})
	},
	"waited for, after one outside": func(t *testing.T) {
		t.Run("outside", func(t *testing.T) { t.Parallel(); t.Log("the one outside ran") })
		Run(t, func(*Tunnel) {
			t.Run("sub", func(t *testing.T) { t.Parallel(); t.Error("ran on") }) // here: waited for, after one outside
			time.Sleep(time.Hour)
			t.Error("ran on")
		})
	},
	"after the body": func(t *testing.T) {
		Run(t, func(tunnel *Tunnel) {
			tunnel.Go("late", func() {
				t.Run("sub", func(t *testing.T) { time.Sleep(time.Second); t.Parallel() }) // here: after the body
			})
		})
	},
	"beside a failure": func(t *testing.T) {
		Run(t, func(*Tunnel) {
			t.Run("sub", func(t *testing.T) { t.Parallel() }) // here: beside a failure
			panic(errLost)
		})
	},
	"below one": func(t *testing.T) {
		Run(t, func(*Tunnel) {
			t.Run("sub", func(t *testing.T) {
				t.Run("below", func(t *testing.T) { t.Parallel(); time.Sleep(time.Hour); t.Log("ran on") })
			})
		})
	},
}

// A subtest that calls t.Parallel inside Run fails the test by its line, whatever else is
// wrong with it; the process lives, and other subtests and tests run.
func TestParallelInsideRun(t *testing.T) {
	if part := os.Getenv("WINDTUNNEL_PARALLEL"); part != "" {
		t.Run("it", parallelTests[part])
		t.Run("the next", func(t *testing.T) {
			Run(t, func(tunnel *Tunnel) { time.Sleep(time.Hour); t.Logf("the next ran for %v", tunnel.Elapsed()) })
		})
		return
	}
	const told = ", in what began inside Run: "
	for _, c := range []struct {
		name string
		want []string
	}{
		{"one", []string{told + "TestParallelInsideRun/it/sub.  Such a subtest waits until the test that has called Run is over, and what is in the bubble must end before, so it was given up there.  " +
			"Call t.Run and t.Parallel outside, and Run in each subtest; or start with tunnel.Go what is to go on at the same time in one."}},
		{"two of three, after one outside", []string{told + "TestParallelInsideRun/it/a, TestParallelInsideRun/it/b.", "the one outside ran", "elapsed 1h0m0s"}},
		{"waited for", []string{told + "TestParallelInsideRun/it/sub."}},
		{"waited for, after one outside", []string{told + "TestParallelInsideRun/it/sub.", "the one outside ran"}},
		{"after the body", []string{told + "TestParallelInsideRun/it/sub."}},
		{"beside a failure", []string{told + "TestParallelInsideRun/it/sub.", "asynctest: panicked: connection lost"}},
		{"below one", []string{"ran on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			cmd := exec.Command(os.Args[0], "-test.run=^TestParallelInsideRun$", "-test.v", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), "WINDTUNNEL_PARALLEL="+c.name, "WINDTUNNEL_GUARD=200ms")
			text, err := cmd.CombinedOutput()
			out := string(text)
			g.Expect(out).To(ContainSubstring("the next ran for 1h0m0s"))
			for _, want := range c.want {
				g.Expect(out).To(ContainSubstring(want))
			}
			if c.name == "below one" { // which waits for its parent, and that is in the bubble
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(HaveOccurred())
			g.Expect(out).To(ContainSubstring("t.Parallel was called at " + parallelLine(g, c.name) + told))
			g.Expect(out).To(ContainSubstring("To reproduce: go test -count=1 -run='^TestParallelInsideRun$/^it$'"))
			for _, wrong := range []string{"fatal error", "ran on", "WARNING: DATA RACE", "stands still", "was left", "could not be closed"} {
				if wrong == "WARNING: DATA RACE" && (strings.HasPrefix(c.name, "waited for") || c.name == "after the body") {
					continue // package testing reads its list, and nothing has told of the subtest that is on it
				}
				g.Expect(out).NotTo(ContainSubstring(wrong))
			}
		})
	}
}

// parallelLine returns the line of this file that calls t.Parallel in one of parallelTests.
func parallelLine(g Gomega, name string) string {
	text, err := os.ReadFile("parallel_test.go")
	g.Expect(err).NotTo(HaveOccurred())
	before, _, found := strings.Cut(string(text), "// here: "+name+"\n")
	g.Expect(found).To(BeTrue(), name)
	here, err := filepath.Abs("parallel_test.go")
	g.Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("%s:%d", here, strings.Count(before, "\n")+1)
}
