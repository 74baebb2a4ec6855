package peers_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The loop and the model say the same of random programs: which callback runs, when,
// what is next, and what each operation answers.
func TestModel(t *testing.T) {
	programs, lines := 0, 0
	check(t, scaled(t, "programs", 100_000, 1_000), func(t *rapid.T) {
		ops := program.Draw(t, "program")
		loop := fakeloop.New(fakeloop.Config{})
		got, want := perform(realLoop{t, loop}, ops), perform(new(model), ops)
		if !slices.Equal(got, want) {
			t.Fatalf("loop:\n%s\nmodel:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if err := loop.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		programs, lines = programs+1, lines+len(got)
	})
	t.Logf("the loop and the model agreed on %d programs, in %d answers", programs, lines)
}

// machine is what the loop and the model have in common.
type machine interface {
	post(name string, f func())
	after(name string, d time.Duration, f func()) settable
	step() bool
	turn() int
	advance(d time.Duration)
	advanceToNext() (moved time.Duration, ok bool)
	runUntilIdle()
	peek() string
	elapsed() time.Duration
}

type settable interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// model is the queue as the package comment of fakeloop tells it, in the plainest
// way: three lists, searched from end to end.
type model struct {
	now    time.Duration
	armed  int
	ready  []*entry // posted
	turned []*entry // the rest of the turn under way
	timers []*entry
}

type entry struct {
	m     *model
	name  string
	f     func()
	due   time.Duration
	armed int
}

func (m *model) post(name string, f func()) {
	m.ready = append(m.ready, &entry{m: m, name: "callback " + name, f: f})
}

func (m *model) after(name string, d time.Duration, f func()) settable {
	e := &entry{m: m, name: "timer " + name, f: f}
	e.Reset(d)
	return e
}

func (e *entry) Stop() bool {
	before := len(e.m.timers) + len(e.m.turned)
	e.m.timers, e.m.turned = without(e.m.timers, e), without(e.m.turned, e)
	return len(e.m.timers)+len(e.m.turned) < before
}

func (e *entry) Reset(d time.Duration) bool {
	pending := e.Stop()
	e.m.armed++
	e.armed, e.due = e.m.armed, e.m.now+d
	if d > 0 && e.due < 0 {
		e.due = math.MaxInt64
	}
	e.m.timers = append(e.m.timers, e)
	return pending
}

func without(list []*entry, e *entry) []*entry {
	return slices.DeleteFunc(slices.Clone(list), func(o *entry) bool { return o == e })
}

// first returns the timer that fires first, nil if none ever does.
func (m *model) first() *entry {
	var first *entry
	for _, e := range m.timers {
		earlier := first == nil || e.due < first.due || e.due == first.due && e.armed < first.armed
		if e.due != math.MaxInt64 && earlier {
			first = e
		}
	}
	return first
}

// stepBy runs one callback, moving time as far as horizon.
func (m *model) stepBy(horizon time.Duration) bool {
	if len(m.turned) == 0 {
		if e := m.first(); len(m.ready) == 0 && e != nil && e.due <= horizon {
			m.now = max(m.now, e.due)
		}
		m.turned, m.ready = m.ready, nil
		for e := m.first(); e != nil && e.due <= m.now; e = m.first() {
			m.timers, m.turned = without(m.timers, e), append(m.turned, e)
		}
	}
	if len(m.turned) == 0 {
		return false
	}
	e := m.turned[0]
	m.turned = m.turned[1:]
	e.f()
	return true
}

func (m *model) step() bool { return m.stepBy(math.MaxInt64) }

func (m *model) turn() (n int) {
	for n == 0 || len(m.turned) > 0 {
		if !m.step() {
			break
		}
		n++
	}
	return n
}

func (m *model) advance(d time.Duration) {
	target := m.now + d
	for m.stepBy(target) {
	}
	m.now = target
}

func (m *model) advanceToNext() (time.Duration, bool) {
	began := m.now
	m.advance(0)
	e := m.first()
	if e == nil {
		return 0, false
	}
	m.advance(e.due - m.now)
	return m.now - began, true
}

func (m *model) runUntilIdle() {
	for m.step() {
	}
}

func (m *model) peek() string {
	for _, e := range slices.Concat(m.turned, m.ready) {
		return e.name
	}
	if e := m.first(); e != nil {
		return e.name
	}
	return "nothing"
}

func (m *model) elapsed() time.Duration { return m.now }

// realLoop is the loop as a machine.
type realLoop struct {
	t    *rapid.T
	loop *fakeloop.Loop
}

func (r realLoop) must(what string, err error) {
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
}

func (r realLoop) post(name string, f func()) { r.loop.Named(name).Post(f) }

func (r realLoop) after(name string, d time.Duration, f func()) settable {
	return r.loop.Named(name).AfterFunc(d, f)
}

func (r realLoop) step() bool {
	ran, err := r.loop.Step()
	r.must("Step", err)
	return ran
}

func (r realLoop) turn() int {
	n, err := r.loop.Turn()
	r.must("Turn", err)
	return n
}

func (r realLoop) advance(d time.Duration) { r.must("Advance", r.loop.Advance(d)) }

func (r realLoop) advanceToNext() (time.Duration, bool) {
	moved, err := r.loop.AdvanceToNext()
	if idle := (*fakeloop.IdleError)(nil); !asError(err, &idle) {
		r.must("AdvanceToNext", err)
	}
	return moved, err == nil
}

func (r realLoop) runUntilIdle() { r.must("RunUntilIdle", r.loop.RunUntilIdle()) }

func (r realLoop) peek() string {
	item, ok := r.loop.Peek()
	if !ok {
		return "nothing"
	}
	return fmt.Sprint(item.Kind, " ", item.Label)
}

func (r realLoop) elapsed() time.Duration { return r.loop.Elapsed() }
