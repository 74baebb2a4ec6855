package asynctest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// Scenario is what a sweep runs, again and again: code under test, the world around it,
// and a call that returns a future. Only Run must be given.
type Scenario struct {
	// Run builds one run in a tunnel and returns the future of its outcome, of any kind:
	// see "What is a future" in the package comment. It is called once for each run, on a
	// goroutine of the tunnel's bubble. Without faults the outcome must be the same each
	// time, and nothing may be left: what is to be closed can be closed when the context
	// of the tunnel ends, with context.AfterFunc.
	Run func(tunnel *Tunnel) any

	// Handles says which faults the code under test deals with, by a retry, a fallback or
	// otherwise, so that the outcome is the one without faults. All others must be found
	// in the outcome: errors.Is finds the injected error, or the one it stands for.
	Handles []Handled

	// Value says what is wrong with a value, nil if it is right. Without it a value is
	// right if it is deeply equal to that of the run without faults.
	Value func(value any) error

	// Deadline is how much virtual time the outcome may take, whatever goes wrong. 0
	// means DefaultDeadline.
	Deadline time.Duration

	// Leave says which faults are not swept. They are listed in the report.
	Leave []LeftOut

	// Tunnel says how tunnels are made. Their seed and decisions are the sweep's.
	Tunnel []TunnelOption

	// Seeds are those of schedules under which everything is swept, once for each; 0 is
	// first in first out. None means that one.
	Seeds []uint64

	// Pairs is with how many second faults, at most, each first one is combined; 0 means
	// with none.
	Pairs int

	// EveryByte cuts streams behind each byte, not only in the middle of each chunk.
	EveryByte bool

	// Shard of Shards is the share of the runs that is made here, by the index of the
	// point; it counts from 0. 0 Shards means that all are made here. The reports of all
	// shards make one with [SweepReport.Merge].
	Shard, Shards int

	// Real makes a sample of the runs on real TCP, too.
	Real Real

	// Journal is a file that keeps the results, so that a sweep which was stopped goes on
	// where it was; "" means none.
	Journal string

	// Progress says how a sweep that takes more than a few seconds tells how far it is;
	// the zero value is a line now and then on standard error.
	Progress progress.Config

	// Name and Command say what is swept, and which command line does that. Sweep of
	// this package and of package spec set them.
	Name, Command string

	_ struct{}
}

// DefaultDeadline is how much virtual time an outcome may take without a
// [Scenario].Deadline.
const DefaultDeadline = 10 * time.Minute

// Handled declares that the code under test deals with faults.
type Handled struct {
	// Point is a pattern for the names of points, in which * stands for anything, as in
	// "dial client>*". The number at the end of a name may be left out. Empty means any.
	Point string

	// Faults are the kinds of fault; none means any.
	Faults []fakeloop.FaultKind
}

// LeftOut declares that faults are not swept, and why.
type LeftOut struct {
	Point  string               // as of Handled
	Faults []fakeloop.FaultKind // none means any
	Why    string               // stands in the report
}

// SweepVariable is the environment variable that makes Sweep make one run only, such as
// "reset at read client<api:80 conn 1 #1".
const SweepVariable = "WINDTUNNEL_SWEEP"

// Sweep breaks everything in a scenario, one thing at a time, and fails the test for
// each place at which an error gets lost, or the code under test waits in vain:
//
//	func TestFetch(t *testing.T) {
//		Sweep(t, Scenario{
//			Run: func(tunnel *Tunnel) any {
//				tunnel.Net.Serve("api:80", handler)
//				return client.New(tunnel.Loop, tunnel.Net.DialContext).Fetch("http://api/x")
//			},
//			Handles: []Handled{{Point: "dial *"}}, // it tries again
//		})
//	}
//
// The scenario is run once without faults, which lists the fault points: each dial,
// lookup, accept, read, write and close on the tunnel's network, each timer set with
// AfterFunc and each piece of offloaded work, each future of a fake that is wrapped with
// fakeloop.Faulty, each call that begins with fakeloop.Loop.Fail, and each
// fakeloop.Loop.Choose. Then it is run once for each point and each way in which that can
// go wrong. After each run it is asked whether
//
//   - there is exactly one outcome, and no success with a wrong value;
//   - the injected error can be found in the outcome, or the scenario says that it is
//     handled, and the outcome is the one without faults;
//   - everything has ended: nothing is pending, nobody has overlooked an error, and no
//     goroutine, connection or timer is left;
//   - no callback has blocked its loop;
//   - the outcome came by the deadline, in virtual time.
//
// What is found is grouped by the line in the user's code at which the error was last
// seen, or the waiting began, each with the command line that repeats the run. The report
// also has a table of points and faults, and what was not swept.
//
// A run in which goroutines compute for a minute of real time, and virtual time does not come
// on by a minute meanwhile, ends the sweep, and is named: what retries without a pause would
// do that until the test binary times out. WINDTUNNEL_GUARD, by default 10s, is a sixth of
// that minute of real time. What computes cannot be stopped, and goes on beside what comes next.
//
// Runs are in bubbles of their own, so Sweep is called outside of them: not in Run, nor
// in a spec with spec.Bubble.
func Sweep(t TestingT, s Scenario) *SweepReport {
	t.Helper()
	if s.Name == "" {
		s.Name = t.Name()
	}
	r, err := s.Sweep()
	switch {
	case err != nil:
		t.Errorf("%v", err)
	case len(r.Findings) > 0:
		t.Errorf("%v", r)
	default:
		t.Logf("%v", r)
	}
	return r
}

// Sweep sweeps the scenario and returns what is to be said of it. An error means that it
// could not be swept: the run without faults is not as it should be, say.
func (s Scenario) Sweep() (*SweepReport, error) {
	switch {
	case s.Run == nil:
		return nil, errors.New("asynctest: a Scenario without Run cannot be swept")
	case s.Deadline < 0:
		return nil, fmt.Errorf("asynctest: the Deadline of a Scenario must not be negative: %v", s.Deadline)
	case bubble.ID() != 0:
		return nil, errors.New("asynctest: a sweep makes bubbles of its own, and cannot be made inside of one: call Sweep outside of Run, spec.Bubble and synctest.Test")
	}
	if err := cmp.Or(s.Real.check(), newTunnelConfig(s.Tunnel).misuse); err != nil {
		return nil, err
	}
	if s.Deadline == 0 {
		s.Deadline = DefaultDeadline
	}
	w := newSweeper(s)
	if text := os.Getenv(SweepVariable); text != "" {
		run, err := explore.ParseRun(text)
		if err != nil {
			return nil, fmt.Errorf("asynctest: %s: %w", SweepVariable, err)
		}
		return w.single(run)
	}
	return w.all()
}

// command returns the command line that makes one run.
func (s Scenario) command(run explore.Run) string {
	line := s.Command
	if line == "" {
		line = rerun.GoTest(s.Name)
	}
	return SweepVariable + "=" + rerun.Quote(run.String()) + " " + line
}

// right says what is wrong with a value.
func (s Scenario) right(value, without any) error {
	switch {
	case s.Value != nil:
		return s.Value(value)
	case !reflect.DeepEqual(value, without):
		return fmt.Errorf("without faults it is %s", show(without))
	}
	return nil
}

// handles reports whether a fault is declared as handled.
func (s Scenario) handles(f explore.Fault) bool {
	for _, h := range s.Handles {
		if covers(h.Point, h.Faults, f) {
			return true
		}
	}
	return false
}

// leaves returns the declaration by which a fault is not swept.
func (s Scenario) leaves(f explore.Fault) (LeftOut, bool) {
	for _, l := range s.Leave {
		if covers(l.Point, l.Faults, f) {
			return l, true
		}
	}
	return LeftOut{}, false
}

func covers(pattern string, kinds []fakeloop.FaultKind, f explore.Fault) bool {
	name, _, _ := strings.Cut(f.Point, " #")
	if !glob(pattern, name) && !glob(pattern, f.Point) {
		return false
	}
	for _, k := range kinds {
		if k == kindOf(f) {
			return true
		}
	}
	return len(kinds) == 0
}

// kindOf returns the kind of a fault, that of "cut after 3 bytes" without the bytes.
func kindOf(f explore.Fault) fakeloop.FaultKind {
	way, _, _ := strings.Cut(f.Way, " after ")
	return fakeloop.FaultKind(way)
}

// glob reports whether a text fits a pattern in which * stands for anything; the empty
// one fits all.
func glob(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
