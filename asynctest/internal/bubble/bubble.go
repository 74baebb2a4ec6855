package bubble

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// DefaultHorizon is how far a function may move virtual time before it is given up. It is
// well beyond that of a fakeloop.Loop, whose calls tell more about what they wait for.
const DefaultHorizon = 7 * 24 * time.Hour

// DefaultGuard is how long, in real time, nothing in a bubble may run before the
// watchdog says that virtual time stands still. WINDTUNNEL_GUARD replaces it.
const DefaultGuard = 10 * time.Second

// spinGuards is how many guards a restless function may take, in real time, for a
// restlessStep of virtual time: to compute for long is not to wait for ever, so it is given
// more time than what stands still.
const spinGuards = 6

// restlessStep is how far virtual time must come on for that.
const restlessStep = time.Minute

// step is how often, in virtual time, the bubble looks whether the context of a
// function has been cancelled outside.
const step = time.Hour

// linger is how much virtual time goroutines have to end by themselves before they
// count as left behind: the asynchronous close of a connection takes some.
const linger = time.Minute

// Bubble is one testing/synctest bubble, from Start to End. Its methods are called
// from outside of it.
type Bubble struct {
	id    uint64
	guard time.Duration
	work  chan *job
	calls chan func() // for Outside
	busy  atomic.Bool // a function runs and has not been given up from within
	ended chan struct{}

	// Written before ended is closed.
	verdict any  // what synctest.Test panicked with
	raced   bool // the race detector has failed it

	mu      sync.Mutex
	closed  bool
	trouble bool // a function did not return
	atEnd   []func()
	notes   []error
	told    map[uint64]bool // goroutines that need not be reported any more
	names   map[*fakeloop.Loop]string
}

// bubbles are those that are alive, by their number.
var bubbles sync.Map // uint64 -> *Bubble

// Start begins a bubble. It panics inside another one.
func Start() *Bubble {
	if ID() != 0 {
		panic("asynctest: a bubble cannot begin inside another one: call Run or use spec.Bubble outside of synctest.Test")
	}
	warm()
	runtime.GC()
	runtime.GC() // what the first moved to the victim caches of pools
	b := &Bubble{guard: guard(), work: make(chan *job), calls: make(chan func()), ended: make(chan struct{})}
	ready := make(chan struct{})
	go func() {
		finished := false
		defer func() {
			b.verdict = recover()
			b.raced = !finished && b.verdict == nil
			bubbles.Delete(b.id)
			close(b.ended)
		}()
		// Test wants a T and needs nothing of it: what runs in the bubble has its own
		// way to fail, and the T that Test makes of this one is not given to anybody.
		synctest.Test(new(testing.T), func(*testing.T) {
			b.id = ID()
			bubbles.Store(b.id, b)
			close(ready)
			b.serve()
		})
		finished = true
	}()
	<-ready
	return b
}

func guard() time.Duration {
	text := os.Getenv("WINDTUNNEL_GUARD")
	if text == "" {
		return DefaultGuard
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		panic(fmt.Sprintf("asynctest: WINDTUNNEL_GUARD=%q: want a positive duration, such as 30s", text))
	}
	return d
}

// Call is a function to be run in a bubble.
type Call struct {
	// Body is the function. The context has the values of Context, and is cancelled when
	// Body has ended or has been given up.
	Body func(ctx context.Context)

	// Context is one from outside, nil for context.Background(). When it is cancelled, so
	// is Body's, once virtual time has moved by an hour: nothing from outside can end a
	// wait in a bubble.
	Context context.Context

	// Horizon is how far Body may move virtual time. 0 means DefaultHorizon.
	Horizon time.Duration

	// Restless says that Body is given up, too, when virtual time does not come on in real
	// time, although goroutines run: see Spinning. Otherwise it may take as long as it likes.
	Restless bool
}

// Run runs a function in the bubble and returns when it has ended, or has been given
// up: see [Outcome].
func (b *Bubble) Run(c Call) Result {
	j := &job{Call: c, done: make(chan Result, 1)}
	if j.Context == nil {
		j.Context = context.Background()
	}
	if j.Horizon == 0 {
		j.Horizon = DefaultHorizon
	}
	b.mu.Lock()
	free := !b.closed && b.busy.CompareAndSwap(false, true)
	b.mu.Unlock()
	if !free {
		return Result{Outcome: Busy}
	}
	select {
	case b.work <- j:
	case <-b.ended:
		return b.over()
	}
	r := b.await(j)
	if r.Outcome > Exited {
		b.mu.Lock()
		b.trouble = true
		b.mu.Unlock()
	}
	return r
}

// await waits, outside, for a function to end.
func (b *Bubble) await(j *job) Result {
	dog := fakeloop.WatchBubble(b.id, b.guard)
	look := time.NewTicker(dog.Every())
	defer look.Stop()
	cancelled := j.Context.Done()
	spins := spinWatch{of: j, most: int(spinGuards * b.guard / dog.Every())}
	for {
		select {
		case r := <-j.done:
			return r
		case f := <-b.calls:
			f()
			dog = fakeloop.WatchBubble(b.id, b.guard)
		case <-b.ended:
			return b.over()
		case <-cancelled:
			cancelled = nil
			j.cancelled.Store(true)
		case <-look.C:
			if stall := dog.Look(); stall != nil {
				return j.frozen(stall, b.guard)
			}
			if spins.look() {
				return j.spinning(Goroutines(b.id), b.guard)
			}
			if c := dog.Busy(); c != nil {
				b.warn(c)
			}
		}
	}
}

// Stacks shows what the goroutines of the bubble do. Any goroutine may call it, at any
// time.
func (b *Bubble) Stacks() string { return stacks(Goroutines(b.id), 0, false) }

func (b *Bubble) over() Result {
	return Result{Outcome: Over, Value: b.verdict}
}

// End ends the bubble and says what is wrong with its end; the Outcome is Returned if
// nothing is. If a function did not return, that has been said before, and what is left
// of it is not reported again.
func (b *Bubble) End() Result {
	b.mu.Lock()
	first, trouble := !b.closed, b.trouble || b.busy.Load()
	b.closed = true
	b.mu.Unlock()
	if !first {
		return Result{}
	}
	defer b.cleanUp()
	close(b.work)
	if b.busy.Load() {
		return Result{} // it may end later, or never
	}
	dog := fakeloop.WatchBubble(b.id, b.guard)
	look := time.NewTicker(dog.Every())
	defer look.Stop()
	for {
		select {
		case <-b.ended:
			switch {
			case b.raced:
				return Result{Outcome: Raced}
			case b.verdict == nil || trouble:
				return Result{}
			}
			return b.leak(Goroutines(b.id))
		case <-look.C:
			if stall := dog.Look(); stall != nil {
				if trouble {
					return Result{}
				}
				return b.leak(frozen(stall))
			}
		}
	}
}

// Abandon ends a bubble in which virtual time will not move any more, without a look at its
// end: what is in it stays as it is. A later End does nothing.
func (b *Bubble) Abandon() {
	b.mu.Lock()
	first := !b.closed
	b.closed = true
	b.mu.Unlock()
	if first {
		close(b.work)
		b.cleanUp()
	}
}

// InParallel returns the lines at which goroutines of the bubble wait in t.Parallel of
// package testing, each once.
func (b *Bubble) InParallel() []Frame {
	var out []Frame
	for _, g := range Goroutines(b.id) {
		i := slices.IndexFunc(g.Frames, func(f Frame) bool { return f.Func == "testing.(*T).Parallel" })
		if i >= 0 && i+1 < len(g.Frames) {
			out = append(out, g.Frames[i+1])
		}
	}
	slices.SortFunc(out, func(a, b Frame) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Func, b.Func))
	})
	return slices.Compact(out)
}

// leak is the result of a bubble in which goroutines are left.
func (b *Bubble) leak(left []Goroutine) Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	left = slices.DeleteFunc(left, func(g Goroutine) bool { return b.told[g.ID] })
	if len(left) == 0 && len(b.told) > 0 {
		return Result{}
	}
	return Result{Outcome: Leaked, Value: b.verdict, Goroutines: left}
}

// Tell shows the goroutines for which is holds, of the bubble in which it is called but for
// the calling one, as End does. They are told then: End does not report them again.
func Tell(is func(Goroutine) bool) string {
	goroutines := slices.DeleteFunc(Goroutines(ID()), func(g Goroutine) bool { return !is(g) })
	if found, ok := bubbles.Load(ID()); ok {
		b := found.(*Bubble)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.told == nil {
			b.told = make(map[uint64]bool)
		}
		for _, g := range goroutines {
			b.told[g.ID] = true
		}
	}
	return stacks(goroutines, 0, true)
}

// AtEnd has f called outside of the bubble in which it is called, when that ends,
// whatever has happened in it. It does nothing where Outside returns false, and outside of
// bubbles.
func AtEnd(f func()) {
	if found, ok := bubbles.Load(ID()); ok {
		b := found.(*Bubble)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.atEnd = append(b.atEnd, f)
	}
}

// Note keeps an error for Noted, in the bubble in which it is called. It does nothing
// where Outside returns false, and outside of bubbles.
func Note(err error) {
	if found, ok := bubbles.Load(ID()); ok {
		b := found.(*Bubble)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.notes = append(b.notes, err)
	}
}

// Noted returns what has been noted in the bubble in which it is called: errors that may be
// the reason for something that does not come.
func Noted() []error {
	found, ok := bubbles.Load(ID())
	if !ok {
		return nil
	}
	b := found.(*Bubble)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notes)
}

func (b *Bubble) cleanUp() {
	b.mu.Lock()
	all := b.atEnd
	b.atEnd = nil
	b.mu.Unlock()
	for _, f := range slices.Backward(all) {
		f()
	}
}

// Outside runs f outside of the bubble in which it is called, while virtual time stands
// still there, and returns when f has. It returns false, and f has not run, in a bubble
// that has not been made by Start, or when no function runs in it. Outside of bubbles f is
// simply called.
func Outside(f func()) bool {
	id := ID()
	if id == 0 {
		f()
		return true
	}
	found, ok := bubbles.Load(id)
	if !ok {
		return false
	}
	b := found.(*Bubble)
	if !b.busy.Load() {
		return false
	}
	var done sync.Mutex // not durable, which is what is wanted
	done.Lock()
	b.calls <- func() {
		defer done.Unlock()
		f()
	}
	done.Lock()
	return true
}
