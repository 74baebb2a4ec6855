package futures_test

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"time"
)

// dispatch has a handler called. The lock is held.
func (f *ref) dispatch(h *refHandler) {
	w := f.w
	if h.fn == nil {
		w.mu.Unlock()
		defer w.mu.Lock()
		h.fn(nil, nil) // only a flaw comes here
	}
	call := func() {
		w.mu.Lock()
		gone, v, err := h.gone, f.v, f.err
		h.ended = true
		w.mu.Unlock()
		if gone {
			return
		}
		if h.user && w.has("observers are told nothing") {
			v, err = nil, nil
		}
		if h.user && w.has("settling waits for the handler that runs") {
			w.turn <- true
			defer func() { <-w.turn }()
		}
		h.fn(v, err)
		if h.user && w.has("observers are called twice") {
			h.fn(v, err)
		}
	}
	if h.user && w.has("observers are called in Settle") {
		w.mu.Unlock()
		defer w.mu.Lock()
		call()
		return
	}
	if !h.user && w.has("chains are settled on the stack") {
		w.mu.Unlock()
		defer w.mu.Lock()
		call()
		return
	}
	if f.err != nil && !h.user && w.has("an error rests at each step") {
		time.AfterFunc(time.Nanosecond, func() { w.exec(call) })
		return
	}
	w.execLocked(call)
}

// on registers a handler; the function it returns takes it back.
func (f *ref) on(fn func(v any, err error), user bool) (remove func() bool) {
	w := f.w
	if fn == nil && !w.has("a nil observer is taken") {
		panic("ref: a nil function")
	}
	h := &refHandler{fn: fn, user: user}
	w.mu.Lock()
	defer w.mu.Unlock()
	if user && w.has("registering takes a moment too long") && !f.settled {
		w.mu.Unlock()
		time.Sleep(time.Nanosecond)
		w.mu.Lock()
		f.handlers = append(f.handlers, h)
		return func() bool { return false }
	}
	if user && fn != nil && w.has("a function is registered once") &&
		slices.ContainsFunc(f.handlers, func(o *refHandler) bool {
			return o.fn != nil && reflect.ValueOf(o.fn).Pointer() == reflect.ValueOf(fn).Pointer()
		}) {
		return func() bool { return false }
	}
	if user && w.has("observers of pending futures are called at once, too") && !f.settled {
		w.execLocked(func() { fn(nil, nil) })
	}
	switch {
	case !f.settled:
		f.handlers = append(f.handlers, h)
	case user && w.has("late observers are not called"), !user && w.has("late chains are not settled"):
	case user && w.has("late observers are called at once"):
		w.mu.Unlock()
		defer w.mu.Lock()
		fn(f.v, f.err)
	case user && w.has("late observers go first") && w.caps.LoopAffine:
		w.queue = slices.Insert(w.queue, 0, func() { fn(f.v, f.err) })
		w.wake()
	default:
		if h.fn != nil {
			f.dispatch(h)
		}
	}
	if !user || w.caps.LookCounts && !w.has("observers do not count as observing") {
		f.observeLocked()
	}
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		if h.gone || h.ended {
			return false
		}
		if w.has("taking an observer back does nothing") {
			return true
		}
		if i := slices.Index(f.handlers, h); i >= 0 {
			f.handlers = slices.Delete(f.handlers, i, i+1)
		} else if w.has("taking back an observer that is due takes the next one, too") && len(w.queue) > 1 {
			w.queue = w.queue[2:]
		}
		h.gone = true
		return true
	}
}

// refPanic is the error that a panic becomes.
type refPanic struct {
	v     any
	stack []byte
	task  bool
}

func newRefPanic(v any) *refPanic { return &refPanic{v: v, stack: debug.Stack()} }

func (p *refPanic) Error() string { return fmt.Sprintf("ref: panic: %v", p.v) }

func (p *refPanic) Unwrap() error {
	err, _ := p.v.(error)
	return err
}

func (p *refPanic) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprint(s, p.Error())
	if s.Flag('+') {
		_, _ = fmt.Fprintf(s, "\n%s", p.stack)
	}
}
