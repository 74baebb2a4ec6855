package asynctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"time"

	"github.com/onsi/gomega"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func pendingChecks() []check {
	return []check{
		{name: "BePending/fakeloop/leaves the loop alone", run: func(c constructors, s *scene) error {
			ran := false
			s.loop.Post(func() { ran = true })
			err := yes(c.bePending(), fakeloop.NewPromise[int](s.loop, "").Future())
			return errors.Join(err, thatIs("BePending drove the loop", !ran && s.loop.Elapsed() == 0))
		}},
		{name: "BePending/On/leaves the loop alone", run: func(c constructors, s *scene) error {
			ch := make(chan int, 1)
			s.loop.AfterFunc(time.Hour, func() { ch <- 1 })
			err := yes(c.bePending(), c.on(s.loop, ch))
			return errors.Join(err, thatIs("BePending drove the loop", s.loop.Elapsed() == 0))
		}},
		{name: "BePending/fakeloop/leaves the error unobserved", run: func(c constructors, s *scene) error {
			p := fakeloop.NewPromise[int](s.loop, "")
			p.Reject(errBoom)
			err := no(c.bePending(), p.Future())
			return errors.Join(err, thatIs("BePending hid an error that nobody looked at", len(s.loop.Unobserved()) == 1))
		}},
		{name: "BePending/func/needs AsFuture", run: func(c constructors, s *scene) error {
			called := false
			err := fails(c.bePending(), func(context.Context) error { called = true; return nil })
			return errors.Join(err, thatIs("BePending called the function", !called))
		}},
		{name: "BePending/AsFuture/keeps what it saw", run: func(c constructors, s *scene) error {
			ch := make(chan int, 1)
			f := c.asFuture(ch)
			first := yes(c.bePending(), f)
			ch <- 1
			return errors.Join(first, no(c.bePending(), f), no(c.bePending(), f), yes(c.resolveWith(1), f))
		}},
	}
}

type shade struct{ name string }

func valueChecks() []check {
	resolved := func(s *scene, v any) any {
		p := fakeloop.NewPromise[any](s.loop, "")
		p.Resolve(v)
		return p.Future()
	}
	return []check{
		{name: "ResolveWith/values/deeply equal", run: func(c constructors, s *scene) error {
			return errors.Join(
				yes(c.resolveWith([]shade{{"red"}}), resolved(s, []shade{{"red"}})),
				yes(c.resolveWith(&shade{"red"}), resolved(s, &shade{"red"})),
				no(c.resolveWith(&shade{"red"}), resolved(s, &shade{"blue"})))
		}},
		{name: "ResolveWith/values/types differ", run: func(c constructors, s *scene) error {
			return errors.Join(no(c.resolveWith(1), resolved(s, int64(1))), no(c.resolveWith("1"), resolved(s, 1)))
		}},
		{name: "ResolveWith/values/a matcher", run: func(c constructors, s *scene) error {
			return errors.Join(
				yes(c.resolveWith(gomega.HavePrefix("o")), resolved(s, "ok")),
				no(c.resolveWith(gomega.HavePrefix("x")), resolved(s, "ok")))
		}},
		{name: "ResolveWith/values/a matcher that refuses", run: func(c constructors, s *scene) error {
			return fails(c.resolveWith(gomega.HavePrefix("o")), resolved(s, 1))
		}},
		{name: "ResolveWith/values/a matcher and a rejection", run: func(c constructors, s *scene) error {
			p := fakeloop.NewPromise[any](s.loop, "")
			p.Reject(errBoom)
			return no(c.resolveWith(gomega.BeNil()), p.Future())
		}},
		{name: "ResolveWith/values/an error sent as one", run: func(c constructors, s *scene) error {
			ch := make(chan any, 1)
			ch <- errBoom // the channel's elements are no errors by type
			return yes(c.resolveWith(errBoom), ch)
		}},
		{name: "ResolveWith/chan of a type of error/nil", run: func(c constructors, s *scene) error {
			ch := make(chan *fs.PathError, 1)
			ch <- nil
			return yes(c.resolveWith(nil), ch)
		}},
		{name: "RejectWith/chan of a type of error/not nil", run: func(c constructors, s *scene) error {
			ch := make(chan *fs.PathError, 1)
			ch <- &fs.PathError{Err: errBoom}
			return yes(c.rejectWith(errBoom), ch)
		}},
		{name: "RejectWith/closed chan error/is broken", run: func(c constructors, s *scene) error {
			ch := make(chan error)
			close(ch)
			return yes(c.rejectWith(ErrBroken), c.asFuture(ch))
		}},
		{name: "RejectWith/closed chan string/is broken when wrapped", run: func(c constructors, s *scene) error {
			ch := make(chan string)
			close(ch)
			return errors.Join(yes(c.rejectWith(ErrBroken), c.asFuture(ch)), no(c.beResolved(), c.asFuture(ch)))
		}},
		{name: "ResolveWith/chan struct{}/a value", run: func(c constructors, s *scene) error {
			ch := make(chan struct{}, 1)
			ch <- struct{}{}
			return yes(c.resolveWith(struct{}{}), ch)
		}},
		{name: "RejectWith/context/finds the cause", run: func(c constructors, s *scene) error {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errBoom)
			return yes(c.rejectWith(errBoom, context.Canceled), c.asFuture(ctx))
		}},
		{name: "ResolveWith/Adapt/the first call wins", run: func(c constructors, s *scene) error {
			f := Adapt(func(settle func(int, error)) {
				settle(1, nil)
				settle(2, errBoom)
			})
			return yes(c.resolveWith(1), f)
		}},
		{name: "ResolveWith/AsFuture/composes", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			ch <- "ok"
			f := c.asFuture(ch)
			return errors.Join(
				yes(gomega.And(c.beResolved(), c.resolveWith("ok"), gomega.Not(c.beRejected())), f),
				yes(gomega.SatisfyAny(c.resolveWith("x"), c.resolveWith("ok")), f))
		}},
	}
}

// valueError is an error whose pointers are errors as well.
type valueError struct{ code int }

func (e valueError) Error() string { return fmt.Sprint("code ", e.code) }

func errorChecks() []check {
	rejected := func(s *scene, err error) any {
		p := fakeloop.NewPromise[any](s.loop, "")
		p.Reject(err)
		return p.Future()
	}
	return []check{
		{name: "RejectWith/identity/wrapped", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(errBoom), rejected(s, fmt.Errorf("reading: %w", errBoom)))
		}},
		{name: "RejectWith/identity/joined", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(errBoom, io.EOF), rejected(s, errors.Join(errBoom, io.EOF)))
		}},
		{name: "RejectWith/identity/same text", run: func(c constructors, s *scene) error {
			return no(c.rejectWith(errBoom), rejected(s, errors.New("boom")))
		}},
		{name: "RejectWith/identity/through a chain of futures", run: func(c constructors, s *scene) error {
			p := fakeloop.NewPromise[int](s.loop, "")
			f := fakeloop.Then(p.Future(), func(int) (string, error) { return "", nil })
			p.Reject(errBoom)
			return yes(c.rejectWith(errBoom), f)
		}},
		{name: "RejectWith/identity/all must hold", run: func(c constructors, s *scene) error {
			return no(c.rejectWith(errBoom, io.EOF), rejected(s, errBoom))
		}},
		{name: "RejectWith/pointer/sets the variable", run: func(c constructors, s *scene) error {
			var target *fs.PathError
			wanted := &fs.PathError{Op: "open", Err: errBoom}
			err := yes(c.rejectWith(&target), rejected(s, fmt.Errorf("reading: %w", wanted)))
			return errors.Join(err, thatIs("the variable is not set", target == wanted))
		}},
		{name: "RejectWith/pointer/no such error", run: func(c constructors, s *scene) error {
			var target *fs.PathError
			return no(c.rejectWith(&target), rejected(s, errBoom))
		}},
		{name: "RejectWith/matcher/gets the error", run: func(c constructors, s *scene) error {
			text := func(want string) any { return gomega.WithTransform(error.Error, gomega.Equal(want)) }
			return errors.Join(yes(c.rejectWith(text("boom")), rejected(s, errBoom)), no(c.rejectWith(text("bang")), rejected(s, errBoom)))
		}},
		{name: "RejectWith/matcher/that refuses", run: func(c constructors, s *scene) error {
			return fails(c.rejectWith(gomega.HaveLen(1)), rejected(s, errBoom))
		}},
		{name: "RejectWith/fakeloop/a nil rejection is an error", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(fakeloop.ErrNilRejection), rejected(s, nil))
		}},
		{name: "ErrorAs/chain/found", run: func(c constructors, s *scene) error {
			err := fmt.Errorf("reading: %w", &fs.PathError{Op: "open", Err: errBoom})
			return errors.Join(yes(c.errorAs(), err), yes(c.rejectWith(c.errorAs()), rejected(s, err)), no(c.errorAs(), errBoom))
		}},
		{name: "ErrorAs/chain/with a matcher", run: func(c constructors, s *scene) error {
			err := &fs.PathError{Op: "open", Err: errBoom}
			return errors.Join(
				yes(c.errorAs(gomega.HaveField("Op", "open")), err),
				no(c.errorAs(gomega.HaveField("Op", "open"), gomega.HaveField("Op", "read")), err),
				fails(c.errorAs(gomega.HaveField("Nothing", 1)), err))
		}},
		{name: "ErrorAs/chain/types whose pointers are errors", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(ErrorAs[valueError](gomega.Equal(valueError{7}))), rejected(s, valueError{7}))
		}},
		{name: "ErrorAs/input/no error", run: func(c constructors, s *scene) error {
			return errors.Join(fails(c.errorAs(), nil), fails(c.errorAs(), "boom"))
		}},
	}
}

func functionChecks() []check {
	return []check{
		{name: "RejectWith/func/panics with an error", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(errBoom), c.asFuture(func(context.Context) error { panic(errBoom) }))
		}},
		{name: "BeRejected/func/panics with another value", run: func(c constructors, s *scene) error {
			return yes(c.beRejected(), c.asFuture(func(context.Context) (int, error) { panic("no error") }))
		}},
		{name: "RejectWith/func/ends by Goexit", run: func(c constructors, s *scene) error {
			return yes(c.rejectWith(fakeloop.ErrGoexit), c.asFuture(func(context.Context) (int, error) {
				runtime.Goexit()
				return 0, nil
			}))
		}},
		{name: "RejectWith/func/value and error", run: func(c constructors, s *scene) error {
			f := c.asFuture(func(context.Context) (int, error) { return 1, errBoom })
			return errors.Join(yes(c.rejectWith(errBoom), f), no(c.resolveWith(1), f))
		}},
		{name: "ResolveWith/func/called once", run: func(c constructors, s *scene) error {
			calls := 0
			f := c.asFuture(func(context.Context) (int, error) { calls++; return calls, nil })
			return errors.Join(yes(c.resolveWith(1), f), yes(c.resolveWith(1), f))
		}},
		{name: "BeResolved/func/cancelled when the guard runs out", run: func(c constructors, s *scene) error {
			cause := make(chan error, 1)
			f := c.asFuture(func(ctx context.Context) error {
				<-ctx.Done()
				cause <- context.Cause(ctx)
				return ctx.Err()
			}, WithGuard(time.Minute))
			err := fails(c.beResolved(), f)
			return errors.Join(err, thatIs("the call was not told why", errors.Is(<-cause, errGuard)), yes(c.rejectWith(context.Canceled), f))
		}},
		{name: "RejectWith/func/WithContext", run: func(c constructors, s *scene) error {
			ctx, cancel := context.WithCancel(context.Background())
			f := c.asFuture(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, WithContext(ctx))
			first := yes(c.bePending(), f)
			cancel()
			return errors.Join(first, yes(c.rejectWith(context.Canceled), f))
		}},
	}
}
