package github

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// merge joins what the shards of one plan brought. What is missing is a problem of the
// result. The result is the same for any number of shards.
func merge(shards []verdicts) verdicts {
	slices.SortStableFunc(shards, func(a, b verdicts) int { return cmp.Compare(a.Shard, b.Shard) })
	var out verdicts
	if len(shards) == 0 {
		out.Problems = []problem{{Text: "No shard brought any verdicts."}}
		return out
	}
	out.Plan = shards[0].Plan
	for _, v := range shards {
		out.Problems = append(out.Problems, v.Problems...)
		if v.Plan.String() != out.Plan.String() {
			text := fmt.Sprintf("Shard %d was planned otherwise (%v) than shard %d (%v); it is left out.", v.Shard, v.Plan, shards[0].Shard, out.Plan)
			out.Problems = append(out.Problems, problem{Text: text})
			continue
		}
		out.Runs = append(out.Runs, v.Runs...)
	}
	out.Problems = append(out.Problems, out.missing()...)
	out.Runs = joinRuns(out.Runs)
	checkSweeps(out.Runs)
	out.Problems = sortedProblems(out.Problems)
	out.Plan.Shards = 1
	return out
}

func (p plan) String() string {
	return fmt.Sprintf("%d shards, seeds %v, suites %s", p.Shards, p.Seeds, strings.Join(p.Suites, " "))
}

// missing says which of the planned runs are not there, or there twice.
func (v verdicts) missing() (out []problem) {
	say := func(format string, args ...any) { out = append(out, problem{Text: fmt.Sprintf(format, args...)}) }
	times := map[item]int{}
	for _, r := range v.Runs {
		times[r.item]++
	}
	for number := 1; number <= v.Plan.Shards; number++ {
		for _, i := range v.Plan.items(number) {
			switch n := times[i]; {
			case n == 0:
				say("Shard %d of %d brought no verdicts of %v.", number, v.Plan.Shards, i)
			case n > 1:
				say("The verdicts of %v are there %d times.", i, n)
			}
			delete(times, i)
		}
	}
	for _, r := range v.Runs {
		if times[r.item] > 0 {
			say("The verdicts of %v were not planned.", r.item)
		}
	}
	return out
}

func (i item) String() string {
	text := fmt.Sprintf("%s under seed %d", i.Suite, i.Seed)
	if i.Part.Of > 1 {
		text += fmt.Sprintf(", part %v of its sweeps", i.Part)
	}
	return text
}

// joinRuns sorts the runs, and joins the parts of each.
func joinRuns(runs []run) []run {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.Suite, b.Suite), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Part.Number, b.Part.Number))
	})
	var out []run
	for _, r := range runs {
		r.Part = shard{1, 1}
		r.Specs = sortedSpecs(r.Specs)
		r.Problems = sortedProblems(r.Problems)
		if n := len(out); n > 0 && out[n-1].item == r.item {
			out[n-1] = joinParts(out[n-1], r)
			continue
		}
		out = append(out, r)
	}
	for _, r := range out {
		for i, s := range r.Specs {
			if !s.State.failed() {
				r.Specs[i].Entries = nil // kept only until it was known what other parts found
			}
		}
	}
	return out
}

// checkSweeps makes it a problem of a run that not all points of a sweep were checked.
func checkSweeps(runs []run) {
	for i, r := range runs {
		for _, s := range r.Specs {
			for _, p := range s.Points {
				if p.Of != 0 && p.Checked != p.Of {
					text := fmt.Sprintf("%q checked %d of the %d points of its sweep %q.", s.Text, p.Checked, p.Of, p.Title)
					runs[i].Problems = sortedProblems(runs[i].Problems, []problem{{text, s.Place}})
				}
			}
		}
	}
}

// verdictsOf are the verdicts of whole runs that nobody planned.
func verdictsOf(runs ...run) verdicts {
	v := verdicts{Runs: joinRuns(runs)}
	checkSweeps(v.Runs)
	return v
}

func (s spec) compare(t spec) int {
	return cmp.Or(cmp.Compare(s.Text, t.Text), s.Place.compare(t.Place), cmp.Compare(s.Node, t.Node))
}

// sortedSpecs puts the specs into an order that does not depend on the one in which they
// ran, and what each holds likewise.
func sortedSpecs(specs []spec) []spec {
	specs = slices.Clone(specs)
	for i := range specs {
		specs[i] = specs[i].sorted()
	}
	slices.SortStableFunc(specs, func(a, b spec) int {
		return cmp.Or(a.compare(b), cmp.Compare(a.State.rank(), b.State.rank()), cmp.Compare(mustJSON(a), mustJSON(b)))
	})
	return specs
}

// sorted puts into order what a spec holds. What a sweep attached depends on how it was
// cut; what another spec attached stands in the order of its steps.
func (s spec) sorted() spec {
	s.Cells = sortedCells(slices.Clone(s.Cells))
	s.Points = slices.Clone(s.Points)
	for i := range s.Points {
		s.Points[i].Findings = slices.Clone(s.Points[i].Findings)
		s.Points[i].sort()
	}
	slices.SortStableFunc(s.Points, func(a, b Points) int { return cmp.Compare(a.Title, b.Title) })
	if len(s.Points) > 0 {
		s.Entries = slices.SortedFunc(slices.Values(s.Entries), func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Text, b.Text))
		})
		s.Failures = slices.SortedFunc(slices.Values(s.Failures), func(a, b failure) int {
			return cmp.Compare(mustJSON(a), mustJSON(b))
		})
		s.Reproduce = slices.Sorted(slices.Values(s.Reproduce))
	}
	return s
}

// joinParts joins two parts of one run.
func joinParts(a, b run) run {
	a.Name = cmp.Or(a.Name, b.Name)
	a.Problems = sortedProblems(a.Problems, b.Problems)
	var specs []spec
	left, right := a.Specs, b.Specs
	for len(left) > 0 && len(right) > 0 {
		switch c := left[0].compare(right[0]); {
		case c < 0:
			specs, left = append(specs, left[0]), left[1:]
		case c > 0:
			specs, right = append(specs, right[0]), right[1:]
		default:
			specs, left, right = append(specs, joinSpecs(left[0], right[0])), left[1:], right[1:]
		}
	}
	a.Specs = slices.Concat(specs, left, right)
	return a
}

// joinSpecs joins what two parts of a run say of one spec.
func joinSpecs(a, b spec) spec {
	if b.State.rank() > a.State.rank() {
		a.State = b.State
	}
	a.Failures = union(a.Failures, b.Failures)
	a.Reproduce = union(a.Reproduce, b.Reproduce)
	a.Entries = union(a.Entries, b.Entries)
	a.Cells = sortedCells(slices.Concat(a.Cells, b.Cells))
	points := slices.Clone(a.Points)
	for _, p := range b.Points {
		if i := slices.IndexFunc(points, func(q Points) bool { return q.Title == p.Title }); i >= 0 {
			points[i] = points[i].joined(p)
		} else {
			points = append(points, p)
		}
	}
	a.Points = points
	return a.sorted()
}

// union returns the values of both, each once.
func union[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
