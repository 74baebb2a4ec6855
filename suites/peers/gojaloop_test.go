package peers_test

import (
	"errors"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/eventloop"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// gojaLoop is the event loop of goja_nodejs, started in the background. It does not
// tell what it has left to do, so that this is counted.
type gojaLoop struct {
	*eventloop.EventLoop
	changed *sync.Cond
	left    int // below zero once the loop is terminated
}

var errTerminated = errors.New("the loop is terminated")

func (g *gojaLoop) add(n int) {
	g.changed.L.Lock()
	defer g.changed.L.Unlock()
	g.left += n
	g.changed.Broadcast()
}

// counted returns f as the loop takes it, and what to call if it is not to run any more.
func (g *gojaLoop) counted(f func()) (func(*goja.Runtime), func()) {
	g.add(1)
	over := sync.OnceFunc(func() { g.add(-1) })
	return func(*goja.Runtime) { f(); over() }, over
}

func (g *gojaLoop) post(f func()) error {
	if job, _ := g.counted(f); !g.RunOnLoop(job) {
		return errTerminated
	}
	return nil
}

// after returns the function that cancels the timer.
func (g *gojaLoop) after(d time.Duration, f func()) loops.Timer {
	job, over := g.counted(f)
	if t := g.SetTimeout(job, d); t != nil {
		return func() { g.ClearTimeout(t); over() }
	}
	panic(errTerminated)
}

func (g *gojaLoop) every(period time.Duration, f func()) (func(), error) {
	if i := g.SetInterval(func(*goja.Runtime) { f() }, period); i != nil {
		_, over := g.counted(f)
		return func() { g.ClearInterval(i); over() }, nil
	}
	return nil, errTerminated
}

func (g *gojaLoop) drive() error {
	g.changed.L.Lock()
	defer g.changed.L.Unlock()
	for ; g.left != 0; g.changed.Wait() {
		if g.left < 0 {
			return errTerminated
		}
	}
	return nil
}

func newGojaLoop(loops.Options) *loops.Loop {
	g, began := &gojaLoop{eventloop.NewEventLoop(), sync.NewCond(new(sync.Mutex)), 0}, time.Now()
	g.Start()
	return &loops.Loop{
		Post: func(f func()) {
			if err := g.post(f); err != nil {
				panic(err)
			}
		},
		PostFrom: g.post, After: g.after, Every: g.every, Cancel: func(t loops.Timer) { t.(func())() },
		Now: func() time.Duration { return time.Since(began) }, Charge: time.Sleep,
		Drive: g.drive, Close: func() error { g.Terminate(); g.add(-1 << 32); return nil },
	}
}
