package tcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// world is what the body of a spec about faults has: a network of either engine, and a way to
// let its clock go on. The two differ in how they are made, and in nothing else.
type world struct {
	engine
	t    *testing.T
	dial func(ctx context.Context, host, address string) (net.Conn, error)
	pass func(d time.Duration) // the schedules go on by d, all of them
	rest func()                // returns when everything has happened that can, if anybody knows

	step atomic.Int32 // how often pass was called
	said []string
}

// virtually runs a body on the virtual network, and really on real TCP, where the clock is
// one that the spec moves. They return what the body said, and how long it took.
func virtually(t *testing.T, p toxics.Plan, body func(w *world)) (said string, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, err := toxics.NewNetwork(toxics.Config{Plan: p})
		must(t, err)
		said, took = inWorld(&world{
			engine: n, t: t, pass: time.Sleep, rest: synctest.Wait,
			dial: func(ctx context.Context, host, address string) (net.Conn, error) {
				return n.Host(host).DialContext(ctx, "tcp", address)
			},
		}, body)
	})
	return said, took
}

func really(t *testing.T, p toxics.Plan, body func(w *world)) (said string, took time.Duration) {
	t.Helper()
	clock := new(Clock)
	n, err := Listen(Config{Plan: p, Clock: clock})
	must(t, err)
	defer closeClean(t, n)
	return inWorld(&world{
		engine: n, t: t, pass: clock.Advance, rest: func() {},
		dial: func(ctx context.Context, host, address string) (net.Conn, error) {
			return n.Host(host).DialContext(ctx, "tcp", address)
		},
	}, body)
}

func inWorld(w *world, body func(w *world)) (string, time.Duration) {
	start := time.Now()
	body(w)
	took := time.Since(start)
	if err := w.Close(); err != nil {
		w.say("%s", ending(err))
	}
	return strings.Join(w.said, ", "), took
}

func (w *world) say(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// later lets the clock go on, and tells those who ask that it has.
func (w *world) later(d time.Duration) {
	w.rest()
	w.step.Add(1)
	w.pass(d)
}

// echoes listens at the address, answers everything with itself, and returns what closes the
// listener.
func (w *world) echoes(address string) (closes func()) {
	w.t.Helper()
	l, err := w.Listen(address)
	must(w.t, err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return func() { must(w.t, l.Close()) }
}

// caller is a connection of the client, or none if the dial failed.
type caller struct {
	net.Conn
	w *world
}

// call dials, and says what came of it unless it went well.
func (w *world) call(host, address string) *caller {
	w.t.Helper()
	c, err := w.dial(w.t.Context(), host, address)
	if err != nil {
		w.say("%s", ending(err))
		return &caller{nil, w}
	}
	// Long behind all that is to happen: a hang becomes an answer.
	must(w.t, c.SetDeadline(time.Now().Add(10*time.Minute)))
	return &caller{c, w}
}

// try dials, asks once, hangs up and says what came of it.
func (w *world) try(host, address string) {
	w.t.Helper()
	if c := w.call(host, address); c.Conn != nil {
		c.ask("hello")
		c.Close()
	}
}

// ask asks once and says what came of it.
func (c *caller) ask(text string) { c.w.say("%s", c.exchange(text)) }

// asks asks at once, and says in the end what came of it, and before or behind how many turns
// of the clock.
func (c *caller) asks(text string) (says func()) {
	if wrong := c.send(text); wrong != "" {
		return func() { c.w.say("%s", wrong) }
	}
	return c.hears(text)
}

// hears reads as many bytes as a text has, and says in the end what they were, and behind how
// many turns of the clock they had come.
func (c *caller) hears(text string) (says func()) {
	var got string
	var step int32
	var done sync.WaitGroup
	done.Go(func() {
		got = c.answer(len(text))
		step = c.w.step.Load()
	})
	return func() {
		done.Wait()
		c.w.say("%s behind %d", got, step)
	}
}

func (c *caller) exchange(text string) string {
	return cmp.Or(c.send(text), c.answer(len(text)))
}

// send returns what is wrong.
func (c *caller) send(text string) string {
	if c.Conn == nil {
		return "no connection"
	}
	if _, err := io.WriteString(c, text); err != nil {
		return ending(err)
	}
	return ""
}

func (c *caller) answer(n int) string {
	if c.Conn == nil {
		return ""
	}
	b := make([]byte, n)
	k, err := io.ReadFull(c, b)
	if err != nil {
		return strings.TrimPrefix(string(b[:k])+" "+ending(err), " ")
	}
	return string(b)
}

// ends is both ends of a connection.
func (w *world) ends(host, address string) (client, server *caller) {
	w.t.Helper()
	l, err := w.Listen(address)
	must(w.t, err)
	client = w.call(host, address)
	s, err := l.Accept()
	must(w.t, err)
	must(w.t, s.SetDeadline(time.Now().Add(10*time.Minute)))
	return client, &caller{s, w}
}

// busy makes round trips that no fault is about: what was sent before has all the time to
// arrive.
func (w *world) busy(others ...*caller) {
	w.t.Helper()
	for range 20 {
		for _, c := range others {
			if got := c.exchange("busy"); got != "busy" {
				w.say("busy is %s", got)
				return
			}
		}
	}
	w.rest()
}

// ending is the kind of an error.
func ending(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, toxics.ErrUnmatched):
		return "ErrUnmatched"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "EOF"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "unreachable"
	case errors.Is(err, syscall.ENETDOWN):
		return "down"
	case errors.Is(err, context.DeadlineExceeded):
		return "too late"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host"
	case errors.As(err, &dns) && dns.IsTemporary:
		return "no answer"
	}
	return err.Error()
}
