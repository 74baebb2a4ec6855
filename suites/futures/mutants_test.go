package futures_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// mutant is the reference library with one behavioural edit, which never looks at which
// property is checked, and the numbers of the properties that the edit breaks; it breaks
// no others.
type mutant struct {
	name  string
	caps  futures.Caps
	kills string
	may   string // what an edit that draws lots may break besides
}

func flawed(flaw, kills string) mutant { return mutant{name: flaw, caps: onLoop, kills: kills} }

// looks is how often a property is checked before a mutant is said to keep one that it is to
// break, or to break another: many an edit only shows if its goroutines come in a certain
// order, which the scheduler chooses.
const looks = 5

// killed returns the numbers of the properties that a library with a flaw breaks, in
// order: of those written beside it what one of several looks sees broken, of others what
// all of them do.
func (m mutant) killed(t *testing.T, shows map[string]string) []string {
	var out []string
	for _, p := range futures.Properties() {
		listed := slices.Contains(strings.Fields(m.kills), p.ID())
		broken := m.breaks(t, p, shows)
		for n := 1; n < looks && broken != listed; n++ {
			broken = m.breaks(t, p, shows)
		}
		if broken {
			out = append(out, p.ID())
		}
	}
	return out
}

// breaks checks one property once. An informational property is broken if it shows
// something else than for the library without the flaw.
func (m mutant) breaks(t *testing.T, p futures.Property, shows map[string]string) (bad bool) {
	for _, when := range p.Whens() {
		r := futures.Quick(reference("ref", m.name, m.caps)).Check(t, p, when)
		bad = bad || r.Bad() || p.Level == futures.Info && shows[p.ID()+string(when)] != strings.Join(r.Notes, "\n")
	}
	return bad
}

// shown is what informational properties show of the library without a flaw.
func shown(t *testing.T, caps futures.Caps) map[string]string {
	out := map[string]string{}
	for _, p := range futures.Properties() {
		if p.Level == futures.Info {
			for _, when := range p.Whens() {
				r := futures.Quick(reference("ref", "", caps)).Check(t, p, when)
				out[p.ID()+string(when)] = strings.Join(r.Notes, "\n")
			}
		}
	}
	return out
}

// byChance reports whether an edit may break a property besides those that it must break:
// one that is checked by many rounds, of which there are few here, or that only shows
// something.
func (m mutant) byChance(id string) bool {
	if slices.Contains(strings.Fields(m.kills), id) {
		return false
	}
	p := futures.Properties()[slices.IndexFunc(futures.Properties(), func(p futures.Property) bool { return p.ID() == id })]
	return p.Level == futures.Info || p.Level == futures.Stochastic || slices.Contains(strings.Fields(m.may), id)
}

// without returns the ids that the others are not among.
func without(ids, others []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(others, id) })
}

// inChildren are properties whose mutants end the process or need the race detector; see
// TestMutantsInProcesses.
var inChildren = []string{"92", "162"}

// TestMutants runs the table on every mutant. A mutant that breaks nothing, or not what
// is written beside it, fails, and so does a property that none breaks. It prints the
// whole matrix. The race detector is not shown it: what is broken may race with its
// check; TestMutantsInProcesses has those that must.
func TestMutants(t *testing.T) {
	if futures.RaceEnabled {
		return
	}
	shows := map[futures.PanicPolicy]map[string]string{
		onLoop.Panic: shown(t, onLoop), propagating.Panic: shown(t, propagating),
	}
	var mu sync.Mutex
	results := map[string]string{}
	dead := map[string]bool{}
	t.Run("all", func(t *testing.T) {
		// Those that break much leave much behind, which slows the others down.
		byKills := slices.SortedStableFunc(slices.Values(mutants), func(a, b mutant) int { return len(a.kills) - len(b.kills) })
		for _, m := range byKills {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				got := m.killed(t, shows[m.caps.Panic])
				mu.Lock()
				defer mu.Unlock()
				results[m.name] = strings.Join(got, " ")
				for _, id := range got {
					dead[id] = true
				}
				if len(got) == 0 {
					t.Error("this mutant breaks no property: the edit changes nothing that the contract asks for")
				}
				got = slices.DeleteFunc(got, m.byChance)
				want := strings.Fields(m.kills)
				if more, less := without(got, want), without(want, got); len(more)+len(less) > 0 {
					t.Errorf("it breaks %v besides what is written beside it, and does not break %v", more, less)
				}
			})
		}
	})
	if len(results) < len(mutants) {
		return // a filter left some out
	}
	var b strings.Builder
	for _, m := range mutants {
		fmt.Fprintf(&b, "%s: breaks %s\n", m.name, results[m.name])
	}
	t.Logf("%d libraries broken on purpose, and the properties that each breaks:\n%s", len(mutants), b.String())
	for _, p := range futures.Properties() {
		if !dead[p.ID()] && p.Unverified == "" && !slices.Contains(inChildren, p.ID()) {
			t.Errorf("property %s (%s) is broken by no mutant, so that nothing shows that it can fail", p.ID(), p.Name)
		}
	}
}

// Some mutants end the process, and one is wrong for the race detector only: they are
// subjects like any other.
func TestMutantsInProcesses(t *testing.T) {
	all := []mutant{
		{name: "waiters are released before the crash", caps: crashing, kills: "79 92"},
		{name: "who waits looks without a lock", caps: onLoop, kills: "162"},
	}
	var adapters []futures.Adapter
	for _, m := range all {
		adapters = append(adapters, futures.Quick(reference(m.name, m.name, m.caps)))
	}
	r := futures.NewRunner(t, adapters...)
	for _, m := range all {
		if m.kills == "162" && !futures.RaceEnabled {
			continue
		}
		var got []string
		for _, p := range futures.Properties() {
			if m.kills == "162" && p.ID() != m.kills {
				continue // it breaks nearly all
			}
			bad := false
			for _, when := range p.Whens() {
				result := r.Run(m.name, p, when)
				bad = bad || result.Bad()
				if strings.Contains(strings.Join(result.Notes, ""), "a first run") {
					t.Errorf("a process was used that had ended: %s", result.Text(""))
				}
			}
			if bad {
				got = append(got, p.ID())
			}
		}
		if text := strings.Join(got, " "); text != m.kills {
			t.Errorf("%s: it breaks %q, expected %q", m.name, text, m.kills)
		}
		t.Logf("%s: breaks %s", m.name, strings.Join(got, " "))
	}
}
