package sweeps

import (
	"fmt"
	"io"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
	"github.com/windtunnel-go/windtunnel/toxics"
	"github.com/windtunnel-go/windtunnel/toxics/tcp"
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
	scenario.Name, scenario.Handles, scenario.Leave, scenario.Progress.Out = s.Name, s.Handles, s.Leave, io.Discard
	scenario.Run = func(tunnel *asynctest.Tunnel) any {
		return s.outcome(site{tunnel.Loop, tunnel.Net, tunnel.Context()}, dir, func(at site, run *verdicts.Run) {
			if s.Resolves {
				at.byName(run, tunnel.Net.Host("web").IP())
			}
		})
	}
	if s.OnTCP {
		scenario.Real = asynctest.Real{
			Listen: func(plan toxics.Plan) (asynctest.Network, error) { return tcp.Listen(tcp.Config{Plan: plan}) },
			Run: func(tunnel *asynctest.RealTunnel) any {
				return s.outcome(site{tunnel.Loop, tunnel.Net, tunnel.Context()}, dir, func(site, *verdicts.Run) {})
			},
			Point: "read client<*", Faults: onTCP,
		}
		if s.More.EveryByte {
			scenario.Real.Every = 20
		}
	}
	return scenario
}

// onTCP are the kinds of fault of which all are swept on real TCP, too.
var onTCP = []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut}

// outcome starts the subject at a site and returns the future of its outcome.
func (s Subject) outcome(at site, dir string, prepare func(site, *verdicts.Run)) any {
	return asynctest.Adapt(func(settle func(string, error)) {
		run := at.open(dir, settle)
		prepare(at, run)
		at.loop.Named(s.Name).Post(func() { s.Start(run) })
	})
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
