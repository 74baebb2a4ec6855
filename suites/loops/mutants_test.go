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
	may   string // what an edit that draws lots may break besides
}

// flawed is the reference loop with a flaw, which is also its name.
func flawed(flaw, kills string) mutant {
	return mutant{name: flaw, loop: refAdapter(flaw), kills: kills}
}

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
// not what is written beside it, fails, and so does a case that none breaks. The
// race detector, under which this takes the longest of all, is shown one in six.
func TestMutants(t *testing.T) {
	dead := map[string]bool{}
	mutants := slices.Concat(refMutants, fakeloopMutants, watchMutants)
	results := make([]string, len(mutants))
	for i, m := range mutants {
		if raceEnabled && i%6 != 0 {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			got := m.killed(t)
			results[i] = fmt.Sprintf("%s %s: %s: breaks %s", m.loop.Name, m.loop.Mode, m.name, got)
			if got == "" {
				t.Error("this mutant breaks no case: the edit changes nothing that the contract asks for")
			}
			for _, id := range strings.Fields(m.may) {
				if !slices.Contains(strings.Fields(m.kills), id) {
					got = strings.TrimSpace(strings.ReplaceAll(" "+got+" ", " "+id+" ", " "))
				}
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
	flawed("the clock ticks with each reading", "7a 8 10 13b 15b 17 18a 20 21a 21b 21c 23 24 26 32a 47 48a 48b 48c 49a 51a"),
	flawed("a closed loop runs a foreign post at once", "29"),
	flawed("a foreign post to a closed loop panics", "29"),
	flawed("a closed loop takes posts", "45"),
	flawed("foreign posts wait behind all others", "3b 33b"),
	flawed("a full queue drops foreign posts", "31"),
	flawed("posts run last in, first out", "3a 3b 5 6b 11a 31 35a 36 37a 37b"),
	flawed("posts join the turn under way", "6a 6b 7b 11a 11b 33a"),
	flawed("a foreign post does not wake the loop", "28a"),
	flawed("driving from inside does nothing", "9"),
	flawed("the limit is reached in silence", "34a 34b"),
	flawed("only the first error is kept", "35b"),
	flawed("now is the due time, though it be past", "10 15b 17 18b 21c 48b"),
	flawed("due timers run before what is ready", "5 6a 7a"),
	flawed("due timers wait until nothing is ready", "6a 7b 33a"),
	flawed("time moves though something is ready", "8 10 21c 26 32a"),
	flawed("time moves though work is outside", "32a"),
	{
		name: "ties run in any order", loop: refAdapter("ties run in any order"), kills: "27a",
		may: "1a 1b 2 4b 12a 13a 13b 15a 17", // as chance will have it
	},
	{
		name: "Goexit is swallowed", loop: refAdapter("Goexit is swallowed"), kills: "37a",
		may: "29", // it starts a goroutine for each callback, so that a flood of them takes its time
	},
	flawed("a fatal panic is like any other", "37b"),
	flawed("a panic ends what is queued", "35a 36"),
	flawed("errors are dropped", "35a 35b 36 52"),
	flawed("a broken handler is let through", "36"),
	flawed("closing from inside is accepted", "44a"),
	flawed("a second Close panics", "44b"),
	flawed("Close runs what is ready", "43a"),
	flawed("the list of what is pending is one short", "43c"),
	flawed("work calls back to a closed loop", "16b"),
	flawed("cancelled work calls back", "16a"),
	flawed("a negative advance is taken", "18a"),
	flawed("an advance that finds another under way does nothing", "9 24 45"),
	flawed("an advance that overflows does nothing", "19c"),
	flawed("an advance moves the clock first", "8"),
	flawed("an advance leaves out its last instant", "18a 22 24"),
	flawed("Run forgets an earlier Quit", "11b"),
	flawed("Quit ends the turn under way", "11a 11b"),
	flawed("a timer of zero runs at once", "2 5 6a 7a 7b 17 43a"),
	flawed("a closed loop takes timers", "45"),
	flawed("a delay that overflows is due at once", "19a"),
	flawed("a negative delay counts as zero", "17"),
	flawed("zero is a nanosecond", "6a 7a 7b 8 15b 17 33a 48b"),
	flawed("deadlines are cut to milliseconds", "20 22 23 26 32a"),
	flawed("deadlines are floating point seconds", "19a 19b 20 23"),
	flawed("deadlines are counted in whole seconds", "4b 20 21a 22 23 26 32a 48c 49b"),
	flawed("nothing fires on the way that was armed on the way", "4b 6a 7a 7b 8 10 13b 15b 17 19a 19b 20 21a 21c 23 33a 47 48a 48b 48c 49a 49b 51a 52"),
	flawed("Stop always says yes", "12b"),
	flawed("a cancelled timer stays in the queue", "1a 1b 2 12a 12b 14a 19a"),
	flawed("cancelling looks through all timers", "14b"),
	flawed("a timer that came due cannot be cancelled", "13a"),
	flawed("cancelling a running timer cancels the last one", "15a"),
	flawed("a late cancel hits the timer armed last", "12a"),
	flawed("a closed loop resets timers", "45"),
	flawed("a timer cannot reset itself while it runs", "10 15b 47 48a 48b 48c 49a 49b 51a 52"),
	flawed("resetting a timer that came due adds a second one", "13b"),
	flawed("a reset timer keeps its place", "1b"),
	flawed("ties run last in, first out", "1a 1b 2 4b 12a 13a 13b 15a"),
	flawed("timers are compared by deadline only", "1a 1b 2 12a"),
	flawed("timers fire in the order of arming", "2 4a 4b 17 19a 19b 21a 22 52"),
	flawed("Charge is ignored", "10 21c 48a 48b 48c"),
	flawed("the clock can be set back", "49a"),
	flawed("a ticker makes up for what it missed", "10 48a"),
	flawed("a ticker counts from the end of its callback", "10 47 48a"),
	flawed("a period that overflows is over at once", "19b"),
	flawed("Burst is like Skip", "48b"),
	flawed("Delay is like Skip", "48c"),
	flawed("a period of zero is taken", "51b"),
	flawed("a ticker whose callback panics ends", "52"),
	flawed("a ticker cannot be stopped by its own callback", "10 47 48a 48b 48c 49a 51a 52"),
	flawed("jitter is twice as much", "49b"),
}
