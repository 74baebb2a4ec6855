package loops_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

var modes = []loops.Mode{loops.Virtual, loops.Bubble, loops.Wall}

// mutant is a loop with one behavioural edit, which never looks at which case is
// running, and the cases that the edit breaks; it breaks no others.
type mutant struct {
	name  string
	loop  func(loops.Mode) loops.Adapter // with the edit
	whole func(loops.Mode) loops.Adapter // without
	kills string                         // numbers and letters, in the order of the table: those of them that a mode can have
	may   string                         // what an edit that draws lots may break besides
	// elsewhere has what it breaks in modes for which kills is wrong; "" where the
	// edit changes nothing, or must not be tried.
	elsewhere elsewhere
}

type elsewhere map[loops.Mode]string

var (
	// noEffect: on package time, where the loop is only driven, the edit changes nothing.
	noEffect = elsewhere{loops.Bubble: "", loops.Wall: ""}
	// neverEnds: on package time a case would run until its guard ends it.
	neverEnds = elsewhere{loops.Bubble: "", loops.Wall: ""}
)

// in returns m with what it breaks elsewhere.
func (m mutant) in(e elsewhere) mutant {
	m.elsewhere = e
	return m
}

// flawed is the reference loop with a flaw, which is also its name.
func flawed(flaw, kills string) mutant {
	return mutant{
		name:  flaw,
		loop:  func(mode loops.Mode) loops.Adapter { return refAdapter(flaw, mode) },
		whole: func(mode loops.Mode) loops.Adapter { return refAdapter("", mode) },
		kills: kills,
	}
}

// byChance returns m with what it may break besides.
func byChance(m mutant, may string) mutant {
	m.may = may
	return m
}

// inBubble puts a bubble around cases on package time, in mode Wall too, so that they
// take no time. It leaves out the two that need a clock that goes on meanwhile.
func inBubble(t *testing.T, a loops.Adapter) loops.Adapter {
	if a.Mode == loops.Wall && a.Around == nil {
		a.Around = func(body func()) { synctest.Test(t, func(*testing.T) { body() }) }
		a.Skip = maps.Clone(a.Skip)
		if a.Skip == nil {
			a.Skip = map[string]string{}
		}
		for id := range standing {
			a.Skip[id] = "the clock of its bubble stands while a callback runs"
		}
	}
	return loops.InBubble(t, a)
}

// standing are the cases that cannot have a clock that stands while a callback runs.
var standing = map[string]bool{"14b": true, "33a": true}

// tell runs the table and returns which cases are broken, in the order of the table,
// and which are not applicable.
func tell(t *testing.T, a loops.Adapter) (broken, lacking []string) {
	a.Guard = time.Minute
	for _, r := range inBubble(t, a).RunAll() {
		switch {
		case r.Bad():
			broken = append(broken, r.Case.ID())
		case r.Status == loops.NotApplicable:
			lacking = append(lacking, r.Case.ID())
		}
	}
	return broken, lacking
}

// without returns the words of list that are not in words.
func without(list string, words []string) string {
	rest := slices.DeleteFunc(strings.Fields(list), func(id string) bool { return slices.Contains(words, id) })
	return strings.Join(rest, " ")
}

// TestMutants runs the table on every mutant in every mode. A mutant that breaks
// nothing, or not what is written beside it, fails, and so does a case that none
// breaks in a mode that can have it. The race detector is not shown them: what is
// broken may race with its check, and nothing new would be learnt.
func TestMutants(t *testing.T) {
	if raceEnabled {
		return
	}
	mutants := slices.Concat(refMutants, fakeloopMutants, watchMutants)
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) { testMutants(t, mode, mutants) })
	}
}

func testMutants(t *testing.T, mode loops.Mode, mutants []mutant) {
	dead := map[string]bool{}
	lacking := map[string][]string{} // by adapter
	var results []string
	for _, m := range mutants {
		whole := m.whole(mode)
		kind := fmt.Sprint(whole.Name, whole.Watch != nil)
		if _, ok := lacking[kind]; !ok {
			_, lacking[kind] = tell(t, whole)
		}
		want, differs := m.elsewhere[mode]
		if !differs {
			want = without(m.kills, lacking[kind])
		}
		if want == "" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			broken, _ := tell(t, m.loop(mode))
			got := strings.Join(broken, " ")
			results = append(results, fmt.Sprintf("%s: %s: breaks %s", whole.Name, m.name, got))
			got = without(got, strings.Fields(without(m.may, strings.Fields(want))))
			if got != want {
				t.Errorf("in mode %s it breaks  %q\nexpected   %q", mode, got, want)
			}
			for id := range strings.FieldsSeq(got) {
				dead[id] = true
			}
		})
	}
	t.Log("Broken on purpose, and the cases that each breaks:\n" + strings.Join(results, "\n"))
	if len(results) < 20 {
		return // a filter left some out
	}
	_, none := tell(t, watched(mode))
	if mode == loops.Wall {
		none = slices.DeleteFunc(none, func(id string) bool { return standing[id] })
	}
	for _, c := range loops.Cases() {
		if !dead[c.ID()] && !slices.Contains(none, c.ID()) {
			t.Errorf("case %s (%s) is broken by no mutant in mode %s, so that nothing shows that it can fail there", c.ID(), c.Name, mode)
		}
	}
}

var refMutants = []mutant{
	flawed("the clock ticks with each reading", "7a 8 10 13b 15b 17 18a 20 21a 21b 21c 23 24 26 32a 47 48a 48b 48c 49a 51a").in(elsewhere{
		loops.Bubble: "7a 8 10 13b 15b 17 18a 20 21a 21b 21c 23 26 32a 34b 47 48a 48b 48c 51a",
		loops.Wall:   "21b 34b",
	}),
	flawed("a closed loop runs a foreign post at once", "29").in(neverEnds),
	flawed("a foreign post to a closed loop panics", "29"),
	flawed("a closed loop takes posts", "45").in(neverEnds),
	flawed("foreign posts wait behind all others", "3b 33b"),
	flawed("a full queue drops foreign posts", "31"),
	flawed("posts run last in, first out", "3a 3b 5 6b 11a 31 35a 36 37a 37b"),
	flawed("posts join the turn under way", "6a 6b 7b 11a 11b 33a"),
	flawed("a foreign post does not wake the loop", "28a"),
	flawed("driving from inside does nothing", "9"),
	flawed("the limit is reached in silence", "34a 34b"),
	flawed("only the first error is kept", "35b"),
	flawed("now is the due time, though it be past", "10 15b 17 18b 21c 48b").in(elsewhere{loops.Bubble: "10 15b 17 18b 21c 48b 53b"}),
	flawed("due timers run before what is ready", "5 6a 7a"),
	flawed("due timers wait until nothing is ready", "6a 7b 33a"),
	flawed("time moves though something is ready", "8 10 21c 26 32a").in(noEffect),
	flawed("time moves though work is outside", "32a").in(noEffect),
	byChance(flawed("ties run in any order", "27a"), "1a 1b 2 4b 12a 13a 13b 15a 17"),
	// It starts a goroutine for each callback, so that a flood of them takes its time.
	byChance(flawed("Goexit is swallowed", "37a"), "29"),
	flawed("a fatal panic is like any other", "37b"),
	flawed("a panic ends what is queued", "35a 36"),
	flawed("errors are dropped", "35a 35b 36 52"),
	flawed("a broken handler is let through", "36"),
	flawed("closing from inside is accepted", "44a"),
	flawed("a second Close panics", "44b"),
	flawed("Close runs what is ready", "43a").in(noEffect),
	flawed("the list of what is pending is one short", "43c"),
	flawed("work calls back to a closed loop", "16b"),
	flawed("cancelled work calls back", "16a"),
	flawed("a negative advance is taken", "18a"),
	flawed("an advance that finds another under way does nothing", "9 24 45").in(elsewhere{loops.Wall: ""}),
	flawed("an advance that overflows does nothing", "19c"),
	flawed("an advance moves the clock first", "8"),
	flawed("an advance leaves out its last instant", "18a 22 24"),
	flawed("Run forgets an earlier Quit", "11b"),
	flawed("Quit ends the turn under way", "11a 11b"),
	flawed("a timer of zero runs at once", "2 5 6a 7a 7b 17 43a").in(elsewhere{
		loops.Bubble: "2 5 6a 7a 7b 17",
		loops.Wall:   "2 5 6a 7a 7b 17",
	}),
	flawed("a closed loop takes timers", "45"),
	flawed("a delay that overflows is due at once", "19a"),
	flawed("a negative delay counts as zero", "17"),
	flawed("zero is a nanosecond", "6a 7a 7b 8 15b 17 33a 48b").in(elsewhere{loops.Wall: "6a 7b 17"}),
	flawed("deadlines are cut to milliseconds", "20 22 23 26 32a").in(elsewhere{loops.Wall: "20 21a"}),
	flawed("deadlines are floating point seconds", "19a 19b 20 23").in(elsewhere{loops.Wall: "10 19a 20 34b"}),
	flawed("deadlines are counted in whole seconds", "4b 20 21a 22 23 26 32a 48c 49b").in(elsewhere{loops.Wall: "2 4a 10 13b 15b 17 20 21a 34b 51a 52"}),
	flawed("nothing fires on the way that was armed on the way", "4b 6a 7a 7b 8 10 13b 15b 17 19a 19b 20 21a 21c 23 33a 47 48a 48b 48c 49a 49b 51a 52").in(elsewhere{
		loops.Bubble: "4b 6a 7a 7b 8 10 13b 15b 17 19a 19b 20 21a 21c 23 33a 47 48a 48b 48c 49b 51a 52 53b",
		loops.Wall:   "6a 7b 19a 19b 52",
	}),
	flawed("Stop always says yes", "12b"),
	flawed("a cancelled timer stays in the queue", "1a 1b 2 12a 12b 14a 19a").in(elsewhere{
		loops.Bubble: "1a 1b 2 12a 12b 14a 19a 28b",
		loops.Wall:   "1a 1b 2 12a 12b 14a 19a 28b",
	}),
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
	flawed("timers fire in the order of arming", "2 4a 4b 17 19a 19b 21a 22 52").in(elsewhere{loops.Wall: "2 4a 17 19a 19b 52"}),
	flawed("Charge is ignored", "10 21c 48a 48b 48c"),
	flawed("the clock can be set back", "49a"),
	flawed("a ticker makes up for what it missed", "10 48a"),
	flawed("a ticker counts from the end of its callback", "10 47 48a").in(elsewhere{loops.Wall: ""}),
	flawed("a period that overflows is over at once", "19b"),
	flawed("Burst is like Skip", "48b"),
	flawed("Delay is like Skip", "48c"),
	flawed("a period of zero is taken", "51b"),
	flawed("a ticker whose callback panics ends", "52"),
	flawed("a ticker cannot be stopped by its own callback", "10 47 48a 48b 48c 49a 51a 52"),
	flawed("jitter is twice as much", "49b"),
}
