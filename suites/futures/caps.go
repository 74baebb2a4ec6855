package futures

import (
	"context"
	"errors"
)

// Caps is what a library declares of its futures. The zero value declares as little as
// possible. Where libraries may differ the check holds the library to its word.
type Caps struct {
	Panic        PanicPolicy  // of a task or handler that panics
	SecondSettle SettlePolicy // of a settle that comes too late
	LateCancel   SettlePolicy // of a cancel that comes too late
	NilReject    NilPolicy    // of RejectNil

	Ordered     bool // handlers run in the order of their registration
	Async       bool // a handler never runs on the stack of who registers it or settles
	LoopAffine  bool // handlers run on a loop, one at a time
	FailFast    bool // All fails with the first failure, not when all are settled
	WrapsOnce   bool // an error comes out wrapped once, and not as it went in
	OwnDeadline bool // Await heeds its context itself
	CtxCause    bool // an Await that was given up has context.Cause in its error
	CauseKept   bool // the cause of a cancellation is in the error
	CancelsUp   bool // cancelling a derived future cancels its source
	Broken      bool // a future whose producer is gone fails by itself
	Debug       bool // there is a debug mode
	LookCounts  bool // an observer that ignores the error counts as having observed it

	// RealTime says that the library cannot be in a testing/synctest bubble: its
	// waiters block in a way that a bubble does not see through, or it has
	// goroutines outside. Its checks run in real time.
	RealTime bool
	// SingleWaiter is a documented limit: one waiter at a time.
	SingleWaiter bool

	// CancelErr is the error that a cancelled future has, as errors.Is finds it;
	// nil means context.Canceled.
	CancelErr error
	// TimeoutErr is the error that Timeout fails with; nil means
	// context.DeadlineExceeded.
	TimeoutErr error
}

// PanicPolicy is what a library does about a panic of the user's code.
type PanicPolicy string

const (
	Unknown   PanicPolicy = ""          // not declared: it must only not hang, succeed or reach the settler
	Contain   PanicPolicy = "contain"   // it becomes the error of the future
	Propagate PanicPolicy = "propagate" // each waiter panics with it
	Crashes   PanicPolicy = "crash"     // it ends the process
)

// SettlePolicy is what a settle comes to that finds its future settled.
type SettlePolicy string

const (
	Ignored  SettlePolicy = ""         // it has no effect and says nothing
	Reported SettlePolicy = "reported" // it returns an error, or false
	Panics   SettlePolicy = "panics"
)

// NilPolicy is what a rejection with a nil error comes to.
type NilPolicy string

const (
	NamedError NilPolicy = ""       // the future fails with an error of the library
	NilPanics  NilPolicy = "panics" // the call panics
)

// ErrRefused is what Settle, Adopt and Cancel of an adapter return for a library that
// says no with a bool.
var ErrRefused = errors.New("futures: the library refused it: the future is settled already")

func (c Caps) cancelErr() error {
	if c.CancelErr != nil {
		return c.CancelErr
	}
	return context.Canceled
}

func (c Caps) timeoutErr() error {
	if c.TimeoutErr != nil {
		return c.TimeoutErr
	}
	return context.DeadlineExceeded
}
