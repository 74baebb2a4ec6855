package loops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// mutant is a loop with one behavioural edit, which never looks at which case is
// running, and the cases that the edit breaks; it breaks no others.
type mutant struct {
	name  string
	loop  loops.Adapter
	kills string // numbers and letters, in the order of the table
}

// flawed is the reference loop with a flaw, which is also its name.
func flawed(flaw, kills string) mutant { return mutant{flaw, refAdapter(flaw), kills} }

// killed returns the cases that the mutant breaks, in the order of the table.
func (m mutant) killed(t *testing.T) string {
	m.loop.Guard = 10 * time.Second
	var out []string
	for _, r := range loops.InBubble(t, m.loop).RunAll() {
		if r.Bad() {
			out = append(out, r.Case.ID())
		}
	}
	return strings.Join(out, " ")
}

// TestMutants runs the table on every mutant. A mutant that breaks nothing, or
// not what is written beside it, fails, and so does a case that none breaks.
func TestMutants(t *testing.T) {
	dead := map[string]bool{}
	mutants := slices.Concat(refMutants, fakeloopMutants, watchMutants)
	results := make([]string, len(mutants))
	for i, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			got := m.killed(t)
			results[i] = fmt.Sprintf("%s %s: %s: breaks %s", m.loop.Name, m.loop.Mode, m.name, got)
			if got == "" {
				t.Error("this mutant breaks no case: the edit changes nothing that the contract asks for")
			}
			if got != m.kills {
				t.Errorf("it breaks  %q\nexpected   %q", got, m.kills)
			}
			for id := range strings.FieldsSeq(got) {
				dead[id] = true
			}
		})
	}
	if t.Failed() && len(dead) == 0 {
		return // a filter left nothing
	}
	t.Log("Broken on purpose, and the cases that each breaks:\n" + strings.Join(results, "\n"))
	for _, c := range loops.Cases() {
		if !dead[c.ID()] && !slices.Contains(results, "") {
			t.Errorf("case %s (%s) is broken by no mutant, so that nothing shows that it can fail", c.ID(), c.Name)
		}
	}
}

var refMutants = []mutant{
	flawed("the clock ticks with each reading", ""),
	flawed("a closed loop runs a foreign post at once", ""),
	flawed("a foreign post to a closed loop panics", ""),
	flawed("a closed loop takes posts", ""),
	flawed("foreign posts wait behind all others", ""),
	flawed("a full queue drops foreign posts", ""),
	flawed("posts run last in, first out", ""),
	flawed("posts join the turn under way", ""),
	flawed("a foreign post does not wake the loop", ""),
	flawed("driving from inside does nothing", ""),
	flawed("the limit is reached in silence", ""),
	flawed("only the first error is kept", ""),
	flawed("now is the due time, though it be past", ""),
	flawed("due timers run before what is ready", ""),
	flawed("due timers wait until nothing is ready", ""),
	flawed("time moves though something is ready", ""),
	flawed("time moves though work is outside", ""),
	flawed("ties run in any order", ""),
	flawed("Goexit is swallowed", ""),
	flawed("a fatal panic is like any other", ""),
	flawed("a panic ends what is queued", ""),
	flawed("errors are dropped", ""),
	flawed("a broken handler is let through", ""),
	flawed("closing from inside is accepted", ""),
	flawed("a second Close panics", ""),
	flawed("Close runs what is ready", ""),
	flawed("the list of what is pending is one short", ""),
	flawed("work calls back to a closed loop", ""),
	flawed("cancelled work calls back", ""),
	flawed("a negative advance is taken", ""),
	flawed("an advance that finds another under way does nothing", ""),
	flawed("an advance that overflows does nothing", ""),
	flawed("an advance moves the clock first", ""),
	flawed("an advance leaves out its last instant", ""),
	flawed("Run forgets an earlier Quit", ""),
	flawed("Quit ends the turn under way", ""),
	flawed("a timer of zero runs at once", ""),
	flawed("a closed loop takes timers", ""),
	flawed("a delay that overflows is due at once", ""),
	flawed("a negative delay counts as zero", ""),
	flawed("zero is a nanosecond", ""),
	flawed("deadlines are cut to milliseconds", ""),
	flawed("deadlines are floating point seconds", ""),
	flawed("deadlines are counted in whole seconds", ""),
	flawed("nothing fires on the way that was armed on the way", ""),
	flawed("Stop always says yes", ""),
	flawed("a cancelled timer stays in the queue", ""),
	flawed("cancelling looks through all timers", ""),
	flawed("a timer that came due cannot be cancelled", ""),
	flawed("cancelling a running timer cancels the last one", ""),
	flawed("a late cancel hits the timer armed last", ""),
	flawed("a closed loop resets timers", ""),
	flawed("a timer cannot reset itself while it runs", ""),
	flawed("resetting a timer that came due adds a second one", ""),
	flawed("a reset timer keeps its place", ""),
	flawed("ties run last in, first out", ""),
	flawed("timers are compared by deadline only", ""),
	flawed("timers fire in the order of arming", ""),
	flawed("Charge is ignored", ""),
	flawed("the clock can be set back", ""),
	flawed("a ticker makes up for what it missed", ""),
	flawed("a ticker counts from the end of its callback", ""),
	flawed("a period that overflows is over at once", ""),
	flawed("Burst is like Skip", ""),
	flawed("Delay is like Skip", ""),
	flawed("a period of zero is taken", ""),
	flawed("a ticker whose callback panics ends", ""),
	flawed("a ticker cannot be stopped by its own callback", ""),
	flawed("jitter is twice as much", ""),
}
