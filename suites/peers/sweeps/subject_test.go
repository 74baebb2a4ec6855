package sweeps_test

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/toxics"
)

var update = flag.Bool("windtunnel.sweeps", false, "write what came of each subject into README.md")

// subject is a client, and something small that it does.
type subject struct {
	// name tells it from the others.
	name string
	// module is the path of the client's module; "" is the standard library.
	module string
	// shows says what the client does, for README.md.
	shows string
	// run is the scenario.
	run func(tunnel *asynctest.Tunnel) any
	// network is what the scenario's network is like, if that is not without delay.
	network toxics.Config
	// halved says that streams are cut in the middle only, at full scale, too.
	halved bool
	// rulings explain all that a sweep finds, and all faults that the client deals with.
	rulings []ruling
	// leave are faults that are not swept, and why.
	leave []asynctest.LeftOut
	// ours are findings of which the scenario was the cause, before it was mended.
	ours []string
}

// away is a second from the client to the server and back. What goroutines of a library write
// at one instant is one point: they race for how many calls of Write that takes.
var away = toxics.Config{JoinWrites: true, Plan: toxics.Plan{Toxics: []toxics.Toxic{
	toxics.Latency{Direction: toxics.Upstream, Latency: time.Second},
	toxics.Latency{Latency: time.Second},
}}}

// ruling is what was found out about some faults.
type ruling struct {
	// of are the faults.
	of []asynctest.Handled
	// found is what the sweep says of them. "" is that the client deals with them: the
	// outcome is the one without the fault.
	found asynctest.SweepCheck
	// verdict is whose doing it is.
	verdict verdict
	// why says how it comes about, with a link.
	why string
}

type verdict string

const (
	intended   verdict = "intended" // by the scenario
	documented verdict = "documented"
	defect     verdict = "defect" // there is a test that shows it without windtunnel
)

// at are the faults of some kinds, or all, at points: see asynctest.Handled.
func at(point string, kinds ...fakeloop.FaultKind) asynctest.Handled {
	return asynctest.Handled{Point: point, Faults: kinds}
}

// covers reports whether a ruling is about a fault.
func (r ruling) covers(f explore.Fault) bool {
	kind, _, _ := strings.Cut(f.Way, " after ") // "cut after 3 bytes"
	return slices.ContainsFunc(r.of, func(h asynctest.Handled) bool {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(h.Point), `\*`, ".*")
		return regexp.MustCompile("^"+pattern+"( #[0-9]+)?$").MatchString(f.Point) &&
			(len(h.Faults) == 0 || slices.Contains(h.Faults, fakeloop.FaultKind(kind)))
	})
}

// explains reports whether a ruling says so of a fault.
func (s subject) explains(found asynctest.SweepCheck, f explore.Fault) bool {
	return slices.ContainsFunc(s.rulings, func(r ruling) bool { return r.found == found && r.covers(f) })
}

// scenario is what is swept.
func (s subject) scenario(name string) asynctest.Scenario {
	out := asynctest.Scenario{Name: name, Run: s.run, Leave: s.leave, Tunnel: []asynctest.TunnelOption{asynctest.WithNetwork(s.network)}}
	out.Progress.Out = io.Discard
	for _, r := range s.rulings {
		if r.found == "" {
			out.Handles = append(out.Handles, r.of...)
		}
	}
	return out
}

// sweep fails the test unless a sweep of each subject finds what README.md shows, and all of
// it has a ruling. By default it breaks every third point only; at full scale it breaks each,
// and cuts streams behind each byte, too.
func sweep(t *testing.T, subjects ...subject) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			scenario := s.scenario(t.Name())
			scale := scaleOf(t)
			if every := int(math.Round(1 / scale)); every > 1 {
				scenario.Shards = every
			}
			r := mustSweep(t, scenario)
			complain(t, s.unexplained(r))
			if t.Failed() {
				return
			}
			if *update {
				s.write(t, r)
				return
			}
			complain(t, s.compare(t, r))
			if scale >= 1 && !s.halved {
				scenario.EveryByte = true
				complain(t, s.unexplained(mustSweep(t, scenario)))
			}
		})
	}
}

func mustSweep(t *testing.T, scenario asynctest.Scenario) *asynctest.SweepReport {
	t.Helper()
	r, err := scenario.Sweep()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d runs, %d points, %d findings", r.Runs, len(r.Points), len(r.Findings))
	return r
}

func complain(t *testing.T, problems []string) {
	t.Helper()
	for _, text := range problems {
		t.Error(text)
	}
}

// unexplained is what a sweep has found that has no ruling, or is not found at the second
// time, and rulings that are about nothing.
func (s subject) unexplained(r *asynctest.SweepReport) (problems []string) {
	for _, f := range r.Findings {
		var faults []string
		for _, text := range append([]string{f.Fault}, f.Also...) {
			run, _ := explore.ParseRun(text) // which a Run has made
			fault := run.Faults[0]
			// A finding may have taken in one of another kind, which tells less.
			if !s.explains(f.Check, fault) && !s.explains(asynctest.SweepCheck(r.Cells[fault.Point][fault.Way]), fault) {
				faults = append(faults, text)
			}
		}
		if len(faults) > 0 {
			problems = append(problems, fmt.Sprintf("no ruling explains that it is %s with\n  %s\nThe first finding there, at %s:\n%s\n%s\nTo reproduce: %s", f.Check,
				strings.Join(faults, "\n  "), f.Place, f.Text, strings.Join(f.Timeline, "\n"), f.Reproduce))
		}
		if strings.Contains(f.Text, "\nThis did not happen when the same run was made again") {
			problems = append(problems, fmt.Sprintf("with %s it is not always %s: %s", f.Fault, f.Check, f.Text))
		}
	}
	for _, text := range r.NotSwept {
		if strings.HasPrefix(text, "declared as handled") {
			problems = append(problems, "a ruling is about nothing: "+text)
		}
	}
	return problems
}

// defaultScale keeps `go test ./...` short; the nightly workflow sets 1.
const defaultScale = 0.34

// scaleOf returns the part of the points that is to be swept. WINDTUNNEL_SCALE says it.
func scaleOf(t *testing.T) float64 {
	t.Helper()
	scale := defaultScale
	if text := os.Getenv("WINDTUNNEL_SCALE"); text != "" {
		var err error
		scale, err = strconv.ParseFloat(text, 64)
		if err != nil || scale <= 0 || math.IsInf(scale, 0) || math.IsNaN(scale) {
			t.Fatalf("WINDTUNNEL_SCALE=%q: want a number above 0, 1 for all points", text)
		}
	}
	if *update {
		scale = 1
	}
	t.Logf("scale %v of all points", scale)
	return scale
}
