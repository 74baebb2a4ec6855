package asynctest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/format"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// unfaulted says what is wrong with a run without faults, nil if it can be compared with.
func (w *sweeper) unfaulted(p *played) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("asynctest: sweep of %s: the run without faults must be as it should be, and it is not: %w", w.Name, fmt.Errorf(format, args...))
	}
	switch {
	case p.bubble.Outcome == bubble.Panicked || p.bubble.Outcome == bubble.Exited:
		return wrong("it %v", p.bubble)
	case p.bubble.Outcome != bubble.Returned:
		return wrong("%v", p.bubble)
	case p.wrong != nil:
		return wrong("Scenario.Run %w", p.wrong)
	case !p.settled && p.storm != "":
		return wrong("its loop gave up before its outcome, %s, came: %s", p.future, plain(p.storm))
	case !p.settled:
		return wrong("its outcome, %s, has not come by %v; the waiting began at %s", p.future, 2*w.Deadline, orUnknown(p.wait))
	case p.late:
		return wrong("its outcome, %s, came later than the deadline of %v", p.future, w.Deadline)
	case p.second != "":
		return wrong("it has two outcomes; the second is %s", p.second)
	}
	if p.err == nil {
		if err := w.right(p.value, p.value); err != nil {
			return wrong("its value is %s: %w", show(p.value), err)
		}
	}
	if len(p.lost) > 0 {
		return wrong("%s", plain(p.lost[0].Error()))
	}
	if len(p.goroutines) > 0 {
		return wrong("when the tunnel was closed, there was left: %s at %s", p.goroutines[0].text, orUnknown(p.goroutines[0].place))
	}
	if len(p.blocks) > 0 {
		return wrong("a callback blocked: %v; do that off the loop, as with fakeloop.Offload, or allow it with WithRules in Scenario.Tunnel", p.blocks[0])
	}
	return nil
}

func orUnknown(place string) string {
	if place == "" {
		return "an unknown place"
	}
	return place
}

// judge asks all questions about a run with faults.
func (w *sweeper) judge(p *played, without *played) []Finding {
	if len(p.missed) > 0 {
		return nil // it is another run than was meant; the report says so
	}
	j := &judgement{sweeper: w, played: p, without: without}
	j.panics()
	j.outcome()
	if p.settled {
		j.leftovers()
	}
	if p.second != "" {
		if p.secondErr != nil && j.injected(p.secondErr) { // it is not lost, but late
			j.findings = slices.DeleteFunc(j.findings, func(f Finding) bool { return f.Check == FoundErrorLost })
		}
		at := p.secondAt
		if at == "" {
			at = j.seenAt()
		}
		j.add(FoundTwoOutcomes, at, "a second outcome, %s, came behind the first; %s", p.second, j.came())
	}
	j.blocking()
	return j.findings
}

// judgement is what is found about one run.
type judgement struct {
	*sweeper
	*played
	without  *played
	findings []Finding
}

func (j *judgement) add(c SweepCheck, place, text string, args ...any) {
	guess, sure := j.seen()
	guessed := !sure && place == guess
	if place == "" {
		place = madeAt(j.future)
	}
	if place == "" {
		place, _, _ = strings.Cut(j.run.Faults[len(j.run.Faults)-1].Point, " #")
	}
	j.findings = append(j.findings, Finding{
		Check: c, Place: place, Text: fmt.Sprintf(text, args...),
		Run: j.run, Fault: j.run.String(), Reproduce: j.command(j.run), Replay: j.replay.String(),
		Timeline: j.excerpt(), Guessed: guessed,
	})
}

// has reports whether something has been found of that kind.
func (j *judgement) has(c SweepCheck) bool {
	return slices.ContainsFunc(j.findings, func(f Finding) bool { return f.Check == c })
}

// seen is the line in the user's code at which the error of the last fault was last seen.
// It is not sure if that is only where the call came from that went wrong, or is about the
// error of an earlier fault.
func (j *judgement) seen() (place string, sure bool) {
	for i, t := range slices.Backward(j.trails) {
		if t.Site != "" && !j.faults[i].Remote {
			return t.Site, i == len(j.trails)-1
		}
	}
	for _, f := range slices.Backward(j.faults) {
		if f.Caller != "" && !f.Remote && (place == "" || tells(f)) {
			place, sure = f.Caller, tells(f) || f.Kind == fakeloop.FaultCut
		}
	}
	return place, sure
}

func (j *judgement) seenAt() string {
	place, _ := j.seen()
	return place
}

// came tells the outcome.
func (j *judgement) came() string {
	if j.err != nil {
		return "the outcome is the error\n" + errorChain(j.err)
	}
	return "the outcome is the value " + show(j.value)
}

// panics finds those that nobody has injected.
func (j *judgement) panics() {
	if r := j.bubble; r.Outcome == bubble.Panicked {
		at, _ := bubble.PanicLine(r.Stack)
		if err, ok := r.Value.(error); ok && j.injected(err) {
			j.add(FoundPanic, place(at), "the injected panic was not recovered, and left Scenario.Run")
			return
		}
		j.add(FoundPanic, place(at), "Scenario.Run panicked: %v", r.Value)
		return
	}
	for _, err := range j.lost {
		if p, ok := err.(*fakeloop.PanicError); ok && !j.injected(p) {
			j.add(FoundPanic, shortSite(p.Site), "%s", plain(p.Error()))
		}
	}
}

func place(f bubble.Frame) string {
	if f.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", base(f.File), f.Line)
}

func shortSite(site string) string { return base(site) }

// injected reports whether the error of one of the run's faults can be found in err: the
// error itself, or what it stands for.
func (j *judgement) injected(err error) bool {
	return slices.ContainsFunc(j.faults, func(f *fakeloop.Fault) bool {
		if f.Kind == fakeloop.FaultGoexit && errors.Is(err, fakeloop.ErrGoexit) {
			return true
		}
		stands := errors.Unwrap(errors.Unwrap(f.Err())) // a system's error number
		return errors.Is(err, f.Err()) || stands != nil && errors.Is(err, stands)
	})
}

// tells reports whether the code under test is told of a fault by an error, which must
// then be found in the outcome.
func tells(f *fakeloop.Fault) bool {
	switch f.Kind {
	case fakeloop.FaultSlow, fakeloop.FaultBlackHole, fakeloop.FaultNever, fakeloop.FaultCut:
		return false
	}
	return !f.Remote
}

// outcome asks about the outcome; it finds one thing at most.
func (j *judgement) outcome() {
	switch {
	case j.has(FoundPanic) && !j.played.outcome:
	case j.bubble.Outcome == bubble.Exited:
		j.add(FoundPending, j.seenAt(), "Scenario.Run ended by runtime.Goexit, and returned no future")
	case j.bubble.Outcome != bubble.Returned:
		at := place(j.bubble.User)
		if at == "" {
			at = j.seenAt()
		}
		text := j.bubble.String()
		if j.bubble.Outcome != bubble.Frozen { // whose stacks are those that keep time from moving
			text = firstLine(text)
		}
		j.add(FoundPending, at, "Scenario.Run: %s", text)
	case j.played.wrong != nil:
		j.add(FoundPending, j.seenAt(), "Scenario.Run %v", j.played.wrong)
	case !j.settled && j.storm != "":
		j.add(FoundTooLate, j.waitsAt(), "%s", plain(j.storm))
	case !j.settled && j.idle:
		j.add(FoundPending, j.waitsAt(), "%s, and nothing happens any more that could settle it", j.future)
	case !j.settled:
		j.add(FoundTooLate, j.waitsAt(), "the outcome has not come by %v of virtual time, twice the deadline, and things still happen", 2*j.Deadline)
	case j.late:
		j.add(FoundTooLate, j.waitsAt(), "the outcome came later than the deadline of %v of virtual time", j.Deadline)
	case j.err != nil:
		j.failed()
	default:
		j.succeeded()
	}
	if j.played.outcome && j.settled {
		j.overlooked()
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (j *judgement) waitsAt() string {
	if j.wait != "" {
		return j.wait
	}
	return j.seenAt()
}

// handled reports whether all faults of the run are declared as handled.
func (j *judgement) handled() bool {
	return !slices.ContainsFunc(j.run.Faults, func(f explore.Fault) bool { return !j.handles(f) })
}

// failed asks about an outcome that is an error.
func (j *judgement) failed() {
	switch {
	case j.without.err != nil && plain(j.err.Error()) == plain(j.without.err.Error()):
		j.unchanged()
	case j.handled():
		j.add(FoundNotHandled, j.seenAt(), "the scenario says that this fault is handled, but %s", j.came())
	case j.told() > 0 && !j.injected(j.err):
		j.add(FoundErrorLost, j.seenAt(), "the injected error cannot be found in the outcome: %s", j.came())
	}
}

// told returns how many faults came before the outcome that the code under test was told
// of by an error, and does not deal with.
func (j *judgement) told() int {
	n := 0
	for _, f := range j.faults[:min(j.early, len(j.faults))] {
		if tells(f) && !j.handles(explore.Fault{Point: f.Point, Way: string(f.Kind)}) {
			n++
		}
	}
	return n
}

// succeeded asks about an outcome that is a value.
func (j *judgement) succeeded() {
	err := j.right(j.value, j.without.value)
	if j.without.err != nil && j.Value == nil {
		err = fmt.Errorf("without faults it is an error, %v", j.without.err)
	}
	if err != nil {
		j.add(FoundWrongValue, j.seenAt(), "%s, which is wrong: %v", j.came(), err)
		return
	}
	j.unchanged()
}

// unchanged asks about an outcome that is the one without faults.
func (j *judgement) unchanged() {
	if len(j.run.Faults) == 1 && j.told() == 1 && !j.handled() {
		j.add(FoundErrorLost, j.seenAt(), "%s, as without the fault: nothing tells of the injected error, and the scenario does not say that it is handled", j.came())
		j.findings[len(j.findings)-1].Unless = j.run.Faults
	}
}

// overlooked asks whether somebody has looked at each error. One that nobody looked at is
// more to the point than that the outcome does not tell of it.
func (j *judgement) overlooked() {
	known := counted(j.without.lost, lostKey)
	for _, err := range j.lost {
		if known[lostKey(err)] > 0 {
			known[lostKey(err)]--
			continue
		}
		if errors.Is(err, toxics.ErrUnmatched) {
			continue // what the plan has for later does not come about if something fails before
		}
		if _, panicked := err.(*fakeloop.PanicError); panicked && !j.injected(err) {
			continue // found as such
		}
		if j.injected(err) {
			j.findings = slices.DeleteFunc(j.findings, func(f Finding) bool { return f.Check == FoundErrorLost })
		}
		at := madeAt(err.Error())
		if at == "" {
			at = j.seenAt()
		}
		if _, leak := errors.AsType[*fakeloop.LeakError](err); !leak { // found as what is left over
			j.add(FoundOverlooked, at, "%s", plain(err.Error()))
		}
	}
}

func lostKey(err error) string { return fmt.Sprintf("%T %s", err, madeAt(err.Error())) }

func counted[T any](all []T, key func(T) string) map[string]int {
	n := map[string]int{}
	for _, v := range all {
		n[key(v)]++
	}
	return n
}

// leftovers finds what has not ended, and has without faults: roots only, for what a
// goroutine or a piece of work holds is left because that is.
func (j *judgement) leftovers() {
	key := func(l leftover) string { return l.text + "\x00" + l.place }
	known := counted(j.without.left, key)
	var left []leftover
	for _, l := range slices.Concat(j.left, j.goroutines, j.leaks()) {
		if known[key(l)] > 0 {
			known[key(l)]--
			continue
		}
		left = append(left, l)
	}
	is := func(what string) func(leftover) bool { return func(l leftover) bool { return l.what == what } }
	leaks := slices.ContainsFunc(left, is("leak"))
	goroutines, work := leaks || slices.ContainsFunc(left, is("goroutine")), slices.ContainsFunc(left, is("work"))
	for _, l := range left {
		of := func(w leftover) bool { return w.what == "work" && w.place == l.place }
		switch {
		case l.what == "connection" && (goroutines || work):
		case goroutines && (l.what == "work" || l.what == "future" && slices.ContainsFunc(left, of)):
		case leaks && (l.named || l.what == "future"):
		default:
			at := l.place
			if at == "" {
				at = j.seenAt()
			}
			j.add(FoundLeftOver, at, "when the outcome had come, and %v later, there was left: %s", linger, l.text)
		}
	}
}

// leaks are the goroutines of Loop.Go that are left, by their names, at the line where it
// waits if there is only one.
func (j *judgement) leaks() []leftover {
	var out []leftover
	for _, err := range j.lost {
		if leak, ok := errors.AsType[*fakeloop.LeakError](err); ok {
			for _, g := range leak.Goroutines {
				out = append(out, leftover{what: "leak", text: plain(g), place: madeAt(g)})
			}
		}
	}
	waits := slices.IndexFunc(j.goroutines, func(l leftover) bool { return l.named && !l.own })
	if len(out) == 1 && waits >= 0 {
		l := j.goroutines[waits]
		name, _, _ := strings.Cut(out[0].text, ", made at ")
		out[0].text, out[0].place = name+", begun at "+out[0].place+", which is"+strings.TrimPrefix(l.text[:strings.Index(l.text, ", started")], "goroutine"), l.place
	}
	return out
}

// blocking finds callbacks that blocked, and do not without faults.
func (j *judgement) blocking() {
	for _, b := range j.blocks {
		j.add(FoundBlocking, base(b.User.Location()), "%v", b)
	}
}

// show is a value in one line.
func show(value any) string {
	text := strings.Join(strings.Fields(strings.TrimSpace(format.Object(value, 0))), " ")
	const most = 200
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
