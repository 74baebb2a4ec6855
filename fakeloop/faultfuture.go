package fakeloop

import (
	"context"
	"runtime"
)

// Faulty makes a fault point of the future that a fake returns: it may fail, be late, be
// cancelled, never come, and so on, where f would have come to an outcome.
//
//	func (f *fakeBank) Charge(cents int) *fakeloop.Future[string] {
//		return fakeloop.Faulty(f.settleLater("receipt 1"), "charge")
//	}
//
// Without a [FaultSource], and where no fault is injected, the result is f itself.
func Faulty[T any](f *Future[T], name string) *Future[T] {
	l := f.home("Faulty")
	l.checkCaller("Faulty")
	fault := l.Fault(FaultPoint{Name: name, Kinds: futureKinds})
	if fault == nil {
		return f
	}
	p := NewPromise[T](l, f.label)
	if fault.Kind == FaultCancel {
		f.Quiet()
		l.Named("injected cancel").Post(func() {
			f.Cancel(fault.Err()) // which may have an outcome already
			p.future.Cancel(fault.Err())
		})
		return p.Future()
	}
	f.Quiet().OnSettled(func(v T, err error) {
		switch fault.Kind {
		case FaultNever:
		case FaultSlow:
			l.Named("injected delay").afterFunc(SlowFault, func() { p.future.offer(v, err) })
		case FaultError, FaultTimeout:
			p.future.offer(v, fault.Err())
		default:
			fault.settle(&p.future)
		}
	})
	return p.Future()
}

var futureKinds = []FaultKind{FaultError, FaultTimeout, FaultSlow, FaultCancel, FaultPanic, FaultGoexit, FaultNever}

// settle rejects a future as if the function that was to settle it had panicked, or had
// ended by runtime.Goexit.
func (f *Fault) settle(future interface{ failBy(error) }) {
	if f.Kind == FaultGoexit {
		future.failBy(f.With(ErrGoexit))
		return
	}
	defer func() { future.failBy(Recovered(recover(), "the function behind "+f.Point)) }()
	f.strike()
}

func (f *Future[T]) failBy(err error) {
	var zero T
	f.offer(zero, err)
}

// strike panics or ends the goroutine, if that is what the fault is.
func (f *Fault) strike() {
	switch f.Kind {
	case FaultPanic:
		panic(f.Err())
	case FaultGoexit:
		runtime.Goexit()
	}
}

// spoil asks whether a piece of offloaded work goes wrong, and how; the function to call
// in its place is nil if it is never to be called.
func spoil[T any](p *Promise[T], fn func(context.Context) (T, error)) (instead func(context.Context) (T, error), late bool) {
	l := p.future.loop
	fault := l.Fault(FaultPoint{Name: "offload " + p.future.named(), Kinds: futureKinds})
	if fault == nil {
		return fn, false
	}
	switch fault.Kind {
	case FaultNever:
		return nil, false
	case FaultSlow:
		return fn, true
	case FaultCancel:
		l.Named("injected cancel").Post(func() { p.future.Cancel(fault.Err()) })
		return fn, false
	}
	return func(context.Context) (v T, err error) {
		fault.strike()
		return v, fault.Err()
	}, false
}

// named is what a fault point is called that has no name of its own: the label, or else
// the line where it was made.
func (s *state) named() string {
	if s.label == "" {
		return s.site.String()
	}
	return s.label
}
