package bubble

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome is how a function, or a bubble, ended.
type Outcome uint8

const (
	Returned Outcome = iota // as it should
	Panicked                // with Value, at Stack
	Exited                  // by runtime.Goexit, which is what FailNow does
	Stuck                   // virtual time reached the horizon
	Frozen                  // virtual time stands still
	Spinning                // goroutines run, and virtual time does not come on
	Busy                    // it has not run: an earlier function is still in the bubble
	Over                    // it has not run, or not to its end: the bubble has ended
	Leaked                  // the bubble ended, and goroutines are left in it
	Raced                   // the race detector found a data race in the bubble
)

// Result is an outcome and what is known about it.
type Result struct {
	Outcome    Outcome
	Value      any           // of the panic
	Stack      string        // of the panic
	Moved      time.Duration // Stuck: how far virtual time went
	Goroutines []Goroutine   // Stuck, Frozen, Spinning, Leaked: those in the bubble
	User       Frame         // Stuck, Frozen, Spinning: the line at which the function waits; zero if unknown

	function uint64 // the goroutine of the function
	guard    time.Duration
}

// stuck is the result of a function that has reached its horizon.
func stuck(j *job, bubble uint64, moved time.Duration) Result {
	r := Result{Outcome: Stuck, Moved: moved, Goroutines: slices.DeleteFunc(Goroutines(bubble), Goroutine.isBystander)}
	r.find(j.goroutine.Load())
	return r
}

// find puts the function itself first, and notes where it waits.
func (r *Result) find(function uint64) {
	r.function = function
	slices.SortStableFunc(r.Goroutines, func(a, b Goroutine) int {
		switch {
		case a.ID == function:
			return -1
		case b.ID == function:
			return 1
		}
		return 0
	})
	if len(r.Goroutines) > 0 && r.Goroutines[0].ID == function {
		r.User, _ = r.Goroutines[0].User()
	}
}

// String says what happened, with the stacks of the bubble, and what to do. It is ""
// for a function that returned.
func (r Result) String() string {
	switch r.Outcome {
	case Returned:
		return ""
	case Panicked:
		return fmt.Sprintf("panicked: %v\n\n%s", r.Value, PanicTrace(r.Value, r.Stack))
	case Exited:
		return "ended by runtime.Goexit, which is what FailNow and SkipNow of a testing.T do"
	case Stuck:
		return fmt.Sprintf("a deadlock: this has not come by %v of virtual time, and nothing else is left to happen before.  "+
			"The horizon is too near if it takes that long; otherwise somebody forgot to send, to close or to set a deadline.\n\n%s",
			r.Moved, stacks(r.Goroutines, r.function, false))
	case Frozen:
		return fmt.Sprintf("virtual time stands still, and nothing has run in the bubble for %v of real time: "+
			"somebody waits for what virtual time cannot end, a mutex, a channel or a WaitGroup from outside the bubble, or a real connection.  "+
			"These are not durably blocked:\n\n%s", r.guard, stacks(culprits(r.Goroutines), r.function, true))
	case Spinning:
		return fmt.Sprintf("goroutines have been running in the bubble for %v of real time, in which virtual time did not move by %v: "+
			"somebody computes, or tries something again and again without a pause.  "+
			"A goroutine that runs cannot be stopped, and may keep a processor until the process ends.  These run:\n\n%s",
			spinGuards*r.guard, restlessStep, stacks(r.Goroutines, r.function, false))
	case Busy:
		return "not run: an earlier function is still in the bubble, and does not return"
	case Over:
		return fmt.Sprintf("not run to its end: the bubble has ended: %v", r.Value)
	case Raced:
		return "the race detector found a data race in the bubble; its report is on standard error"
	}
	return fmt.Sprintf("%s left in the bubble when its test was over, although virtual time went on for %v:\n\n%s",
		plural(len(r.Goroutines), "goroutine was", "goroutines were"), linger, stacks(r.Goroutines, 0, true))
}

// culprits returns those that keep time from moving.
func culprits(goroutines []Goroutine) []Goroutine {
	return slices.DeleteFunc(slices.Clone(goroutines), func(g Goroutine) bool { return g.Durable })
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// most is how many different stacks a text shows.
const most = 20

// stacks shows goroutines, those with equal stacks once, and, with hints, what would end
// each.
func stacks(goroutines []Goroutine, function uint64, hints bool) string {
	var texts []string
	count := map[string]int{}
	first := 0 // the function itself
	for i, g := range goroutines {
		text := g.text(g.ID == function, hints)
		if count[text]++; count[text] == 1 {
			texts = append(texts, text)
		}
		if i == 0 && g.ID == function {
			first = 1
		}
	}
	slices.Sort(texts[first:]) // the dump has them in any order
	var b strings.Builder
	for i, text := range texts {
		if i == most {
			fmt.Fprintf(&b, "and %d other stacks\n", len(texts)-most)
			break
		}
		fmt.Fprintf(&b, "%s %s\n", plural(count[text], "goroutine", "goroutines"), text)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (g Goroutine) text(function, hints bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]", g.State)
	if function {
		b.WriteString(", the one that runs the test")
	}
	b.WriteString(":\n")
	for _, f := range g.Frames {
		if f.isEntry() {
			break
		}
		if f.isMatcher() {
			continue
		}
		fmt.Fprintf(&b, "    %s\n        %s:%d\n", f.Func, f.File, f.Line)
	}
	if !function && g.Created.Func != "" && !strings.HasSuffix(g.Created.Func, "(*Bubble).perform") {
		fmt.Fprintf(&b, "    created by %s\n        %s:%d\n", g.Created.Func, g.Created.File, g.Created.Line)
	}
	if h := g.hint(); h != "" && hints {
		fmt.Fprintf(&b, "    %s\n", h)
	}
	return b.String()
}

// Others shows the goroutines of the bubble in which it is called, but for the calling one,
// those that loops keep, and those that wait for connections to servers of networks; "" if
// there are none, and outside of bubbles.
func Others() string {
	return stacks(Left(), 0, true)
}

// Left returns the goroutines that Others shows.
func Left() []Goroutine { return slices.DeleteFunc(Goroutines(ID()), Goroutine.isService) }
