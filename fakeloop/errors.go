package fakeloop

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Errors that a loop returns, or with which it rejects futures; compare with
// errors.Is.
var (
	// ErrClosed means that the loop was closed: the callback will not run, or
	// the future was still pending when it happened.
	ErrClosed = errors.New("fakeloop: the loop is closed")

	// ErrReentrant means that a callback or coroutine tried to drive the very
	// loop that runs it, or to wait for it: that would never end. A callback
	// uses Then or OnSettled, a coroutine uses Await.
	ErrReentrant = errors.New("fakeloop: a callback cannot drive or wait for the loop that runs it; use Then or OnSettled, or Await in a coroutine")

	// ErrDriven means that two goroutines tried to drive one virtual loop at
	// the same time, or that offloaded work tried to drive its loop.
	ErrDriven = errors.New("fakeloop: another goroutine is driving this loop; a virtual loop has one driver at a time")

	// errWorker is ErrDriven for the goroutine of offloaded work.
	errWorker = fmt.Errorf("%w; offloaded work can wait for a future with Await or Wait, but not drive", ErrDriven)

	// ErrNotVirtual means that the call only makes sense on a loop that the test
	// drives.
	ErrNotVirtual = errors.New("fakeloop: a loop in bubble or wall mode runs by itself; use a virtual loop to step or to move time")

	// ErrWaitBeside means that synctest.Wait was called in a bubble that has a loop,
	// while the loop itself waited for the bubble to be quiet.
	ErrWaitBeside = errors.New("fakeloop: synctest.Wait was called beside the loop that directs this bubble, and one goroutine of a bubble can wait at a time; call Loop.Settle instead")

	// ErrPast means that time was asked to go back.
	ErrPast = errors.New("fakeloop: time does not go back")

	// ErrNilRejection is what a future is rejected with when the error given
	// to Reject is nil: a rejection is never a success.
	ErrNilRejection = errors.New("fakeloop: rejected with a nil error")

	// ErrGoexit rejects the future of a task or handler that ended by
	// runtime.Goexit, which is what FailNow does, instead of returning.
	ErrGoexit = errors.New("fakeloop: the function ended by runtime.Goexit and returned nothing")

	// ErrNilFuture rejects a future that was to have the outcome of a nil one: a
	// handler or Adopt was given no future.
	ErrNilFuture = errors.New("fakeloop: a nil or zero future has no outcome; return Rejected, or Resolved, if there is nothing to wait for")

	// ErrNoFutures rejects what Any and Race return if they are given no futures:
	// of nothing, none can be first.
	ErrNoFutures = errors.New("fakeloop: none of no futures can be the first; ask before calling Any or Race")

	// ErrExhausted rejects a future of [Completed.Next] that asks for more than
	// there is.
	ErrExhausted = errors.New("fakeloop: all of these futures have been handed out")

	// ErrTrapClosed means that a trap was closed, so that it holds nothing any
	// more.
	ErrTrapClosed = errors.New("fakeloop: the trap is closed")

	// ErrForeignLoop means that a coroutine awaited a future of another loop.
	ErrForeignLoop = errors.New("fakeloop: the awaited future belongs to another loop; hand its outcome over with PostFrom")
)

// PanicError is a panic of a callback, a handler, a coroutine or of offloaded
// work. It unwraps to the panic value if that is an error. Printed with %+v it
// includes the stack and who was waiting.
type PanicError struct {
	Value any    // what was given to panic
	Site  string // "file:line" of the panic; of the faulting line for a runtime error
	Stack string // of the goroutine that panicked, the site included

	// Awaiters says who was waiting for the function that panicked, as
	// Future.AsyncStack does; empty for a callback.
	Awaiters []string

	what string
}

// Recovered makes a PanicError of what recover returned, with the place and the
// stack of the panic. It must be called in a function that the panicking goroutine
// deferred, while that stack is still there. What names the function that panicked,
// as in "fakeloop: handler of Then panicked at ...".
func Recovered(value any, what string) *PanicError {
	return &PanicError{Value: value, Site: panicSite(), Stack: string(debug.Stack()), what: what}
}

// panicSite returns where the panic under way began: the frame below gopanic,
// the runtime's own frames of a runtime error left out.
func panicSite() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}

// cause returns the panic value as text.
func (e *PanicError) cause() string { return fmt.Sprint(e.Value) }

// Error names what panicked, where and with what. It is part of timelines, so
// it does not depend on the directory of the sources, which Site and Stack tell.
func (e *PanicError) Error() string {
	return fmt.Sprintf("fakeloop: %s panicked at %s: %s", e.what, filepath.Base(e.Site), e.cause())
}

// Unwrap returns the panic value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format implements fmt.Formatter: %+v adds the stack.
func (e *PanicError) Format(s fmt.State, verb rune) {
	io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		io.WriteString(s, "\n"+strings.Join(append([]string{e.Stack}, e.Awaiters...), "\n"))
	}
}

// errorText is err.Error(), but bears errors whose method panics, a typed nil
// above all.
func errorText(err error) string { return fmt.Sprint(err) }

// IdleError means that what a call waited for can never happen: the loop has
// nothing ready, no timer and no work outside.
type IdleError struct {
	At      time.Duration // the loop's time
	Chain   []string      // who waits for whom; the first is what the call waited for
	Held    []string      // callbacks that traps hold: often the reason
	Panics  []error       // of callbacks, which no call has returned yet: often the reason
	Horizon time.Duration // Config.Horizon, if that is how long another goroutine had to bring it

	setting string // which sets Horizon
}

// Error shows the chain of waits, the middle of a long one left out, what traps
// hold, and what panicked.
func (e *IdleError) Error() string {
	var b strings.Builder
	so := "so this will never come"
	if e.Horizon > 0 { // another goroutine might sleep for longer
		so = "and this has not come"
	}
	fmt.Fprintf(&b, "fakeloop: at %v the loop is idle (nothing is ready, no timer is set, no work is outside), %s:\n", e.At, so)
	const head, tail = 20, 5
	for i, link := range e.Chain {
		switch left := len(e.Chain) - head - tail; {
		case left > 0 && i == head:
			fmt.Fprintf(&b, "... and so on through %d more ...\n", left)
			continue
		case left > 0 && i > head && i < head+left:
			continue
		case i > 0:
			b.WriteString("which waits for ")
		}
		b.WriteString(link + "\n")
	}
	for _, held := range e.Held {
		b.WriteString(held + "\n")
	}
	for _, err := range e.Panics {
		fmt.Fprintf(&b, "Before that, %v\n", err)
	}
	if e.Horizon > 0 {
		fmt.Fprintf(&b, "Other goroutines had %v to bring it, which %s sets: if one is going to bring it later, raise that.", e.Horizon, cmp.Or(e.setting, "Config.Horizon"))
		return b.String()
	}
	b.WriteString("If another goroutine is going to bring it, announce that work with Loop.Outside.")
	return b.String()
}

// LimitError means that a driving call ran as many callbacks as Config.Limit
// allows and was not done, or a bubble's loop as many at one instant as
// Config.InstantLimit allows.
type LimitError struct {
	Callbacks int           // how many it ran; 0 if it only watched
	Events    int           // how many events passed the gate of a bubble meanwhile, if Config.Limit was met
	At        time.Duration // the loop's time now
	Moved     time.Duration // how far time moved meanwhile; 0 for callbacks that post each other for ever
	Horizon   time.Duration // Config.Horizon, if it was that limit which was met
	Instant   bool          // Config.InstantLimit is what was met: no callback runs any more
	Last      []string      // the last callbacks and events, the latest last; with Config.Sites, where callbacks come from

	setting string // which raises the limit
}

// Error says whether time stood still, and which callbacks kept the loop busy.
func (e *LimitError) Error() string {
	if e.Horizon > 0 {
		return fmt.Sprintf("fakeloop: gave up at %v: the loop would go on beyond its horizon of %v in one call. The last callbacks were %s. %s sets the horizon.",
			e.At, e.Horizon, cmp.Or(strings.Join(e.Last, ", "), "none"), cmp.Or(e.setting, "Config.Horizon"))
	}
	count := fmt.Sprintf("%d callbacks", e.Callbacks)
	if e.Events > 0 {
		count += fmt.Sprintf(" and %d events at the gate", e.Events)
	}
	how := fmt.Sprintf("while time moved by %v: is there a timer that sets itself again for ever?", e.Moved)
	if e.Events > 0 {
		how = fmt.Sprintf("while time moved by %v: does somebody try something again for ever?", e.Moved)
	}
	if e.Moved == 0 {
		how = "at one instant: do callbacks post each other for ever?"
	}
	setting := "Config.Limit"
	if e.Instant {
		setting = "Config.InstantLimit"
	}
	return fmt.Sprintf("fakeloop: gave up at %v after %s %s The last were %s. %s raises the limit.",
		e.At, count, how, strings.Join(e.Last, ", "), cmp.Or(e.setting, setting))
}

// StuckError means that a call gave up waiting, in real time: for work outside the
// loop that did not come back, or for a wall loop that did not get done.
type StuckError struct {
	At    time.Duration // the loop's time
	After time.Duration // how long the call waited, in real time
	Work  []string      // what has not come back or keeps the loop busy
	Held  []string      // work that has returned and whose turn had not come
	Stack string        // of the callback that a loop beside the test is in, if it is in one
	Cycle []string      // if the work waits for the loop: who waits for whom

	virtual bool   // After is virtual time, that of a bubble
	notYet  bool   // Work begins with timers of a wall loop that will come due
	setting string // which sets After
}

// Error names what did not come back and, where finished work is held back
// behind it, says so: the first may be waiting for the second. It ends with the
// stack of the callback under way, if there is one.
func (e *StuckError) Error() string {
	var b strings.Builder
	if len(e.Cycle) > 0 {
		fmt.Fprintf(&b, "fakeloop: at %v the loop waits for %s, which waits for the loop: a cycle.\n%s\nWhile that work is outside time stands still; a policy such as Jump lets it move, and a future that other work settles needs no time.",
			e.At, strings.Join(e.Work, "; "), strings.Join(e.Cycle, "\nwhich waits for "))
		return b.String()
	}
	clock, setting := "real", cmp.Or(e.setting, "Config.Guard")
	if e.virtual {
		clock, setting = "virtual", cmp.Or(e.setting, "Config.Horizon")
	}
	advice := " " + setting + " sets how long to wait."
	what := "has not come"
	if e.notYet {
		what = "is not due yet"
		advice = " A wait counts " + setting + " from the last timer that was set when it began, and a callback has set this one since: a Guard that is longer than all timers of callbacks lets it come, and nothing but Stop ends one that sets itself again for ever."
	}
	fmt.Fprintf(&b, "fakeloop: at %v gave up after %v of %s time; what the loop waits for %s: %s.",
		e.At, e.After, clock, what, strings.Join(e.Work, "; "))
	if len(e.Held) > 0 {
		fmt.Fprintf(&b, " Done, and held back behind it to keep the order of the run: %s. If the first waits for one of these, that is a cycle.",
			strings.Join(e.Held, "; "))
	}
	b.WriteString(advice)
	if e.Stack != "" {
		b.WriteString("\n\n" + e.Stack)
	}
	return b.String()
}
