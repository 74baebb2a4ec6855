package asynctest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// waitChecks is about who is waited for, for how long, and what is left alone.
func waitChecks() []check {
	return []check{
		{name: "On/virtual loop/drives it", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			s.loop.AfterFunc(time.Hour, func() { ch <- "ok" })
			return yes(c.resolveWith("ok"), c.on(s.loop, ch))
		}},
		{name: "On/virtual loop/stops when settled", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			s.loop.AfterFunc(time.Hour, func() { ch <- "ok" })
			s.loop.AfterFunc(2*time.Hour, func() {})
			err := yes(c.resolveWith("ok"), c.on(s.loop, ch))
			return errors.Join(err, thatIs(fmt.Sprint("the loop is at ", s.loop.Elapsed()), s.loop.Elapsed() == time.Hour))
		}},
		{name: "On/virtual loop/does not drive for what is settled", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			ch <- "ok"
			s.loop.AfterFunc(time.Hour, func() {})
			err := yes(c.resolveWith("ok"), c.on(s.loop, ch))
			return errors.Join(err, thatIs("the loop was driven", s.loop.Elapsed() == 0))
		}},
		{name: "On/virtual loop/unbuffered channel", run: func(c constructors, s *scene) error {
			ch := make(chan string)
			s.loop.AfterFunc(time.Hour, func() {
				select {
				case ch <- "ok":
				case <-s.end:
				}
			})
			return yes(c.resolveWith("ok"), c.on(s.loop, ch))
		}},
		{name: "On/virtual loop/announced work that sends first", run: func(c constructors, s *scene) error {
			ch := make(chan string)
			w := s.loop.Outside("work")
			s.later(func() {
				select {
				case ch <- "ok":
				case <-s.end:
				}
				_ = w.Return(nil)
			})
			return yes(c.resolveWith("ok"), c.on(s.loop, ch))
		}},
		{name: "On/virtual loop/every kind", run: func(c constructors, s *scene) error {
			var errs []error
			for _, k := range kinds() {
				f, settle := k.make(s)
				s.loop.AfterFunc(time.Hour, func() { settle(errBoom) })
				m := c.beRejected()
				if k.only == "resolved" {
					m = c.beResolved()
				}
				if err := yes(m, c.on(s.loop, f)); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", k.name, err))
				}
			}
			return errors.Join(errs...)
		}},
		{name: "On/idle loop/a goroutine delivers later", run: func(c constructors, s *scene) error {
			ch := make(chan string)
			s.later(func() {
				select {
				case ch <- "ok":
				case <-s.end:
				}
			})
			return yes(c.resolveWith("ok"), c.on(s.loop, ch))
		}},
		{name: "On/idle loop/a goroutine posts later", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			s.later(func() { _ = s.loop.PostFrom("goroutine", func() { ch <- "ok" }) })
			return yes(c.resolveWith("ok"), c.on(s.loop, ch))
		}},
		{name: "On/idle loop/nothing delivers", run: func(c constructors, s *scene) error {
			began := time.Now()
			f := c.on(s.loop, make(chan string), WithGuard(2*time.Second))
			err := fails(c.beResolved(), f)
			return errors.Join(err, thatIs("the guard was not kept", time.Since(began) == 2*time.Second))
		}},
		{name: "On/idle loop/LoopOnly knows", run: func(c constructors, s *scene) error {
			began := time.Now()
			f := c.on(s.loop, make(chan string), LoopOnly())
			err := errors.Join(no(c.beResolved(), f), no(c.beRejected(), f), no(c.resolveWith(nil), f), no(c.rejectWith(errBoom), f))
			return errors.Join(err, thatIs("it waited all the same", time.Since(began) == 0))
		}},
		{name: "On/busy loop/gives up", run: func(c constructors, s *scene) error {
			var again func()
			n := 0
			again = func() { n++; s.loop.AfterFunc(time.Second, again) }
			again()
			f := c.on(s.loop, make(chan string, 1), WithLimit(100), WithGuard(time.Second))
			err := fails(c.beResolved(), f)
			return errors.Join(err, thatIs(fmt.Sprint(n, " callbacks ran"), n == 101))
		}},
		{name: "On/busy loop/LoopOnly is not idle", run: func(c constructors, s *scene) error {
			var again func()
			again = func() { s.loop.AfterFunc(time.Second, again) }
			again()
			return fails(c.beResolved(), c.on(s.loop, make(chan string, 1), LoopOnly(), WithLimit(100)))
		}},
		{name: "On/busy loop/a goroutine delivers later", run: func(c constructors, s *scene) error {
			var again func()
			again = func() { s.loop.AfterFunc(time.Second, again) }
			again()
			ch := make(chan string, 1)
			s.later(func() { ch <- "ok" })
			return yes(c.resolveWith("ok"), c.on(s.loop, ch, WithLimit(100)))
		}},
		{name: "On/panicking callback/fails the assertion", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			s.loop.Post(func() { panic(errBoom) })
			s.loop.Post(func() { ch <- "ok" })
			m := c.resolveWith("ok")
			_, err := m.Match(c.on(s.loop, ch))
			return thatIs(fmt.Sprint("the error is ", err), errors.Is(err, errBoom))
		}},
		{name: "On/closed loop/says so", run: func(c constructors, s *scene) error {
			_ = s.loop.Close()
			_, err := c.beResolved().Match(c.on(s.loop, make(chan string)))
			return thatIs(fmt.Sprint("the error is ", err), errors.Is(err, fakeloop.ErrClosed))
		}},
		{name: "On/wall loop/waits for it", run: func(c constructors, s *scene) error {
			wall := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
			defer wall.Close()
			ch := make(chan string, 1)
			wall.AfterFunc(time.Second, func() { ch <- "ok" })
			return yes(c.resolveWith("ok"), c.on(wall, ch))
		}},
		{name: "On/wrong loop/says so", run: func(c constructors, s *scene) error {
			other := fakeloop.New(fakeloop.Config{})
			defer other.Close()
			p := fakeloop.NewPromise[int](other, "")
			p.Resolve(1)
			return fails(c.resolveWith(1), c.on(s.loop, p.Future()))
		}},
		{name: "On/AsFuture/shares the outcome", run: func(c constructors, s *scene) error {
			ch := make(chan string, 1)
			f := c.asFuture(ch)
			s.loop.AfterFunc(time.Hour, func() { ch <- "ok" })
			return errors.Join(yes(c.resolveWith("ok"), c.on(s.loop, f)), yes(c.resolveWith("ok"), f))
		}},
		{name: "BeResolved/fakeloop in a callback/says so", run: func(c constructors, s *scene) error {
			var err error
			f := fakeloop.NewPromise[int](s.loop, "").Future()
			s.loop.Post(func() { _, err = c.beResolved().Match(f) })
			return errors.Join(s.loop.RunUntilIdle(), thatIs(fmt.Sprint("the error is ", err), errors.Is(err, fakeloop.ErrReentrant)))
		}},
		{name: "BeResolved/wall fakeloop/waits", run: func(c constructors, s *scene) error {
			wall := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
			defer wall.Close()
			p := fakeloop.NewPromise[int](wall, "")
			wall.AfterFunc(time.Second, func() { p.Resolve(1) })
			return yes(c.resolveWith(1), p.Future())
		}},
		{name: "BeResolved/AsFuture/several wait at once", run: func(c constructors, s *scene) error {
			ch := make(chan string)
			f := c.asFuture(ch)
			errc := make(chan error, 3)
			for range 3 {
				go func() { errc <- yes(c.resolveWith("ok"), f) }()
			}
			s.later(func() {
				select {
				case ch <- "ok":
				case <-s.end:
				}
				close(ch)
			})
			return errors.Join(<-errc, <-errc, <-errc)
		}},
	}
}

// oracleChecks is about what the matchers tell Eventually.
func oracleChecks() []check {
	may := func(m types.GomegaMatcher, actual any, wanted bool) error {
		return thatIs(fmt.Sprintf("%T says of %v that it may change: %v", m, actual, !wanted), types.MatchMayChangeInTheFuture(m, actual) == wanted)
	}
	// Every matcher on futures must say the same.
	each := func(c constructors, actual any, wanted bool) error {
		return errors.Join(may(c.bePending(), actual, wanted), may(c.beResolved(), actual, wanted), may(c.beRejected(), actual, wanted),
			may(c.resolveWith(1), actual, wanted), may(c.rejectWith(errBoom), actual, wanted))
	}
	return []check{
		{name: "oracle/fakeloop/settled", run: func(c constructors, s *scene) error {
			p := fakeloop.NewPromise[int](s.loop, "")
			p.Resolve(1)
			return each(c, p.Future(), false)
		}},
		{name: "oracle/fakeloop/idle", run: func(c constructors, s *scene) error {
			return each(c, fakeloop.NewPromise[int](s.loop, "").Future(), false)
		}},
		{name: "oracle/fakeloop/not idle", run: func(c constructors, s *scene) error {
			f := fakeloop.NewPromise[int](s.loop, "").Future()
			s.loop.AfterFunc(time.Hour, func() {})
			timer := each(c, f, true)
			if err := s.loop.RunUntilIdle(); err != nil {
				return err
			}
			s.loop.Post(func() {})
			callback := each(c, f, true)
			if err := s.loop.RunUntilIdle(); err != nil {
				return err
			}
			w := s.loop.Outside("work")
			outside := each(c, f, true)
			return errors.Join(timer, callback, outside, w.Return(nil), s.loop.RunUntilIdle(), each(c, f, false))
		}},
		{name: "oracle/fakeloop/driven by somebody else", run: func(c constructors, s *scene) error {
			f := fakeloop.NewPromise[int](s.loop, "").Future()
			begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
			s.loop.Post(func() { close(begun); <-goOn })
			go func() { done <- s.loop.RunUntilIdle() }()
			<-begun
			err := each(c, f, true)
			close(goOn)
			return errors.Join(err, <-done)
		}},
		{name: "oracle/On/LoopOnly", run: func(c constructors, s *scene) error {
			f := c.on(s.loop, make(chan int), LoopOnly())
			idle := each(c, f, false)
			s.loop.Post(func() {})
			return errors.Join(idle, each(c, f, true), each(c, c.on(s.loop, make(chan int)), true))
		}},
		{name: "oracle/AsFuture/settles", run: func(c constructors, s *scene) error {
			ch := make(chan int, 1)
			f := c.asFuture(ch)
			before := each(c, f, true)
			ch <- 1
			return errors.Join(before, each(c, f, false))
		}},
		{name: "oracle/bare channel/is not used up", run: func(c constructors, s *scene) error {
			ch := make(chan int, 1)
			ch <- 1
			return errors.Join(each(c, ch, true), thatIs("the oracle received", len(ch) == 1))
		}},
		{name: "oracle/input/no future", run: func(c constructors, s *scene) error { return each(c, 5, false) }},
		{name: "oracle/Eventually/ends at once", run: func(c constructors, s *scene) error {
			var failure string
			g := gomega.NewGomega(func(message string, _ ...int) { failure = message })
			began := time.Now()
			g.Eventually(fakeloop.NewPromise[int](s.loop, "").Future()).WithTimeout(10 * time.Second).Should(c.resolveWith(1))
			return errors.Join(
				thatIs("it waited", time.Since(began) == 0),
				thatIs("it says "+failure, strings.Contains(failure, "No future change is possible")))
		}},
		{name: "oracle/Eventually/sees a bare channel", run: func(c constructors, s *scene) error {
			var failure string
			g := gomega.NewGomega(func(message string, _ ...int) { failure = message })
			ch := make(chan int, 1)
			s.later(func() { ch <- 1 })
			g.Eventually(ch).WithTimeout(time.Hour).Should(c.resolveWith(1))
			return thatIs(failure, failure == "")
		}},
	}
}

// inputChecks is about what is no future, and what cannot be wanted.
func inputChecks() []check {
	var (
		nilFuture *fakeloop.Future[int]
		nilChan   chan int
		nilFunc   func(context.Context) error
		nilAny    *AnyFuture
	)
	wrong := map[string]any{
		"nil": nil, "a number": 5, "an error": errBoom, "a send-only channel": make(chan<- int),
		"a func without context": func() error { return nil }, "a func without error": func(context.Context) int { return 0 },
		"a nil future": nilFuture, "a nil channel": nilChan, "a nil func": nilFunc, "a nil wrapper": nilAny,
		"a wrapped number": AsFuture(5), "an adapter of nothing": Adapt[int](nil), "On no loop": On(nil, make(chan int)),
	}
	var out []check
	for name, actual := range wrong {
		out = append(out, check{name: "input/" + name + "/is refused", run: func(c constructors, s *scene) error {
			return errors.Join(fails(c.bePending(), actual), fails(c.beResolved(), actual), fails(c.beRejected(), actual),
				fails(c.resolveWith(nil), actual), fails(c.rejectWith(errBoom), actual))
		}})
	}
	settled := func(s *scene) any {
		p := fakeloop.NewPromise[int](s.loop, "")
		p.Reject(errBoom)
		return p.Future()
	}
	for name, wanted := range map[string][]any{
		"nothing": {}, "nil": {nil}, "a text": {"boom"}, "a number": {5}, "a nil pointer": {(**valueError)(nil)}, "a pointer to a number": {new(int)},
	} {
		out = append(out, check{name: "RejectWith/wanted/" + name, run: func(c constructors, s *scene) error {
			return fails(c.rejectWith(wanted...), settled(s))
		}})
	}
	return out
}
