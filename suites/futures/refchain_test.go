package futures_test

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/windtunnel-go/windtunnel/suites/futures"
	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// call calls a function of a user and says how it ended; done is called also when fn
// ends its goroutine.
func (w *refWorld) call(what string, fn func() (any, error), done func(v any, err error)) {
	finished := false
	var v any
	var err error
	defer func() {
		if finished {
			if err != nil {
				err = w.bent(&ref{maker: checks.Goroutine()}, err)
			}
			done(v, err)
			return
		}
		p := recover()
		switch {
		case p == nil && w.has("Goexit leaves the future pending"):
		case p == nil && w.has("Goexit is a success"):
			done(nil, nil)
		case p == nil:
			done(nil, errGoexit)
		case w.caps.Panic == futures.Crashes:
			if w.has("waiters are released before the crash") {
				done(nil, nil)
			}
			panic(p)
		case w.has("a panic in " + what + " is not contained"):
			panic(p)
		case w.has("a panic in " + what + " is a success"):
			done(nil, nil)
		default:
			done(nil, w.contained(p, what))
		}
	}()
	v, err = fn()
	finished = true
}

// contained is the error that a panic becomes.
func (w *refWorld) contained(v any, what string) error {
	p := newRefPanic(v)
	p.task = what == "a task"
	_, isRuntime := v.(runtime.Error)
	_, isNil := v.(*runtime.PanicNilError)
	switch {
	case w.has("a panic is told without its error"):
		return errors.New(p.Error())
	case w.has("a panic is told without its text"):
		return fmt.Errorf("ref: a panic%w", hidden{p.Unwrap()})
	case w.has("a panic with nil is taken for Goexit") && isNil:
		return errGoexit
	case w.has("a run-time error is told as a text") && isRuntime && !isNil:
		return errors.New(p.Error())
	case w.has("a panic is told without its stack"):
		p.stack = nil
	}
	return p
}

// hidden wraps an error, if there is one, without a text.
type hidden struct{ err error }

func (h hidden) Error() string { return "" }
func (h hidden) Unwrap() error { return h.err }

// pass settles a derived future as its source was. A derived future was not refused
// before, unless it was cancelled meanwhile.
func (d *ref) pass(v any, err error) {
	w := d.w
	if err != nil {
		switch {
		case w.has("each step wraps the error"):
			err = fmt.Errorf("ref: %w", err)
		case w.has("an error is lost after five steps") && d.steps > 5:
			v, err = nil, nil
		case w.has("a cancellation is not passed on") && isCancel(err):
			return
		}
	}
	w.mu.Lock()
	late := d.settled
	if !late {
		d.cancelled = d.cancelled || isCancel(err)
		d.finish(v, err)
	}
	w.mu.Unlock()
	if late && err != nil && !isCancel(err) {
		w.late(err)
	}
}

// late tells of an error that came too late for the future that was to carry it.
func (w *refWorld) late(err error) {
	if !w.has("an error that comes too late vanishes") {
		w.failed(err)
	}
}

func (f *ref) both(ok func(any) (any, error), bad func(error) (any, error)) *ref {
	d := f.w.fresh(f)
	w := f.w
	f.on(func(v any, err error) {
		switch {
		case err == nil && ok != nil:
			w.call("Then", func() (any, error) {
				if w.has("Then passes the value as it is") {
					_, err := ok(v)
					return v, err
				}
				v, err := ok(v)
				if w.has("the error of a function is dropped") {
					return v, nil
				}
				if bad != nil && w.has("the second arm takes what the first one made") && err != nil {
					return bad(err)
				}
				return v, err
			}, d.pass)
		case err != nil && bad != nil:
			w.call("Catch", func() (any, error) {
				v, made := bad(err)
				switch {
				case w.has("Catch cannot recover") && made == nil:
					return nil, err
				case w.has("Catch keeps the first error") && made != nil:
					return nil, err
				}
				return v, made
			}, d.pass)
		case err != nil && w.has("Then maps errors, too"):
			w.call("Then", func() (any, error) { return ok(nil) }, d.pass)
		case err == nil && w.has("Catch is called for values, too"):
			w.call("Catch", func() (any, error) { return bad(nil) }, d.pass)
		case w.has("a nil arm swallows the outcome"):
			d.pass(nil, nil)
		default:
			d.pass(v, err)
		}
	}, false)
	return d
}

func (f *ref) catchIs(target error, fn func(error) (any, error)) *ref {
	return f.both(nil, func(err error) (any, error) {
		if errors.Is(err, target) || f.w.has("a typed Catch takes everything") {
			return fn(err)
		}
		return nil, err
	})
}

func (f *ref) finally(fn func() error) *ref {
	d := f.w.fresh(f)
	w := f.w
	f.on(func(v any, err error) {
		if err != nil && w.has("Finally is not called for errors") {
			d.pass(v, err)
			return
		}
		w.call("Finally", func() (any, error) {
			last := fn()
			switch {
			case w.has("the error of Finally is dropped"):
				return v, err
			case err != nil && last != nil && w.has("the error of Finally replaces the first one"):
				return v, last
			case err != nil && last != nil:
				return nil, errors.Join(err, last)
			case last != nil:
				return nil, last
			}
			return v, err
		}, d.pass)
	}, false)
	return d
}

func (f *ref) flat(fn func(any) (*ref, bool)) *ref {
	d := f.w.fresh(f)
	w := f.w
	f.on(func(v any, err error) {
		if err != nil {
			d.pass(v, err)
			return
		}
		var inner *ref
		w.call("Flat", func() (any, error) {
			inner, _ = fn(v)
			return nil, nil
		}, func(_ any, err error) {
			if err != nil {
				d.pass(nil, err)
				return
			}
			defer func() {
				if p := recover(); p != nil {
					d.pass(nil, w.contained(p, "Flat"))
				}
			}()
			_ = d.adopt(inner)
		})
	}, false)
	return d
}

// adopt settles f with another future.
func (f *ref) adopt(inner *ref) error {
	w := f.w
	if inner == nil && w.has("a nil future is taken") {
		w.mu.Lock()
		defer w.mu.Unlock()
		_ = inner.settled
	}
	w.mu.Lock()
	if f.settled || f.locked && !w.has("a future that adopted another one can be settled") {
		w.mu.Unlock()
		return f.refuse(nil, w.caps.SecondSettle)
	}
	for g := inner; g != nil; g = g.adopts {
		if g == f && !w.has("a future waits for itself") {
			f.finish(nil, errSelf)
			w.mu.Unlock()
			return nil
		}
		if w.has("a longer cycle waits for ever") {
			break
		}
	}
	switch {
	case inner == nil:
		f.finish(nil, errNone)
		w.mu.Unlock()
		return nil
	case w.has("what adopts is settled at once") && !inner.settled:
		f.finish(nil, nil)
		w.mu.Unlock()
		return nil
	case w.has("adoption is one level deep") && inner.locked && !inner.settled:
		f.finish(nil, nil)
		w.mu.Unlock()
		return nil
	}
	f.locked, f.adopts = true, inner
	if w.has("an inner future settles the outer one first") && !inner.settled {
		inner.heirs = append(inner.heirs, f)
		w.mu.Unlock()
		return nil
	}
	w.mu.Unlock()
	inner.on(func(v any, err error) {
		switch {
		case w.has("an adopted value is dropped"):
			v = nil
		case w.has("an adopted error is copied") && err != nil && !isCancel(err):
			err = errors.New(err.Error())
		case w.has("a cancelled future leaves who adopted it pending") && isCancel(err):
			return
		}
		f.pass(v, err)
	}, false)
	return nil
}

// link copies the outcome of f to another future, unless that one is settled.
func (f *ref) link(dst *ref) {
	w := f.w
	f.on(func(v any, err error) {
		if w.has("a link drops errors") && err != nil {
			v, err = nil, nil
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.has("a link replaces the outcome of its target") && dst.settled {
			dst.v, dst.err = v, err
			return
		}
		if !dst.settled {
			dst.cancelled = isCancel(err)
			dst.finish(v, err)
		}
	}, false)
}

// remote is f from the other side of a boundary that takes bytes only.
func (f *ref) remote() *ref {
	d := f.w.fresh(f)
	f.on(func(v any, err error) {
		if err != nil {
			inner := err
			if wrap, is := err.(refWrap); is {
				inner = wrap.err
			}
			text := fmt.Sprintf("%T: %v", inner, err)
			if f.w.has("the other side has no types") {
				text = err.Error()
			}
			err = errors.New(text)
		}
		d.pass(v, err)
	}, false)
	return d
}
