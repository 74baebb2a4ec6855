package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// inAllModes runs a test on a virtual loop, on a bubble loop, and on a wall loop in a
// bubble: there package time is exact, and a goroutine left behind fails the test.
func inAllModes(t *testing.T, test func(t *testing.T, mode fakeloop.Mode)) {
	t.Helper()
	t.Run("virtual", func(t *testing.T) { test(t, fakeloop.Virtual) })
	for _, mode := range []fakeloop.Mode{fakeloop.Bubble, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, mode) })
		})
	}
}

// newLoop returns a loop that is closed when the test ends, whatever Close
// says; a test that cares closes it itself. A wall loop gets a guard of a day: the
// default one counts from the last timer set when a wait begins, and whether a timer
// that a callback sets is one of those depends on who comes first. In a bubble a day
// costs nothing.
func newLoop(t testing.TB, c fakeloop.Config) *fakeloop.Loop {
	t.Helper()
	if c.Mode == fakeloop.Wall && c.Guard == 0 {
		c.Guard = 24 * time.Hour
	}
	loop := fakeloop.New(c)
	t.Cleanup(func() { _ = loop.Close() })
	return loop
}

// onLoop runs f as one callback and everything that follows from it: what f
// posts and sets is of one instant also on a wall loop.
func onLoop(t testing.TB, loop *fakeloop.Loop, f func()) {
	t.Helper()
	loop.Post(f)
	mustIdle(t, loop)
}

func mustIdle(t testing.TB, loop *fakeloop.Loop) {
	t.Helper()
	if err := loop.RunUntilIdle(); err != nil {
		t.Fatalf("RunUntilIdle: %v", err)
	}
}

func mustAdvance(t testing.TB, loop *fakeloop.Loop, d time.Duration) {
	t.Helper()
	if err := loop.Advance(d); err != nil {
		t.Fatalf("Advance(%v): %v", d, err)
	}
}

func mustClose(t testing.TB, loop *fakeloop.Loop) {
	t.Helper()
	if err := loop.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// journal is what happened, in order. Any goroutine may write it.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// note returns a callback that writes one line.
func (j *journal) note(line string) func() { return func() { j.add("%s", line) } }

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// want checks the whole journal, given as words, and empties it.
func (j *journal) want(t testing.TB, words string) {
	t.Helper()
	got := j.read()
	if want := strings.Fields(words); !slices.Equal(got, want) {
		t.Errorf("happened: %v\n    want: %v", got, want)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = nil
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func sameError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s:\n got error %v\nwant %v", what, got, want)
	}
}

// as returns the error of type E in err's tree, and fails without one.
func as[E error](t testing.TB, err error) E {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Fatalf("got error %v (%T), want a %T", err, err, e)
	}
	return e
}

var (
	identities = regexp.MustCompile(`\b[0-9a-f]{8}\b`)
	places     = regexp.MustCompile(`[\w./-]+\.go:\d+`)
)

// masked replaces what a text may not be pinned to: identities by # and places
// in source files by FILE.
func masked(text string) string {
	return places.ReplaceAllString(identities.ReplaceAllString(text, "#"), "FILE")
}

func wantText(t testing.TB, what string, got fmt.Stringer, want string) {
	t.Helper()
	equal(t, what, masked(got.String()), want)
}

func wantErrorText(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", want)
		return
	}
	equal(t, "text of the error", masked(err.Error()), want)
}

// wantPanic checks the full text of a misuse panic.
func wantPanic(t testing.TB, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		got := recover()
		if got == nil {
			t.Errorf("no panic, want %q", want)
			return
		}
		equal(t, "panic", masked(fmt.Sprint(got)), want)
	}()
	f()
}

// ending runs f on a goroutine of its own and tells how that ended: "return",
// "goexit" or "panic: value".
func ending(f func()) string {
	result := make(chan string)
	go func() {
		how := "goexit"
		defer func() {
			if v := recover(); v != nil {
				how = fmt.Sprint("panic: ", v)
			}
			result <- how
		}()
		f()
		how = "return"
	}()
	return <-result
}

// bodies counts the goroutines that are in a coroutine's body.
func bodies() int {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return strings.Count(string(buf[:n]), "fakeloop.(*Coroutine).enter(")
		}
		buf = make([]byte, 2*len(buf))
	}
}

// script is a source that answers a list of choices, and 0 when it is used up.
type script []int

func (s *script) Choose(string, int) int {
	if len(*s) == 0 {
		return 0
	}
	c := (*s)[0]
	*s = (*s)[1:]
	return c
}

// sourceFunc is a source made of a function.
type sourceFunc func(label string, n int) int

func (f sourceFunc) Choose(label string, n int) int { return f(label, n) }

// fatal is what a test framework panics with in these tests.
type fatal string

func isFatal(v any) bool {
	_, ok := v.(fatal)
	return ok
}

// nothing and fails are work to offload.
func nothing(context.Context) (int, error) { return 0, nil }

func fails(context.Context) (int, error) { panic(fatal("failed")) }

// pendingText returns what a loop has pending, one line each.
func pendingText(l *fakeloop.Loop) string {
	var lines []string
	for _, item := range l.Pending() {
		lines = append(lines, item.String())
	}
	return strings.Join(lines, "\n")
}
