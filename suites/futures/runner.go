package futures

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// Runner runs checks, each subject in a process of its own. One goroutine uses it at a
// time.
type Runner struct {
	test     string
	adapters []Adapter
	workers  map[string]*worker
}

// NewRunner returns a runner for these adapters. It is called by a test function of
// its own, or at the beginning of the one that runs a Ginkgo suite: the processes that
// it starts are this test binary, running that test, in which the same call of
// NewRunner does not return but runs the checks. What the test does before it is done
// in each of the processes. The processes end with the test, or when Close is called.
func NewRunner(t *testing.T, adapters ...Adapter) *Runner {
	t.Helper()
	if subject, ok := child(); ok {
		i := slices.IndexFunc(adapters, func(a Adapter) bool { return a.Name == subject })
		if i < 0 {
			t.SkipNow() // another runner of this test has it
		}
		serve(t, adapters[i])
		os.Exit(0)
	}
	for i, a := range adapters {
		if a.Name == "" || a.New == nil {
			panic(fmt.Sprintf("futures: adapter %d (%q) lacks Name or New, which are required", i, a.Name))
		}
		if slices.ContainsFunc(adapters[:i], func(b Adapter) bool { return a.Name == b.Name }) {
			panic(fmt.Sprintf("futures: there are two adapters named %q; give each a name of its own, which says what a process runs", a.Name))
		}
	}
	r := &Runner{test: t.Name(), adapters: adapters, workers: map[string]*worker{}}
	t.Cleanup(r.Close)
	return r
}

// Close ends the processes. The runner starts them again when they are needed.
func (r *Runner) Close() {
	for subject := range r.workers {
		r.drop(subject)
	}
}

func (r *Runner) drop(subject string) {
	if w := r.workers[subject]; w != nil {
		w.stop()
		delete(r.workers, subject)
	}
}

// Run runs one check on the adapter of that name. A check that did not pass is run once
// more, in a process that has run nothing else: what such a second run does not confirm
// passes with a note, but for stochastic properties, where once is enough.
func (r *Runner) Run(subject string, p Property, when When) Result {
	i := slices.IndexFunc(r.adapters, func(a Adapter) bool { return a.Name == subject })
	if i < 0 {
		panic(fmt.Sprintf("futures: Run of %q, for which the runner was given no adapter; pass it to NewRunner", subject))
	}
	a := r.adapters[i]
	result := Result{Property: p, Subject: a.Name, When: when, Status: NotApplicable}
	if result.Why = a.excludes(p); result.Why != "" {
		return result
	}
	first := r.once(a, result)
	if !first.Bad() {
		return first
	}
	r.drop(subject)
	second := r.once(a, result)
	r.drop(subject)
	return confirmed(first, second)
}

// confirmed joins the result of a check that did not pass and that of its repetition.
func confirmed(first, second Result) Result {
	switch {
	case second.Bad():
		return second
	case first.Property.Level == Stochastic:
		first.Notes = append(first.Notes, "a second run, by itself, passed: it depends on chance")
		return first
	}
	text := string(first.Status)
	if len(first.Observed) > 0 {
		text += ": " + first.Observed[0]
	}
	second.Notes = append(second.Notes, "a first run, behind others in one process, did not pass ("+text+"); by itself it did")
	return second
}

// once runs a check in the subject's process.
func (r *Runner) once(a Adapter, result Result) Result {
	w := r.workers[a.Name]
	if w == nil {
		var err error
		if w, err = startWorker(r.test, a.Name); err != nil {
			result.Status, result.Observed = Crash, []string{err.Error()}
			return result
		}
		r.workers[a.Name] = w
	}
	guard := a.Guard
	if guard == 0 {
		guard = DefaultGuard
	}
	result, err := w.run(result, guard+time.Minute)
	if err != nil {
		r.drop(a.Name)
	}
	return result
}

// RunAll runs the whole table on one subject. If that takes more than a few seconds,
// standard error tells how far it is: see package fakeloop/progress.
func (r *Runner) RunAll(subject string) []Result {
	follow := progress.Start(progress.Config{Title: "futures, " + subject})
	defer follow.Close()
	return r.runAll(subject, follow)
}

func (r *Runner) runAll(subject string, follow *progress.Progress) []Result {
	for _, p := range Properties() {
		follow.Add(len(p.Whens()))
	}
	var out []Result
	for _, p := range Properties() {
		for _, when := range p.Whens() {
			step := follow.Begin(fmt.Sprint(p.Number, " ", p.Name, ", ", when))
			result := r.Run(subject, p, when)
			step.End(result.failure())
			out = append(out, result)
		}
	}
	return out
}

// failure is what was wrong, in an error; nil if nothing was.
func (r Result) failure() error {
	if !r.Bad() {
		return nil
	}
	return fmt.Errorf("%s: %s", r.Status, strings.Join(r.Observed, "; "))
}
