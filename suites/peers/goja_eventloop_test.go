package peers_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// verdict is what comes of one case, and why if that is not ok.
type verdict struct {
	status loops.Status
	why    string
	tried  bool // n/a without it: the outcome would be a matter of chance, or the end of the process
}

func fails(why string) verdict   { return verdict{loops.Fail, why, true} }
func untried(why string) verdict { return verdict{loops.NotApplicable, why, false} }
func unfit(why string) verdict   { return verdict{loops.NotApplicable, why, true} }

var passes = verdict{status: loops.OK, tried: true}

// gojaVerdicts has all cases of the contract.
var gojaVerdicts = func() map[string]verdict {
	const (
		byChance  = "timers that are due together come from goroutines of the Go runtime, in an order of its own"
		competing = "what a callback posts or cancels competes at random with timers and ticks that are due"
		escapes   = "a panic of a callback is not recovered and ends the process"
		lateness  = "real timers are late, and their lateness is no error"
		realTime  = "real time goes on, and is not moved by hand"
		single    = "a handle has no more than ClearTimeout, which does not answer"
		itself    = "the loop runs by itself in the background"
		promises  = "promises are those of the JavaScript runtime, and no part of the loop"
		outside   = "work on other goroutines comes back by RunOnLoop, and is nothing the loop knows of"
		unwatched = "nothing watches for callbacks that block"
	)
	m := map[string]verdict{
		"14a": fails("ClearTimeout takes effect in a later job, until which the loop keeps the callback"),
		"21b": fails("the loop has no time of its own, so that each look at the clock sees another"),
		"51b": fails("an interval of zero or less is one of a millisecond, as in Node.js"),

		"4a":  untried(byChance + "; on a busy machine these may be those of several instants"),
		"9":   untried("Run and Start panic, but " + itself + ", where the wait for it is the adapter's"),
		"10":  untried("how many missed ticks come at once is up to a time.Ticker and the goroutine that reads it"),
		"37a": untried("runtime.Goexit in a callback ends the goroutine of the loop, and nobody is told"),
		"44a": untried("Terminate in a callback waits for itself for ever; the documentation of Stop forbids it"),

		"6b":  unfit(itself),
		"27b": unfit("nothing decides, by a seed or otherwise, what is left to the Go runtime"),
		"30":  unfit("whoever posts is not checked; all functions that post may be called from any goroutine"),
		"36":  unfit("there is no error handler, since " + escapes),
		"37b": unfit("no panic is told from another, since " + escapes),
		"43c": unfit("Stop counts what is pending, and nothing lists it"),
		"49a": unfit("package time reads a monotonic clock, which nobody can set back"),
		"50":  unfit("there are no coroutines"),
	}
	same := func(v verdict, ids ...string) {
		for _, id := range ids {
			m[id] = v
		}
	}
	same(passes, "3a", "3b", "5", "7a", "14b", "18b", "19a", "19b", "20", "21a", "21c", "28b", "29", "31", "33a", "33b", "43a", "44b", "45", "55b")
	same(untried(byChance), "1a", "2", "12a", "15a", "17", "27a")
	same(untried(competing), "6a", "7b", "13a", "51a")
	same(untried(escapes), "35a", "35b", "52")
	same(unfit(lateness), "4b", "23", "47", "48a", "48b", "48c", "49b", "53b")
	same(unfit(realTime), "8", "18a", "19c", "22", "24", "26", "32a", "32b", "32c")
	same(unfit(single), "1b", "12b", "13b", "15b")
	same(unfit(itself), "11a", "11b", "34a", "34b")
	same(unfit(outside), "16a", "16b", "28a")
	same(unfit(promises), "25a", "25b", "38a", "38b", "39a", "39b", "40", "41a", "41b", "42a", "42b", "43b", "46", "55a")
	same(unfit(unwatched), "53a", "54a", "54b", "54c")
	return m
}()

// The loop of goja_nodejs keeps the contract, and fails it, as the table says.
func TestGojaEventLoop(t *testing.T) {
	a := loops.Adapter{Name: "goja eventloop", Mode: loops.Wall, Unit: 10 * time.Millisecond, New: newGojaLoop, Skip: map[string]string{}}
	for id, v := range gojaVerdicts {
		if !v.tried {
			a.Skip[id] = v.why
		}
	}
	results := a.RunAll()
	left, counts := maps.Clone(gojaVerdicts), map[loops.Status]int{}
	for _, r := range results {
		id := r.Case.ID()
		want, ok := left[id]
		delete(left, id)
		counts[r.Status]++
		switch {
		case !ok:
			t.Errorf("case %s (%s) has no verdict yet; it is %s now", id, r.Case.Name, r.Status)
		case r.Status != want.status:
			t.Errorf("want %s, but %s", want.status, r.Text("go test -run TestGojaEventLoop ."))
		case (want.why == "") != (r.Status == loops.OK):
			t.Errorf("case %s is %s for the reason %q", id, r.Status, want.why)
		}
		t.Logf("%-4s %-38s %-5s %s", id, r.Case.Name, r.Status, want.why)
	}
	if len(left) > 0 {
		t.Errorf("verdicts without a case: %q", slices.Sorted(maps.Keys(left)))
	}
	t.Logf("%d cases: %d ok, %d FAIL, %d n/a", len(results), counts[loops.OK], counts[loops.Fail], counts[loops.NotApplicable])
}
