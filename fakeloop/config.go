package fakeloop

import (
	"fmt"
	"time"
)

// Mode says which clock a loop runs on, and who drives it.
type Mode uint8

const (
	// Virtual time moves only when the loop has nothing to do, straight to
	// the next timer, and nothing runs until the test drives the loop.
	Virtual Mode = iota
	// Bubble is the virtual time of the testing/synctest bubble in which New is
	// called. The loop runs on a goroutine of its own from New to Close, and
	// dispatches only when everything else in the bubble is durably blocked. When a
	// callback wakes the goroutine that called New, or one that Go started, what that
	// does with the loop comes behind the callback, unless the callback is blocked.
	Bubble
	// Wall time is package time's. The loop runs on a goroutine of its own
	// from New to Close.
	Wall
)

// String returns "virtual", "bubble" or "wall".
func (m Mode) String() string {
	switch m {
	case Virtual:
		return "virtual"
	case Bubble:
		return "bubble"
	case Wall:
		return "wall"
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// The defaults of Config.
const (
	DefaultLimit   = 1_000_000
	DefaultGuard   = 30 * time.Second
	DefaultHorizon = 24 * time.Hour // in a bubble; there is none on virtual time

	DefaultPassLimit = 50_000
)

// Config says how a loop behaves. The zero value is the default: virtual time,
// first in first out, no creation sites.
type Config struct {
	// Mode is the clock; zero means Virtual.
	Mode Mode

	// Decisions is asked whenever the run could go on in more than one legal
	// way; nil means choice 0 everywhere: first in first out, no fault.
	Decisions Source

	// Fatal tells the failure of a test framework (a panic value that has
	// already been reported) from a panic of the code under test. A fatal one
	// is not recorded: it leaves the loop and reaches the goroutine that
	// drives it or waits for it. Nil means that no panic is fatal.
	Fatal func(recovered any) bool

	// OnError is called with each error that the loop collects: the panic of a
	// callback, and what has no future to go to. It is called on the loop, right
	// after the callback. The error is collected all the same; if OnError itself
	// panics, so is that.
	OnError func(error)

	// OnCallback, if not nil, is called right before each callback, on its goroutine and as
	// a part of it, so that whoever looks at goroutines, such as a tracer, knows which
	// callback one is in. What it returns is called when the callback is over, also when
	// that ends by a panic or by runtime.Goexit; nil is nothing to call. A coroutine has a
	// goroutine of its own: there both are called each time the body goes on, with
	// [CallbackInfo].Coroutine set. Neither may use the loop, or panic.
	OnCallback func(CallbackInfo) (over func())

	// OnUnobserved is called with each rejection that nobody has looked at, once,
	// while the loop runs: when the loop has come to rest at the instant of the
	// rejection, before time moves and before the loop sleeps. A handler, an Await
	// or a Wait that comes by then, in the same callback or in callbacks posted
	// after it, is in time. What is left when the loop is closed is reported by
	// Close. OnUnobserved is called as a callback of the loop, so it may use the
	// loop, and a panic of it is an error of the loop; Close calls it on its own
	// goroutine, on a closed loop. Close returns what nobody has looked at by then,
	// also if it was reported.
	OnUnobserved func(*UnobservedError)

	// OnObserved is called, as a callback of the loop, when somebody looks at a
	// rejection that OnUnobserved was told of, with the same pointer. It is not
	// called after Close.
	OnObserved func(*UnobservedError)

	// Outside is what time does while work is outside the loop, unless the work
	// was announced with a policy of its own; zero means Freeze. It has no effect
	// on a bubble or wall loop, whose time is not its own.
	Outside Policy

	// Offload is when work that is given to the function Offload begins; zero means AtOnce.
	// Between makes certain that a callback which waits for its own work blocks.
	Offload OffloadStart

	// Strict makes the loop panic when a goroutine that does not belong to it uses
	// it in a way that has no place in the order of the run: Post, AfterFunc,
	// settling a promise and the like from anything but a callback, a coroutine,
	// the goroutine that made the loop, and the one that drives it. PostFrom and
	// Work.Return are for the others. It costs about a microsecond a call.
	Strict bool

	// TellDropped makes Close return panics of callbacks once more that a driving call has
	// returned to somebody who did not look at the error: who used neither its text nor
	// errors.Is nor errors.As, since a comparison with nil cannot be seen.
	TellDropped bool

	// Sites makes the loop remember where futures, timers, coroutines and
	// outside work were created, for the texts of failures. It costs about a
	// third of a microsecond each.
	Sites bool

	// Limit is how many callbacks one driving call may run before it gives
	// up with a *LimitError; zero means DefaultLimit. Events that pass the gate of a
	// bubble meanwhile count, too, by the thousand. It has no effect on a wall loop.
	Limit int

	// InstantLimit is how many callbacks a bubble's loop may run without coming to rest
	// and without time moving before it takes them for ones that post each other for ever:
	// no callback runs any more then, and who waits for the loop gets a *LimitError. Zero
	// means no such limit: then Limit ends the call that waits, and nothing ends callbacks
	// for which nobody waits. It has no effect in another mode.
	InstantLimit int

	// Horizon is how far one driving call may move time before it gives up with a
	// *LimitError, but for calls that are told how far. Zero means no horizon on
	// virtual time and DefaultHorizon in a bubble, where timers of other
	// goroutines cannot be seen and waiting for what never comes ends there. It
	// has no effect on a wall loop.
	Horizon time.Duration

	// Guard is how long, in real time, a driving or waiting call waits before it
	// gives up with a *StuckError: a virtual loop for work outside, a wall loop for
	// what it is waiting for altogether, counted from the last timer that is set
	// when the call begins: it must be longer than the timers that callbacks set
	// meanwhile, which may be ones that set themselves again for ever. Zero means
	// DefaultGuard. It does not end Run on a wall loop.
	Guard time.Duration

	// PassLimit is how many events the gate of a bubble lets through at one instant
	// before it takes them for a livelock: it then holds all that wait, and the loop
	// gives up with a *LivelockError. Zero means DefaultPassLimit. It has no effect
	// in another mode.
	PassLimit int

	// SetBy says, for the texts of errors that advise to, how the user sets a field of this
	// configuration, if somebody else makes the loop for him: given "Horizon", the answer may
	// be "harness.WithHorizon". Nil, and the answer "", stand for "Config.Horizon".
	SetBy func(field string) string

	// Spread is how far, in virtual time, a source of decisions may put off the start
	// of a goroutine of [Loop.Go], and a network at the gate what its connections carry:
	// see [Gate.Spread]. Choice 0 is not at all. Zero means that nothing is put off. It
	// has no effect in another mode than Bubble.
	Spread time.Duration

	_ struct{}
}

// check panics if the configuration makes no sense.
func (c Config) check() {
	if c.Mode > Wall {
		panic(fmt.Sprintf("fakeloop: New: no such mode: %v; use Virtual, Bubble or Wall", c.Mode))
	}
	if c.Offload > Between {
		panic(fmt.Sprintf("fakeloop: New: no such start of offloaded work: %v; use AtOnce or Between", c.Offload))
	}
	if c.PassLimit < 0 || c.InstantLimit < 0 || c.Spread < 0 {
		panic(fmt.Sprintf("fakeloop: New: PassLimit (%d), InstantLimit (%d) and Spread (%v) must not be negative; zero means the default", c.PassLimit, c.InstantLimit, c.Spread))
	}
	if c.Limit < 0 || c.Guard < 0 || c.Horizon < 0 {
		panic(fmt.Sprintf("fakeloop: New: Limit (%d), Guard (%v) and Horizon (%v) must not be negative; zero means the default", c.Limit, c.Guard, c.Horizon))
	}
}
