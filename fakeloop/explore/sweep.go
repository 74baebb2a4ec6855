package explore

import (
	"cmp"
	"fmt"
)

// Config says which runs a sweep makes. The zero value is one run for each point and
// way.
type Config struct {
	// Seeds are those of the schedules under which everything is swept; 0 is first in
	// first out. None means that one.
	Seeds []uint64

	// Pairs is with how many second faults, at most, each first one is combined: they
	// are taken evenly from all that the run met behind the first. 0 means none.
	Pairs int

	// EveryByte cuts streams behind each byte, and not only in the middle of what comes
	// in one piece.
	EveryByte bool

	// Shard is which share of the runs is made, from 0 to Shards-1; that of a point is
	// the remainder of its index. The run without faults belongs to all. 0 Shards means
	// that all runs are made.
	Shard, Shards int

	// Leave tells the runs that are not to be made; nil means that none is left out.
	Leave func(p Point, f Fault) bool

	// Progress is called behind each run with how many are done, and how many there are
	// to be as far as is known; may be nil.
	Progress func(done, known int)

	_ struct{}
}

// Sweep makes all runs of a configuration, one after the other: for each seed the run
// without faults, then the single faults by the index of the point and the number of the
// way, each with its pairs behind it. run makes one run and returns the points that it
// met: all of them if it had no fault, else those behind its last fault. An error of it
// ends the sweep, which returns it.
func Sweep(c Config, run func(Run) ([]Point, error)) error {
	if c.Shards < 0 || c.Pairs < 0 || c.Shard < 0 || c.Shard >= max(c.Shards, 1) {
		return fmt.Errorf("explore: shard %d of %d, %d pairs: shards are counted from 0, and nothing is negative", c.Shard, c.Shards, c.Pairs)
	}
	s := &sweep{Config: c, run: run}
	seeds := c.Seeds
	if len(seeds) == 0 {
		seeds = []uint64{0}
	}
	for _, seed := range seeds {
		if err := s.seed(seed); err != nil {
			return err
		}
	}
	return nil
}

type sweep struct {
	Config
	run   func(Run) ([]Point, error)
	done  int
	known int
}

// seed makes the runs under one schedule.
func (s *sweep) seed(seed uint64) error {
	s.known++
	first, err := s.make(Run{Seed: seed})
	if err != nil {
		return err
	}
	singles := s.faults(first, true)
	s.known += len(singles)
	for _, f := range singles {
		behind, err := s.make(Run{Seed: seed, Faults: []Fault{f}})
		if err != nil {
			return err
		}
		seconds := spread(s.faults(behind, false), s.Pairs)
		s.known += len(seconds)
		for _, g := range seconds {
			if _, err := s.make(Run{Seed: seed, Faults: []Fault{f, g}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// faults lists what can go wrong at points, with sharding that of this share only.
func (s *sweep) faults(points []Point, sharding bool) []Fault {
	var out []Fault
	for i, p := range points {
		if sharding && s.Shards > 1 && i%s.Shards != s.Shard {
			continue
		}
		for _, way := range p.all(s.EveryByte) {
			f := Fault{Point: p.Name, Way: way}
			if s.Leave == nil || !s.Leave(p, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// spread returns at most n faults, evenly from all.
func spread(all []Fault, n int) []Fault {
	if len(all) <= n {
		return all
	}
	var out []Fault
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// make makes one run.
func (s *sweep) make(r Run) ([]Point, error) {
	points, err := s.run(r)
	if err != nil {
		return nil, err
	}
	s.done++
	if s.Progress != nil {
		s.Progress(s.done, s.known)
	}
	return points, nil
}

func compare(a, b Fault) int { return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Way, b.Way)) }
