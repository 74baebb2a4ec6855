package asynctest

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// AnyFuture is a future of any kind as the matchers see it. It keeps the outcome
// once it has come, so any number of assertions can be made on it. It comes from
// [AsFuture], [On] and [Adapt]. Its methods may be called from any goroutine.
type AnyFuture struct {
	config
	of    *source
	wrong error // why this is no future; then of is nil
}

// AsFuture wraps a future of any kind, so that more than one assertion can be
// made on it:
//
//	f := AsFuture(results) // a channel
//	Expect(f).To(BePending())
//	send()
//	Expect(f).To(ResolveWith(42))
//	Expect(f).NotTo(ResolveWith(43))
//
// A bare channel gives its value to the one assertion that receives it, and a
// bare function is called anew by each. AsFuture calls a function at once, on a
// goroutine of its own. What is no future is reported by the first matcher that
// gets to see it.
func AsFuture(actual any, options ...FutureOption) *AnyFuture {
	f := wrap(actual, options)
	if f.of != nil {
		f.of.begin(f.ctx)
	}
	return f
}

// On wraps a future of any kind that callbacks of loop settle, so that matchers
// drive the loop while they wait:
//
//	errc := make(chan error, 1)
//	loop.AfterFunc(time.Hour, func() { errc <- io.ErrUnexpectedEOF })
//	Expect(On(loop, errc)).To(RejectWith(io.ErrUnexpectedEOF)) // at once
//
// Time moves from callback to callback, and no further once the future has
// settled. When the loop is idle and the future is still pending, a goroutine
// may be about to settle it: the matcher goes on in real time, up to the guard,
// unless [LoopOnly] says that there is none. A goroutine between the loop and
// the future should be announced with [fakeloop.Loop.Outside]: otherwise virtual
// time may run ahead of it. A loop in Wall mode runs by itself and is only waited
// for. A future of fakeloop's drives its own loop and needs no On.
//
// The loop must not be driven by anybody else meanwhile. A callback that panics
// fails the assertion.
func On(loop *fakeloop.Loop, actual any, options ...FutureOption) *AnyFuture {
	f := wrap(actual, options)
	f.loop = loop
	switch {
	case f.wrong != nil:
	case loop == nil:
		f.of, f.wrong = nil, errors.New("waits for a future that was wrapped with On(nil, ...): give On the loop that is to be driven, or use AsFuture")
	case f.of.own != nil && f.of.own.Loop() != loop:
		f.of, f.wrong = nil, errors.New("waits for a future of one fakeloop.Loop that was wrapped with On another loop, which cannot settle it: leave On away")
	default:
		f.of.begin(f.ctx)
	}
	return f
}

// Adapt makes a future of whatever else reports an outcome: a callback, a
// promise of some library, a handler in a registry. It calls start at once, on
// the calling goroutine, and gives it the function that settles the future:
//
//	f := Adapt(func(settle func(string, error)) { client.Fetch(url, settle) })
//	Expect(f).To(ResolveWith("ok"))
//
// The first call of settle wins, a non-nil error rejects, and settle may be
// called from any goroutine. To drive a loop meanwhile: On(loop, Adapt(...)).
//
// The shape is that of a callback because every kind of outcome can be turned
// into one, and a callback needs no goroutine: a future that a loop settles is
// settled in the callback that did it. What can only be waited for is a
// func(context.Context) (T, error), which the matchers take as it is. An adapter
// is a value and not an entry in a registry, so parallel tests cannot meet in it.
func Adapt[T any](start func(settle func(value T, err error)), options ...FutureOption) *AnyFuture {
	f := &AnyFuture{config: defaults().with(options)}
	if start == nil {
		f.wrong = errors.New("waits for a future that was made with Adapt(nil): give it the function that starts the work")
		return f
	}
	done := make(chan struct{})
	f.of = newSource(fmt.Sprintf("Adapt[%v]", reflect.TypeFor[T]()))
	f.of.ready = reflect.ValueOf(done)
	first := make(chan struct{}, 1)
	first <- struct{}{}
	var (
		value any
		err   error
	)
	f.of.read = func(reflect.Value, bool) (any, error) { return value, err }
	start(func(v T, e error) {
		select {
		case <-first:
			value, err = v, e
			close(done)
		default:
			_, file, line, _ := runtime.Caller(1)
			f.of.again(v, e, fmt.Sprintf("%s:%d", filepath.Base(file), line))
		}
	})
	return f
}

// subject returns actual as a matcher deals with it: what is wrapped as it is, what
// is bare wrapped for this one time.
func subject(actual any) (f *AnyFuture, bare bool) {
	if f, ok := actual.(*AnyFuture); ok && f.isMade() {
		return f, false
	}
	return wrap(actual, nil), true
}

// isMade reports whether f comes from AsFuture, On or Adapt.
func (f *AnyFuture) isMade() bool { return f != nil && (f.of != nil || f.wrong != nil) }

// wrap returns actual as a future that has not begun. A future that was wrapped
// before keeps its outcome, which both wrappers see, and the options not given
// anew.
func wrap(actual any, options []FutureOption) *AnyFuture {
	f := &AnyFuture{config: defaults()}
	if inner, ok := actual.(*AnyFuture); ok && inner.isMade() {
		*f = *inner
	} else {
		f.of, f.wrong = recognise(actual)
	}
	f.config = f.with(options)
	return f
}

// Outcome returns the outcome of a settled future; settled is false, and the
// rest zero, while it is pending. It looks and never waits.
func (f *AnyFuture) Outcome() (value any, err error, settled bool) {
	switch {
	case f.of == nil:
		return nil, nil, false
	case f.of.own != nil:
		return f.of.own.Outcome()
	}
	f.look()
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	return f.of.value, f.of.err, f.of.state != pending
}

// look notices an outcome that has come, and reports whether there is one. While
// somebody else waits it does not interfere: whoever waits is first to know.
func (f *AnyFuture) look() bool {
	if f.of.own != nil {
		return f.of.own.Settled()
	}
	if f.of.tryLock() {
		defer f.of.unlock()
		return f.of.take()
	}
	return f.of.settled()
}

// String names the future and its state, as far as it is known. It does not look
// for an outcome.
func (f *AnyFuture) String() string {
	switch {
	case f.of == nil:
		return "not a future"
	case f.of.own != nil:
		return f.of.own.String()
	}
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	text := "future "
	if f.label != "" {
		text += fmt.Sprintf("%q ", f.label)
	}
	text += "of type " + f.of.typ + ", " + f.of.state.String()
	if f.of.err != nil {
		text += ": " + f.of.err.Error()
	}
	return text
}

// GomegaString is what Gomega prints for a future.
func (f *AnyFuture) GomegaString() string { return f.String() }
