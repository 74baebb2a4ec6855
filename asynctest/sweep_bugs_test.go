package asynctest_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// bug is a way to get the handling of an error wrong, and the same code without it.
type bug struct {
	name  string
	check SweepCheck // by which it is found; the line has a comment with the name
	run   func(tunnel *Tunnel, fixed bool) any
	more  Scenario // what else is in the scenario
}

// ask is a fake that answers after a second, unless something goes wrong.
func ask(loop *fakeloop.Loop, what, answer string) *fakeloop.Future[string] {
	p := fakeloop.NewPromise[string](loop, what)
	loop.Named("answer").AfterFunc(time.Second, func() { p.Resolve(answer) })
	return fakeloop.Faulty(p.Future(), what)
}

// patient gives up what never comes.
func patient[T any](f *fakeloop.Future[T]) *fakeloop.Future[T] {
	return fakeloop.Timeout(f, 2*time.Minute)
}

var bugs = []bug{
	{name: "a Catch that swallows", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		f := patient(ask(tunnel.Loop, "balance", "7"))
		return fakeloop.Catch(f, func(err error) (string, error) { // bug: a Catch that swallows
			if fixed {
				return "", fmt.Errorf("balance: %w", err)
			}
			return "7", nil // the last one that was known
		})
	}},
	{name: "an error as text", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			s, err := fakeloop.Await(co, patient(ask(tunnel.Loop, "balance", "7"))) // bug: an error as text
			switch {
			case err != nil && fixed:
				return "", fmt.Errorf("cannot ask: %w", err)
			case err != nil:
				return "", fmt.Errorf("cannot ask: %v", err)
			}
			return s, nil
		})
	}},
	{name: "a value that came half", check: FoundWrongValue, run: func(tunnel *Tunnel, fixed bool) any {
		serve(tunnel, "hello, world")
		return fetch(tunnel, func(conn net.Conn) (string, error) {
			head := make([]byte, 2)
			if _, err := io.ReadFull(conn, head); err != nil { // bug: a value that came half
				return "", err
			}
			body, err := io.ReadAll(conn)
			if err == nil && fixed && len(body) != int(binary.BigEndian.Uint16(head)) {
				err = io.ErrUnexpectedEOF
			}
			return string(body), err
		})
	}},
	{name: "a callback that is called twice", check: FoundTwoOutcomes, run: func(tunnel *Tunnel, fixed bool) any {
		return Adapt(func(done func(string, error)) {
			patient(ask(tunnel.Loop, "balance", "7")).OnSettled(func(s string, err error) {
				if err != nil {
					done("", err)
					if fixed {
						return
					}
				}
				done(s, nil)
			})
		})
	}},
	{name: "a counter that misses errors", check: FoundPending, run: func(tunnel *Tunnel, fixed bool) any {
		all := fakeloop.NewPromise[int](tunnel.Loop, "all") // bug: a counter that misses errors
		left := 3
		for i := range left {
			patient(ask(tunnel.Loop, fmt.Sprint("part ", i), "ok")).OnSettled(func(_ string, err error) {
				switch {
				case err != nil && fixed:
					all.Reject(err)
				case err != nil:
					return
				}
				if left--; left == 0 {
					all.Resolve(3)
				}
			})
		}
		return all.Future()
	}},
	{name: "a retry without an end", check: FoundTooLate, run: func(tunnel *Tunnel, fixed bool) any {
		serve(tunnel, "hello")
		return fakeloop.Offload(tunnel.Loop, "fetch", func(ctx context.Context) (string, error) { // bug: a retry without an end
			conn, err := dial(tunnel, ctx)
			if err != nil {
				return "", err
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			for {
				_, err := conn.Write([]byte("GET\n"))
				if err == nil || fixed {
					return "asked", err
				}
				time.Sleep(time.Second)
			}
		})
	}, more: Scenario{Leave: []LeftOut{
		{Point: "offload *", Faults: []fakeloop.FaultKind{fakeloop.FaultNever, fakeloop.FaultCancel}, Why: "there is no limit to the work"},
		{Point: "* conn 1", Faults: []fakeloop.FaultKind{fakeloop.FaultTimeout}, Why: "the next try succeeds"},
		{Point: "close *", Why: "nothing is done about it"},
	}}},
	{name: "a branch that nobody looks at", check: FoundOverlooked, run: func(tunnel *Tunnel, fixed bool) any {
		log := fakeloop.Then(patient(ask(tunnel.Loop, "log", "")), func(string) (int, error) { return 0, nil }) // bug: a branch that nobody looks at
		f := patient(ask(tunnel.Loop, "balance", "7"))
		if fixed {
			return fakeloop.ThenFuture(log, func(int) *fakeloop.Future[string] { return f })
		}
		return f
	}},
	{name: "a connection that is not closed", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		serve(tunnel, "hello")
		return fakeloop.Offload(tunnel.Loop, "fetch", func(ctx context.Context) (string, error) {
			conn, err := dial(tunnel, ctx)
			if err != nil {
				return "", err
			}
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			line, err := bufio.NewReader(conn).ReadString('o')
			if err != nil && !fixed {
				return "", err
			}
			return line, errors.Join(err, conn.Close())
		})
	}, more: Scenario{Leave: []LeftOut{
		{Point: "offload *", Faults: []fakeloop.FaultKind{fakeloop.FaultNever, fakeloop.FaultCancel}, Why: "there is no limit to the work"},
		{Faults: []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut}, Why: "the peer has closed it"},
	}}},
	{name: "a fallback that blocks", check: FoundBlocking, run: func(tunnel *Tunnel, fixed bool) any {
		f := patient(ask(tunnel.Loop, "balance", "7"))
		return fakeloop.Catch(f, func(err error) (string, error) {
			if !fixed {
				time.Sleep(time.Second) // bug: a fallback that blocks
			}
			return "", err
		})
	}},
	{name: "a panic on the way of errors", check: FoundPanic, run: func(tunnel *Tunnel, fixed bool) any {
		f := patient(ask(tunnel.Loop, "balance", "7"))
		var metrics map[string]int
		if fixed {
			metrics = map[string]int{}
		}
		f.OnSettled(func(_ string, err error) {
			if err != nil {
				metrics["failed"]++ // bug: a panic on the way of errors
			}
		})
		return f
	}},
	{name: "a fallback that forgets", check: FoundNotHandled, run: func(tunnel *Tunnel, fixed bool) any {
		f := patient(ask(tunnel.Loop, "balance", "7"))
		return fakeloop.CatchFuture(f, func(err error) *fakeloop.Future[string] { // bug: a fallback that forgets
			if injected, ok := errors.AsType[net.Error](err); ok && injected.Timeout() && !fixed {
				return fakeloop.Rejected[string](tunnel.Loop, err)
			}
			return fakeloop.Resolved(tunnel.Loop, "7")
		})
	}, more: Scenario{Handles: []Handled{{Point: "balance"}, {Point: "timer *"}}}},
	{name: "a second callback with the error", check: FoundTwoOutcomes, run: func(tunnel *Tunnel, fixed bool) any {
		return Adapt(func(done func(string, error)) {
			patient(ask(tunnel.Loop, "balance", "7")).OnSettled(func(s string, err error) {
				if err == nil || !fixed {
					done("7", nil)
				}
				if err != nil {
					done("", err) // bug: a second callback with the error
				}
			})
		})
	}},
	{name: "a producer that nobody waits for", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		loop := tunnel.Loop
		stop := fakeloop.NewPromise[int](loop, "stop")
		producer := fakeloop.Async(loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
			return fakeloop.Await(co, stop.Future()) // bug: a producer that nobody waits for
		})
		fakeloop.Then(producer, func(n int) (int, error) { return n, nil })
		f := patient(ask(loop, "balance", "7"))
		f.OnSettled(func(_ string, err error) {
			if err == nil || fixed {
				stop.Resolve(1)
			}
		})
		return f
	}},
	{name: "a coroutine that may exit", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			if err := co.Sleep(time.Second); err != nil {
				return "", err
			}
			err := tunnel.Loop.Fail("read") // bug: a coroutine that may exit
			if !fixed {
				err = nil
			}
			return "7", err
		})
	}},
	{name: "a goroutine that waits for ever", check: FoundLeftOver, run: func(tunnel *Tunnel, fixed bool) any {
		size := 0
		if fixed {
			size = 1
		}
		answers := make(chan string, size)
		go func() {
			time.Sleep(time.Second)
			answers <- "7" // bug: a goroutine that waits for ever
		}()
		return AsFuture(func(context.Context) (string, error) {
			time.Sleep(2 * time.Second)
			if err := tunnel.Loop.Fail("fetch"); err != nil {
				return "", err
			}
			return <-answers, nil
		})
	}},
}

// serve answers each connection with the length of a text, and the text.
func serve(tunnel *Tunnel, text string) {
	l, err := tunnel.Net.Listen("api:80")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			var temporary interface{ Temporary() bool }
			switch {
			case errors.As(err, &temporary) && temporary.Temporary():
				continue
			case err != nil:
				return
			}
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
			_ = conn.Close()
		}
	}()
}

func dial(tunnel *Tunnel, ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return tunnel.Net.DialContext(ctx, "tcp", "api:80") // bug: a connection that is not closed
}

// fetch reads from a connection within a minute, and closes it, which may fail.
func fetch(tunnel *Tunnel, read func(net.Conn) (string, error)) *fakeloop.Future[string] {
	return patient(fakeloop.Offload(tunnel.Loop, "fetch", func(ctx context.Context) (string, error) {
		conn, err := dial(tunnel, ctx)
		if err != nil {
			return "", err
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		text, err := read(conn)
		return text, errors.Join(err, conn.Close())
	}))
}
