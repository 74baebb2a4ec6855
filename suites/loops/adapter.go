package loops

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Mode says on which clock the loops of an adapter run. A case that cannot hold
// on one of them says so.
type Mode string

const (
	// Virtual time moves only while somebody drives the loop, straight to the
	// next timer: instants are exact, and waiting costs nothing.
	Virtual Mode = "virtual"
	// Bubble is package time inside a testing/synctest bubble: instants are
	// exact, and the loop may run by itself.
	Bubble Mode = "bubble"
	// Wall is package time: a timer is late by as much as it pleases the
	// machine, so that cases only assert order and "not before".
	Wall Mode = "wall"
)

// Adapter makes the loops of one kind. New is required; so are Name and Mode.
type Adapter struct {
	Name string // what the subject is called in texts
	Mode Mode   // its clock

	// New returns a fresh loop. It heeds those of the options that Options
	// names, and is free to ignore the others.
	New func(Options) *Loop

	// Options names, separated by spaces, the fields of type Options that New
	// heeds.
	Options string

	// Unit is the length of the cases' unit of time; zero means a second, on a
	// wall clock 5 ms. No case takes more than some 20 of them.
	Unit time.Duration

	// Around calls body in the surroundings that the loops need: in mode Bubble
	// it makes the bubble. Nil means that body is simply called, or that the
	// registrar makes the bubble.
	Around func(body func())

	// Watch calls body and returns one text for each place at which a callback
	// blocked meanwhile, naming the function that did. It is called outside
	// Around. Nil means that nothing watches.
	Watch func(body func()) ([]string, error)

	// Lacks says of a part that the loop does not have why not, by the name of
	// the field. It is only shown.
	Lacks map[string]string

	// Skip says, by number and letter, which cases are not to be tried and why:
	// those that would end the process. They are reported as n/a.
	Skip map[string]string

	// Guard is how long a case may take in real time before it is reported as
	// hanging; zero means DefaultGuard.
	Guard time.Duration
}

// DefaultGuard is how long a case may take in real time: so long that no machine
// is that slow.
const DefaultGuard = 30 * time.Second

// Options is what a case asks of a loop beyond the default. A zero field asks
// for nothing.
type Options struct {
	Seed    uint64         // decides in which order legal ties run; 0: first in first out
	Limit   int            // how many callbacks Drive may run before it gives up with an error
	OnError func(error)    // is told of each error of a callback
	Fatal   func(any) bool // tells a panic that must reach the caller of Drive from others
	Strict  bool           // calls of Post and After from goroutines that are not the loop's are refused
}

// Timer is a timer of the loop under test, as its adapter represents it.
type Timer any

// Loop is one event loop under test. Post, After, Cancel, Now, Drive and Close
// are required. Any other field may be nil: the cases that need it are then not
// applicable.
//
// A call is refused if it returns an error or panics; where a function has no
// error to return, it must panic. Functions without a remark are called on the
// loop, or by the goroutine that drives it while it does not run.
type Loop struct {
	// Post puts f at the end of the ready queue.
	Post func(f func())
	// After arranges for f to run once d has passed.
	After func(d time.Duration, f func()) Timer
	// Cancel prevents a timer from firing; a timer that has fired, or was
	// cancelled, is left alone. It may be nil if there is Stop.
	Cancel func(Timer)
	// Now is how much of the loop's time has passed since an instant that does
	// not change.
	Now func() time.Duration
	// Drive runs the loop until it has nothing left to do: no callback, no
	// timer, no work outside. A loop that runs by itself is waited for. It
	// returns the errors of callbacks, joined. It may be called again.
	Drive func() error
	// Close ends the loop. It returns what nobody has been told so far.
	Close func() error

	// Stop is Cancel and says whether the timer was pending.
	Stop func(Timer) bool
	// Reset sets a timer anew, behind all that are set for the same instant.
	Reset func(t Timer, d time.Duration)
	// Run runs the loop until Quit; it may return when nothing is left to do.
	Run func() error
	// Quit ends Run after the turn under way; called before Run it leaves Run
	// one turn.
	Quit func()
	// Advance moves the loop's time by d and runs what comes due on the way.
	// It may be called from any goroutine, and may refuse all but one of them.
	Advance func(d time.Duration) error
	// Turn runs one turn.
	Turn func() error
	// Charge lets d of the loop's time pass within the callback in progress,
	// which on a clock that moves by itself is to sleep.
	Charge func(d time.Duration)
	// SetBack tries to set the clock back by d under the running loop. A clock
	// that cannot be set back has passed if it is as it was.
	SetBack func(d time.Duration)
	// Pending lists what the loop still has to do or waits for.
	Pending func() []string

	// Every calls f at each whole multiple of period from now on, until stop is
	// called; multiples that passed meanwhile are skipped but for one call.
	Every func(period time.Duration, f func()) (stop func(), err error)
	// Burst is Every, but multiples that passed are made up for at once.
	Burst func(period time.Duration, f func()) (stop func(), err error)
	// Delay is Every, but the next call is a period after the end of the last one.
	Delay func(period time.Duration, f func()) (stop func(), err error)
	// Jitter is a ticker each of whose periods is changed, at random, by up to
	// half of fraction to either side.
	Jitter func(period time.Duration, fraction float64, f func()) (stop func())
	// EveryAsync is Every for a coroutine.
	EveryAsync func(period time.Duration, body func(Coroutine)) (stop func())

	// PostFrom is Post for any goroutine. It returns an error, or does nothing,
	// if the loop is closed.
	PostFrom func(f func()) error
	// Offload runs work on another goroutine and then done on the loop. After
	// cancel done is not called.
	Offload func(work, done func()) (cancel func())
	// Jump is Offload under the policy that virtual time goes on to the next
	// timer while work is in flight.
	Jump func(work, done func()) (cancel func())
	// LockStep is Offload under the policy that virtual time moves in step with
	// real time while work is in flight.
	LockStep func(work, done func()) (cancel func())

	// NewPromise makes a promise; the label stands for it in texts.
	NewPromise func(label string) Promise
	// Wait drives the loop until f is settled and returns its outcome, or an
	// error that names f if nothing can settle it any more.
	Wait func(f Future) (any, error)
	// Timeout is a future that settles as f does, or fails once d has passed.
	Timeout func(f Future, d time.Duration) Future
	// Go starts a coroutine; the future has what it returns.
	Go func(label string, body func(Coroutine) (any, error)) Future
}

// Promise is a future that is settled by hand. Resolve and Reject say whether
// they settled it.
type Promise interface {
	Resolve(v any) bool
	Reject(err error) bool
	Future() Future
}

// Future is a placeholder for an outcome.
type Future interface {
	// OnSettled calls fn on the loop once the future is settled.
	OnSettled(fn func(v any, err error))
	// Then is the future of what fn makes of the value; an error passes by.
	Then(fn func(v any) (any, error)) Future
	// Cancel rejects the future, unless it is settled, with an error from which
	// errors.Is finds cause.
	Cancel(cause error) bool
	// Outcome returns what the future was settled with.
	Outcome() (v any, err error, settled bool)
}

// Coroutine is what the body of a coroutine uses. Both calls suspend it.
type Coroutine interface {
	Await(f Future) (any, error)
	Sleep(d time.Duration) error
}

func (a Adapter) unit() time.Duration {
	switch {
	case a.Unit != 0:
		return a.Unit
	case a.Mode == Wall:
		return 5 * time.Millisecond
	}
	return time.Second
}

// required are the fields of Loop without which nothing can be checked.
var required = []string{"Post", "After", "Cancel", "Now", "Drive", "Close"}

// parts returns the names of the optional parts that l and its adapter have.
func (a Adapter) parts(l *Loop) []string {
	out := strings.Fields(a.Options)
	if a.Watch != nil {
		out = append(out, "Watch")
	}
	v := reflect.ValueOf(*l)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsNil() && !slices.Contains(required, name) {
			out = append(out, name)
		}
	}
	return out
}

// Parts returns the names of all optional parts that a loop can have, in
// alphabetical order: those fields of Loop and Options that cases need, and
// Watch.
func Parts() []string {
	var out []string
	for _, c := range Cases() {
		out = append(out, strings.Fields(c.Needs)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
