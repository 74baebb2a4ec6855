package asynctest

import (
	"context"
	"errors"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errBoom = errors.New("boom")

// kind is one kind of future. Make returns one, settled by calling the second
// result; a nil error resolves it with value, and another one rejects it with
// rejection, or with the error itself if that is nil.
type kind struct {
	name      string
	value     any
	rejection error
	only      string // "resolved" or "rejected": the kind cannot be the other
	wrapped   bool   // a look at it must be at a wrapped one
	make      func(s *scene) (future any, settle func(error))
}

// doneErr is the smallest future with Done and Err.
type doneErr struct {
	done chan struct{}
	err  error
}

func (d *doneErr) Done() <-chan struct{} { return d.done }
func (d *doneErr) Err() error            { return d.err }

func kinds() []kind {
	return []kind{
		{name: "fakeloop", value: "ok", make: func(s *scene) (any, func(error)) {
			p := fakeloop.NewPromise[string](s.loop, "f")
			return p.Future(), func(err error) {
				if err != nil {
					p.Reject(err)
				} else {
					p.Resolve("ok")
				}
			}
		}},
		{name: "chan error", make: func(*scene) (any, func(error)) {
			c := make(chan error, 1)
			return c, func(err error) { c <- err }
		}},
		{name: "receive-only chan error", make: func(*scene) (any, func(error)) {
			c := make(chan error, 1)
			return (<-chan error)(c), func(err error) { c <- err }
		}},
		{name: "chan string", value: "ok", rejection: ErrBroken, make: func(*scene) (any, func(error)) {
			c := make(chan string, 1)
			return c, func(err error) {
				if err == nil {
					c <- "ok"
				}
				close(c)
			}
		}},
		{name: "closed chan struct{}", value: struct{}{}, only: "resolved", make: func(*scene) (any, func(error)) {
			c := make(chan struct{})
			return c, func(error) { close(c) }
		}},
		{name: "func with a value", value: "ok", wrapped: true, make: func(s *scene) (any, func(error)) {
			c := make(chan error, 1)
			return func(ctx context.Context) (string, error) { return "ok", s.await(ctx, c) }, func(err error) { c <- err }
		}},
		{name: "func", wrapped: true, make: func(s *scene) (any, func(error)) {
			c := make(chan error, 1)
			return func(ctx context.Context) error { return s.await(ctx, c) }, func(err error) { c <- err }
		}},
		{name: "context", rejection: context.Canceled, only: "rejected", make: func(s *scene) (any, func(error)) {
			ctx, cancel := context.WithCancel(context.Background())
			s.cleanup(cancel)
			return ctx, func(error) { cancel() }
		}},
		{name: "Done and Err", make: func(*scene) (any, func(error)) {
			d := &doneErr{done: make(chan struct{})}
			return d, func(err error) {
				d.err = err
				close(d.done)
			}
		}},
		{name: "Adapt", value: "ok", make: func(*scene) (any, func(error)) {
			var settle func(string, error)
			f := Adapt(func(s func(string, error)) { settle = s })
			return f, func(err error) { settle("ok", err) }
		}},
	}
}

// await is what a function under test does: it waits for c, and ends with its
// context.
func (s *scene) await(ctx context.Context, c <-chan error) error {
	select {
	case err := <-c:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.end:
		return errors.New("the check is over")
	}
}

// settleLater settles a future when a matcher waits for it, and not before.
func (k kind) settleLater(s *scene, settle func(error), err error) {
	if k.name == "fakeloop" {
		s.loop.AfterFunc(time.Hour, func() { settle(err) })
		return
	}
	s.later(func() { settle(err) })
}

// kindChecks states, of each matcher and each kind, what it says of a future that
// is settled, that settles later, and that never does.
func kindChecks() []check {
	var out []check
	for _, k := range kinds() {
		rejection := k.rejection
		if rejection == nil {
			rejection = errBoom
		}
		for _, outcome := range []struct {
			name string
			err  error
		}{{"resolved", nil}, {"rejected", errBoom}} {
			if k.only != "" && k.only != outcome.name {
				continue
			}
			for _, late := range []bool{false, true} {
				situation := outcome.name
				if late {
					situation = "later " + outcome.name
				}
				// Each assertion is on a future of its own: a bare one may be used up.
				add := func(matcher string, assert func(c constructors, future func() any) error) {
					out = append(out, check{name: matcher + "/" + k.name + "/" + situation, run: func(c constructors, s *scene) error {
						return assert(c, func() any {
							f, settle := k.make(s)
							if late {
								k.settleLater(s, settle, outcome.err)
							} else {
								settle(outcome.err)
							}
							return f
						})
					}})
				}
				resolves := outcome.err == nil
				add("BeResolved", func(c constructors, f func() any) error { return says(c.beResolved(), f(), resolves) })
				add("BeRejected", func(c constructors, f func() any) error { return says(c.beRejected(), f(), !resolves) })
				add("ResolveWith", func(c constructors, f func() any) error {
					return errors.Join(
						says(c.resolveWith(k.value), f(), resolves),
						says(c.resolveWith(nil), f(), resolves && k.value == nil),
						no(c.resolveWith("another"), f()))
				})
				add("RejectWith", func(c constructors, f func() any) error {
					return errors.Join(says(c.rejectWith(rejection), f(), !resolves), no(c.rejectWith(errors.New("another")), f()))
				})
				if late && !k.wrapped {
					add("BePending", func(c constructors, f func() any) error { return yes(c.bePending(), f()) })
				} else if !k.wrapped {
					add("BePending", func(c constructors, f func() any) error { return no(c.bePending(), f()) })
				}
			}
		}
		out = append(out, k.neverChecks()...)
	}
	return out
}

// neverChecks is about a future that nothing settles. An idle virtual loop knows
// that; of all others the matchers cannot say anything, and must not.
func (k kind) neverChecks() []check {
	var out []check
	for _, matcher := range []string{"BeResolved", "BeRejected", "ResolveWith", "RejectWith"} {
		out = append(out, check{name: matcher + "/" + k.name + "/never", run: func(c constructors, s *scene) error {
			f, _ := k.make(s)
			m := c.beResolved()
			switch matcher {
			case "BeRejected":
				m = c.beRejected()
			case "ResolveWith":
				m = c.resolveWith(nil)
			case "RejectWith":
				m = c.rejectWith(errBoom)
			}
			if k.name == "fakeloop" {
				return no(m, f)
			}
			return fails(m, f)
		}})
	}
	return out
}
