package loops_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

const refNever time.Duration = math.MaxInt64

// refTimer is one callback at an instant.
type refTimer struct {
	at      time.Duration
	armed   uint64
	fn      func()
	index   int // in the heap, -1 outside
	queued  bool
	running bool
	flaw    string
}

// later is the instant d behind now; what overflows is never, but for the flaw.
func (l *refLoop) later(now, d time.Duration, flaw string) time.Duration {
	sum := now + d
	switch {
	case d <= 0, sum >= now:
		return sum
	case l.has(flaw):
		return now
	}
	return refNever
}

// After sets a timer.
func (l *refLoop) After(d time.Duration, f func()) *refTimer {
	t := &refTimer{index: -1, flaw: l.flaw}
	t.fn = func() {
		l.mu.Lock()
		t.running = true
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			t.running = false
			l.mu.Unlock()
		}()
		f()
	}
	if l.has("a timer of zero runs at once") && d == 0 {
		f()
		return t
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed && !l.has("a closed loop takes timers") {
		panic(errClosed)
	}
	l.arm(t, d, "a delay that overflows is due at once")
	return t
}

// arm sets t to fire d from now. The caller holds l.mu.
func (l *refLoop) arm(t *refTimer, d time.Duration, wraps string) {
	l.readClock()
	l.armed++
	t.armed = l.armed
	if l.has("a negative delay counts as zero") {
		d = max(d, 0)
	}
	if l.has("zero is a nanosecond") {
		d = max(d, 1)
	}
	t.at = l.later(l.now, d, wraps)
	if l.has("deadlines are cut to milliseconds") {
		t.at = t.at.Truncate(time.Millisecond)
	}
	if l.has("deadlines are floating point seconds") {
		t.at = time.Duration((l.now.Seconds() + d.Seconds()) * float64(time.Second))
	}
	if l.has("deadlines are counted in whole seconds") {
		t.at = t.at.Round(time.Second)
	}
	if l.has("nothing fires on the way that was armed on the way") && l.running {
		t.at += time.Minute
	}
	l.timers.push(t)
	l.last = t
}

// Stop cancels t and says whether it was pending.
func (l *refLoop) Stop(t *refTimer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.disarm(t) || l.has("Stop always says yes")
}

func (l *refLoop) disarm(t *refTimer) bool {
	switch {
	case t.index >= 0 && l.has("a cancelled timer stays in the queue"):
		pending := t.armed != 0
		t.armed = 0
		return pending
	case t.index >= 0 && l.has("cancelling looks through all timers"):
		for _, o := range l.timers {
			if o == t {
				heap.Remove(&l.timers, o.index)
				return true
			}
		}
		return false
	case t.index >= 0:
		heap.Remove(&l.timers, t.index)
	case t.queued && l.has("a timer that came due cannot be cancelled"):
		return false
	case t.queued:
		t.queued = false
	case t.running && l.has("cancelling a running timer cancels the last one") && l.last.index >= 0,
		l.has("a late cancel hits the timer armed last") && !t.running && l.last.index >= 0:
		heap.Remove(&l.timers, l.last.index)
		return false
	default:
		return false
	}
	return true
}

// Reset sets t anew.
func (l *refLoop) Reset(t *refTimer, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed && !l.has("a closed loop resets timers") {
		panic(errClosed)
	}
	armed := t.armed
	switch {
	case t.running && l.has("a timer cannot reset itself while it runs"):
		return
	case t.queued && l.has("resetting a timer that came due adds a second one"):
		l.timers.push(&refTimer{at: l.now + d, armed: l.armed, fn: t.fn, index: -1})
		return
	}
	l.disarm(t)
	l.arm(t, d, "a delay that overflows is due at once")
	if l.has("a reset timer keeps its place") {
		t.armed = armed
		heap.Fix(&l.timers, t.index)
	}
}

// refHeap orders timers by deadline and, among equals, by arming.
type refHeap []*refTimer

func (h refHeap) Len() int { return len(h) }

func (h refHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	switch a.flaw {
	case "ties run last in, first out":
		return a.at < b.at || a.at == b.at && a.armed > b.armed
	case "timers are compared by deadline only":
		return a.at < b.at
	case "timers fire in the order of arming":
		return a.armed < b.armed
	}
	return a.at < b.at || a.at == b.at && a.armed < b.armed
}

func (h refHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *refHeap) Push(x any) {
	t := x.(*refTimer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *refHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}

func (h *refHeap) push(t *refTimer) { heap.Push(h, t) }
func (h *refHeap) pop() *refTimer   { return heap.Pop(h).(*refTimer) }

// refShuffle puts tasks into any order, each time another.
func refShuffle(tasks []refTask) {
	rand.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
}

// Charge lets time pass within the callback in progress.
func (l *refLoop) Charge(d time.Duration) {
	if l.has("Charge is ignored") {
		return
	}
	if l.onPackageTime() {
		time.Sleep(d)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now += d
}

// SetBack tries to set the clock back, which this clock does not let happen.
func (l *refLoop) SetBack(d time.Duration) {
	if l.has("the clock can be set back") {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.now -= d
	}
}

// drivenOnly is why the reference loop cannot have some cases on package time: they
// wait for what they have posted.
const drivenOnly = "the loop runs only while it is driven"

// refAdapter is the adapter of the reference loop. On package time it wants a bubble,
// where that costs nothing: in mode Wall too.
func refAdapter(flaw string, mode loops.Mode) loops.Adapter {
	var skip map[string]string
	if mode != loops.Virtual {
		skip = map[string]string{"14b": drivenOnly, "43c": drivenOnly, "55b": drivenOnly}
	}
	return loops.Adapter{
		Skip:    skip,
		Name:    "reference loop",
		Mode:    mode,
		Options: "Limit OnError Fatal",
		New: func(o loops.Options) *loops.Loop {
			l := newRefLoop(flaw, mode)
			if o.Limit > 0 {
				l.limit = o.Limit
			}
			l.onError, l.fatal = o.OnError, o.Fatal
			a := &loops.Loop{
				Post:  l.Post,
				After: func(d time.Duration, f func()) loops.Timer { return l.After(d, f) },
				Now:   l.Now,
				Drive: func() error { return l.drive(refNever, nil) },
				Close: l.Close,

				Stop:    func(t loops.Timer) bool { return l.Stop(t.(*refTimer)) },
				Reset:   func(t loops.Timer, d time.Duration) { l.Reset(t.(*refTimer), d) },
				Run:     l.Run,
				Quit:    l.Quit,
				Advance: l.Advance,
				Turn:    l.Turn,
				Charge:  l.Charge,
				SetBack: l.SetBack,
				Pending: l.Pending,

				Every:  l.every(refSkip),
				Burst:  l.every(refBurst),
				Delay:  l.every(refDelay),
				Jitter: l.Jitter,

				PostFrom: l.PostFrom,
				Offload:  l.Offload,
			}
			if mode != loops.Virtual {
				a.SetBack = nil
			}
			if mode == loops.Wall {
				a.Advance = nil
			}
			return a
		},
	}
}
