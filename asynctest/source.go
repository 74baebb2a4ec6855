package asynctest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/onsi/gomega/format"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// ErrBroken rejects a future that is a channel when the channel is closed
// without a value: whoever was to send gave up, and that is never success. The
// one exception is a channel of struct{}, which by custom is closed to say that
// something has happened. Compare with errors.Is.
var ErrBroken = errors.New("asynctest: the channel was closed without a value")

// source is where an outcome comes from. All kinds of future but fakeloop's own
// come down to one channel that becomes ready, and to what that means. It is
// shared by all the wrappers of one future.
type source struct {
	typ string             // the type of what the user gave
	own fakeloop.Awaitable // one of fakeloop's futures; then the rest is unused

	ready   reflect.Value // the channel
	sends   bool          // the sender waits until the channel is received from
	consume bool          // what is received is gone: looking again would lose it
	read    func(v reflect.Value, ok bool) (any, error)
	call    func(context.Context) // for a function: runs it and closes ready

	began  sync.Once
	cancel context.CancelCauseFunc
	turn   chan struct{} // holds one token, for whoever receives from ready

	mu    sync.Mutex
	state state
	value any
	err   error
	extra *extra // what came behind the outcome
}

// extra is an outcome that came too late to be one.
type extra struct {
	value any
	err   error
	at    string // "file:line" from which it came; may be empty
}

// again notes the first outcome that comes behind the one that settled the future.
func (s *source) again(value any, err error, at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra == nil {
		s.extra = &extra{value, err, at}
	}
}

// recognise returns the source of a future of any kind, not yet begun.
func recognise(actual any) (*source, error) {
	v := reflect.ValueOf(actual)
	if !v.IsValid() {
		return nil, notAFuture(" nil")
	}
	switch v.Kind() {
	case reflect.Chan, reflect.Func, reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil, notAFuture(fmt.Sprintf(" a nil %v", v.Type()))
		}
	}
	s := newSource(v.Type().String())
	switch a := actual.(type) {
	case fakeloop.Awaitable:
		if a.Loop() == nil {
			return nil, notAFuture(fmt.Sprintf(" a zero %v, which belongs to no loop", v.Type().Elem()))
		}
		s.own = a
		return s, nil
	case interface {
		Done() <-chan struct{}
		Err() error
	}:
		s.ready = reflect.ValueOf(a.Done())
		s.read = func(reflect.Value, bool) (any, error) { return nil, reason(a) }
		return s, nil
	}
	switch {
	case v.Kind() == reflect.Chan && v.Type().ChanDir()&reflect.RecvDir != 0:
		s.fromChannel(v)
		return s, nil
	case v.Kind() == reflect.Func && isCall(v.Type()):
		s.fromCall(v)
		return s, nil
	}
	return nil, notAFuture("\n" + object(actual))
}

func newSource(typ string) *source {
	s := &source{typ: typ, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// lock waits for the right to receive. It is no sync.Mutex, for in a synctest
// bubble nobody's time passes while somebody waits for a mutex.
func (s *source) lock() { <-s.turn }

func (s *source) tryLock() bool {
	select {
	case <-s.turn:
		return true
	default:
		return false
	}
}

func (s *source) unlock() { s.turn <- struct{}{} }

// object shows what a matcher cannot use. The insides of a loop say nothing to anybody.
func object(actual any) string {
	t := reflect.TypeOf(actual)
	inner := t
	if t != nil && t.Kind() == reflect.Pointer {
		inner = t.Elem()
	}
	if _, described := actual.(format.GomegaStringer); inner == nil || described || !strings.HasPrefix(inner.PkgPath(), modulePath) {
		return format.Object(actual, 1)
	}
	return fmt.Sprintf("%s<%v>", format.Indent, t)
}

// modulePath is where this module's packages are.
const modulePath = "github.com/windtunnel-go/windtunnel/"

func notAFuture(got string) error {
	return fmt.Errorf("takes a future: a *fakeloop.Future[T], a channel to receive from, a func(context.Context) (T, error), "+
		"a func(context.Context) error, a value with Done() <-chan struct{} and Err() error, or what AsFuture, On or Adapt returned.  Got:%s", got)
}

var (
	errorType   = reflect.TypeFor[error]()
	signalType  = reflect.TypeFor[struct{}]()
	contextType = reflect.TypeFor[context.Context]()
)

// fromChannel makes the first value of a channel the outcome. A channel of
// errors carries the error, nil for success; so does one of a concrete type of
// error, where a nil pointer is success too.
func (s *source) fromChannel(ch reflect.Value) {
	s.ready, s.sends, s.consume = ch, ch.Cap() == 0, true
	elem := ch.Type().Elem()
	s.read = func(v reflect.Value, ok bool) (any, error) {
		switch {
		case !ok && elem == signalType:
			return struct{}{}, nil
		case !ok:
			return nil, ErrBroken
		case !elem.Implements(errorType):
			return v.Interface(), nil
		case (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && v.IsNil():
			return nil, nil
		}
		return nil, v.Interface().(error)
	}
}

// reason tells why something is done. A context that was cancelled with a cause
// of its own has two reasons, and errors.Is must find either.
func reason(done interface{ Err() error }) error {
	err := done.Err()
	ctx, ok := done.(context.Context)
	if err == nil || !ok {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// take receives the outcome if it is there. The caller has
// the lock.
func (s *source) take() bool {
	if s.settled() {
		return true
	}
	if chosen, v, ok := reflect.Select([]reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: s.ready},
		{Dir: reflect.SelectDefault},
	}); chosen == 0 {
		s.settle(s.read(v, ok))
	}
	return s.settled()
}

func (s *source) settle(value any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != pending {
		return
	}
	s.state, s.value, s.err = resolved, value, err
	if err != nil {
		s.state, s.value = rejected, nil
	}
}

func (s *source) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state != pending
}
