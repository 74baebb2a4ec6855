package loops

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Status is the outcome of one case.
type Status string

const (
	OK            Status = "ok"
	Fail          Status = "FAIL"  // the rule was broken
	Hang          Status = "HANG"  // the case did not end in time, or its bubble was deadlocked
	Crash         Status = "CRASH" // it panicked, or its goroutine ended by runtime.Goexit
	NotApplicable Status = "n/a"   // the loop lacks a part, or its mode cannot have the case
)

// Result is what came of one case on one loop.
type Result struct {
	Case     Case
	Subject  string // the adapter's name
	Mode     Mode
	Status   Status
	Why      string   // of n/a: what is lacking, and why
	Observed []string // what was wrong
	Stack    string   // of a crash; of all goroutines for a hang
}

// Bad reports whether the case failed in whatever way.
func (r Result) Bad() bool { return r.Status != OK && r.Status != NotApplicable }

// Run runs one case.
func (a Adapter) Run(c Case) Result {
	r := Result{Case: c, Subject: a.Name, Mode: a.Mode, Status: NotApplicable}
	if r.Why = a.excludes(c); r.Why != "" {
		return r
	}
	guard := a.Guard
	if guard == 0 {
		guard = DefaultGuard
	}
	t := &T{adapter: a, c: c}
	over := make(chan end, 1)
	go func() { over <- t.surrounded() }()
	timer := time.NewTimer(guard)
	defer timer.Stop()
	var e end
	select {
	case e = <-over:
	case <-timer.C:
		e = end{Status: Hang, Text: fmt.Sprintf("the case had not ended after %v of real time", guard), Stack: checks.Stacks()}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Status, r.Why, r.Stack, r.Observed = e.Status, e.Why, e.Stack, slices.Clone(t.failures)
	switch {
	case e.Text != "":
		r.Observed = append(r.Observed, e.Text)
	case e.Status == OK && len(r.Observed) > 0:
		r.Status = Fail
	}
	return r
}

// RunAll runs the whole table. If that takes more than a few seconds, standard error tells
// how far it is: see package fakeloop/progress.
func (a Adapter) RunAll() []Result {
	p := progress.Start(progress.Config{Title: "loops, " + a.Name})
	defer p.Close()
	return a.runAll(p)
}

func (a Adapter) runAll(p *progress.Progress) []Result {
	cases := Cases()
	p.Add(len(cases))
	var out []Result
	for _, c := range cases {
		step := p.Begin(c.ID() + " " + c.Name)
		r := a.Run(c)
		step.End(r.failure())
		out = append(out, r)
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

// excludes says why a case is not even tried; "" if it is.
func (a Adapter) excludes(c Case) string {
	if why, ok := a.Skip[c.ID()]; ok {
		return "not tried: " + why
	}
	if why, ok := c.Not[a.Mode]; ok {
		return fmt.Sprintf("not in mode %s: %s", a.Mode, why)
	}
	return ""
}

// lacks says what a loop lacks that a case needs; "" if nothing.
func (a Adapter) lacks(c Case, l *Loop) string {
	has := a.parts(l)
	var out []string
	for _, part := range strings.Fields(c.Needs) {
		if slices.Contains(has, part) {
			continue
		}
		text := "lacks " + part
		if why := a.Lacks[part]; why != "" {
			text += ": " + why
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// end is how a check came to its end.
type end = checks.End[Status]

// surrounded runs the check within what the adapter puts around it. It recovers
// the panic with which a deadlocked bubble ends.
func (t *T) surrounded() (e end) {
	e = end{Status: Crash, Text: "what the adapter puts around the case did not run it, or did not return"}
	defer func() {
		if v := recover(); v != nil {
			e = end{Status: Crash, Text: fmt.Sprintf("panic: %v", v), Stack: string(debug.Stack())}
			if strings.Contains(e.Text, "deadlock") {
				e.Status = Hang
			}
		}
	}()
	body := func() { e = t.alone() }
	inner := body
	if t.adapter.Around != nil {
		inner = func() { t.adapter.Around(body) }
	}
	if t.c.Blocks == nil || t.adapter.Watch == nil {
		inner()
		return e
	}
	reports, err := t.adapter.Watch(inner)
	switch {
	case e.Status != OK:
	case err != nil:
		t.Errorf("Watch returned an error: %v", err)
	default:
		t.c.Blocks(t, reports)
	}
	return e
}

// alone runs the check on a goroutine of its own, which it may end as it likes.
func (t *T) alone() (e end) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e = checks.Call[Status]("case", func() { t.c.Check(t) })
		if last := checks.Call[Status]("case", t.closeAll); e.Status == OK {
			e = last
		}
	}()
	<-done
	return e
}
