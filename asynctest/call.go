package asynctest

import (
	"context"
	"errors"
	"reflect"

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
				err = fakeloop.Recovered(v, "a function that is awaited")
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
