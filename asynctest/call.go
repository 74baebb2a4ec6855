package asynctest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// errGuard is the cause with which a call is cancelled that nobody waits for
// any longer.
var errGuard = errors.New("asynctest: the guard ran out, and nobody waits for this call any longer")

// isCall reports whether t is func(context.Context) error or
// func(context.Context) (T, error).
func isCall(t reflect.Type) bool {
	return t.NumIn() == 1 && !t.IsVariadic() && t.In(0) == contextType &&
		(t.NumOut() == 1 || t.NumOut() == 2) && t.Out(t.NumOut()-1) == errorType
}

// fromCall makes what a function returns the outcome.
func (s *source) fromCall(fn reflect.Value) {
	done := make(chan struct{})
	var (
		value any
		err   error
	)
	s.ready = reflect.ValueOf(done)
	s.read = func(reflect.Value, bool) (any, error) { return value, err }
	s.call = func(ctx context.Context) {
		finished := false
		defer close(done)
		defer func() {
			if finished {
				return
			}
			// An outcome that is a failure must not look like success.
			value, err = nil, fakeloop.ErrGoexit
			if v := recover(); v != nil {
				err = &panicError{v, panicSite(), string(debug.Stack())}
			}
		}()
		out := fn.Call([]reflect.Value{reflect.ValueOf(ctx)})
		err, _ = out[len(out)-1].Interface().(error)
		if len(out) == 2 {
			value = out[0].Interface()
		}
		finished = true
	}
}

// begin starts the call if the source is one and nobody has.
func (s *source) begin(parent context.Context) {
	if s.call == nil {
		return
	}
	s.began.Do(func() {
		ctx, cancel := context.WithCancelCause(parent)
		s.cancel = cancel
		go func() {
			defer cancel(nil)
			s.call(ctx)
		}()
	})
}

// abandon tells a call that nobody waits for it.
func (s *source) abandon() {
	if s.cancel != nil {
		s.cancel(errGuard)
	}
}

// panicError rejects a future that is a function when the function panics. It
// unwraps to the panic value if that is an error.
type panicError struct {
	value any
	site  string
	stack string
}

func (e *panicError) Error() string {
	return fmt.Sprintf("asynctest: the function panicked at %s: %v", e.site, e.value)
}

func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// Format implements fmt.Formatter: %+v adds the stack.
func (e *panicError) Format(s fmt.State, verb rune) {
	fmt.Fprint(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		fmt.Fprint(s, "\n"+e.stack)
	}
}

// panicSite returns where the panic under way began: below gopanic, the
// runtime's own frames left out.
func panicSite() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for panicking := false; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
