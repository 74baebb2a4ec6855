package fakeloop_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// stallAfter is short since these bubbles do stall, or do not however long they are
// watched.
const stallAfter = 20 * time.Millisecond

// stallsOf runs a test in a bubble with a loop, watched from outside. Each stall is
// reported and then ended by heal, which is called outside the bubble.
func stallsOf(t *testing.T, heal func(), test func(t *testing.T, loop *fakeloop.Loop)) []*fakeloop.StallError {
	t.Helper()
	var stalls []*fakeloop.StallError
	watch := fakeloop.WatchStalls(fakeloop.StallConfig{After: stallAfter, Report: func(err *fakeloop.StallError) {
		stalls = append(stalls, err)
		heal()
	}})
	inBubble(t, test)
	watch.Stop()
	watch.Stop()
	return stalls
}

var numbers = regexp.MustCompile(`\b(bubble|goroutine) \d+|for \d[\w.]* of`)

// stallText returns the text of a stall without its stacks, and without numbers.
func stallText(err *fakeloop.StallError) string {
	head, _, _ := strings.Cut(err.Error(), "\n\n")
	return masked(numbers.ReplaceAllStringFunc(head, func(s string) string {
		if strings.HasPrefix(s, "for") {
			return "for # of"
		}
		return strings.Fields(s)[0] + " #"
	}))
}

// wantStall checks that there was one stall, with that text, which names places in this
// file.
func wantStall(t *testing.T, stalls []*fakeloop.StallError, want string) {
	t.Helper()
	if len(stalls) != 1 {
		t.Fatalf("%d stalls, want one: %v", len(stalls), stalls)
	}
	equal(t, "text", stallText(stalls[0]), want)
	equal(t, "blocked in this file", strings.HasPrefix(stalls[0].Blocked[0].Where, "stall_test.go:"), true)
	if stack := stalls[0].Blocked[0].Stack; !strings.HasSuffix(stalls[0].Error(), stack) || !strings.HasPrefix(stack, "goroutine ") {
		t.Errorf("the text does not end with the stack:\n%v", stalls[0])
	}
	if stalls[0].After < stallAfter {
		t.Errorf("reported after %v", stalls[0].After)
	}
}

// stallingLock is a sync.Mutex that can be unlocked from outside the bubble.
type stallingLock struct {
	sync.Mutex
	healed atomic.Bool
}

func (l *stallingLock) heal() { l.healed.Store(true); l.Mutex.Unlock() }

func (l *stallingLock) unlock() {
	if !l.healed.Load() {
		l.Mutex.Unlock()
	}
}

// hold locks, waits, and unlocks.
func (l *stallingLock) hold(wait func()) {
	l.Lock()
	wait()
	l.unlock()
}

func TestStallOfALock(t *testing.T) {
	var mu stallingLock
	stalls := stallsOf(t, mu.heal, func(t *testing.T, loop *fakeloop.Loop) {
		go mu.hold(func() { time.Sleep(time.Second) })
		settled(t, loop)
		mu.Lock()
		mu.Mutex.Unlock()
		time.Sleep(time.Minute)
	})
	wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: sync.Mutex.Lock at FILE: it waits for a lock of package sync, and whoever holds it waits too; do not hold it across a wait, or use package fakeloop/durable
These wait in the bubble meanwhile:
goroutine #: sleep at FILE`)
}

// settled waits until the bubble is settled.
func settled(t *testing.T, loop *fakeloop.Loop) {
	t.Helper()
	equal(t, "Settle", loop.Settle(), nil)
}

// A callback that waits by a lock for work that it has offloaded itself, which begins when the
// callback has returned, is told so.
func TestStallForHeldWork(t *testing.T) {
	var mu stallingLock
	var stalls []*fakeloop.StallError
	watch := fakeloop.WatchStalls(fakeloop.StallConfig{After: stallAfter, Report: func(err *fakeloop.StallError) {
		stalls = append(stalls, err)
		mu.heal()
	}})
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Offload: fakeloop.Between, Sites: true})
		loop.Named("first").Post(func() {
			mu.Lock()
			for _, name := range []string{"load", "store"} {
				fakeloop.Offload(loop, name, func(context.Context) (int, error) { mu.unlock(); return 0, nil })
			}
			mu.Lock()
			mu.Mutex.Unlock()
		})
		settled(t, loop)
		mustClose(t, loop)
	})
	watch.Stop()
	wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: sync.Mutex.Lock at FILE: it waits for a lock of package sync, and whoever holds it waits too; do not hold it across a wait, or use package fakeloop/durable; `+
		`callback "first" (#) has offloaded work "load" (#), made at FILE and work "store" (#), made at FILE, and no such work begins before the callback is over: `+
		`if this waits for it, let the callback return, and go on with a handler of the future; Config.Offload sets when it begins
These wait in the bubble meanwhile:
goroutine #: select at FILE`)
}

func TestStallOfAReadLock(t *testing.T) {
	var mu sync.RWMutex
	var healed atomic.Bool
	heal := func() { healed.Store(true); mu.Unlock() }
	stalls := stallsOf(t, heal, func(t *testing.T, loop *fakeloop.Loop) {
		go func() {
			mu.Lock()
			time.Sleep(time.Second)
			if !healed.Load() {
				mu.Unlock()
			}
		}()
		settled(t, loop)
		mu.RLock()
		defer mu.RUnlock()
		time.Sleep(time.Minute)
	})
	equal(t, "stalls", len(stalls), 1)
	equal(t, "state", stalls[0].Blocked[0].State, "sync.RWMutex.RLock")
}

func TestStallOfAForeignChannel(t *testing.T) {
	foreign := make(chan int)
	stalls := stallsOf(t, func() { close(foreign) }, func(*testing.T, *fakeloop.Loop) { <-foreign })
	wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: chan receive at FILE: it waits for a channel that was made outside the bubble; make it inside`)
}

// A test that calls Parallel in its bubble waits for the tests that do not.
func TestStallOfAParallelTest(t *testing.T) {
	t.Run("group", func(t *testing.T) {
		var stalls []*fakeloop.StallError
		stalled := make(chan bool)
		watch := fakeloop.WatchStalls(fakeloop.StallConfig{After: stallAfter, Report: func(err *fakeloop.StallError) {
			stalls = append(stalls, err)
			close(stalled)
		}})
		t.Run("parallel", func(t *testing.T) {
			inBubble(t, func(*testing.T, *fakeloop.Loop) { t.Parallel() })
		})
		<-stalled
		watch.Stop()
		wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: chan receive at FILE: it waits for other tests, in t.Parallel, which do not end in virtual time; call it before the bubble begins`)
	})
}

func TestStallOfARealConnection(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stalls := stallsOf(t, func() { _ = w.Close() }, func(*testing.T, *fakeloop.Loop) { _, _ = r.Read(make([]byte, 1)) })
	wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: IO wait at FILE: it waits for a real connection, pipe or file, which brings nothing in virtual time; connect through a network in memory`)
}

// A stall is reported once, and another one again.
func TestEachStallIsReportedOnce(t *testing.T) {
	channels := []chan int{make(chan int), make(chan int), make(chan int)}
	next := 0
	heal := func() { close(channels[next]); next++ }
	stalls := stallsOf(t, heal, func(t *testing.T, loop *fakeloop.Loop) {
		<-channels[0]
		<-channels[1] // the bubble has not been quiet in between
		settled(t, loop)
		<-channels[2]
	})
	equal(t, "stalls", len(stalls), 3)
}

// What runs, or waits for what runs, is no stall, however long it takes.
func TestWhatRunsIsNoStall(t *testing.T) {
	for name, work := range map[string]func(stop *atomic.Bool, r *os.File){
		"computing": func(stop *atomic.Bool, _ *os.File) {
			var mu sync.Mutex
			var all sync.WaitGroup
			mu.Lock()
			for range 3 {
				all.Go(func() { mu.Lock(); defer mu.Unlock() })
			}
			for !stop.Load() {
				spin(1)
			}
			mu.Unlock()
			all.Wait()
		},
		"contention": func(stop *atomic.Bool, _ *os.File) {
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for !stop.Load() {
						mu.Lock()
						spin(2)
						mu.Unlock()
					}
				})
			}
			all.Wait()
		},
		"virtual time": func(stop *atomic.Bool, _ *os.File) {
			for !stop.Load() {
				time.Sleep(time.Second)
			}
		},
		"a system call": func(_ *atomic.Bool, r *os.File) {
			_ = r.Fd() // from now on a read blocks a thread
			var mu sync.Mutex
			var all sync.WaitGroup
			mu.Lock()
			all.Go(func() { mu.Lock(); defer mu.Unlock() })
			_, _ = r.Read(make([]byte, 1))
			mu.Unlock()
			all.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var stop atomic.Bool
			timer := time.AfterFunc(5*stallAfter, func() { stop.Store(true); _ = w.Close() }) // real time
			defer timer.Stop()
			stalls := stallsOf(t, func() {}, func(*testing.T, *fakeloop.Loop) { work(&stop, r) })
			if len(stalls) > 0 {
				t.Errorf("reported: %v", stalls)
			}
		})
	}
}

// A bubble without a loop is watched by who knows its number and looks.
func TestWatchOfOneBubble(t *testing.T) {
	foreign, number, done := make(chan int), make(chan uint64, 1), make(chan bool)
	go func() {
		defer close(done)
		synctest.Test(t, func(*testing.T) {
			buf := make([]byte, 128)
			_, after, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "synctest bubble ")
			n, _ := strconv.ParseUint(after[:strings.IndexAny(after, ",]")], 10, 64)
			number <- n
			<-foreign
			time.Sleep(time.Hour)
		})
	}()
	bubble := <-number
	watch, other := fakeloop.WatchBubble(bubble, stallAfter), fakeloop.WatchBubble(bubble+1000, stallAfter)
	equal(t, "Every", watch.Every(), stallAfter/20)
	var stall *fakeloop.StallError
	tick := time.NewTicker(watch.Every())
	defer tick.Stop()
	for stall == nil {
		<-tick.C
		equal(t, "stall of no bubble", other.Look(), nil)
		stall = watch.Look()
	}
	wantStall(t, []*fakeloop.StallError{stall}, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: chan receive at FILE: it waits for a channel that was made outside the bubble; make it inside`)
	equal(t, "number", stall.Bubble, bubble)
	equal(t, "remedy", stall.Blocked[0].Remedy, "a channel that was made outside the bubble; make it inside")
	for range 40 {
		<-tick.C
		equal(t, "stall that was told", watch.Look(), nil)
	}
	close(foreign)
	<-done
	wantPanic(t, "fakeloop: WatchBubble: after (0s) must be positive", func() { fakeloop.WatchBubble(1, 0) })
}

// Without Report a stall ends the program, with the reason.
func TestStallEndsTheProgram(t *testing.T) {
	if os.Getenv("WINDTUNNEL_STALL") != "" {
		foreign := make(chan int)
		fakeloop.WatchStalls(fakeloop.StallConfig{After: stallAfter})
		inBubble(t, func(*testing.T, *fakeloop.Loop) { <-foreign })
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStallEndsTheProgram$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "WINDTUNNEL_STALL=1")
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"panic: ", "fakeloop: the time of bubble ", "chan receive at stall_test.go:"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%v, without %q:\n%s", err, want, out)
		}
	}
}

func TestMisuseOfWatchStalls(t *testing.T) {
	wantPanic(t, "fakeloop: WatchStalls: After (-1ns) must not be negative; zero means the default", func() {
		fakeloop.WatchStalls(fakeloop.StallConfig{After: -1})
	})
	synctest.Test(t, func(t *testing.T) {
		wantPanic(t, "fakeloop: WatchStalls in a bubble, whose time stands still when it stalls; call it outside, before synctest.Test", func() {
			fakeloop.WatchStalls(fakeloop.StallConfig{})
		})
	})
}

// A long list of those who wait is cut.
func TestStallErrorOfManyGoroutines(t *testing.T) {
	err := &fakeloop.StallError{Bubble: 7, After: time.Second, Blocked: []fakeloop.Stalled{{Goroutine: 1, State: "sync.RWMutex.Lock", Where: "a.go:1", Stack: "stack"}}}
	for i := range 25 {
		err.Waiting = append(err.Waiting, fakeloop.Stalled{Goroutine: uint64(i + 2), State: "sleep"})
	}
	lines := strings.Split(err.Error(), "\n")
	equal(t, "last lines", strings.Join(lines[len(lines)-4:], "\n"), "goroutine 21: sleep\nand 5 more\n\nstack")
	equal(t, "first line", lines[0], "fakeloop: the time of bubble 7 stands still: nothing in it has moved for 1s of real time.")
	equal(t, "names the lock", slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "sync.RWMutex.Lock at a.go:1") }), true)
}
