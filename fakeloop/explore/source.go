package explore

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Source is the source of decisions of one Run. It serves one loop, and notes the points
// that the run meets. Its methods may be called from any goroutine.
type Source struct {
	schedule fakeloop.Source // nil: first in first out
	left     map[string]string

	mu     sync.Mutex
	over   bool
	points []Point
	met    map[string]int // user's choices, by label
	struck int            // how many of them have had a fault
}

// Source returns the source of decisions for the run.
func (r Run) Source() *Source {
	s := &Source{left: map[string]string{}, met: map[string]int{}}
	if r.Seed != 0 {
		s.schedule = fakeloop.Seed(r.Seed)
	}
	for _, f := range r.Faults {
		s.left[f.Point] = f.Way
	}
	return s
}

// End says that the part of the run is over that is looked at: from now on there are no
// more points and no more faults.
func (s *Source) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// Points returns the points that the run has met, in the order in which it did. What
// goroutines do that race comes in any order, and gets one by the names of the points.
func (s *Source) Points() []Point {
	all := s.sorted()
	for i := range all {
		all[i].met, all[i].struck = fakeloop.Moment{}, false
	}
	return all
}

// Behind returns the points that the run has met behind its last fault, as Points.
func (s *Source) Behind() []Point {
	all := s.sorted()
	for i, p := range slices.Backward(all) {
		if p.struck {
			return s.Points()[i+1:]
		}
	}
	return nil
}

// sorted returns the points in the order of their events, and those between two events
// goroutine by goroutine, in the order of the names of their first.
func (s *Source) sorted() []Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := map[fakeloop.Moment]string{}
	for _, p := range s.points {
		if first[p.met] == "" {
			first[p.met] = p.Name
		}
	}
	all := slices.Clone(s.points)
	slices.SortStableFunc(all, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.met.Events, b.met.Events), cmp.Compare(first[a.met], first[b.met]))
	})
	return all
}

// Struck returns how many of the points that the run has met so far have had a fault.
func (s *Source) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Missed returns the faults of the run whose points it has not met, in the order of
// their names.
func (s *Source) Missed() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Fault
	for point, way := range s.left {
		out = append(out, Fault{Point: point, Way: way})
	}
	slices.SortFunc(out, compare)
	return out
}

// Faults is true: a run of an exploration has fault points.
func (s *Source) Faults() bool { return true }

// ChooseFault answers a fault point.
func (s *Source) ChooseFault(p fakeloop.FaultPoint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meet(faultPoint(p))
}

// Choose is ChooseOption for a caller that knows nothing of options.
func (s *Source) Choose(label string, n int) int {
	choice, _ := s.ChooseOption(fakeloop.Decision{Label: label, N: n, User: true}) // it never refuses
	return choice
}

// ChooseOption answers a user's Loop.Choose, and leaves what else there is to decide to
// the schedule.
func (s *Source) ChooseOption(d fakeloop.Decision) (int, error) {
	if !d.User {
		if s.schedule == nil {
			return 0, nil
		}
		return s.schedule.Choose(d.Label, d.N), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[d.Label]++
	return s.meet(choicePoint(fmt.Sprintf("choose %s #%d", d.Label, s.met[d.Label]), d.N, d.Met)), nil
}

// meet notes a point and returns the way that the run takes there. The caller holds
// s.mu.
func (s *Source) meet(p Point) int {
	if s.over {
		return 0
	}
	way := p.way(s.left[p.Name])
	if p.struck = way > 0; p.struck {
		delete(s.left, p.Name)
		s.struck++
	}
	s.points = append(s.points, p)
	return way
}
