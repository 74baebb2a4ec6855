//go:build linux || darwin

package blocking

import (
	"crypto/sha256"
	"testing"
	"time"
)

// Computing counts and waiting does not: that is the whole point, and it holds on
// a machine of any load, since both are compared on the thread's own clock.
func TestThreadCPU(t *testing.T) {
	compute := func(rounds int) func() {
		return func() {
			var sum [32]byte
			for range rounds {
				sum = sha256.Sum256(sum[:])
			}
		}
	}
	short, err := ThreadCPU(compute(1_000))
	if err != nil {
		t.Fatal(err)
	}
	long, err := ThreadCPU(compute(1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := ThreadCPU(func() { time.Sleep(50 * time.Millisecond) })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("1,000 rounds %v, 1,000,000 rounds %v, asleep for 50ms %v", short, long, waiting)
	if short <= 0 || long < 10*short || long < 10*waiting {
		t.Errorf("1,000 rounds used %v, 1,000,000 rounds %v, sleeping %v", short, long, waiting)
	}
}

// Measuring is not itself a wait.
func TestThreadCPUDoesNotBlock(t *testing.T) {
	r, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	Callback(func() {
		if _, err := ThreadCPU(func() {}); err != nil {
			t.Error(err)
		}
	})
	report, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Blocks) != 0 {
		t.Errorf("got %v", report)
	}
}
