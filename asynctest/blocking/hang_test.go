package blocking

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A short guard is right in a test of guards: whatever hangs here does so until the guard
// has told of it, however long that takes.
const shortGuard = 20 * time.Millisecond

//go:noinline
func spinUntil(end *atomic.Bool) {
	for !end.Load() {
		runtime.Gosched()
	}
}

//go:noinline
func waitFor(c chan int) { <-c }

// A callback that does not return is told while it hangs, whether it waits or spins, and
// one that has returned is not.
func TestHang(t *testing.T) {
	told := make(chan Block)
	rec := mustStart(t, Config{Hang: shortGuard, OnHang: func(b Block) { told <- b }})
	Callback(napA)
	var end atomic.Bool
	c := make(chan int)
	var all sync.WaitGroup
	all.Go(func() { Callback(func() { waitFor(c) }) })
	waits := <-told
	all.Go(func() { Named("spinner", func() { Callback(func() { spinUntil(&end) }) }) })
	spins := <-told
	end.Store(true)
	c <- 1
	all.Wait()
	r := mustStop(t, rec)
	slices.SortFunc(r.Hangs, func(a, b Block) int { return strings.Compare(a.User.Func, b.User.Func) })
	if len(r.Hangs) != 2 {
		t.Fatalf("want two hangs, got:\n%s", r)
	}
	for i, b := range []Block{spins, waits} {
		if b.Kind != Hang || b.String() != r.Hangs[i].String() {
			t.Errorf("told %s, reported %s", b, r.Hangs[i])
		}
	}
	if waits.User.Func != FuncName(waitFor) || waits.Resource != Channel || waits.Reason != "chan receive" {
		t.Errorf("got %s", waits)
	}
	if spins.User.Func != FuncName(spinUntil) || spins.Resource != Other {
		t.Errorf("got %s", spins)
	}
	for _, b := range r.Blocks {
		if b.Kind != Park || b.User.Func == FuncName(spinUntil) {
			t.Errorf("a hang counts as a block: %s", b)
		}
	}
	if waitsOf(r) != 2 { // the nap, and the wait that hung
		t.Errorf("got:\n%s", r)
	}
}

// In a bubble, whose clock stands still while a callback spins, the guard keeps its own.
func TestHangInABubble(t *testing.T) {
	told := make(chan Block)
	rec := mustStart(t, Config{Hang: shortGuard, OnHang: func(b Block) { told <- b }})
	synctest.Test(t, func(t *testing.T) {
		var end atomic.Bool
		var all sync.WaitGroup
		all.Go(func() { Callback(func() { spinUntil(&end) }) })
		if b := <-told; b.User.Func != FuncName(spinUntil) {
			t.Errorf("got %s", b)
		}
		end.Store(true)
		all.Wait()
		if r := mustStop(t, rec); len(r.Hangs) != 1 {
			t.Error(r)
		}
	})
}

//go:noinline
func waitForLong(c chan int) { <-c }

// A hang is told to the Recorder whose goroutine it is, once, and what may block may not
// hang.
func TestHangsAreJudged(t *testing.T) {
	var other *Recorder
	as(func() { other = mustStart(t, Config{Hang: time.Hour}) })
	rec := mustStart(t, Config{Hang: time.Hour, Allow: []Rule{
		AllowFunc(FuncName(waitFor), "may wait"),
		AllowFunc(FuncName(waitForLong), "may hang").By(Hang),
	}})
	c, id := make(chan int), make(chan string, 1)
	var all sync.WaitGroup
	for _, wait := range []func(chan int){waitFor, waitForLong} {
		all.Go(func() { Callback(func() { id <- goid(); wait(c) }) })
		untilParked(<-id, "chan receive")
	}
	for _, r := range []*Recorder{rec, other} {
		now := time.Now()
		for _, at := range []time.Duration{0, time.Hour - 1, time.Hour, 2 * time.Hour} {
			r.guard.look(now.Add(at))
			if at < time.Hour && len(r.guard.hung) != 0 {
				t.Errorf("after %v: %v", at, r.guard.hung)
			}
		}
	}
	c <- 1
	c <- 1
	all.Wait()
	r := mustStop(t, rec)
	if len(r.Hangs) != 1 || r.Hangs[0].User.Func != FuncName(waitFor) || r.Hangs[0].Count != 1 {
		t.Errorf("want one hang, in waitFor, got:\n%s", r)
	}
	if len(r.Blocks) != 1 || r.Blocks[0].User.Func != FuncName(waitForLong) || len(r.Allowed) != 2 || len(r.Stale) != 0 {
		t.Errorf("want one block, in waitForLong, and two allowed, got:\n%s", r)
	}
	if r := mustStop(t, other); len(r.Hangs)+len(r.Blocks) != 0 {
		t.Error(r)
	}
	if visits.guards.Load() != 0 || len(underWay()) != 0 {
		t.Error("something is left of the guards")
	}
}

// What the runtime says of a goroutine is told as the tracer would.
func TestStateOfAHang(t *testing.T) {
	for head, want := range map[string]struct {
		state string
		on    Resource
	}{
		"goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 1]:": {"chan receive", Channel},
		"goroutine 7 [chan receive (nil chan)]:":                              {"chan receive (nil chan)", Channel},
		"goroutine 7 [chan send]:":                                            {"chan send", Channel},
		"goroutine 7 [select (no cases)]:":                                    {"select (no cases)", Channel},
		"goroutine 7 [sync.Mutex.Lock, locked to thread]:":                    {"sync.Mutex.Lock", Lock},
		"goroutine 7 [semacquire]:":                                           {"semacquire", Lock},
		"goroutine 7 [sleep]:":                                                {"sleep", Sleep},
		"goroutine 7 [syscall]:":                                              {"syscall", Other},
		"goroutine 7 [running]:":                                              {"running", Other},
		"goroutine 7":                                                         {"", Other},
	} {
		if got := dumpState(head); got != want.state {
			t.Errorf("%s: %q, want %q", head, got, want.state)
		}
		if got := classify(Hang, want.state, nil, newOwnership()); got != want.on {
			t.Errorf("%s: %s, want %s", head, got, want.on)
		}
	}
	net := []Frame{handFrame("internal/poll.runtime_pollWait"), handFrame("internal/poll.(*FD).Read"), handFrame("net.(*conn).Read")}
	if got := classify(Hang, "IO wait", net, newOwnership()); got != Network {
		t.Errorf("a socket is %s", got)
	}
}
