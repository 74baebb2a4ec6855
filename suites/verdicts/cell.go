package verdicts

import (
	"fmt"
	"strings"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// Cell is what one subject did under one fault. It holds measurements only and
// marshals to JSON.
type Cell struct {
	Subject string `json:"subject"`
	Fault   string `json:"fault"`

	NA         string   `json:"na,omitempty"`         // why there is nothing to measure; the rest is then empty
	Blocks     []Block  `json:"blocks"`               // where the loop was blocked
	OverBudget bool     `json:"overBudget,omitempty"` // the callback used more CPU time than CPUBudget
	Outcomes   int      `json:"outcomes"`             // how many outcomes were delivered
	Value      string   `json:"value,omitempty"`      // of the first outcome: "page", or how it differs
	Error      string   `json:"error,omitempty"`      // of the first outcome
	Reachable  string   `json:"reachable,omitempty"`  // the target reachable from Error
	Stages     []string `json:"stages,omitempty"`     // the stages it went through, outermost first
	Early      bool     `json:"early,omitempty"`      // it took less time than the fault takes
	Pending    []string `json:"pending,omitempty"`    // what the loop still waited for
	Unobserved []string `json:"unobserved,omitempty"` // errors nobody looked at
	Complaints []string `json:"complaints,omitempty"` // of the subject's driver
	Notes      []string `json:"notes,omitempty"`      // figures about which there is no verdict
	LoopErrors []string `json:"loopErrors,omitempty"` // panics of callbacks, and waits that ended badly

	// Report is the recording from which Blocks was taken. It is not part of
	// the JSON.
	Report *blocking.Report `json:"-"`
}

// Block is one place at which a subject blocked the loop.
type Block struct {
	Kind     string `json:"kind"`     // "park" or "syscall"
	Resource string `json:"resource"` // "network", "disk", ...
	Reason   string `json:"reason"`   // in the tracer's words
	Func     string `json:"func"`     // the first frame of the user's code
	At       string `json:"at"`       // its file and line
	Allow    string `json:"allow"`    // the rule that would allow it
}

// Text is the cell as it stands in a table: whether the loop was blocked, and
// what came out.
func (c Cell) Text() string {
	if c.NA != "" {
		return notApplicable
	}
	return c.blockText() + ", " + c.outcomeText()
}

const notApplicable = "n/a"

func (c Cell) blockText() string {
	if len(c.Blocks) == 0 && !c.OverBudget {
		return "free"
	}
	var on []string
	if c.OverBudget {
		on = []string{"cpu"}
	}
	for _, b := range c.Blocks {
		if len(on) == 0 || on[len(on)-1] != b.Resource {
			on = append(on, b.Resource)
		}
	}
	return "BLOCKS " + strings.Join(on, "+")
}

func (c Cell) outcomeText() string {
	text := c.firstText()
	switch {
	case c.Outcomes == 0:
		text = "no outcome"
	case c.Outcomes > 1:
		text += fmt.Sprintf(" x%d", c.Outcomes)
	}
	if n := len(c.Pending); n > 0 {
		text += fmt.Sprintf(", %d pending", n)
	}
	if n := len(c.Unobserved); n > 0 {
		text += fmt.Sprintf(", %d unobserved", n)
	}
	if n := len(c.LoopErrors); n > 0 {
		text += ", " + counted(n, "loop error")
	}
	if n := len(c.Complaints); n > 0 {
		text += ", " + counted(n, "complaint")
	}
	if c.Early {
		text += ", too early"
	}
	return text
}

// counted is a number of things, of which one has no s at its end.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (c Cell) firstText() string {
	switch {
	case c.Error == "":
		return c.Value
	case c.Reachable == "":
		return "unknown error"
	}
	return c.Reachable
}

// Deviations says how the cell differs from what s must be found to under f,
// one sentence each; none means that the subject did what it must.
func (c Cell) Deviations(s Subject, f Fault) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if c.NA != "" {
		return nil
	}
	c.judgeBlocking(s, say)
	c.judgeOutcome(s, f, say)
	for _, p := range c.Pending {
		say("left pending when the loop was idle: %s", p)
	}
	for _, u := range c.Unobserved {
		say("left unobserved: %s", u)
	}
	for _, complaint := range c.Complaints {
		say("%s", complaint)
	}
	if len(c.LoopErrors) != s.Panics {
		if s.Panics > 0 {
			say("the loop reported %d errors; %d callbacks panic on purpose, and each must be reported", len(c.LoopErrors), s.Panics)
		}
		for _, e := range c.LoopErrors {
			say("the loop reported: %s", e)
		}
	}
	if c.Early {
		say("the outcome came in less than %v, so the fault was not there", f.AtLeast)
	}
	return out
}

func (c Cell) judgeBlocking(s Subject, say func(string, ...any)) {
	if c.OverBudget && !s.Computes {
		say("one callback used more than %v of CPU time; offload what computes for long", CPUBudget)
	}
	if !c.OverBudget && s.Computes {
		say("no callback used more than %v of CPU time; it must be seen to", CPUBudget)
	}
	if !s.Blocks {
		for _, b := range c.Blocks {
			say("it blocked its loop: %s on %s (%s) at %s in %s; to allow it: %s", b.Kind, b.Resource, b.Reason, b.At, b.Func, b.Allow)
		}
		return
	}
	if len(c.Blocks) == 0 {
		say("it did not block its loop; it must be seen to block on %s in %s", s.Resource, s.At)
	}
	for _, b := range c.Blocks {
		if b.Resource != s.Resource.String() {
			say("it blocked on %s (%s) at %s in %s; it must be seen to block on %s only", b.Resource, b.Reason, b.At, b.Func, s.Resource)
		}
		if b.Func != s.At {
			say("it blocked at %s in %s; it must be seen to block in %s", b.At, b.Func, s.At)
		}
	}
}

func (c Cell) judgeOutcome(s Subject, f Fault, say func(string, ...any)) {
	if s.Cancelled {
		f.Want, f.Why = s.want(f), "it is cancelled before anything else can happen to it"
	}
	switch {
	case c.Outcomes == 0:
		say("no outcome was delivered; there must be one")
		return
	case c.Outcomes > 1:
		say("%d outcomes were delivered; there must be one", c.Outcomes)
	}
	switch {
	case f.Want == "" && c.Error != "":
		say("it failed, though %s: %s", f.Why, c.Error)
	case f.Want == "" && c.Value != s.value():
		say("it delivered a %s, though %s", c.Value, f.Why)
	case f.Want != "" && c.Error == "":
		say("it delivered a value (%s); it must fail with %s, because %s", c.Value, f.Want, f.Why)
	case f.Want != "" && c.Reachable != f.Want:
		say("errors.Is does not find %s in its error (it finds %s): %s; it must, because %s", f.Want, orNothing(c.Reachable), c.Error, f.Why)
	case f.Want != "" && !s.Cancelled:
		c.judgeStages(s, f, say)
	}
}

// value is what a cell shows when s succeeds.
func (s Subject) value() string {
	if s.Local != "" {
		return done
	}
	return "page"
}

// judgeStages checks that the fault struck where it was meant to, and that the
// error surfaced where the subject's style says.
func (c Cell) judgeStages(s Subject, f Fault, say func(string, ...any)) {
	if len(c.Stages) == 0 {
		say("its error has lost the *subjects.FetchError on the way: %s", c.Error)
		return
	}
	if last, stage := c.Stages[len(c.Stages)-1], s.stage(f); last != stage {
		say("the fetch failed at stage %q; this fault strikes at stage %q: %s", last, stage, c.Error)
	}
	if s.Surfaces != "" && c.Stages[0] != s.Surfaces {
		say("the error surfaced at stage %q; it must surface at %q: %s", c.Stages[0], s.Surfaces, c.Error)
	}
}

// stage is where f must strike s.
func (s Subject) stage(f Fault) string {
	switch {
	case f.ofNames() && s.Resolves:
		return subjects.StageResolve
	case f.ofNames():
		return subjects.StageRequest
	}
	return f.Stage
}

func orNothing(name string) string {
	if name == "" {
		return "nothing it knows"
	}
	return name
}
