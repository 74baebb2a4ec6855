package loops

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Fakeloop is the adapter of package fakeloop. In mode Bubble its loops are made in
// a testing/synctest bubble, which the registrar makes or Around.
func Fakeloop(mode Mode) Adapter {
	a := Adapter{
		Name:    "fakeloop",
		Mode:    mode,
		Options: "Seed Limit OnError Fatal Strict",
		Lacks: map[string]string{
			"Jitter": "its tickers keep to the grid; a callback that wants jitter draws it with Choose and sets a timer",
		},
	}
	var m fakeloop.Mode
	switch mode {
	case Bubble:
		m = fakeloop.Bubble
		maps.Copy(a.Lacks, byItself)
	case Wall:
		m = fakeloop.Wall
		maps.Copy(a.Lacks, byItself)
		a.Options = strings.ReplaceAll(a.Options, "Limit ", "")
		a.Lacks["Limit"] = "on a wall clock nothing limits the number of callbacks; Config.Guard ends the wait for them"
		a.Lacks["Advance"] = "real time is not moved by hand"
	}
	a.New = func(o Options) *Loop {
		c := fakeloop.Config{Mode: m, Limit: o.Limit, OnError: o.OnError, Fatal: o.Fatal, Strict: o.Strict}
		if o.Seed != 0 {
			c.Decisions = fakeloop.Seed(o.Seed)
		}
		return adapt(fakeloop.New(c))
	}
	return a
}

// byItself says what a loop lacks that runs by itself, and why.
var byItself = map[string]string{
	"Turn":     "the loop runs by itself",
	"Run":      "the loop runs by itself; Stop ends the wait for it, not the loop",
	"Quit":     "the loop runs by itself; Stop ends the wait for it, not the loop",
	"SetBack":  "package time reads a monotonic clock, which nobody can set back",
	"Jump":     "its time is not the loop's to move",
	"LockStep": "its time is not the loop's to move",
}

func adapt(l *fakeloop.Loop) *Loop {
	a := &Loop{
		Post:  l.Post,
		After: func(d time.Duration, f func()) Timer { return l.AfterFunc(d, f) },
		Now:   l.Elapsed,
		Drive: l.RunUntilIdle,
		Close: l.Close,

		Stop:  func(t Timer) bool { return t.(*fakeloop.Timer).Stop() },
		Reset: func(t Timer, d time.Duration) { t.(*fakeloop.Timer).Reset(d) },
		Pending: func() (out []string) {
			for _, item := range l.Pending() {
				out = append(out, item.String())
			}
			return out
		},
		Charge: l.Charge,

		Every:      ticker(l, fakeloop.Skip),
		Burst:      ticker(l, fakeloop.Burst),
		Delay:      ticker(l, fakeloop.Delay),
		EveryAsync: everyAsync(l),

		PostFrom: func(f func()) error { return l.PostFrom("contract", f) },
		Offload:  offload(l, fakeloop.Freeze),

		NewPromise: func(label string) Promise { return promise{fakeloop.NewPromise[any](l, label)} },
		Wait: func(f Future) (any, error) {
			if err := l.Await(f.(future).Future); err != nil {
				return nil, err
			}
			v, err, _ := f.(future).Result()
			return v, err
		},
		Timeout: func(f Future, d time.Duration) Future { return future{fakeloop.Timeout(f.(future).Future, d)} },
		Go: func(label string, body func(Coroutine) (any, error)) Future {
			return future{fakeloop.Async(l, label, func(co *fakeloop.Coroutine) (any, error) { return body(coroutine{co}) })}
		},
	}
	if l.Mode() == fakeloop.Wall {
		a.Charge = time.Sleep // real time passes by itself
	} else {
		a.Advance = l.Advance
	}
	if l.Mode() != fakeloop.Virtual {
		return a
	}
	a.Run, a.Quit = l.Run, l.Stop
	a.Turn = func() error {
		_, err := l.Turn()
		return err
	}
	a.SetBack = func(d time.Duration) { _ = l.Advance(-d) } // refused
	a.Jump, a.LockStep = offload(l, fakeloop.Jump), offload(l, fakeloop.LockStep)
	return a
}

// ticker adapts fakeloop.Loop.TickFunc under a policy.
func ticker(l *fakeloop.Loop, overrun fakeloop.Overrun) func(time.Duration, func()) (func(), error) {
	return func(period time.Duration, f func()) (func(), error) {
		tk := l.TickFunc(period, overrun, f)
		return func() { tk.Stop() }, nil
	}
}

func everyAsync(l *fakeloop.Loop) func(time.Duration, func(Coroutine)) func() {
	return func(period time.Duration, body func(Coroutine)) func() {
		tk := l.TickAsync(period, fakeloop.Skip, func() fakeloop.Awaitable {
			return fakeloop.Async(l, "tick", func(co *fakeloop.Coroutine) (struct{}, error) {
				body(coroutine{co})
				return struct{}{}, nil
			})
		})
		return func() { tk.Stop() }
	}
}

// offload adapts fakeloop.Offload under a policy.
func offload(l *fakeloop.Loop, policy fakeloop.Policy) func(work, done func()) (cancel func()) {
	return func(work, done func()) func() {
		f := fakeloop.Offload(l, "work", func(context.Context) (any, error) {
			work()
			return nil, nil
		}, policy)
		f.OnSettled(func(_ any, err error) {
			if !errors.Is(err, errCancelled) {
				done()
			}
		})
		return func() { f.Cancel(errCancelled) }
	}
}

// errCancelled is the cause with which the adapter cancels work.
var errCancelled = errors.New("cancelled by the contract")

type promise struct{ *fakeloop.Promise[any] }

func (p promise) Future() Future { return future{p.Promise.Future()} }

type future struct{ *fakeloop.Future[any] }

func (f future) Then(fn func(any) (any, error)) Future { return future{fakeloop.Then(f.Future, fn)} }

type coroutine struct{ *fakeloop.Coroutine }

func (c coroutine) Await(f Future) (any, error) {
	return fakeloop.Await(c.Coroutine, f.(future).Future)
}
