package futures

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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
		e := end{status: Crash, text: "the goroutine of the check ended by runtime.Goexit"}
		defer func() { over <- e }()
		e = t.surrounded(host)
	}()
	e := t.await(over)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	r.Status, r.Why, r.Stack = e.status, e.lacks, e.stack
	r.Observed, r.Notes = slices.Clone(t.failures), slices.Clone(t.notes)
	r.excuse = t.excuse
	switch {
	case e.text != "":
		r.Observed = append(r.Observed, e.text)
	case e.status == OK && len(r.Observed) > 0:
		r.Status = Fail
	}
	return r
}

// end is how a check came to its end.
type end struct {
	status Status
	text   string
	lacks  string
	stack  string
}

// surrounded runs the check in a bubble of host, or in real time. It recovers the panic
// with which a deadlocked bubble ends: if the check itself was over, what is left are
// goroutines of the library that wait for ever, which is for the properties about
// leaks to judge.
func (t *T) surrounded(host *testing.T) (e end) {
	if t.Caps.RealTime {
		return t.alone()
	}
	if host == nil {
		return end{status: Crash, text: "there is no test to make a bubble for: declare RealTime, or pass the test"}
	}
	t.bubble = true
	e = end{status: Hang, text: "nothing in the bubble of the check can go on any more (a library whose waiters a bubble does not see through declares RealTime)"}
	over := make(chan struct{})
	go func() { // a race makes Test end the goroutine that calls it
		defer close(over)
		defer func() {
			if v := recover(); v != nil && !strings.Contains(fmt.Sprint(v), "deadlock") {
				e = end{status: Crash, text: fmt.Sprintf("panic: %v", v), stack: string(debug.Stack())}
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
	if t.Setup != nil {
		if e := t.ends(t.Setup); e.status != OK {
			return e
		}
	}
	e := t.ends(func() { t.property.Check(t) })
	t.mu.Lock()
	t.over = true // what comes now is not the check's
	t.mu.Unlock()
	t.ends(t.settleAll)
	if t.Close != nil {
		if last := t.ends(t.Close); e.status == OK {
			e = last
		}
	}
	return e
}

// ends calls f on a goroutine of its own and says how it ended.
func (t *T) ends(f func()) end {
	over := make(chan end, 1)
	go func() {
		finished := false
		defer func() {
			switch v := recover().(type) {
			case ended:
				over <- end{status: OK} // the failures tell
			case lacking:
				over <- end{status: NotApplicable, lacks: v.why}
			case nil:
				if finished {
					over <- end{status: OK}
					return
				}
				over <- end{status: Crash, text: "the goroutine of the check ended by runtime.Goexit"}
			default:
				over <- end{status: Crash, text: fmt.Sprintf("panic: %v", v), stack: string(debug.Stack())}
			}
		}()
		f()
		finished = true
	}()
	return <-over
}

// stacks returns the stacks of all goroutines.
func stacks() string {
	for size := 1 << 18; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 1<<26 {
			return string(buf[:n])
		}
	}
}
