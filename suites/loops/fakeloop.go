package loops

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Fakeloop is the adapter of package fakeloop.
func Fakeloop(mode Mode) Adapter {
	a := Adapter{
		Name:    "fakeloop",
		Mode:    mode,
		Options: "Seed Fatal",
		Lacks: map[string]string{
			"Jitter": "its tickers keep to the grid; a callback that wants jitter draws it with Choose and sets a timer",
		},
	}
	byItself := map[string]string{
		"Advance": "its time is not moved by hand",
		"Turn":    "the loop runs by itself",
		"Run":     "the loop runs by itself; Stop ends the wait for it, not the loop",
		"Quit":    "the loop runs by itself; Stop ends the wait for it, not the loop",
		"Limit":   "a loop that runs by itself has no limit of callbacks; Config.Guard ends the wait for it",
		"SetBack": "package time reads a monotonic clock, which nobody can set back",
	}
	var m fakeloop.Mode
	switch mode {
	case Virtual:
		a.Options += " Limit"
	case Wall:
		m = fakeloop.Wall
		maps.Copy(a.Lacks, byItself)
	}
	a.New = func(o Options) *Loop { return adapt(fakeloop.New(config(m, o))) }
	return a
}

func config(mode fakeloop.Mode, o Options) fakeloop.Config {
	c := fakeloop.Config{Mode: mode, Limit: o.Limit, Fatal: o.Fatal}
	if o.Seed != 0 {
		c.Decisions = fakeloop.Seed(o.Seed)
	}
	return c
}

func adapt(l *fakeloop.Loop) *Loop {
	a := &Loop{
		Post:  l.Post,
		After: func(d time.Duration, f func()) Timer { return l.AfterFunc(d, f) },
		Now:   l.Elapsed,
		Drive: l.RunUntilIdle,
		Close: l.Close,

		Stop:    func(t Timer) bool { return t.(*fakeloop.Timer).Stop() },
		Reset:   func(t Timer, d time.Duration) { t.(*fakeloop.Timer).Reset(d) },
		Pending: l.Pending,

		PostFrom: func(f func()) error { return l.PostFrom("contract", f) },
		Offload: func(work, done func()) func() {
			f := fakeloop.Offload(l, "work", func(context.Context) (any, error) {
				work()
				return nil, nil
			})
			f.OnSettled(func(_ any, err error) {
				if !errors.Is(err, errCancelled) {
					done()
				}
			})
			return func() { f.Cancel(errCancelled) }
		},

		NewPromise: func(label string) Promise { return promise{fakeloop.NewPromise[any](l, label)} },
		Wait: func(f Future) (any, error) {
			if err := l.Await(f.(future).Future); err != nil {
				return nil, err
			}
			v, err, _ := f.(future).Result()
			return v, err
		},
		Go: func(label string, body func(Coroutine) (any, error)) Future {
			return future{fakeloop.Async(l, label, func(co *fakeloop.Coroutine) (any, error) { return body(coroutine{co}) })}
		},
	}
	if l.Mode() == fakeloop.Virtual {
		a.Run, a.Quit, a.Advance = l.Run, l.Stop, l.Advance
		a.SetBack = func(d time.Duration) { _ = l.Advance(-d) } // refused
	}
	return a
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
