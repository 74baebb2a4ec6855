package futures

import (
	"context"
	"time"
)

// Case is one fresh future of the library under test, together with the means to
// settle it and to wait for it. Values travel as any; a generic library is
// instantiated with any.
type Case struct {
	// Settle gives the future its outcome: the error err if it is not nil,
	// otherwise the value v, which may be nil. The first call must not panic. A
	// call that the library refuses, because the future is settled already,
	// returns the library's error, or ErrRefused if it says no with a bool; a
	// library that says nothing returns nil. It may be called from any goroutine.
	// Settle may be nil for futures that something else settles: a task, or
	// the future they are derived from.
	Settle func(v any, err error) error

	// Await blocks until the future is settled and returns its outcome, or
	// until ctx is over and returns the error that the library has for that. If
	// the library cannot wait with a deadline, ignore ctx and leave
	// Caps.OwnDeadline false.
	Await func(ctx context.Context) (any, error)

	// Impl is the library's own future, for the other functions of the adapter.
	Impl any
}

// Outcome is what a future was settled with: a value, or an error that is not nil.
type Outcome struct {
	Value any
	Err   error
}

// Adapter says how to use the futures of one library. Name and New are required. Any
// other function may be nil: the properties that need it are then not applicable, and
// listed by name.
//
// The functions are called by one check at a time, so that Setup may put a fresh loop
// into a variable that they share. A check calls them from several goroutines at once
// where the property is about that.
type Adapter struct {
	Name string // what the subject is called in texts
	Caps Caps   // what the library declares

	// New returns a future that is pending.
	New func() Case

	// The surroundings of a check.

	// Setup is called before each check, and Close behind it.
	Setup, Close func()
	// Idle returns when nothing is left to run but what waits for time to pass, or
	// for somebody outside. Nil means that the harness finds out by itself: in a
	// bubble by synctest.Wait, in real time by waiting a little.
	Idle func()
	// Sleep lets d pass on the clock of the library's timers. Nil means
	// time.Sleep.
	Sleep func(d time.Duration)

	// Now reads that clock. Nil means time.Now.
	Now func() time.Time
	// Charge lets d pass within a callback of the loop. Nil means time.Sleep.
	Charge func(d time.Duration)

	// Around the single future.

	// Peek returns the outcome of a settled future and never blocks; settled is
	// false, and the rest zero, while it is pending.
	Peek func(c Case) (v any, err error, settled bool)
	// Spawn starts a task and returns its future. The context is done once the
	// future is cancelled, if the library can do that.
	Spawn func(task func(context.Context) (any, error)) Case
	// Start makes a future and calls executor, on a goroutine of its own or not,
	// with the function that settles it.
	Start func(executor func(settle func(v any, err error))) Case
	// RejectNil rejects the future with a nil error. Leave it nil if the library
	// has one call for success and failure, for which that would be a success.
	RejectNil func(c Case) error
	// Zero returns the zero value of the library's future type.
	Zero func() Case
	// Abandon gives up the producing side without settling: the channel is closed,
	// or the last reference to the promise dropped and the collector run.
	Abandon func(c Case)
	// String is what the future says of itself.
	String func(c Case) string

	// Observers and chains. Where the library has a form with one handler, use
	// it, and do not pass a second one that the user would not have written.

	// OnDone calls cb once the future is settled. The function it returns takes cb
	// back and says whether it did; nil if the library cannot do that.
	OnDone func(c Case, cb func(v any, err error)) (remove func() bool)
	// Then is the future of what f makes of the value.
	Then func(c Case, f func(v any) (any, error)) Case
	// Catch is the future of what f makes of the error.
	Catch func(c Case, f func(err error) (any, error)) Case
	// Both is Then and Catch in one call of the library; either arm may be nil.
	Both func(c Case, ok func(v any) (any, error), bad func(err error) (any, error)) Case
	// CatchIs is Catch for the errors in which errors.Is finds target.
	CatchIs func(c Case, target error, f func(err error) (any, error)) Case
	// Finally calls f on either outcome.
	Finally func(c Case, f func() error) Case
	// Flat is the future of the future that f makes of the value. If f returns the
	// zero Case, hand the library its nil future.
	Flat func(c Case, f func(v any) Case) Case
	// Adopt settles outer with a future: it has from then on the outcome that inner
	// has or comes to. It returns what Settle would. If inner is the zero Case,
	// hand the library its nil future.
	Adopt func(outer, inner Case) error
	// Link copies the outcome of src to dst once src is settled, unless dst is
	// settled by then; dst may be settled by others before.
	Link func(src, dst Case)
	// Remote is the future as seen from the other side of a boundary that takes
	// bytes only: another process, a history, a queue.
	Remote func(c Case) Case

	// Combinators.

	All         func(cs ...Case) Case // its value is a []any, in the order of cs
	Any         func(cs ...Case) Case // the first value, or an error that has all errors
	Race        func(cs ...Case) Case // the first outcome
	AllSettled  func(cs ...Case) Case // its value is a []Outcome, in the order of cs
	AsCompleted func(cs ...Case) (next func(context.Context) (o Outcome, ok bool))

	// Cancellation and time.

	// Cancel settles a pending future as cancelled. It returns what Settle would. A
	// library without causes ignores cause.
	Cancel func(c Case, cause error) error
	// OnCancel has canceller called when the future is cancelled; canceller may
	// call c.Settle.
	OnCancel func(c Case, canceller func(cause error))
	// Shield is a future with the outcome of c whose cancellation leaves c alone.
	Shield func(c Case) Case
	// Timeout is the future with the outcome of c, or failed once d has passed.
	Timeout func(c Case, d time.Duration) Case
	// TimeoutAs is Timeout with an error of the caller's.
	TimeoutAs func(c Case, d time.Duration, err error) Case

	// Errors that nobody observes. The hooks are those of one check: the library
	// forgets them, or Close takes them back.

	// Unobserved has report called for each error that nobody observed.
	Unobserved func(report func(error))
	// HandledLater has report called when such an error is observed after all.
	HandledLater func(report func(error))
	// Quiet says that nobody is going to look at the error of c.
	Quiet func(c Case)
	// Flush is the shutdown at which everything outstanding is reported. Nil means
	// that the collector finds it.
	Flush func()

	// Libraries whose futures belong to a loop.

	Post   func(f func()) error                           // runs f on the loop, or returns the error of a closed one
	OnLoop func() bool                                    // whether the calling goroutine is the loop's
	After  func(d time.Duration, f func())                // a timer of the loop
	Errors func(report func(error))                       // is told what callbacks panicked with
	RunFor func(c Case) (any, error)                      // runs the loop until c is settled; its outcome
	Stop   func() (pending []string, err error)           // ends the loop; what it leaves behind
	Watch  func(body func()) (blocks []string, err error) // calls body; what blocked the loop meanwhile

	// Debugging.

	Debug func(on bool)         // switches debug mode
	Site  func(c Case) string   // where the future was made: file:line
	Trace func(c Case) []string // who waits for the future, and who for that one

	// Lacks says of a function that the library does not have why not, by the name
	// of the field. It is only shown.
	Lacks map[string]string

	// Skip says, by number, which properties are not to be tried and why. They are
	// reported as n/a. A property that ends or hangs the process needs no entry:
	// the process is the subject's own.
	Skip map[int]string

	// Guard is how long a check may take in real time before it is reported as
	// hanging; zero means DefaultGuard.
	Guard time.Duration

	// CPU is how much CPU time the process may use for a check before the check is
	// reported as hanging, on systems that tell; zero means DefaultCPU.
	CPU time.Duration

	// Patience is how long a check in real time waits for what must happen; zero
	// means DefaultPatience. In a bubble it waits for as long as anything moves.
	Patience time.Duration

	quick bool // fewer rounds, for the tests of this package
}

// Bounds in real time, which only a subject that breaks a rule ever meets.
const (
	DefaultGuard    = 30 * time.Second
	DefaultCPU      = 20 * time.Second
	DefaultPatience = 5 * time.Second
)
