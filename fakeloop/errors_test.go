package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestSentinelTexts(t *testing.T) {
	texts := map[error]string{
		fakeloop.ErrClosed:       "fakeloop: the loop is closed",
		fakeloop.ErrReentrant:    "fakeloop: a callback cannot drive or wait for the loop that runs it; use Then or OnSettled, or Await in a coroutine",
		fakeloop.ErrDriven:       "fakeloop: another goroutine is driving this loop; a virtual loop has one driver at a time",
		fakeloop.ErrNotVirtual:   "fakeloop: a loop in bubble or wall mode runs by itself; use a virtual loop to step or to move time",
		fakeloop.ErrPast:         "fakeloop: time does not go back",
		fakeloop.ErrNilRejection: "fakeloop: rejected with a nil error",
		fakeloop.ErrGoexit:       "fakeloop: the function ended by runtime.Goexit and returned nothing",
		fakeloop.ErrTrapClosed:   "fakeloop: the trap is closed",
		fakeloop.ErrForeignLoop:  "fakeloop: the awaited future belongs to another loop; hand its outcome over with PostFrom",
		fakeloop.ErrNilFuture:    "fakeloop: a nil or zero future has no outcome; return Rejected, or Resolved, if there is nothing to wait for",
		fakeloop.ErrNoFutures:    "fakeloop: none of no futures can be the first; ask before calling Any or Race",
		fakeloop.ErrExhausted:    "fakeloop: all of these futures have been handed out",
		fakeloop.ErrReturned:     "fakeloop: this work has returned already; announce each piece of work with an Outside of its own",
	}
	for err, text := range texts {
		equal(t, "text", err.Error(), text)
	}
	equal(t, "sentinels, all different", len(texts), 13)
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"fakeloop: nobody looked at the error of future x: EOF; handle it with Catch, OnSettled or Await": &fakeloop.UnobservedError{Err: io.EOF, Future: "future x"},
		`fakeloop: at 1s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
a
which waits for b
If another goroutine is going to bring it, announce that work with Loop.Outside.`: &fakeloop.IdleError{At: time.Second, Chain: []string{"a", "b"}},
		"fakeloop: gave up at 2s after 3 callbacks at one instant: do callbacks post each other for ever? The last were a, b. Config.Limit raises the limit.":                                                                                                   &fakeloop.LimitError{Callbacks: 3, At: 2 * time.Second, Last: []string{"a", "b"}},
		"fakeloop: gave up at 2s after 3 callbacks while time moved by 1s: is there a timer that sets itself again for ever? The last were a. Config.Limit raises the limit.":                                                                                   &fakeloop.LimitError{Callbacks: 3, At: 2 * time.Second, Moved: time.Second, Last: []string{"a"}},
		"fakeloop: at 1s gave up after 1m0s of real time; what the loop waits for has not come: a; b. Config.Guard sets how long to wait.":                                                                                                                      &fakeloop.StuckError{At: time.Second, After: time.Minute, Work: []string{"a", "b"}},
		"fakeloop: at 1s gave up after 1m0s of real time; what the loop waits for has not come: a. Done, and held back behind it to keep the order of the run: b; c. If the first waits for one of these, that is a cycle. Config.Guard sets how long to wait.": &fakeloop.StuckError{At: time.Second, After: time.Minute, Work: []string{"a"}, Held: []string{"b", "c"}},
	} {
		wantErrorText(t, err, want)
	}
	equal(t, "UnobservedError unwraps", errors.Is(&fakeloop.UnobservedError{Err: io.EOF}, io.EOF), true)
}

// The site of a panic is the line of the panic, not of the recover; for a
// runtime error it is the faulting line.
func TestPanicSites(t *testing.T) {
	var nilMap map[string]int
	var nilPointer *struct{ n int }
	var nilFunc func()
	var closed = make(chan int)
	close(closed)
	zero, five := 0, 5
	short := make([]int, 3)
	var text any = "string"
	var uncomparable any = []int{}
	want := 0
	here := func() { _, _, want, _ = runtime.Caller(1) }
	panics := map[string]func(){
		"panic":            func() { here(); panic("text") },
		"error":            func() { here(); panic(io.EOF) },
		"nil":              func() { here(); panic(nil) },
		"nil map":          func() { here(); nilMap["x"] = 1 },
		"nil pointer":      func() { here(); nilPointer.n++ },
		"nil func":         func() { here(); nilFunc() },
		"index":            func() { here(); short[five]++ },
		"slice":            func() { here(); _ = short[five:] },
		"division":         func() { here(); five /= zero },
		"type assertion":   func() { here(); _ = text.(int) },
		"closed channel":   func() { here(); close(closed) },
		"send on closed":   func() { here(); closed <- 1 },
		"makeslice":        func() { here(); sink = make([]int, -five) },
		"uncomparable":     func() { here(); sink = uncomparable == uncomparable },
		"in a defer":       func() { defer func() { here(); panic("second") }(); panic("first") },
		"of a recovery":    func() { defer func() { v := recover(); here(); panic(v) }(); panic("first") },
		"after a recovery": func() { func() { defer func() { _ = recover() }(); panic("first") }(); here(); panic("second") },
	}
	for name, f := range panics {
		t.Run(name, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{})
			loop.Post(f)
			e := as[*fakeloop.PanicError](t, loop.RunUntilIdle())
			equal(t, "Site", filepath.Base(e.Site), fmt.Sprintf("errors_test.go:%d", want))
			if f := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name(); !strings.Contains(e.Stack, f) {
				t.Errorf("the stack does not show %s:\n%s", f, e.Stack)
			}
		})
	}
}

// sink keeps the compiler from doing without a faulting expression.
var sink any

func line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}

func TestPanicError(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	want := 0
	loop.Named("cb").Post(func() { want = line(); panic(io.EOF) })
	e := as[*fakeloop.PanicError](t, loop.RunUntilIdle())
	equal(t, "Value", e.Value, any(io.EOF))
	equal(t, "Site", filepath.Base(e.Site), fmt.Sprintf("errors_test.go:%d", want))
	equal(t, "Site is a path", filepath.IsAbs(e.Site) || strings.HasPrefix(e.Site, "github.com/"), true)
	// The text does not depend on where the sources lie: it is part of
	// timelines.
	equal(t, "Error", identities.ReplaceAllString(e.Error(), "#"), fmt.Sprintf(`fakeloop: callback "cb" (#) panicked at errors_test.go:%d: EOF`, want))
	equal(t, "Unwrap", e.Unwrap(), io.EOF)
	equal(t, "%v", fmt.Sprintf("%v", e), e.Error())
	equal(t, "%s", fmt.Sprintf("%s", e), e.Error())
	equal(t, "%+v", fmt.Sprintf("%+v", e), e.Error()+"\n"+e.Stack)
	equal(t, "stack shows the site", strings.Contains(e.Stack, e.Site), true)
	equal(t, "Unwrap of a text", (&fakeloop.PanicError{Value: "text"}).Unwrap(), nil)
}

// A value whose String or Error panics does not take the loop with it.
func TestPanicWithABrokenValue(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, value := range []any{brokenError{}, (*pointerError)(nil), sliceError{"x"}} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			loop.Post(func() { panic(value) })
			err := loop.RunUntilIdle()
			as[*fakeloop.PanicError](t, err)
			_ = err.Error()
			loop.Post(func() {})
			mustIdle(t, loop)
		}
	})
}
