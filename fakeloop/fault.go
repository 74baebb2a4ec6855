package fakeloop

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// FaultKind is a way in which something goes wrong.
type FaultKind string

// The kinds of fault. Which of them a point can have says [FaultPoint].Kinds.
const (
	FaultError     FaultKind = "error"      // it returns an error
	FaultTimeout   FaultKind = "timeout"    // it returns an error that says so: its Timeout method is true
	FaultReset     FaultKind = "reset"      // the connection is reset
	FaultCut       FaultKind = "cut"        // a part of the bytes passes, half of them, and then the stream ends
	FaultRefused   FaultKind = "refused"    // the connection is refused
	FaultBlackHole FaultKind = "black hole" // nothing comes through any more, and nobody is told
	FaultSlow      FaultKind = "slow"       // it comes late, by SlowFault
	FaultCancel    FaultKind = "cancel"     // it is cancelled
	FaultPanic     FaultKind = "panic"      // it panics
	FaultGoexit    FaultKind = "goexit"     // it ends by runtime.Goexit
	FaultNever     FaultKind = "never"      // it never comes
)

// SlowFault is by how much a [FaultSlow] is late. It is no round number, since what is
// due at one instant with something else is a race of its own.
const SlowFault = time.Minute + 7*time.Millisecond

// FaultPoint is something that happens in a run and could go wrong.
type FaultPoint struct {
	// Name says what happens, in words that are the same in every run, as in "dial
	// client>api:80". A loop numbers the points of one name: " #2" is the second.
	Name string

	// Kinds are the ways in which it can go wrong.
	Kinds []FaultKind

	// Bytes is how many bytes pass there, if Kinds has FaultCut: the stream can end
	// behind each of them. 0 if it is not known.
	Bytes int

	// Remote says that the error is returned to somebody else than the code under test,
	// such as the server it talks to. The code under test cannot have that error, but
	// only what comes of it.
	Remote bool

	// Met is when the run comes to the point. The loop sets it.
	Met Moment
}

// Moment is a place in the order of a run. What several goroutines do between two events
// of the timeline comes in any order.
type Moment struct {
	Events    int    // how many the timeline had by then
	Goroutine uint64 // whose doing it is, as the runtime counts them; 0 for that of a callback
}

// moment returns the present one. The caller holds l.mu.
func (l *Loop) moment() Moment {
	m := Moment{Events: l.log.Len()}
	if !l.running { // to ask for the goroutine takes longer than all the rest
		m.Goroutine = thisGoroutine().id
	}
	return m
}

// Ways returns in how many ways the point can go: 0 is without a fault, from 1 on come
// the Kinds, and behind them a cut after 0, 1, 2 and so on up to all but one of its
// Bytes.
func (p FaultPoint) Ways() int { return 1 + len(p.Kinds) + p.Bytes }

// Fault returns what the choice of a way means. It panics if the choice is out of
// range, or 0.
func (p FaultPoint) Fault(choice int) *Fault {
	switch {
	case choice < 1 || choice >= p.Ways():
		panic(fmt.Sprintf("fakeloop: the source of decisions answered %d to the fault point %q; it must answer 0 to %d", choice, p.Name, p.Ways()-1))
	case choice <= len(p.Kinds):
		f := &Fault{Point: p.Name, Kind: p.Kinds[choice-1], After: -1, Remote: p.Remote}
		f.injected = &InjectedError{Point: f.Point, Kind: f.Kind, Err: errInjected}
		return f
	}
	f := &Fault{Point: p.Name, Kind: FaultCut, After: choice - 1 - len(p.Kinds), Remote: p.Remote}
	f.injected = &InjectedError{Point: f.Point, Kind: f.Kind, Err: errInjected}
	return f
}

// FaultSource is a [Source] that also says what goes wrong. A run has fault points only
// if its source is one and says so: otherwise nothing asks, nothing is recorded and
// nothing costs time.
type FaultSource interface {
	Source

	// Faults reports whether the run has fault points. New asks once.
	Faults() bool

	// ChooseFault returns a number below p.Ways(); 0 is no fault. It may be called from
	// several goroutines of a bubble, one at a time, with a lock of the loop held: it
	// must not use the loop. What goroutines do that run at one time comes in any
	// order, so the answer should depend on the name of the point only.
	ChooseFault(p FaultPoint) int
}

// faulting is what a loop keeps of faults; nil if its run has no fault points.
type faulting struct {
	source   FaultSource
	met      map[string]int // points by name
	injected []*Fault
	made     map[timeline.ID]*place // futures
	awaited  map[timeline.ID]*place // futures, by coroutines
	fakes    map[timeline.ID]bool   // futures with an error that only reads like an injected one
}

func newFaulting(s Source) *faulting {
	f, ok := s.(FaultSource)
	if !ok || !f.Faults() {
		return nil
	}
	return &faulting{source: f, met: map[string]int{}, made: map[timeline.ID]*place{}, awaited: map[timeline.ID]*place{}, fakes: map[timeline.ID]bool{}}
}

// HasFaults reports whether the loop's run has fault points, see [FaultSource].
func (l *Loop) HasFaults() bool { return l.faulting != nil }

// Fault asks whether what is about to happen goes wrong, and how: nil means that it does
// not. The caller does what the fault says. Without a [FaultSource] it is nil at once.
// Fault may be called from any goroutine of the loop's bubble.
//
// It is for those who make fakes that work on other goroutines, such as a network. For a
// future there is [Faulty], for a call [Loop.Fail].
func (l *Loop) Fault(p FaultPoint) *Fault {
	if l.faulting == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.choices.refusal != nil {
		return nil
	}
	l.faulting.met[p.Name]++
	p.Name = fmt.Sprintf("%s #%d", p.Name, l.faulting.met[p.Name])
	p.Met = l.moment()
	choice := l.faulting.source.ChooseFault(p)
	if choice == 0 {
		return nil
	}
	f := p.Fault(choice)
	f.Caller = UserLine()
	f.At = l.elapsed()
	l.record(timeline.Chosen, l.scope.id, l.scope.id, faultLabel(p.Name), f.what())
	l.faulting.injected = append(l.faulting.injected, f)
	return f
}

// Fail asks whether a call goes wrong, and lets it: it returns nil, or the injected
// error, or panics with that, or ends the goroutine by runtime.Goexit. A fake begins
// with it:
//
//	func (d *disk) Read(name string) (string, error) {
//		if err := d.loop.Fail("read " + name); err != nil {
//			return "", err
//		}
//		return d.files[name], nil
//	}
//
// Without a [FaultSource] it returns nil at once.
func (l *Loop) Fail(name string) error {
	f := l.Fault(FaultPoint{Name: name, Kinds: failKinds})
	if f == nil {
		return nil
	}
	f.strike()
	return f.Err()
}

var failKinds = []FaultKind{FaultError, FaultTimeout, FaultPanic, FaultGoexit}

// Injected returns the faults of the run so far, in the order in which they came.
func (l *Loop) Injected() []*Fault {
	if l.faulting == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Fault(nil), l.faulting.injected...)
}

// Fault is something that goes wrong at a point.
type Fault struct {
	Point  string // with its number
	Kind   FaultKind
	After  int           // of a FaultCut: behind how many bytes; -1 for half of them
	Remote bool          // see FaultPoint
	Caller string        // "file:line" in the user's code of the call that went wrong; "" if there is none
	At     time.Duration // on the loop's clock

	injected *InjectedError
}

// Err returns the error of the fault, an *InjectedError. Each fault has its own, so that
// errors.Is finds it wherever it got to.
func (f *Fault) Err() error { return f.injected }

// With makes the error of the fault unwrap to err, such as syscall.ECONNRESET, and
// returns it. It is called by whoever injects the fault, before anybody sees the error.
func (f *Fault) With(err error) error {
	f.injected.Err = err
	return f.injected
}

// Cut returns behind how many of n bytes a FaultCut ends the stream.
func (f *Fault) Cut(n int) int {
	if f.After < 0 {
		return n / 2
	}
	return min(f.After, n)
}

// String names the fault: "reset at read client<api:80 conn 1 #2".
func (f *Fault) String() string { return f.what() + " at " + f.Point }

func (f *Fault) what() string {
	if f.After >= 0 {
		return fmt.Sprintf("%s after %d bytes", f.Kind, f.After)
	}
	return string(f.Kind)
}

// InjectedError is the error of a fault.
type InjectedError struct {
	Point string
	Kind  FaultKind
	Err   error // what it stands for
}

var errInjected = errors.New("failed")

// Error says what it stands for and where it was injected.
func (e *InjectedError) Error() string {
	return fmt.Sprintf("%v %s", e.Err, e.where())
}

// Unwrap returns the error that it stands for.
func (e *InjectedError) Unwrap() error { return e.Err }

// Timeout reports whether it is that of a FaultTimeout, as errors of package net do.
func (e *InjectedError) Timeout() bool { return e.Kind == FaultTimeout }

// Temporary is what older code asks errors of package net.
func (e *InjectedError) Temporary() bool {
	var t interface{ Temporary() bool }
	return e.Timeout() || errors.As(e.Err, &t) && t.Temporary()
}

// rooms are how the functions of this module begin that stand between a fault and the
// code under test.
var rooms = []string{packagePath + ".", packagePath + "/", modulePath + "toxics.", modulePath + "toxics/tcp.", modulePath + "asynctest."}

const modulePath = "github.com/windtunnel-go/windtunnel/"

func isModuleFrame(f runtime.Frame) bool {
	return !strings.HasSuffix(f.File, "_test.go") &&
		slices.ContainsFunc(rooms, func(room string) bool { return strings.HasPrefix(f.Function, room) })
}

// UserLine returns the "file:line" of the innermost call on the stack that is neither this
// module's nor the standard library's: whose doing it is. It is "" if there is none, as on a
// goroutine that a library has started.
func UserLine() string {
	root := standardRoot()
	for f := range callers() {
		if !isModuleFrame(f) && !isStandardFile(f.File, root) {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
	return ""
}
