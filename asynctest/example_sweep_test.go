package asynctest_test

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// rate is a fake of what the code under test asks: it answers after a second, unless the
// sweep has something else in mind.
func rate(loop *fakeloop.Loop) *fakeloop.Future[int] {
	p := fakeloop.NewPromise[int](loop, "rate")
	loop.Named("answer").AfterFunc(time.Second, func() { p.Resolve(3) })
	return fakeloop.Faulty(p.Future(), "rate")
}

// price is the code under test. It means to use the last rate that it knows if the service
// is too slow, and does so whatever is wrong.
func price(loop *fakeloop.Loop, amount int) *fakeloop.Future[int] {
	current := fakeloop.Catch(fakeloop.Timeout(rate(loop), 10*time.Second), func(error) (int, error) {
		return 3, nil
	})
	return fakeloop.Then(current, func(rate int) (int, error) { return amount * rate, nil })
}

func ExampleSweep() {
	asynctest.Sweep(new(printer), asynctest.Scenario{
		Name: "TestPrice",
		Run:  func(tunnel *asynctest.Tunnel) any { return price(tunnel.Loop, 14) },
	})
	// Output:
	// sweep of TestPrice: 1 finding in 9 runs (2 points)
	//
	// 1. error lost, at example_sweep_test.go:22
	//    with error at rate #1 (it fails):
	//       the outcome is the value <int>: 42, as without the fault: nothing tells of the injected error, and the scenario does not say that it is handled
	//    also with timeout at rate #1, cancel at rate #1, panic at rate #1, goexit at rate #1
	//    If the code is meant to deal with that, say so in Scenario.Handles:
	//       {Point: "rate", Faults: []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultCancel, fakeloop.FaultPanic, fakeloop.FaultGoexit}},
	//    What happened, from the fault on:
	//               0s  error injected at rate #1
	//               1s  callback runs "answer"
	//               1s  future settles "rate": resolved
	//               1s  callback runs "rate"
	//               1s  future settles "rate": rejected: failed (injected error at rate #1)
	//               1s  future settles "timeout": rejected: failed (injected error at rate #1)
	//               1s  callback runs "timeout"
	//               1s  future settles "catch": resolved
	//               1s  the outcome comes: a value
	//    To mend: return this error as it is, or wrapped with %w
	//    To reproduce: WINDTUNNEL_SWEEP='error at rate #1' go test -count=1 -run='^TestPrice$' ./asynctest
	//
	// point            slow  error       timeout     cancel      panic       goexit      never
	// timer answer #1  ok    -           -           -           -           -           -
	// rate #1          ok    error lost  error lost  error lost  error lost  error lost  ok
	// (ok: the outcome is the one without faults; error: it tells of the fault; -: this point cannot fail so; a cell shows one finding, the first)
	//
	// not swept:
	//   out of reach: goroutines, timers of package time, files and connections that pass neither the tunnel's loop nor its network, and futures of fakes that are not wrapped with Faulty
}

// Scenario.Sweep is for who wants to look at the report.
func ExampleScenario_Sweep() {
	report, err := asynctest.Scenario{
		Name:    "TestPrice",
		Run:     func(tunnel *asynctest.Tunnel) any { return price(tunnel.Loop, 14) },
		Handles: []asynctest.Handled{{Point: "rate", Faults: []fakeloop.FaultKind{fakeloop.FaultTimeout}}},
		Leave:   []asynctest.LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultGoexit}, Why: "the service runs elsewhere"}},
	}.Sweep()
	fmt.Println(err)
	fmt.Print(report.Table())
	for _, f := range report.Findings {
		fmt.Println(f.Check, "at", f.Place, "with", f.Fault, "also with", f.Also)
	}
	// Output:
	// <nil>
	// point            slow  error       timeout  cancel      panic       goexit    never
	// timer answer #1  ok    -           -        -           -           -         -
	// rate #1          ok    error lost  ok       error lost  error lost  left out  ok
	// error lost at example_sweep_test.go:22 with error at rate #1 also with [cancel at rate #1 panic at rate #1]
}
