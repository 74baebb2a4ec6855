package fakeloop_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// made tells what was made in a run, and whether that was the driver's doing.
func made(run *timeline.Timeline) string {
	var out []string
	for _, e := range run.All() {
		switch e.Kind {
		case timeline.Posted, timeline.Armed, timeline.Promised, timeline.Passed:
			by := "callback"
			if e.Cause == timeline.Driver {
				by = "driver"
			}
			out = append(out, fmt.Sprintf("%s by %s", e.Label, by))
		}
	}
	return strings.Join(out, ", ")
}

// A goroutine of the test that a callback wakes in its middle goes on when the callback has
// ended: what it does then is its own doing, and behind that of the callback.
func TestDriverGoesOnBehindTheCallback(t *testing.T) {
	type shared struct {
		*fakeloop.Loop
		done chan struct{}
		p    *fakeloop.Promise[int]
	}
	waits := map[string]func(shared) error{
		"Wait":     func(s shared) error { _, err := s.p.Future().Wait(); return err },
		"Await":    func(s shared) error { return s.Await(s.p.Future()) },
		"RunUntil": func(s shared) error { return s.RunUntil(s.p.Future().Settled) },
		"channel":  func(s shared) error { <-s.done; return nil },
	}
	acts := map[string]func(shared){
		"Post":       func(s shared) { s.Named("next").Post(func() {}) },
		"AfterFunc":  func(s shared) { s.Named("next").AfterFunc(time.Second, func() {}) },
		"NewPromise": func(s shared) { fakeloop.NewPromise[int](s.Loop, "next").Resolve(1) },
		"Note": func(s shared) {
			s.Gate().Note(fakeloop.Passage{What: "next"})
			s.Named("last").Post(func() {})
		},
	}
	for range scaled(t, "runs", 100, 5) {
		for wait, waitFor := range waits {
			for act, do := range acts {
				synctest.Test(t, func(t *testing.T) {
					written := false
					s := shared{fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble}), make(chan struct{}), nil}
					s.p = fakeloop.NewPromise[int](s.Loop, "p")
					s.Named("wakes").Post(func() {
						s.p.Resolve(1)
						close(s.done)
						for range 300 {
							runtime.Gosched()
						}
						s.Named("child").Post(func() {})
						written = true
					})
					must(t, waitFor(s))
					if wait != "channel" {
						equal(t, wait+": what the callback does last is done", written, true)
					}
					do(s)
					must(t, s.RunUntilIdle())
					mustClose(t, s.Loop)
					want := "p by driver, wakes by driver, child by callback, next by driver"
					if act == "Note" {
						want += ", last by driver"
					}
					equal(t, wait+", "+act, made(s.Timeline()), want)
				})
			}
		}
	}
}

// So does a goroutine that the loop has started.
func TestGoroutineGoesOnBehindTheCallback(t *testing.T) {
	for range scaled(t, "runs", 200, 10) {
		synctest.Test(t, func(t *testing.T) {
			l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			woken := make(chan struct{})
			g := l.Go("client", func() {
				<-woken
				l.Named("next").AfterFunc(time.Second, func() {})
			})
			must(t, l.Settle())
			l.Named("wakes").Post(func() {
				close(woken)
				for range 300 {
					runtime.Gosched()
				}
				l.Named("child").Post(func() {})
			})
			<-g.Done()
			must(t, l.RunUntilIdle())
			mustClose(t, l)
			equal(t, "made", made(l.Timeline()), "start client by driver, wakes by driver, child by callback, next by driver")
		})
	}
}

// A callback that is blocked, perhaps by what the goroutine of the test holds or has to do,
// is not waited for.
func TestDriverGoesOnBesideABlockedCallback(t *testing.T) {
	for name, c := range map[string]struct {
		wait func(p *fakeloop.Promise[int], done chan struct{}) error
		lock bool
	}{
		"Wait, channel":    {func(p *fakeloop.Promise[int], _ chan struct{}) error { _, err := p.Future().Wait(); return err }, false},
		"channel, channel": {func(_ *fakeloop.Promise[int], done chan struct{}) error { <-done; return nil }, false},
		"channel, mutex":   {func(_ *fakeloop.Promise[int], done chan struct{}) error { <-done; return nil }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			p := fakeloop.NewPromise[int](l, "p")
			done, blocks := make(chan struct{}), make(chan struct{})
			var mu sync.Mutex
			mu.Lock()
			l.Named("wakes").Post(func() {
				p.Resolve(1)
				close(done)
				if c.lock {
					mu.Lock()
					defer mu.Unlock()
				} else {
					<-blocks
				}
				l.Named("child").Post(func() {})
			})
			begin := time.Now()
			must(t, c.wait(p, done))
			equal(t, name+": time that passed", time.Since(begin), 0)
			for i := range 3 {
				l.Named(fmt.Sprint("next ", i)).Post(func() {})
			}
			mu.Unlock()
			close(blocks)
			must(t, l.RunUntilIdle())
			mustClose(t, l)
			equal(t, name, made(l.Timeline()), "p by driver, wakes by driver, child by callback, next 0 by driver, next 1 by driver, next 2 by driver")
		})
	}
}

// When the goroutine of the test lets such a callback go on, the callback ends before that
// goroutine does more.
func TestDriverGoesOnBehindWhomItReleases(t *testing.T) {
	starts := map[string]func(l *fakeloop.Loop, body func()){
		"callback": func(l *fakeloop.Loop, body func()) { l.Named("waits").Post(body) },
		"coroutine": func(l *fakeloop.Loop, body func()) {
			fakeloop.Async(l, "waits", func(co *fakeloop.Coroutine) (int, error) {
				body()
				return 0, co.Yield()
			})
		},
	}
	for range scaled(t, "runs", 300, 20) {
		for name, start := range starts {
			synctest.Test(t, func(t *testing.T) {
				l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
				woken, answer := make(chan struct{}), make(chan struct{})
				start(l, func() {
					close(woken)
					answer <- struct{}{}
					for range 100 {
						runtime.Gosched()
					}
					l.Named("child").Post(func() {})
				})
				<-woken
				l.Named("first").Post(func() {})
				<-answer
				l.Named("next").AfterFunc(time.Second, func() {})
				must(t, l.RunUntilIdle())
				mustClose(t, l)
				var order []string
				for _, e := range l.Timeline().All() {
					if e.Kind == timeline.Armed || e.Kind == timeline.Posted && e.Label != "waits" {
						order = append(order, fmt.Sprintf("%s by the driver %v", e.Label, e.Cause == timeline.Driver))
					}
				}
				equal(t, name, strings.Join(order, ", "), "child by the driver false, next by the driver true, first by the driver true")
			})
		}
	}
}

// A callback that waits for the goroutine of the test without being blocked is not waited
// for without end.
func TestDriverGoesOnBesideACallbackThatSpins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		done, began := make(chan struct{}), make(chan struct{})
		l.Post(func() {
			close(done)
			for {
				select {
				case <-began:
					return
				default:
					runtime.Gosched()
				}
			}
		})
		<-done
		l.Named("next").Post(func() {})
		close(began)
		must(t, l.RunUntilIdle())
		mustClose(t, l)
		equal(t, "made", made(l.Timeline()), " by driver, next by driver")
	})
}
