package futures_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// ref is a future of the reference library.
type ref struct {
	w         *refWorld
	settled   bool
	v         any
	err       error
	done      chan struct{}
	handlers  []*refHandler
	locked    bool // it was settled with a future
	adopts    *ref
	observed  bool
	reported  bool
	quiet     bool
	cancelled bool
	bare      bool // a task must end before a cancel settles it; used by a flaw only
	stops     []func(cause error)
	sources   []*ref // what it is derived from
	users     []*ref // what is derived from it
	site      string
	first     string // who settled it
	maker     string // the goroutine that made it; used by a flaw only
	reads     int    // used by flaws only
	steps     int    // how many steps from its source; used by a flaw only
	heirs     []*ref // used by a flaw only
	sem       chan bool
}

type refHandler struct {
	fn    func(v any, err error)
	user  bool // an observer, and not the link of a chain
	gone  bool
	ended bool
}

func (w *refWorld) fresh(sources ...*ref) *ref {
	f := &ref{w: w, done: make(chan struct{}), sources: sources, sem: make(chan bool, 1)}
	if w.has("a foreign goroutine's error keeps its text only") {
		f.maker = checks.Goroutine()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, f)
	if w.has("what is pending for long is reported") {
		time.AfterFunc(time.Second/2, func() {
			w.mu.Lock()
			pending := !f.settled
			w.mu.Unlock()
			if pending {
				w.failed(errBroken)
			}
		})
	}
	if w.debug && !w.has("futures do not know where they were made") {
		f.site = caller()
	}
	for _, s := range sources {
		s.users = append(s.users, f)
		f.steps = s.steps + 1
	}
	return f
}

// caller is the line outside the reference that called it.
func caller() string {
	for skip := 2; ; skip++ {
		_, file, line, ok := runtime.Caller(skip)
		if !ok {
			return "nowhere"
		}
		if !strings.Contains(file, "/ref") {
			return fmt.Sprintf("%s:%d", file[strings.LastIndex(file, "/")+1:], line)
		}
	}
}

// settle gives f its outcome, for a user.
func (f *ref) settle(v any, err error) error {
	w := f.w
	if w.has("Settle waits for its observers") {
		defer func() {
			gate := make(chan bool)
			w.exec(func() { close(gate) })
			<-gate
		}()
	}
	if w.has("settling waits for the handler that runs") {
		w.turn <- true
		<-w.turn
	}
	if e, ok := v.(error); ok && err == nil && w.has("a value that is an error rejects") {
		err = e
	}
	if err != nil {
		err = w.bent(f, err)
	}
	if v == nil && err == nil && w.has("nil settles nothing") {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) && w.has("a producer's DeadlineExceeded settles nothing") ||
		errors.Is(err, context.Canceled) && w.has("a producer's Canceled settles nothing") {
		return nil
	}
	if w.has("racing settles pass the door together") {
		w.mu.Lock()
		open := !f.settled
		w.mu.Unlock()
		time.Sleep(time.Nanosecond)
		if open {
			w.mu.Lock()
			f.finish(v, err)
			w.mu.Unlock()
			return nil
		}
	}
	if w.has("values pass through one place") {
		w.mu.Lock()
		w.scratch = v
		w.mu.Unlock()
		time.Sleep(time.Nanosecond)
		w.mu.Lock()
		v = w.scratch
		w.mu.Unlock()
	}
	w.mu.Lock()
	if f.settled || f.locked && !w.has("a future that adopted another one can be settled") {
		was := f.err
		if w.has("a second value replaces a value") && was == nil && err == nil && !f.locked {
			f.v = v
		}
		if w.has("a second error replaces a value") && was == nil && err != nil && !f.locked {
			f.v, f.err = nil, err
		}
		if w.has("a second value replaces an error") && was != nil && err == nil && !f.cancelled {
			f.v, f.err = v, nil
		}
		if w.has("a second error replaces an error") && was != nil && err != nil && !f.cancelled {
			f.err = err
		}
		w.mu.Unlock()
		return f.refuse(err, w.caps.SecondSettle)
	}
	defer w.mu.Unlock()
	f.finish(v, err)
	return nil
}

// bent is the error that a user settles with, as the flaw makes it.
func (w *refWorld) bent(f *ref, err error) error {
	switch {
	case w.caps.WrapsOnce:
		if _, is := err.(refWrap); is {
			return err
		}
		return refWrap{err}
	case w.has("an error is wrapped at the settle"):
		return fmt.Errorf("ref: %w", err)
	case w.has("an error keeps its text only"):
		return errors.New(err.Error())
	case w.has("a foreign goroutine's error keeps its text only") && f.maker != checks.Goroutine():
		return errors.New(err.Error())
	case w.has("an error answers errors.Is only"):
		return isOnly{err}
	case w.has("of several wrapped errors the first is kept"):
		return firstOnly{err}
	case w.has("errors are unwrapped before they are stored"):
		for errors.Unwrap(err) != nil {
			err = errors.Unwrap(err)
		}
	case w.has("errors are compared with =="):
		if same := err; same == err {
			return err
		}
	case w.has("a nil pointer is no error"):
		if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
			return nil
		}
	}
	return err
}

// refNil is an error type of which a nil pointer is an error that is not nil.
type refNil struct{}

func (*refNil) Error() string { return "ref: none" }

// refWrap is what errors are wrapped in where that is the policy.
type refWrap struct{ err error }

func (e refWrap) Error() string { return "ref: " + e.err.Error() }
func (e refWrap) Unwrap() error { return e.err }

type isOnly struct{ err error }

func (e isOnly) Error() string        { return e.err.Error() }
func (e isOnly) Is(target error) bool { return errors.Is(e.err, target) }

type firstOnly struct{ err error }

func (e firstOnly) Error() string { return e.err.Error() }
func (e firstOnly) Unwrap() error {
	if all, ok := e.err.(interface{ Unwrap() []error }); ok {
		return firstOnly{all.Unwrap()[0]}
	}
	if inner := errors.Unwrap(e.err); inner != nil {
		return firstOnly{inner}
	}
	return nil
}
func (e firstOnly) Is(target error) bool {
	return reflect.TypeOf(e.err).Comparable() && e.err == target
}
func (e firstOnly) As(target any) bool {
	to := reflect.ValueOf(target).Elem()
	if reflect.TypeOf(e.err).AssignableTo(to.Type()) {
		to.Set(reflect.ValueOf(e.err))
		return true
	}
	if as, ok := e.err.(interface{ As(any) bool }); ok {
		return as.As(target)
	}
	return false
}

// refuse is what a call comes to that finds f settled.
func (f *ref) refuse(err error, policy futures.SettlePolicy) error {
	w := f.w
	switch {
	case w.has("a settle that loses is told nothing"):
		return nil
	case w.has("what comes behind a cancel vanishes") && f.cancelled:
		return nil
	case w.has("what comes behind a cancel is reported") && f.cancelled && err == nil:
		w.failed(errSettled)
	case policy == futures.Panics:
		panic(errSettled)
	case policy == futures.Ignored:
		if err != nil && f.cancelled {
			w.failed(err)
		}
		return nil
	}
	if f.first == "" || w.has("a settle that loses is not told who was first") {
		return errSettled
	}
	return fmt.Errorf("%w, at %s", errSettled, f.first)
}

// finish settles f. The lock is held.
func (f *ref) finish(v any, err error) {
	w := f.w
	if f.settled && !w.has("racing settles pass the door together") {
		return
	}
	if err != nil {
		v = nil
		if w.has("a rejected future has a value too") {
			v = "something"
		}
	} else if w.has("a success carries a nil pointer") {
		var none *refNil
		f.err = none
	}
	if w.debug {
		if f.site == "" && w.has("debug mode needs the site of each future") {
			panic("ref: no site")
		}
		f.first = caller()
	}
	f.v = v
	if err != nil {
		f.err = err
	}
	if !f.settled {
		close(f.done)
		f.settled = true
		if w.has("who wakes first takes the outcome") {
			go func() { f.sem <- true }()
		}
	}
	w.pending = slices.DeleteFunc(w.pending, func(p *ref) bool { return p == f })
	if f.err != nil && err != nil && !f.observed && !f.quiet && (!f.cancelled || w.has("cancellations are reported")) {
		w.orphan(f)
	}
	if err == nil && !f.observed && w.has("values that nobody observes are reported") {
		go w.failed(errBroken)
	}
	if len(f.handlers) == 0 && w.has("a settle that nobody observes starts a goroutine") {
		go func() { time.Sleep(time.Second) }()
	}
	for _, heir := range f.heirs {
		heir.finish(v, err)
	}
	handlers := f.handlers
	if w.has("handlers are kept for ever") {
		f.handlers = slices.Clone(handlers)
	} else {
		f.handlers = nil
	}
	if w.has("only the last chain of a future is settled") {
		last := -1
		for i, h := range handlers {
			if !h.user {
				last = i
			}
		}
		handlers = slices.DeleteFunc(slices.Clone(handlers), func(h *refHandler) bool {
			return !h.user && h != handlers[last]
		})
	}
	for _, h := range handlers {
		if h.user && (err == nil && w.has("observers of values are not called") || err != nil && w.has("observers of errors are not called")) {
			continue
		}
		f.dispatch(h)
	}
}
