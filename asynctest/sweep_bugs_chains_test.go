package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func same(s string) (string, error) { return s, nil }

// chainBugs are those on the way that an error takes from one function to the next.
var chainBugs = []bug{
	{name: "a missing return", check: FoundOverlooked, run: func(tunnel *Tunnel, fixed bool) any {
		read := patient(ask(tunnel.Loop, "read", "7"))
		return fakeloop.ThenFuture(read, func(s string) *fakeloop.Future[string] {
			write := patient(ask(tunnel.Loop, "write", "ok"))
			written := fakeloop.Then(write, func(string) (string, error) { return s, nil }) // bug: a missing return
			if fixed {
				return written
			}
			return fakeloop.Resolved(tunnel.Loop, s)
		})
	}},
	{name: "a deferred call that overrides", check: FoundErrorLost, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (s string, err error) {
			s = "7" // if nothing better comes
			defer func() {
				if closed := tunnel.Loop.Fail("close"); closed != nil || !fixed {
					err = closed
				}
			}()
			answer, err := fakeloop.Await(co, patient(ask(tunnel.Loop, "balance", "7"))) // bug: a deferred call that overrides
			if err == nil {
				s = answer
			}
			return s, err
		})
	}, more: Scenario{Leave: []LeftOut{{Point: "close", Why: "it is another error than the one meant"}}}},
	{name: "a callback that a failure calls again", check: FoundTwoOutcomes, run: func(tunnel *Tunnel, fixed bool) any {
		return Adapt(func(done func(string, error)) {
			f := patient(ask(tunnel.Loop, "balance", "7"))
			if fixed {
				fakeloop.Then(f, func(s string) (string, error) { return s, tunnel.Loop.Fail("render") }).OnSettled(done)
				return
			}
			shown := fakeloop.Then(f, func(s string) (string, error) {
				done(s, nil)
				return s, tunnel.Loop.Fail("render")
			})
			fakeloop.Catch(shown, func(err error) (string, error) { done("", err); return "", nil }) // bug: a callback that a failure calls again
		})
	}},
	{name: "the second error of two", check: FoundOverlooked, run: func(tunnel *Tunnel, fixed bool) any {
		var both []*fakeloop.Future[string]
		for _, name := range []string{"one", "two"} {
			both = append(both, fakeloop.Then(patient(ask(tunnel.Loop, name, name)), same)) // bug: the second error of two
		}
		if !fixed {
			return fakeloop.All(tunnel.Loop, both...)
		}
		return fakeloop.Then(fakeloop.AllSettled(tunnel.Loop, both...), func(all []fakeloop.Outcome[string]) ([]string, error) {
			return []string{all[0].Value, all[1].Value}, errors.Join(all[0].Err, all[1].Err)
		})
	}, more: Scenario{Pairs: 40}},
	{name: "a task that nobody keeps", check: FoundOverlooked, run: func(tunnel *Tunnel, fixed bool) any {
		audit := fakeloop.Async(tunnel.Loop, "audit", func(co *fakeloop.Coroutine) (string, error) { // bug: a task that nobody keeps
			return fakeloop.Await(co, patient(ask(tunnel.Loop, "audit", "ok")))
		})
		f := patient(ask(tunnel.Loop, "balance", "7"))
		if !fixed {
			return f
		}
		return fakeloop.Then(fakeloop.All(tunnel.Loop, f, audit), func(all []string) (string, error) { return all[0], nil })
	}},
	{name: "an error in another variable", check: FoundWrongValue, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			var text string
			var err error
			for _, part := range []string{"head", "body"} {
				s, partErr := fakeloop.Await(co, patient(ask(tunnel.Loop, part, part))) // bug: an error in another variable
				if partErr != nil {
					if fixed {
						err = partErr
					}
					break
				}
				text += s
			}
			return text, err
		})
	}, more: Scenario{Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultNever}, Why: "what never comes is given up elsewhere"}}}},
	{name: "a recover that forgets", check: FoundWrongValue, run: func(tunnel *Tunnel, fixed bool) any {
		return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (s string, err error) {
			defer func() {
				if v := recover(); v != nil && fixed {
					err = fmt.Errorf("client: %w", fakeloop.Recovered(v, "client"))
				}
			}()
			err = tunnel.Loop.Fail("parse") // bug: a recover that forgets
			return "7", err
		})
	}},
	{name: "a cancellation that nobody passes on", check: FoundPending, run: func(tunnel *Tunnel, fixed bool) any {
		p := fakeloop.NewPromise[string](tunnel.Loop, "answer") // bug: a cancellation that nobody passes on
		patient(ask(tunnel.Loop, "balance", "7")).OnSettled(func(s string, err error) {
			if errors.Is(err, context.Canceled) && !fixed {
				return // whoever cancelled knows
			}
			_ = p.Settle(s, err)
		})
		return p.Future()
	}},
	{name: "a channel that stays empty", check: FoundPending, run: func(tunnel *Tunnel, fixed bool) any {
		answers := make(chan error, 1)
		go func() {
			time.Sleep(time.Second)
			if err := tunnel.Loop.Fail("fetch"); err != nil && !fixed { // bug: a channel that stays empty
				return
			} else {
				answers <- err
			}
		}()
		return answers
	}, more: Scenario{Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultPanic, fakeloop.FaultGoexit, fakeloop.FaultNever}, Why: "a bare goroutine has nobody to tell"}}}},
}
