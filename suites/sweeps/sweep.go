package sweeps

import (
	"fmt"
	"io"

	"github.com/windtunnel-go/windtunnel/asynctest"
)

// Result is what came of sweeping one subject.
type Result struct {
	Subject Subject

	// Blocked is what the run without faults blocked on, in the words of the sweep that
	// refuses it; "" if it did not.
	Blocked string

	// Report is nil if the subject was not swept.
	Report *asynctest.SweepReport
	// Refused is why the sweep refused the subject.
	Refused error
}

// Scenario is the subject in a tunnel. dir is a directory for its files.
func (s Subject) Scenario(dir string) asynctest.Scenario {
	scenario := s.More
	scenario.Name, scenario.Handles, scenario.Progress.Out = s.Name, s.Handles, io.Discard
	scenario.Run = func(tunnel *asynctest.Tunnel) any {
		return asynctest.Adapt(func(settle func(string, error)) {
			run := open(tunnel, s.Resolves, dir, settle)
			tunnel.Loop.Named(s.Name).Post(func() { s.Start(run) })
		})
	}
	return scenario
}

// Sweep sweeps the subject. One that blocks is first seen to be refused for it, and then
// swept with a rule that allows it.
func (s Subject) Sweep(dir string) (Result, error) {
	r := Result{Subject: s}
	if s.Unfit != "" {
		return r, nil
	}
	scenario := s.Scenario(dir)
	if s.Blocks {
		report, err := scenario.Sweep()
		if err == nil {
			return r, fmt.Errorf("the sweep of %q did not see it block: %v", s.Name, report)
		}
		r.Blocked = err.Error()
		scenario.Tunnel = s.rule()
	}
	r.Report, r.Refused = scenario.Sweep()
	return r, nil
}
