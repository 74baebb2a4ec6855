package asynctest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

// SweepReport is what came of a sweep. It has a JSON.
type SweepReport struct {
	Name     string          `json:"name"`
	Runs     int             `json:"runs"`    // that were made, or taken from the journal
	Without  int             `json:"without"` // of them without faults, one for each seed
	Points   []explore.Point `json:"points"`
	Findings []Finding       `json:"findings"`

	// WithoutError is the outcome of the run without faults if that is an error; "" if it
	// is a value.
	WithoutError string `json:"without_error,omitempty"`

	// Cells is the table of single faults: what came of each, by the point and the fault.
	Cells map[string]map[string]string `json:"cells"`

	// NotSwept says what the sweep did not look at, and why.
	NotSwept []string `json:"not_swept"`

	// Sampled are the runs on real TCP, and NotSampled those that were asked for and cannot
	// be made there, and why: see [Real].
	Sampled    []Sampled `json:"sampled,omitempty"`
	NotSampled []string  `json:"not_sampled,omitempty"`

	one    bool // it is one run that was asked for
	all    []Finding
	missed []string
	left   []string
}

func newSweepReport(s Scenario) *SweepReport {
	return &SweepReport{Name: s.Name, Cells: map[string]map[string]string{}}
}

// What a cell of the table can say, besides the check of a finding.
const (
	cellValue  = "ok"       // the outcome is the one without faults
	cellError  = "error"    // the outcome has the error
	cellMissed = "not met"  // the run did not come to the point
	cellLeft   = "left out" // the scenario leaves it out
)

// What stands in the table where there is no cell.
const (
	cellNone  = "-"         // the point cannot go wrong so
	cellOther = "elsewhere" // it is for another shard
)

// outcomeOf returns what stands in the table of a run.
func (w *sweeper) outcomeOf(p *played, findings []Finding) string {
	switch {
	case len(findings) > 0:
		return string(findings[0].Check)
	case len(p.missed) > 0:
		return cellMissed
	case p.err != nil && w.without[p.run.Seed].err == nil:
		return cellError
	}
	return cellValue
}

// unfaulted takes in a run without faults.
func (r *SweepReport) unfaulted(p *played) {
	r.Runs++
	r.Without++
	if p.err != nil {
		r.WithoutError = plain(p.err.Error())
	}
	known := names(r.Points)
	for _, point := range p.points {
		if !slices.Contains(known, point.Name) {
			r.Points = append(r.Points, point)
		}
	}
}

// add takes in a run with faults.
func (r *SweepReport) add(run explore.Run, v verdict) {
	r.Runs++
	if v.Outcome == cellMissed {
		r.missed = append(r.missed, run.String())
	}
	r.all = append(r.all, v.Findings...)
	if len(run.Faults) != 1 {
		return
	}
	r.cell(run.Faults[0], v.Outcome)
}

// cell sets a cell of the table, unless that tells of a finding.
func (r *SweepReport) cell(f explore.Fault, text string) {
	if r.Cells[f.Point] == nil {
		r.Cells[f.Point] = map[string]string{}
	}
	if was := r.Cells[f.Point][f.Way]; was == "" || was == cellValue || was == cellError {
		r.Cells[f.Point][f.Way] = text
	}
}

// leave notes that a fault was left out.
func (r *SweepReport) leave(_ explore.Point, f explore.Fault, l LeftOut) {
	text := fmt.Sprintf("%s at %s: %s", kindOf(f), orAny(l.Point), l.Why)
	if !slices.Contains(r.left, text) {
		r.left = append(r.left, text)
	}
}

func orAny(pattern string) string {
	if pattern == "" {
		return "any point"
	}
	return pattern
}

// unsampled notes that a fault is not one of the sample on real TCP.
func (r *SweepReport) unsampled(f explore.Fault, why string) {
	what, _, _ := strings.Cut(f.Point, " ")
	text := fmt.Sprintf("%s at %s: %s", kindOf(f), what, why)
	if !slices.Contains(r.NotSampled, text) {
		r.NotSampled = append(r.NotSampled, text)
		slices.Sort(r.NotSampled)
	}
}

// finish makes the report of what was taken in.
func (r *SweepReport) finish(s Scenario) *SweepReport {
	r.Findings = grouped(r.all, r.order())
	for _, p := range r.Points {
		for _, way := range p.Ways {
			f := explore.Fault{Point: p.Name, Way: way}
			if _, left := s.leaves(f); left {
				r.cell(f, cellLeft)
			}
		}
	}
	r.NotSwept = nil
	for _, text := range r.left {
		r.NotSwept = append(r.NotSwept, "left out, "+text)
	}
	if !r.one {
		for _, h := range s.Handles {
			if !r.declared(h.Point, h.Faults) {
				r.NotSwept = append(r.NotSwept, fmt.Sprintf("declared as handled, and nothing fits: %s at %s", listKinds(h.Faults), orAny(h.Point)))
			}
		}
		for _, l := range s.Leave {
			if !r.declared(l.Point, l.Faults) {
				r.NotSwept = append(r.NotSwept, fmt.Sprintf("declared as left out, and nothing fits: %s at %s", listKinds(l.Faults), orAny(l.Point)))
			}
		}
	}
	for _, run := range r.missed {
		r.NotSwept = append(r.NotSwept, "not met: "+run+": the run took another way before it came to the point")
	}
	if text := r.halved(); text != "" && !s.EveryByte && !r.one {
		r.NotSwept = append(r.NotSwept, text)
	}
	r.NotSwept = append(r.NotSwept, notReached)
	slices.Sort(r.NotSwept)
	return r
}

// halved says where streams were cut in the middle of what passed, and not behind each
// byte; "" if there is no difference.
func (r *SweepReport) halved() string {
	where, places := "", 0
	for _, p := range r.Points {
		if text, _ := r.Cell(p.Name, string(fakeloop.FaultCut)); p.Bytes > 1 && text != cellLeft && slices.Contains(p.Ways, string(fakeloop.FaultCut)) {
			if places++; places == 1 {
				where = fmt.Sprintf("%d bytes at %s", p.Bytes, p.Name)
			}
		}
	}
	if places == 0 {
		return ""
	}
	if places > 1 {
		where += fmt.Sprintf(", and %d more", places-1)
	}
	return "cuts behind each byte (" + where + "): these streams were cut once, in the middle; set Scenario.EveryByte if the code takes them apart"
}

// declared reports whether a declaration fits one of the faults that could be injected.
func (r *SweepReport) declared(pattern string, faults []fakeloop.FaultKind) bool {
	for _, p := range r.Points {
		for _, way := range p.Ways {
			if covers(pattern, faults, explore.Fault{Point: p.Name, Way: way}) {
				return true
			}
		}
	}
	return false
}

func listKinds(faults []fakeloop.FaultKind) string {
	if len(faults) == 0 {
		return "anything"
	}
	var out []string
	for _, f := range faults {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

// notReached is what no sweep can look at.
const notReached = "out of reach: goroutines, timers of package time, files and connections that pass neither the tunnel's loop nor its network, and futures of fakes that are not wrapped with Faulty"

// Merge adds what other shards of the same sweep have found, and returns the report.
func (r *SweepReport) Merge(others ...*SweepReport) *SweepReport {
	for _, o := range others {
		r.Runs += o.Runs - o.Without // which each shard makes
		for point, cells := range o.Cells {
			if r.Cells[point] == nil {
				r.Cells[point] = map[string]string{}
			}
			for way, cell := range cells {
				r.Cells[point][way] = cell
			}
		}
		r.Findings = grouped(append(r.Findings, o.Findings...), r.order())
		r.NotSwept = union(r.NotSwept, o.NotSwept)
		r.NotSampled = union(r.NotSampled, o.NotSampled)
		r.Sampled = append(r.Sampled, o.Sampled...)
	}
	order := r.order()
	slices.SortStableFunc(r.Sampled, func(a, b Sampled) int {
		one, _ := explore.ParseRun(a.Fault) // which a Run has made
		other, _ := explore.ParseRun(b.Fault)
		return slices.Compare(order(one), order(other))
	})
	return r
}

// union is what is in one of two lists, in order.
func union(a, b []string) []string {
	for _, text := range b {
		if !slices.Contains(a, text) {
			a = append(a, text)
		}
	}
	slices.Sort(a)
	return a
}

// order is that of runs: by how many faults they have, and then by those, in the order of
// points and ways, and by the seed.
func (r *SweepReport) order() func(explore.Run) []int {
	place := map[explore.Fault]int{}
	for _, p := range r.Points {
		for _, way := range p.Ways {
			place[explore.Fault{Point: p.Name, Way: way}] = len(place) + 1
		}
	}
	return func(run explore.Run) []int {
		key := []int{len(run.Faults)}
		for _, f := range run.Faults {
			cut, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Way, "cut after "), " bytes"))
			key = append(key, place[f], place[explore.Fault{Point: f.Point, Way: string(kindOf(f))}], cut)
		}
		return append(key, int(run.Seed>>1))
	}
}
