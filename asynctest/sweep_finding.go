package asynctest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

// SweepCheck is one of the questions that are asked about a run, by what it has found.
type SweepCheck string

// What a sweep can find.
const (
	FoundWrongValue  SweepCheck = "wrong value"   // success, with a value that is not right
	FoundTwoOutcomes SweepCheck = "two outcomes"  // a second one came behind the first
	FoundErrorLost   SweepCheck = "error lost"    // the injected error cannot be found in the outcome
	FoundNotHandled  SweepCheck = "not handled"   // the fault is declared as handled, and is not
	FoundPending     SweepCheck = "never settled" // nothing can settle the outcome any more
	FoundTooLate     SweepCheck = "too late"      // the outcome did not come by the deadline
	FoundOverlooked  SweepCheck = "nobody looked" // an error to which nobody listens
	FoundLeftOver    SweepCheck = "left over"     // a goroutine, connection, timer or future is left
	FoundBlocking    SweepCheck = "blocked"       // a callback blocked its loop
	FoundPanic       SweepCheck = "panicked"      // a panic that is not the injected one
)

// Finding is something that is wrong, with the run that shows it.
type Finding struct {
	Check SweepCheck `json:"check"`
	Place string     `json:"place"` // "file:line" in the user's code, or the name of a point
	Text  string     `json:"text"`  // what is the case

	Run       explore.Run `json:"run"`       // the simplest that shows it
	Fault     string      `json:"fault"`     // its text
	Reproduce string      `json:"reproduce"` // the command line that makes that run again
	Replay    string      `json:"replay"`    // for WithReplay
	Timeline  []string    `json:"timeline"`  // from the fault on, up to where the error was last seen
	Also      []string    `json:"also,omitempty"`

	// Unless are the faults of which the outcome shows nothing: there is nothing wrong if
	// the code under test is meant to deal with them, and [Scenario].Handles says so.
	Unless []explore.Fault `json:"unless,omitempty"`

	// Guessed says that it is not known where the error went, since there was none, or
	// only at the other end of a connection. Place is then that of the call that went
	// wrong, or where the outcome was made.
	Guessed bool `json:"guessed,omitempty"`
}

// key is what findings have in common that are one.
func (f Finding) key() string { return string(f.Check) + "\x00" + f.Place }

// grouped makes one finding of those that have the place in common, in the order of their
// simplest runs: fewer faults first, and then as order has it.
func grouped(all []Finding, order func(explore.Run) []int) []Finding {
	simpler := func(a, b explore.Run) int { return slices.Compare(order(a), order(b)) }
	slices.SortStableFunc(all, func(a, b Finding) int { return simpler(a.Run, b.Run) })
	var out []Finding
	for _, g := range explore.Grouped(all, Finding.key) {
		f := g.First
		for _, other := range g.Rest {
			f.absorb(other)
		}
		out = append(out, f)
	}
	out = merged(out)
	for _, f := range out {
		slices.SortStableFunc(f.Also, func(a, b string) int {
			one, _ := explore.ParseRun(a) // which a Run has made
			other, _ := explore.ParseRun(b)
			return simpler(one, other)
		})
	}
	return out
}

// absorb lists the runs of another finding with those of f.
func (f *Finding) absorb(other Finding) {
	f.Guessed = f.Guessed && other.Guessed
	for _, fault := range other.Unless {
		if f.Unless != nil && !slices.Contains(f.Unless, fault) {
			f.Unless = append(slices.Clip(f.Unless), fault)
		}
	}
	for _, text := range append([]string{other.Fault}, other.Also...) {
		if text != f.Fault && !slices.Contains(f.Also, text) {
			f.Also = append(f.Also, text)
		}
	}
}

// merged makes one finding of two that tell of one thing, of which one knows it better:
// what led to the same as something of which the way is known; and that the outcome does not
// tell of an error, if nobody looked at it.
func merged(all []Finding) []Finding {
	var out []Finding
	for i, f := range all {
		better := slices.IndexFunc(all, func(g Finding) bool {
			return f.Guessed && !g.Guessed && f.Check == g.Check && f.Text == g.Text ||
				f.Check == FoundErrorLost && g.Check == FoundOverlooked && f.Place == g.Place
		})
		if better < 0 {
			out = append(out, f)
			continue
		}
		all[better].absorb(all[i])
		for k := range out {
			if out[k].key() == all[better].key() {
				out[k].absorb(f)
			}
		}
	}
	return out
}

// handles are lines for Scenario.Handles with which the finding is none, one for each point
// without its number; nil if there are none.
func (f Finding) handles() []string {
	var points []string
	kinds := map[string][]string{}
	for _, fault := range f.Unless {
		point, _, _ := strings.Cut(fault.Point, " #")
		if kinds[point] == nil {
			points = append(points, point)
		}
		if name := kindName(kindOf(fault)); !slices.Contains(kinds[point], name) {
			kinds[point] = append(kinds[point], name)
		}
	}
	var out []string
	for _, p := range points {
		out = append(out, fmt.Sprintf("{Point: %q, Faults: []fakeloop.FaultKind{%s}},", p, strings.Join(kinds[p], ", ")))
	}
	return out
}

// kindName is the constant of a kind, as it is written in a test.
func kindName(k fakeloop.FaultKind) string {
	name := "fakeloop.Fault"
	for word := range strings.FieldsSeq(string(k)) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// identity is that of something of a loop, which says nothing to a reader of a report
// that has the line.
var identity = regexp.MustCompile(` \([0-9a-f]{8}\)|(future|coroutine|timer|work|callback) [0-9a-f]{8}\b`)

func plain(text string) string { return identity.ReplaceAllString(text, "$1") }

// madeAt returns the line that a text of fakeloop's tells.
func madeAt(text string) string {
	found := site.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return strings.TrimRight(found[1], ":;,")
}

var site = regexp.MustCompile(`made at (\S+\.go:\d+)`)
