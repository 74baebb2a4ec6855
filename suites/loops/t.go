package loops

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// T is a case under way: it makes loops, keeps marks, and collects what is
// wrong. Its methods may be called from any goroutine but for New and Fatalf,
// which belong to the check's own.
type T struct {
	adapter Adapter
	c       Case
	loops   []*Loop

	mu       sync.Mutex
	marks    []string
	failures []string
}

// What ends a check early.
type (
	ended   = checks.Over    // it has failed
	lacking = checks.Lacking // its loop lacks something
)

// New returns a fresh loop. The case ends, not applicable, if the loop lacks
// what the case needs. The loop is closed when the check is over.
func (t *T) New() *Loop { return t.NewWith(Options{}) }

// NewWith is New for a loop with options.
func (t *T) NewWith(o Options) *Loop {
	l := t.adapter.New(o)
	if l.Cancel == nil && l.Stop != nil {
		l.Cancel = func(timer Timer) { l.Stop(timer) }
	}
	t.loops = append(t.loops, l)
	if why := t.adapter.lacks(t.c, l); why != "" {
		panic(lacking{Why: why})
	}
	return l
}

// closeAll closes the loops that the check made, closed or not.
func (t *T) closeAll() {
	for _, l := range t.loops {
		_ = attempt(l.Close) // what it has to say was the check's to ask
	}
}

// closed closes a loop before the check is over: some surroundings have room for
// one loop at a time.
func (t *T) closed(l *Loop) {
	if err := l.Close(); err != nil {
		t.Errorf("Close returned an error: %v", err)
	}
}

// U is n units of time.
func (t *T) U(n float64) time.Duration { return time.Duration(n * float64(t.adapter.unit())) }

// Exact reports whether instants are exact on the loop's clock.
func (t *T) Exact() bool { return t.adapter.Mode != Wall }

// Virtual reports whether time moves only when the loop is driven.
func (t *T) Virtual() bool { return t.adapter.Mode == Virtual }

// Errorf notes that something is wrong; the check goes on.
func (t *T) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.failures) < 10 { // the first ones tell
		t.failures = append(t.failures, fmt.Sprintf(format, args...))
	}
}

// Fatalf is Errorf and ends the check.
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(ended{})
}

// Mark appends a word to the marks.
func (t *T) Mark(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = append(t.marks, word)
}

// Marker returns a callback that makes a mark.
func (t *T) Marker(word string) func() { return func() { t.Mark(word) } }

// Marks returns the marks made so far, separated by spaces, and forgets them.
func (t *T) Marks() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	marks := strings.Join(t.marks, " ")
	t.marks = nil
	return marks
}

// Order checks that the marks made since the last call are these, in this order.
func (t *T) Order(want string) {
	if got := t.Marks(); got != want {
		t.Errorf("the callbacks ran in the order %q, want %q", brief(got), brief(want))
	}
}

// Count returns how often a mark was made since the marks were last asked for.
func (t *T) Count(word string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, m := range t.marks {
		if m == word {
			n++
		}
	}
	return n
}

// At checks an instant of the loop's clock: that it is the one wanted, or, on a
// wall clock, that it is not before it.
func (t *T) At(what string, got, want time.Duration) {
	switch {
	case t.Exact() && got != want:
		t.Errorf("%s at %v, want %v", what, got, want)
	case got < want:
		t.Errorf("%s at %v, before %v", what, got, want)
	}
}

// Times checks a list of instants as At does.
func (t *T) Times(what string, got, want []time.Duration) {
	if t.Exact() && !slices.Equal(got, want) || len(got) != len(want) {
		t.Errorf("%s at %v, want %v", what, got, want)
		return
	}
	for i := range got {
		t.At(what, got[i], want[i])
	}
}

// Do posts f, so that it runs on the loop, and drives the loop, which must not
// report an error.
func (t *T) Do(l *Loop, f func()) {
	l.Post(f)
	t.drive(l)
}

// drive is Drive where it must succeed.
func (t *T) drive(l *Loop) {
	if err := l.Drive(); err != nil {
		t.Errorf("Drive returned an error: %v", err)
	}
}

// Try posts f, so that it runs on the loop, and drives the loop.
func (t *T) Try(l *Loop, f func()) error {
	l.Post(f)
	return l.Drive()
}

// Refused checks that f returns an error or panics.
func (t *T) Refused(what string, f func() error) {
	if attempt(f) == nil {
		t.Errorf("%s was not refused", what)
	}
}

// attempt returns the error of f, or what it panicked with as one.
func attempt(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f()
}

// calls makes a function of the form that Refused takes.
func calls(f func()) func() error {
	return func() error {
		f()
		return nil
	}
}

// brief cuts a long list of marks in the middle.
func brief(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most/2] + " ... " + s[len(s)-most/2:]
}
