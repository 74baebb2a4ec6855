package futures

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Status is the outcome of one check.
type Status string

const (
	OK            Status = "ok"
	Fail          Status = "FAIL"  // the rule was broken
	Hang          Status = "HANG"  // the check did not end in time, or its bubble was deadlocked
	Crash         Status = "CRASH" // it panicked, ended by runtime.Goexit, or took the process with it
	Race          Status = "RACE"  // the race detector found a data race meanwhile
	NotApplicable Status = "n/a"   // the library lacks something, or nothing can check it
)

// Result is what came of one property in one mode on one subject.
type Result struct {
	Property Property
	Subject  string // the adapter's name
	When     When
	Status   Status
	Why      string   // of n/a: what is lacking, and why
	Observed []string // what was wrong
	Notes    []string // what was measured, and whether a repetition said otherwise
	Stack    string   // of a crash, a race or a hang

	excuse string // what, if the process printed it, excuses the failure
}

// Bad reports whether the check failed in whatever way.
func (r Result) Bad() bool { return r.Status != OK && r.Status != NotApplicable }

// Check runs one check in this process. The bubble that it needs belongs to t, which
// may be nil if the adapter declares RealTime. A subject that ends the process ends it,
// and one that hangs leaves its goroutines behind: Run and Runner put it into a process
// of its own.
func (a Adapter) Check(t *testing.T, p Property, when When) Result {
	return a.check(t, p, when, func(string) {})
}

// check is Check; tell is told at once what must be known if the process ends.
func (a Adapter) check(host *testing.T, p Property, when When, tell func(string)) Result {
	r := Result{Property: p, Subject: a.Name, When: when, Status: NotApplicable}
	if r.Why = a.excludes(p); r.Why != "" {
		return r
	}
	t := &T{Adapter: a, When: when, property: p, tell: tell}
	over := make(chan end, 1)
	go func() {
		e := end{Status: Crash, Text: "the goroutine of the check ended by runtime.Goexit"}
		defer func() { over <- e }()
		e = t.surrounded(host)
	}()
	e := t.await(over)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	r.Status, r.Why, r.Stack = e.Status, e.Why, e.Stack
	r.Observed, r.Notes = slices.Clone(t.failures), slices.Clone(t.notes)
	r.excuse = t.excuse
	switch {
	case e.Text != "":
		r.Observed = append(r.Observed, e.Text)
	case e.Status == OK && len(r.Observed) > 0:
		r.Status = Fail
	}
	return r
}

// end is how a check came to its end.
type end = checks.End[Status]

// surrounded runs the check in a bubble of host, or in real time. It recovers the panic
// with which a deadlocked bubble ends: if the check itself was over, what is left are
// goroutines of the library that wait for ever, which is for the properties about
// leaks to judge.
func (t *T) surrounded(host *testing.T) (e end) {
	if t.Caps.RealTime {
		return t.alone()
	}
	if host == nil {
		return end{Status: Crash, Text: "there is no test to make a bubble for: declare RealTime, or pass the test"}
	}
	t.bubble = true
	e = end{Status: Hang, Text: "nothing in the bubble of the check can go on any more (a library whose waiters a bubble does not see through declares RealTime)"}
	over := make(chan struct{})
	go func() { // a race makes Test end the goroutine that calls it
		defer close(over)
		defer func() {
			if v := recover(); v != nil && !strings.Contains(fmt.Sprint(v), "deadlock") {
				e = end{Status: Crash, Text: fmt.Sprintf("panic: %v", v), Stack: string(debug.Stack())}
			}
		}()
		synctest.Test(host, func(*testing.T) { e = t.alone() })
	}()
	<-over
	return e
}

// alone runs the check between Setup and Close. The check has a goroutine of its own,
// which it may end as it likes.
func (t *T) alone() end {
	const whole = "check"
	if t.Setup != nil {
		if e := checks.Call[Status](whole, t.Setup); e.Status != OK {
			return e
		}
	}
	e := checks.Call[Status](whole, func() { t.property.Check(t) })
	t.mu.Lock()
	t.over = true // what comes now is not the check's
	t.mu.Unlock()
	checks.Call[Status](whole, t.settleAll)
	if t.Close != nil {
		if last := checks.Call[Status](whole, t.Close); e.Status == OK {
			e = last
		}
	}
	return e
}
