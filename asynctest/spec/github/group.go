package github

import (
	"fmt"
	"strings"
)

// group is one failing spec under all seeds under which it failed, or one problem.
type group struct {
	suite string
	spec  *spec // nil for a problem
	seeds []int64
	problem
}

const it = "It"

// groups returns all that is wrong, in order. What is wrong at the same line under
// several seeds is there once, as it was under the first.
func (v verdicts) groups() []group {
	var out []group
	for _, p := range v.Problems {
		out = append(out, group{problem: p})
	}
	type same struct {
		suite, text, node string
		state             state
		place, at         place
		nth               int // of those of one run that are alike
	}
	known := map[same]int{}
	add := func(key same, g group) {
		if i, ok := known[key]; ok {
			if seeds := out[i].seeds; seeds[len(seeds)-1] != g.seeds[0] {
				out[i].seeds = append(seeds, g.seeds...)
			}
			return
		}
		known[key] = len(out)
		out = append(out, g)
	}
	for _, r := range v.Runs {
		for _, p := range r.Problems {
			add(same{suite: r.Suite, text: p.Text, place: p.Place}, group{suite: r.Suite, seeds: []int64{r.Seed}, problem: p})
		}
	}
	for _, r := range v.Runs {
		alike := map[same]int{}
		for i := range r.Specs {
			s := &r.Specs[i]
			if !s.State.failed() {
				continue
			}
			key := same{r.Suite, s.Text, s.Node, s.State, s.Place, s.at(), 0}
			if s.Node == it { // other nodes run in each of the parallel processes
				alike[key]++
				key.nth = alike[key]
			}
			add(key, group{suite: r.Suite, spec: s, seeds: []int64{r.Seed}})
		}
	}
	return out
}

// at is where a spec failed.
func (s spec) at() place {
	for _, f := range s.Failures {
		if f.Place != (place{}) {
			return f.Place
		}
	}
	return s.Place
}

// at is where to look first.
func (g group) at() place {
	if g.spec == nil {
		return g.Place
	}
	return g.spec.at()
}

// title says in one line what is wrong.
func (g group) title() string {
	switch {
	case g.spec != nil:
		return fmt.Sprintf("[%s] %s", strings.ToUpper(string(g.spec.State)), line(g.spec.Text))
	case g.suite != "":
		return "suite " + line(g.suite)
	}
	return "windtunnel"
}

// where says under which seeds, if it matters.
func (g group) where() string {
	switch n := len(g.seeds); {
	case n == 0:
		return ""
	case n == 1:
		return fmt.Sprintf("under seed %d", g.seeds[0])
	case n <= 5:
		return fmt.Sprintf("under %d seeds: %s", n, join(g.seeds))
	default:
		return fmt.Sprintf("under %d seeds, first: %s", n, join(g.seeds[:5]))
	}
}

func join(seeds []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(seeds), " ", ", "), "[]")
}

// message is the failure text: that of each failure of the spec.
func (g group) message() string {
	if g.spec == nil {
		return g.Text
	}
	var parts []string
	for i, f := range g.spec.Failures {
		text := g.spec.text(f)
		if i > 0 {
			text = fmt.Sprintf("[%s] in %s at %v:\n%s", strings.ToUpper(string(f.State)), f.Node, f.Place, text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n\n")
}
