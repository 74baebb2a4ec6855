package toxics

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Faults that are switched at once stand in the timeline like those that wait for their
// instant, each switch once: those of the plan, by Apply, and by Lift.
func TestFaultsThatAreSwitchedAtOnceAreNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		n, err := NewNetwork(Config{Gate: loop.Gate(), Plan: Plan{
			Toxics: []Toxic{Latency{Latency: time.Second}},
			Faults: []Fault{Partition("client", "api").For(time.Minute), Inject(Refuse{}).From(time.Hour)},
		}})
		must(t, err)
		n.Host("api")
		time.Sleep(2 * time.Minute)
		a := n.Apply(Inject(FailDial{}))
		later := n.Apply(Inject(FailDial{}).From(24 * time.Hour))
		time.Sleep(time.Minute)
		for range 2 {
			a.Lift()
			later.Lift() // which has never been on
		}
		time.Sleep(2 * time.Hour)
		must(t, n.Close())
		must(t, loop.Close())
		var got []string
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Passed {
				got = append(got, fmt.Sprint(e.At.Round(time.Minute), " ", e.Label))
			}
		}
		if want := []string{
			"0s fault 0 on: latency",
			"0s fault 1 on: severed client, api",
			"1m0s fault 1 off: severed client, api",
			"2m0s fault 3 on: fail_dial",
			"3m0s fault 3 off: fail_dial",
			"1h0m0s fault 2 on: refuse",
		}; !slices.Equal(got, want) {
			t.Errorf("the timeline has\n%q\nwant\n%q", got, want)
		}
	})
}
