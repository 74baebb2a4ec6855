package futures

import (
	"fmt"
	"runtime/metrics"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// A process in which no goroutine runs, or could run, stays as it is until a timer
// fires. In a bubble that blocks where the bubble does not see it no timer does; in
// real time those of a check fire within its patience. Such a process hangs, however
// slow the machine is: no guard need be waited for. One that spins gives itself away by
// the CPU time that it uses, of which a busy machine gives it no more than an idle one.

// sampling is the time between two looks at the scheduler.
const sampling = 50 * time.Millisecond

// await waits for the end of the check, and gives up when it hangs.
func (t *T) await(over <-chan end) end {
	guard := t.Guard
	if guard == 0 {
		guard = DefaultGuard
	}
	still := 500 * time.Millisecond
	if t.Caps.RealTime {
		still = t.patience() + 2*time.Second
	}
	ticker := time.NewTicker(sampling)
	defer ticker.Stop()
	deadline := time.Now().Add(guard)
	work := t.CPU
	if work == 0 {
		work = DefaultCPU
	}
	used := cpuTime()
	// Who reads a file now does so for ever. One may be on its way to it: the reader of
	// requests.
	outside := max(1, gauge("/sched/goroutines/not-in-go:goroutines"))
	idle := 0
	for {
		select {
		case e := <-over:
			return e
		case <-ticker.C:
		}
		if idle++; !asleep(outside) {
			idle = 0
		}
		switch {
		case time.Duration(idle)*sampling >= still:
			return end{Status: Hang, Stack: checks.Stacks(), Text: "the check had not ended, and no goroutine of the process could go on"}
		case cpuTime()-used > work:
			return end{Status: Hang, Stack: checks.Stacks(), Text: fmt.Sprintf("the check had not ended after %v of CPU time", work)}
		case time.Now().After(deadline):
			return end{Status: Hang, Stack: checks.Stacks(), Text: fmt.Sprintf("the check had not ended after %v of real time", guard)}
		}
	}
}

// asleep reports whether no goroutine but the calling one runs or could run, and none
// but so many are in the kernel.
func asleep(outside uint64) bool {
	return gauge("/sched/goroutines/runnable:goroutines") == 0 &&
		gauge("/sched/goroutines/running:goroutines") <= 1 &&
		gauge("/sched/goroutines/not-in-go:goroutines") <= outside
}

func gauge(name string) uint64 {
	samples := []metrics.Sample{{Name: name}}
	metrics.Read(samples)
	return samples[0].Value.Uint64()
}
