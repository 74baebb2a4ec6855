//go:build unix

package fakeloop_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Raise posts: the handlers run next turn, in the order of their registration.
func TestRaise(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var log journal
	loop.OnSignal(syscall.SIGHUP, log.note("reload"))
	loop.OnSignal(syscall.SIGHUP, log.note("rotate"))
	loop.OnSignal(syscall.SIGTERM, log.note("stop"))
	mustIdle(t, loop) // a handler keeps no loop busy
	loop.AfterFunc(time.Second, func() {
		equal(t, "Raise", loop.Raise(syscall.SIGHUP), nil)
		log.add("raised")
		loop.Post(log.note("posted"))
	})
	mustIdle(t, loop)
	log.want(t, "raised reload rotate posted")
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	// From outside of a callback, and as often as it is raised.
	for range 3 {
		equal(t, "Raise", loop.Raise(syscall.SIGTERM), nil)
	}
	log.want(t, "")
	mustIdle(t, loop)
	log.want(t, "stop stop stop")
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Fired && e.At == 0 {
			t.Errorf("unexpected %v", e)
		}
	}
}

func TestRaiseWithoutAHandler(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	equal(t, "Raise before the first handler", loop.Raise(syscall.SIGHUP), nil)
	remove := loop.OnSignal(syscall.SIGHUP, func() { t.Error("a removed handler ran") })
	equal(t, "Raise of another", loop.Raise(syscall.SIGTERM), nil)
	equal(t, "Raise", loop.Raise(syscall.SIGHUP), nil)
	equal(t, "remove", remove(), true)
	equal(t, "remove again", remove(), false)
	equal(t, "Raise after the last handler", loop.Raise(syscall.SIGHUP), nil)
	mustIdle(t, loop)
	var log journal
	loop.OnSignal(syscall.SIGHUP, log.note("again"))
	equal(t, "Raise", loop.Raise(syscall.SIGHUP), nil)
	mustIdle(t, loop)
	log.want(t, "again")
	mustClose(t, loop)
	equal(t, "Raise on a closed loop", loop.Raise(syscall.SIGHUP), fakeloop.ErrClosed)
	equal(t, "Raise on a closed loop without handlers", loop.Raise(syscall.SIGTERM), fakeloop.ErrClosed)
}

func TestRaiseIsDeterministic(t *testing.T) {
	run := func() timeline.Digest {
		loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(3)})
		for i := range 4 {
			loop.OnSignal(syscall.SIGHUP, func() {
				if i == loop.Choose("who", 4) {
					_ = loop.Raise(syscall.SIGTERM)
				}
			})
			loop.OnSignal(syscall.SIGTERM, func() { loop.AfterFunc(time.Second, func() {}) })
			loop.AfterFunc(time.Duration(i), func() { _ = loop.Raise(syscall.SIGHUP) })
		}
		mustIdle(t, loop)
		mustClose(t, loop)
		return loop.Timeline().Digest()
	}
	first := run()
	for range 200 {
		if d := run(); d != first {
			t.Fatalf("digest %v, want %v", d, first)
		}
	}
}

// A signal of the process is none of a virtual loop's.
func TestVirtualLoopIgnoresTheProcess(t *testing.T) {
	came := watchSignal(t, syscall.SIGUSR1)
	loop := newLoop(t, fakeloop.Config{})
	loop.OnSignal(syscall.SIGUSR1, func() { t.Error("a real signal reached a virtual loop") })
	equal(t, "relays", relays(), 0)
	send(t, syscall.SIGUSR1)
	<-came
	mustIdle(t, loop)
}

func TestSignalMisuse(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			wantPanic(t, "fakeloop: OnSignal with a nil signal or function", func() { loop.OnSignal(syscall.SIGUSR1, nil) })
			wantPanic(t, "fakeloop: OnSignal with a nil signal or function", func() { loop.OnSignal(nil, func() {}) })
			wantPanic(t, "fakeloop: Raise with a nil signal", func() { _ = loop.Raise(nil) })
			remove := loop.OnSignal(syscall.SIGUSR1, func() {})
			if mode == fakeloop.Wall {
				equal(t, "Raise", loop.Raise(syscall.SIGUSR1), fakeloop.ErrNotVirtual)
			}
			mustClose(t, loop)
			wantPanic(t, "fakeloop: OnSignal on a closed loop: the handler would never run", func() { loop.OnSignal(syscall.SIGUSR1, func() {}) })
			equal(t, "remove after Close", remove(), true)
			equal(t, "remove after Close again", remove(), false)
			waitForNoRelays()
		})
	}
}

// watchSignal keeps a signal from the process while a test sends it, and tells
// of each that has come.
func watchSignal(t *testing.T, sig os.Signal) <-chan os.Signal {
	t.Helper()
	came := make(chan os.Signal, 100)
	signal.Notify(came, sig)
	t.Cleanup(func() { signal.Stop(came) })
	return came
}

func send(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Error(err) // not Fatal: this may be another goroutine
	}
}

// relays counts the goroutines that hand signals to loops.
func relays() int {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return strings.Count(string(buf[:n]), "created by github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).startRelay ")
		}
		buf = make([]byte, 2*len(buf))
	}
}

// waitForNoRelays returns when the last relay has ended: it was told to, and
// nothing holds it up.
func waitForNoRelays() {
	for relays() > 0 {
		runtime.Gosched()
	}
}

// expected announces signals: the loop is busy until each has come. A signal
// itself orders nothing, as far as the race detector can see; the channel does.
type expected chan *fakeloop.Work

func (e expected) send(t *testing.T, loop *fakeloop.Loop, sig syscall.Signal) {
	t.Helper()
	e <- loop.Outside("signal")
	send(t, sig)
	mustIdle(t, loop)
}

// came is called by the handler that is expected to run last.
func (e expected) came() { _ = (<-e).Return(nil) }

func TestWallSignal(t *testing.T) {
	watchSignal(t, syscall.SIGUSR1)
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	var log journal
	e := make(expected, 1)
	loop.OnSignal(syscall.SIGUSR1, func() {
		log.add("first")
		equal(t, "on the loop", loop.RunUntilIdle(), fakeloop.ErrReentrant)
	})
	loop.OnSignal(syscall.SIGUSR1, func() { log.add("second"); e.came() })
	loop.OnSignal(syscall.SIGUSR2, func() { t.Error("the handler of another signal ran") })
	equal(t, "relays", relays(), 2)
	for range 3 {
		e.send(t, loop, syscall.SIGUSR1)
		log.want(t, "first second")
	}
	var labels []string
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Fired && len(labels) < 3 {
			labels = append(labels, e.Label)
		}
	}
	equal(t, "callbacks", fmt.Sprint(labels), "[signal user defined signal 1 user defined signal 1 user defined signal 1]")
	mustClose(t, loop)
	waitForNoRelays()
}

func TestWallSignalHandlerRemovesItself(t *testing.T) {
	came := watchSignal(t, syscall.SIGUSR1)
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	var log journal
	e := make(expected, 1)
	var remove func() bool
	remove = loop.OnSignal(syscall.SIGUSR1, func() {
		e.came()
		log.add("once")
		equal(t, "remove itself", remove(), true)
		equal(t, "remove itself again", remove(), false)
	})
	e.send(t, loop, syscall.SIGUSR1)
	waitForNoRelays() // the last handler has gone
	<-came
	send(t, syscall.SIGUSR1)
	<-came
	mustIdle(t, loop)
	log.want(t, "once")
	// The next handler begins anew.
	loop.OnSignal(syscall.SIGUSR1, func() { log.add("again"); e.came() })
	equal(t, "relays", relays(), 1)
	e.send(t, loop, syscall.SIGUSR1)
	log.want(t, "again")
	mustClose(t, loop)
	waitForNoRelays()
}

// A signal has one relay, which ends with the last of its handlers.
func TestWallSignalRelayIsShared(t *testing.T) {
	watchSignal(t, syscall.SIGUSR1)
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	var log journal
	e := make(expected, 1)
	first := loop.OnSignal(syscall.SIGUSR1, log.note("first"))
	second := loop.OnSignal(syscall.SIGUSR1, func() { log.add("second"); e.came() })
	other := loop.OnSignal(syscall.SIGUSR2, func() {})
	equal(t, "relays", relays(), 2)
	equal(t, "remove", first(), true)
	equal(t, "remove again", first(), false)
	equal(t, "relays", relays(), 2)
	e.send(t, loop, syscall.SIGUSR1)
	log.want(t, "second")
	equal(t, "remove the last", second(), true)
	for relays() > 1 {
		runtime.Gosched()
	}
	equal(t, "remove of another signal", other(), true)
	waitForNoRelays()
}

func TestWallSignalOfTwoLoops(t *testing.T) {
	watchSignal(t, syscall.SIGUSR1)
	a, b := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall}), newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	var logA, logB journal
	eA, eB := make(expected, 1), make(expected, 1)
	a.OnSignal(syscall.SIGUSR1, func() { logA.add("a"); eA.came() })
	b.OnSignal(syscall.SIGUSR1, func() { logB.add("b"); eB.came() })
	eA <- a.Outside("signal")
	eB.send(t, b, syscall.SIGUSR1)
	mustIdle(t, a)
	logA.want(t, "a")
	logB.want(t, "b")
	mustClose(t, a)
	eB.send(t, b, syscall.SIGUSR1)
	logA.want(t, "")
	logB.want(t, "b")
	mustClose(t, b)
	waitForNoRelays()
}

// A handler that panics is an error of the loop; the next signal finds it there.
func TestWallSignalHandlerPanics(t *testing.T) {
	watchSignal(t, syscall.SIGUSR1)
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	e := make(expected, 1)
	loop.OnSignal(syscall.SIGUSR1, func() { e.came(); panic("handler") })
	for range 2 {
		e <- loop.Outside("signal")
		send(t, syscall.SIGUSR1)
		wantErrorText(t, loop.RunUntilIdle(), `fakeloop: callback "user defined signal 1" (#) panicked at FILE: handler`)
	}
	mustClose(t, loop)
	waitForNoRelays()
}

// Signals while the loop is closed, and handlers that come and go meanwhile.
func TestWallSignalStorm(t *testing.T) {
	watchSignal(t, syscall.SIGUSR1)
	for range scaled(t, "loops", 400, 20) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
		loop.OnSignal(syscall.SIGUSR1, func() {})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5 {
				send(t, syscall.SIGUSR1)
			}
		}()
		for range 5 {
			remove := loop.OnSignal(syscall.SIGUSR1, func() {})
			if !remove() {
				t.Error("a handler was gone")
			}
		}
		mustClose(t, loop)
		<-done
	}
	waitForNoRelays()
}

// When the last handler goes, or the loop is closed, the signal has its own
// effect again. SIGTERM's is to end the process, so that is another process.
func TestWallSignalIsRestored(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Skipf("no way to run this test again: %v", err)
	}
	for how, want := range map[string]string{"handled": "exit status 0", "remove": "signal: terminated", "close": "signal: terminated"} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(exe, "-test.run=^TestWallSignalIsRestoredChild$", "-test.v")
			cmd.Env = append(os.Environ(), "FAKELOOP_SIGNAL="+how, "GORACE=atexit_sleep_ms=0")
			out, _ := cmd.CombinedOutput()
			equal(t, "how the process ended", cmd.ProcessState.String(), want)
			if t.Failed() || !strings.Contains(string(out), "sending") {
				t.Errorf("output:\n%s", out)
			}
		})
	}
}

func TestWallSignalIsRestoredChild(t *testing.T) {
	how := os.Getenv("FAKELOOP_SIGNAL")
	if how == "" {
		t.Skip("run by TestWallSignalIsRestored")
	}
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	e := make(expected, 1)
	remove := loop.OnSignal(syscall.SIGTERM, e.came)
	e.send(t, loop, syscall.SIGTERM)
	switch how {
	case "handled":
		fmt.Println("sending")
		e.send(t, loop, syscall.SIGTERM)
		return
	case "remove":
		remove()
	case "close":
		mustClose(t, loop)
	}
	came := watchSignal(t, syscall.SIGUSR1)
	fmt.Println("sending")
	send(t, syscall.SIGTERM)
	// Time enough for it to come: that many others do, one after the other.
	for range 2000 {
		send(t, syscall.SIGUSR1)
		<-came
	}
}
