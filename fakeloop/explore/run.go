package explore

import (
	"fmt"
	"strconv"
	"strings"
)

// Run says what is special about one run of a scenario.
type Run struct {
	// Seed is that of the schedule, as of fakeloop.Seed. 0 is first in first out.
	Seed uint64 `json:"seed,omitempty"`

	// Faults are what goes wrong. None is the run that the others are compared with.
	Faults []Fault `json:"faults,omitempty"`
}

// Fault is one way, other than the usual one, at one point.
type Fault struct {
	Point string `json:"point"` // the name of the point, with its number
	Way   string `json:"way"`   // "reset", "cut after 3 bytes", "choice 2"
}

// String returns "reset at read client<api:80 conn 1 #2".
func (f Fault) String() string { return f.Way + at + f.Point }

// What stands between the parts of a run's text.
const (
	at       = " at "
	then     = " + "
	withSeed = "seed "
)

// String returns the faults and the seed, as in "refused at dial client>api:80 #1 + seed
// 7", or "no fault". [ParseRun] reads it.
func (r Run) String() string {
	var parts []string
	for _, f := range r.Faults {
		parts = append(parts, f.String())
	}
	if len(parts) == 0 {
		parts = append(parts, noFault)
	}
	if r.Seed != 0 {
		parts = append(parts, withSeed+strconv.FormatUint(r.Seed, 10))
	}
	return strings.Join(parts, then)
}

const noFault = "no fault"

// ParseRun reads the text of a Run.
func ParseRun(text string) (Run, error) {
	var r Run
	for part := range strings.SplitSeq(text, then) {
		part = strings.TrimSpace(part)
		if number, ok := strings.CutPrefix(part, withSeed); ok {
			seed, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				return Run{}, fmt.Errorf("explore: %q: the seed must be a number from 0 to 2^64-1", part)
			}
			r.Seed = seed
			continue
		}
		if part == noFault {
			continue
		}
		way, point, ok := strings.Cut(part, at)
		if !ok || way == "" || point == "" {
			return Run{}, fmt.Errorf("explore: %q is no fault: write one like \"reset at read client<api:80 conn 1 #1\", several with %q between them, or %q", part, then, noFault)
		}
		r.Faults = append(r.Faults, Fault{Point: point, Way: way})
	}
	return r, nil
}
