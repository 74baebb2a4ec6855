package fakeloop

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// drivenError is what a driving call returns with Config.TellDropped if callbacks panicked:
// the panics, and what the call itself came to. It knows whether anybody has looked at it,
// since a panic that a call returned to somebody who drops the error is lost.
type drivenError struct {
	errs []error
	seen atomic.Bool
}

// Error is the text of all, a line each.
func (e *drivenError) Error() string { return errors.Join(e.look()...).Error() }

// Unwrap returns all, as those of errors.Join do.
func (e *drivenError) Unwrap() []error { return e.look() }

func (e *drivenError) look() []error {
	e.seen.Store(true)
	return e.errs
}

func (e *drivenError) isSeen() bool { return e.seen.Load() }

// withPanics joins the panics not yet returned to err, if any.
func (l *Loop) withPanics(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := l.errs
	l.errs = nil
	if len(errs) == 0 {
		return err
	}
	if err != nil {
		errs = append(errs, err)
	}
	if !l.tellDropped {
		return errors.Join(errs...)
	}
	e := &drivenError{errs: errs}
	if len(l.returned) == cap(l.returned) { // else not worth the time
		l.returned = slices.DeleteFunc(l.returned, (*drivenError).isSeen)
	}
	l.returned = append(l.returned, e)
	return e
}

// unseen returns what driving calls have returned to somebody who has not looked at it. The
// caller holds l.mu.
func (l *Loop) unseen() []error {
	var errs []error
	for _, e := range l.returned {
		if !e.isSeen() {
			errs = append(errs, fmt.Errorf("fakeloop: a driving call has returned this, and nobody has looked at the error: to compare it with nil is no look, to use its text, errors.Is or errors.As is:\n%w", e))
		}
	}
	l.returned = nil
	return errs
}
