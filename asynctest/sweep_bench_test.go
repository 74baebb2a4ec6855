package asynctest_test

import (
	"fmt"
	"testing"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// BenchmarkSweep sweeps a scenario with 100 points, of which each can go wrong in 10 ways.
// On one core (-cpu=1) it must take 2 s at most.
func BenchmarkSweep(b *testing.B) {
	kinds := []fakeloop.FaultKind{
		fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut, fakeloop.FaultRefused,
		fakeloop.FaultBlackHole, fakeloop.FaultSlow, fakeloop.FaultCancel, fakeloop.FaultPanic, fakeloop.FaultGoexit,
	}
	s := Scenario{Name: "BenchmarkSweep", Run: func(tunnel *Tunnel) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (int, error) {
			for i := range 100 {
				if f := tunnel.Loop.Fault(fakeloop.FaultPoint{Name: fmt.Sprint("step ", i), Kinds: kinds}); f != nil {
					return 0, f.Err()
				}
				if err := co.Yield(); err != nil {
					return 0, err
				}
			}
			return 100, nil
		})
	}}
	for b.Loop() {
		r, err := s.Sweep()
		if err != nil || r.Runs != 1001 || len(r.Findings) > 0 {
			b.Fatal(r, err)
		}
	}
}
