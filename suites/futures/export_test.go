package futures

import "github.com/windtunnel-go/windtunnel/fakeloop/progress"

// RunAll is r.RunAll, followed by p.
func RunAll(r *Runner, subject string, p *progress.Progress) []Result { return r.runAll(subject, p) }

// Quick returns a with a twentieth of the rounds.
func Quick(a Adapter) Adapter {
	a.quick = true
	return a
}

// RaceEnabled says whether the race detector is there.
const RaceEnabled = raceEnabled

// Elsewhere makes the processes of r run another test.
func Elsewhere(r *Runner, test string) { r.test = test }

// Confirmed joins a result and that of its repetition.
func Confirmed(first, second Result) Result { return confirmed(first, second) }

// Excludes says why a property is not tried on a; "" if it is.
func Excludes(a Adapter, p Property) string { return a.excludes(p) }
