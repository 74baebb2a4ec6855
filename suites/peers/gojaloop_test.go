package peers_test

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/eventloop"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// gojaLoop is the event loop of goja_nodejs, driven by the goroutine that calls Run,
// whom the panics of callbacks reach. Run returns without having called what the last
// callback posted, so what is left is counted here.
type gojaLoop struct {
	*eventloop.EventLoop
	left   atomic.Int64
	broken atomic.Bool // a panic has left Run, and Terminate would wait for it for ever
}

// settle makes a timer or callback count no more; of several calls one tells.
type settle func()

func (g *gojaLoop) counted(f func(), again bool) (func(*goja.Runtime), settle) {
	g.left.Add(1)
	var over atomic.Bool
	done := func() {
		if !over.Swap(true) {
			g.left.Add(-1)
		}
	}
	return func(*goja.Runtime) {
		if !again {
			done()
		}
		g.broken.Store(true)
		f()
		g.broken.Store(false)
	}, done
}

type gojaTimer struct {
	*eventloop.Timer
	settle
}

func (g *gojaLoop) postFrom(f func()) error {
	job, done := g.counted(f, false)
	if !g.RunOnLoop(job) {
		done()
		return errors.New("RunOnLoop returned false")
	}
	return nil
}

func (g *gojaLoop) post(f func()) {
	if err := g.postFrom(f); err != nil {
		panic(err)
	}
}

func (g *gojaLoop) after(d time.Duration, f func()) loops.Timer {
	job, done := g.counted(f, false)
	t := g.SetTimeout(job, d)
	if t == nil {
		done()
		panic("SetTimeout returned nil")
	}
	return gojaTimer{t, done}
}

func (g *gojaLoop) cancel(t loops.Timer) {
	g.ClearTimeout(t.(gojaTimer).Timer)
	t.(gojaTimer).settle()
}

func (g *gojaLoop) every(period time.Duration, f func()) (func(), error) {
	job, done := g.counted(f, true)
	i := g.SetInterval(job, period)
	return func() { g.ClearInterval(i); done() }, nil
}

func (g *gojaLoop) drive() error {
	for first := true; first || g.left.Load() > 0; first = false {
		g.Run(func(*goja.Runtime) {})
	}
	return nil
}

func (g *gojaLoop) close() error {
	if g.broken.Load() {
		return errors.New("a panic left the loop")
	}
	g.Terminate()
	return nil
}

func gojaAdapter() loops.Adapter {
	return loops.Adapter{Name: "goja eventloop", Mode: loops.Wall, Unit: 4 * time.Millisecond, Guard: 3 * time.Second, New: func(loops.Options) *loops.Loop {
		g, began := &gojaLoop{EventLoop: eventloop.NewEventLoop()}, time.Now()
		return &loops.Loop{
			Post: g.post, After: g.after, Cancel: g.cancel, Drive: g.drive, Close: g.close,
			Now:   func() time.Duration { return time.Since(began) },
			Every: g.every, PostFrom: g.postFrom, Charge: time.Sleep,
		}
	}}
}
