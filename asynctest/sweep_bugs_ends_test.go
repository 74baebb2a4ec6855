package asynctest_test

import (
	"bufio"
	"context"
	"errors"
	"time"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// endBugs are those in what has to be ended, closed and given back.
var endBugs = []bug{
	{name: "a connection that is closed twice", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		serve(tunnel, "hello")
		return patient(fakeloop.Offload(tunnel.Loop, "fetch", func(ctx context.Context) (line string, err error) {
			conn, err := dial(tunnel, ctx)
			if err != nil {
				return "", err
			}
			defer func() {
				if closed := conn.Close(); closed != nil && !fixed {
					err = closed
				}
			}()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			line, err = bufio.NewReader(conn).ReadString('o') // bug: a connection that is closed twice
			if err != nil {
				_ = conn.Close()
				return "", err
			}
			return line, nil
		}))
	}, more: Scenario{Leave: []LeftOut{{Point: "close *", Why: "it is another error than the one meant"}}}},
	{name: "work that a timeout leaves behind", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		serve(tunnel, "hello")
		work := fakeloop.Offload(tunnel.Loop, "fetch", func(ctx context.Context) (string, error) {
			conn, err := dial(tunnel, ctx)
			if err != nil {
				return "", err
			}
			if fixed {
				_ = conn.SetDeadline(time.Now().Add(time.Minute))
			}
			line, err := bufio.NewReader(conn).ReadString('o') // bug: work that a timeout leaves behind
			return line, errors.Join(err, conn.Close())
		}, fakeloop.Jump)
		return patient(work)
	}, more: Scenario{Leave: []LeftOut{{Point: "offload *", Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "there is no limit to the work"}}}},
	{name: "a close whose error is dropped", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "writer", func(co *fakeloop.Coroutine) (string, error) {
			s, err := fakeloop.Await(co, patient(ask(tunnel.Loop, "write", "written")))
			if err != nil {
				return "", err
			}
			_, err = fakeloop.Await(co, patient(ask(tunnel.Loop, "close", ""))) // bug: a close whose error is dropped
			if !fixed {
				err = nil
			}
			return s, err
		})
	}},
	{name: "a lock that is kept", check: FoundPending, run: func(tunnel *Tunnel, fixed bool) any {
		m := fakeloop.NewMutex(tunnel.Loop, "accounts")
		use := func(name string) *fakeloop.Future[string] {
			return fakeloop.Async(tunnel.Loop, name, func(co *fakeloop.Coroutine) (string, error) {
				if _, err := fakeloop.Await(co, m.Lock()); err != nil { // bug: a lock that is kept
					return "", err
				}
				if fixed {
					defer m.Unlock()
				}
				s, err := fakeloop.Await(co, patient(ask(tunnel.Loop, name, "7")))
				if err != nil {
					return "", err
				}
				if !fixed {
					m.Unlock()
				}
				return s, nil
			})
		}
		return fakeloop.Then(fakeloop.AllSettled(tunnel.Loop, use("one"), use("other")), func(all []fakeloop.Outcome[string]) (string, error) {
			return all[0].Value + all[1].Value, errors.Join(all[0].Err, all[1].Err)
		})
	}},
	{name: "a ticker that goes on", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		f := patient(ask(tunnel.Loop, "balance", "7"))
		beat := tunnel.Loop.TickFunc(time.Second, fakeloop.Skip, func() {}) // bug: a ticker that goes on
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			s, err := fakeloop.Await(co, f)
			if err != nil && !fixed {
				return "", err
			}
			beat.Stop()
			return s, err
		})
	}},
	{name: "a producer that nobody hears", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		q := fakeloop.NewQueue[int](tunnel.Loop, "parts", 1)
		fakeloop.Async(tunnel.Loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
			for i := range 4 {
				if _, err := fakeloop.Await(co, q.Put(i)); err != nil { // bug: a producer that nobody hears
					return i, nil // the consumer has gone
				}
			}
			return 4, nil
		})
		return fakeloop.Async(tunnel.Loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
			sum := 0
			if fixed {
				defer q.Close()
			}
			for range 4 {
				n, err := fakeloop.Await(co, q.Get())
				if err == nil {
					err = tunnel.Loop.Fail("render")
				}
				if err != nil {
					return 0, err
				}
				sum += n
			}
			return sum, nil
		})
	}},
}
