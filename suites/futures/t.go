package futures

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// T is a check under way: the adapter, and what the check finds out. Its methods may be
// called from any goroutine, but for Fatalf and those that wait, which belong to the
// check's own.
type T struct {
	Adapter
	When When

	property Property
	bubble   bool
	tell     func(string)

	mu       sync.Mutex
	over     bool
	made     []*made
	marks    []string
	failures []string
	notes    []string
	excuse   string // what, if it was printed, excuses the failure
}

// made is a case that the check made.
type made struct {
	settle  func(v any, err error) error
	settled atomic.Bool
}

// What ends a check early.
type (
	ended   = checks.Over    // it has failed
	lacking = checks.Lacking // the library lacks something
)

// Fresh returns a fresh pending case. When the check is over it is settled, so that
// who waits for it goes away.
func (t *T) Fresh() Case {
	c := t.New()
	if c.Settle == nil || c.Await == nil {
		t.Fatalf("New of the adapter returned a case without Settle or Await")
	}
	m := &made{settle: c.Settle}
	t.mu.Lock()
	t.made = append(t.made, m)
	t.mu.Unlock()
	settle := c.Settle
	c.Settle = func(v any, err error) error {
		m.settled.Store(true) // and no lock, for which a callback might have to wait
		return settle(v, err)
	}
	return c
}

// settleAll settles what the check left pending.
func (t *T) settleAll() {
	for _, m := range t.made {
		if m.settled.Load() {
			continue
		}
		func() {
			defer func() { _ = recover() }()
			_ = m.settle(nil, nil)
		}()
	}
}

// longest is how long what is noted may be: the error at the end of a thousand steps names
// them all.
const longest = 400

// Errorf notes that something is wrong; the check goes on.
func (t *T) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := checks.Abridged(fmt.Sprintf(format, args...), longest)
	if !t.over && len(t.failures) < 10 && !slices.Contains(t.failures, text) { // the first ones tell
		t.failures = append(t.failures, text)
		t.tell(text)
	}
}

// Fatalf is Errorf and ends the check.
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(ended{})
}

// ErrorUnlessPrinted is Errorf, but what the process printed meanwhile may excuse it,
// which only a Runner can see.
func (t *T) ErrorUnlessPrinted(word, format string, args ...any) {
	t.mu.Lock()
	t.excuse = word
	t.mu.Unlock()
	t.Errorf(format, args...)
}

// Lack ends the check: it is not applicable, because the library lacks something that
// only its use could show.
func (t *T) Lack(why string) { panic(lacking{Why: why}) }

// Rounds is how many rounds of n a stochastic check runs.
func (t *T) Rounds(n int) int {
	if t.quick {
		return max(1, n/20)
	}
	return n
}

// Failed reports whether something was wrong so far.
func (t *T) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.failures) > 0
}

// Notef adds to what the result tells besides.
func (t *T) Notef(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.notes = append(t.notes, fmt.Sprintf(format, args...))
	}
}

// Has reports whether the adapter has all that words names, as in Property.Needs.
func (t *T) Has(words string) bool {
	for need := range strings.FieldsSeq(words) {
		if !t.has(need) {
			return false
		}
	}
	return true
}

// Mark appends a word to the marks.
func (t *T) Mark(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = append(t.marks, word)
}

// Marked returns the marks made so far.
func (t *T) Marked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.marks)
}

// Marks waits until the marks are as many as the words of want, and checks that they
// are these, in this order, and that no other follows.
func (t *T) Marks(want string) {
	words := strings.Fields(want)
	t.Until(func() bool { return len(t.Marked()) >= len(words) })
	t.Rest()
	if got := strings.Join(t.Marked(), " "); got != strings.Join(words, " ") {
		t.Errorf("what happened was %q, want %q", brief(got), brief(want))
	}
}

// Set is Marks in whatever order; want is in alphabetical order.
func (t *T) Set(want string) {
	words := strings.Fields(want)
	t.Until(func() bool { return len(t.Marked()) >= len(words) })
	t.Rest()
	got := t.Marked()
	slices.Sort(got)
	if text := strings.Join(got, " "); text != strings.Join(words, " ") {
		t.Errorf("what happened was, sorted, %q, want %q", brief(text), brief(want))
	}
}

// Unit is a while: on virtual time a second, else so long that no machine takes it for
// an instant, and so short that the suite can afford it.
func (t *T) Unit() time.Duration {
	if t.virtual() {
		return time.Second
	}
	return 20 * time.Millisecond
}

// virtual reports whether waiting costs nothing.
func (t *T) virtual() bool { return t.bubble || t.Adapter.Sleep != nil }

// patience is how long to wait for what must happen.
func (t *T) patience() time.Duration {
	switch {
	case t.bubble:
		return time.Minute
	case t.Adapter.Patience != 0:
		return t.Adapter.Patience
	}
	return DefaultPatience
}

// Rest returns when nothing happens any more but what waits for time to pass.
func (t *T) Rest() {
	switch {
	case t.Idle != nil:
		t.Idle()
	case t.bubble:
		synctest.Wait()
	default:
		time.Sleep(t.Unit())
	}
}

// Pass lets d pass on the library's clock.
func (t *T) Pass(d time.Duration) {
	if t.Sleep != nil {
		t.Sleep(d)
		return
	}
	time.Sleep(d)
}

// Until waits for cond and reports whether it came true.
func (t *T) Until(cond func() bool) bool {
	if cond() {
		return true
	}
	pause := time.Millisecond
	if t.bubble {
		pause = t.patience() / 20
	}
	for deadline := time.Now().Add(t.patience()); ; {
		if t.Idle != nil || t.bubble {
			t.Rest()
		}
		if cond() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(pause)
		if !t.bubble {
			pause = min(2*pause, 20*time.Millisecond)
		}
	}
}

// Returns calls f on a goroutine of its own and reports whether it returned, within
// the time that anything gets. A panic of f is a failure of the check.
func (t *T) Returns(what string, f func()) bool {
	over := make(chan string, 1)
	go func() {
		how := what + " ended its goroutine by runtime.Goexit"
		defer func() {
			if v := recover(); v != nil {
				how = fmt.Sprintf("%s panicked: %v", what, v)
			}
			over <- how
		}()
		f()
		how = ""
	}()
	timer := time.NewTimer(t.patience())
	defer timer.Stop()
	select {
	case how := <-over:
		if how != "" {
			t.Errorf("%s", how)
		}
		return true
	case <-timer.C:
		t.Errorf("%s did not return", what)
		return false
	}
}

// recovered calls f and returns what it panicked with, nil if it did not.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// brief cuts a long text in the middle.
func brief(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return s[:most/2] + " ... " + s[len(s)-most/2:]
}
