package blocking

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A callback that is still in progress when all else is quiet is told at once, with
// its line, before any time has passed.
func TestStillRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop()
		defer loop.stop()
		begin := time.Now()
		c, ended := make(chan int), make(chan int)
		var at atomic.Pointer[Frame]
		here := func(f Frame) { at.Store(&f) }
		var wg sync.WaitGroup
		wg.Add(1)
		cond := sync.NewCond(new(sync.Mutex))
		for state, body := range map[string]func(){
			"sleep (durable)":        func() { here(below(0)); time.Sleep(time.Hour) },
			"chan receive (durable)": func() { here(below(0)); <-c },
			"select (durable)": func() {
				here(below(1))
				select {
				case <-c:
				case <-time.After(time.Hour):
				}
			},
			"sync.WaitGroup.Wait (durable)": func() { here(below(0)); wg.Wait() },
			"sync.Cond.Wait (durable)":      func() { cond.L.Lock(); here(below(0)); cond.Wait() },
		} {
			go func() { loop.do(body); ended <- 1 }()
			stuck := StillRunning(testMarkers...)
			if len(stuck) != 1 || stuck[0].State != state || stuck[0].User != *at.Load() {
				t.Errorf("%s at %s: got %v", state, at.Load(), stuck)
			}
			if d := time.Since(begin); d != 0 {
				t.Errorf("%v have passed", d)
			}
			switch {
			case strings.HasPrefix(state, "sleep"):
				time.Sleep(time.Hour)
				begin = time.Now()
			case strings.HasPrefix(state, "sync.W"):
				wg.Done()
			case strings.HasPrefix(state, "sync.C"):
				cond.Signal()
			default:
				c <- 1
			}
			<-ended
		}
	})
}

func TestNothingIsStillRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop()
		defer loop.stop()
		loop.do(harmless)
		idle, end := make(chan int), make(chan int)
		go func() { <-idle; close(end) }() // waits, but is no callback
		if stuck := StillRunning(testMarkers...); len(stuck) != 0 {
			t.Errorf("got %v", stuck)
		}
		close(idle)
		<-end
	})
}

// Another bubble's callbacks, and those outside any, are not asked about.
func TestStillRunningKeepsToItsBubble(t *testing.T) {
	c, id, ended := make(chan int), make(chan string, 1), make(chan int)
	go func() { defer close(ended); Callback(func() { id <- goid(); <-c }) }()
	untilParked(<-id, "chan receive")
	synctest.Test(t, func(t *testing.T) {
		if stuck := StillRunning(); len(stuck) != 0 {
			t.Errorf("got %v", stuck)
		}
	})
	close(c)
	<-ended
}

// Virtual time in a callback is exact: a coroutine's, a nested callback's, and none at
// all for what found its event ready.
func TestVirtualTime(t *testing.T) {
	rec := mustStart(t, Config{})
	synctest.Test(t, func(t *testing.T) {
		for want, body := range map[time.Duration]func(){
			0:                    harmless,
			time.Nanosecond:      func() { time.Sleep(time.Nanosecond) },
			1000 * time.Hour:     func() { time.Sleep(1000 * time.Hour) },
			5 * time.Millisecond: func() { c := make(chan int); time.AfterFunc(5*time.Millisecond, func() { close(c) }); <-c },
			7*time.Second + 1:    func() { time.Sleep(time.Nanosecond); time.Sleep(7 * time.Second) },
		} {
			if got := Virtual(body); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		Named("naps", func() { time.Sleep(time.Minute); napA() })
		Named("naps", func() { time.Sleep(time.Second) })
	})
	seen := false
	for _, b := range mustStop(t, rec).Blocks {
		if b.Name == "naps" && b.User.Func == FuncName(napA) {
			seen = true
			if b.Virtual != time.Minute+1 {
				t.Errorf("%v of virtual time in the callback, want 1m0.000000001s", b.Virtual)
			}
		} else if b.Name == "" && b.Virtual != 0 {
			t.Errorf("virtual time without a name: %s", b)
		}
	}
	if !seen {
		t.Error("the named nap is not in the report")
	}
}

func TestOutsideABubble(t *testing.T) {
	for name, f := range map[string]func(){"StillRunning": func() { StillRunning() }, "Virtual": func() { Virtual(func() {}) }} {
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.HasPrefix(p, "blocking: "+name+" outside a synctest bubble") {
					t.Errorf("%s panicked with %q", name, p)
				}
			}()
			f()
		}()
	}
}

func TestDumpIsRead(t *testing.T) {
	got := parseStack("time.Sleep(0x1)\n\t/go/time.go:1 +0x1\na.org/p.(*T[...]).M({0x1, 0x2}, 0x3)\n\t/p/t.go:22 +0x4\na.org/p.F(...)\n\t/p/f.go:3\n" +
		"created by a.org/p.G in goroutine 7\n\t/p/g.go:9 +0x1")
	want := []Frame{{"time.Sleep", "/go/time.go", 1}, {"a.org/p.(*T[...]).M", "/p/t.go", 22}, {"a.org/p.F", "/p/f.go", 3}}
	if compareStacks(got, want) != 0 {
		t.Errorf("got %v", got)
	}
}
