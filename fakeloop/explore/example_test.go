package explore_test

import (
	"fmt"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

func ExampleSweep() {
	config := explore.Config{Leave: func(_ explore.Point, f explore.Fault) bool {
		return f.Way == string(fakeloop.FaultPanic) || f.Way == string(fakeloop.FaultGoexit)
	}}
	err := explore.Sweep(config, func(run explore.Run) ([]explore.Point, error) {
		source := run.Source()
		loop := fakeloop.New(fakeloop.Config{Decisions: source})
		defer loop.Close()
		copied := loop.Choose("disk full", 2) == 0 && loop.Fail("rename") == nil // the scenario
		fmt.Println(run, "->", copied)
		return source.Points(), nil
	})
	fmt.Println(err)
	// Output:
	// no fault -> true
	// choice 1 at choose disk full #1 -> false
	// error at rename #1 -> false
	// timeout at rename #1 -> false
	// <nil>
}
