package futures_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// refWorld is what the futures of one check share: the reference library, which keeps
// every property. With a loop, handlers run on one goroutine, in order; without, each
// on one of its own. Its flaw, if any, names the one place at which it is wrong; see
// mutants_test.go.
type refWorld struct {
	flaw string
	caps futures.Caps

	mu      sync.Mutex // guards everything, of the futures too
	queue   []func()
	low     []func() // used by a flaw only
	kick    chan bool
	loop    string // the goroutine of the loop, if it runs
	stopped bool
	pending []*ref
	lost    []*ref     // rejected, and observed by nobody
	telling sync.Mutex // of a flaw
	sinks   []func(error)
	later   []func(error)
	errs    []func(error)
	debug   bool
	blocks  []string
	scratch any             // used by a flaw only
	turn    chan bool       // used by flaws only: who holds it keeps others waiting
	seen    map[string]bool // used by a flaw only
}

var (
	errSettled = errors.New("ref: it is settled already")
	errSelf    = errors.New("ref: a future cannot wait for itself")
	errNone    = errors.New("ref: there is no such future: it is nil")
	errGoexit  = errors.New("ref: the goroutine ended by runtime.Goexit")
	errNil     = errors.New("ref: rejected with a nil error")
	errOnLoop  = errors.New("ref: waiting on the loop would wait for ever")
	errBroken  = errors.New("ref: the producer is gone")
	errStopped = errors.New("ref: the loop has ended")
	errEmpty   = errors.New("ref: there is nothing that could win")
)

func newRefWorld(flaw string, caps futures.Caps) *refWorld {
	w := &refWorld{flaw: flaw, caps: caps, kick: make(chan bool, 1), turn: make(chan bool, 1), seen: map[string]bool{}}
	if caps.LoopAffine {
		go w.run()
	}
	return w
}

func (w *refWorld) has(flaw string) bool { return w.flaw == flaw }

// run is the loop, which sleeps until it is woken, from its start on. A callback that ends
// its goroutine does not end the loop.
func (w *refWorld) run() {
	w.mu.Lock()
	w.loop = checks.Goroutine()
	w.mu.Unlock()
	finished := false
	defer func() {
		if !finished && !w.has("Goexit in a handler ends the loop") {
			w.wake()
			go w.run()
		}
	}()
	<-w.kick
	for {
		f, ok := w.next()
		if !ok {
			finished = true
			return
		}
		if f == nil {
			<-w.kick
			continue
		}
		start := time.Now()
		w.guarded(f)
		if w.has("the loop rests after each callback") {
			time.Sleep(time.Nanosecond)
		}
		if d := time.Since(start); d > 0 {
			w.mu.Lock()
			w.blocks = append(w.blocks, fmt.Sprintf("a callback took %v", d))
			w.mu.Unlock()
		}
	}
}

func (w *refWorld) next() (f func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.queue, w.low = w.low, nil
	}
	switch {
	case w.stopped:
		return nil, false
	case len(w.queue) == 0:
		return nil, true
	}
	f = w.queue[0]
	w.queue = w.queue[1:]
	return f, true
}

func (w *refWorld) onLoop() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loop != "" && w.loop == checks.Goroutine()
}

// exec has f run where handlers run.
func (w *refWorld) exec(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.execLocked(f)
}

func (w *refWorld) execLocked(f func()) {
	switch {
	case w.has("handlers run outside the loop"), !w.caps.LoopAffine:
		go w.guarded(f)
		return
	case w.has("handlers run last in, first out"):
		w.queue = slices.Insert(w.queue, 0, f)
	default:
		w.queue = append(w.queue, f)
	}
	if w.has("only the loop wakes itself") && w.loop != checks.Goroutine() {
		return
	}
	w.wake()
}

func (w *refWorld) wake() {
	select {
	case w.kick <- true:
	default:
	}
}

// guarded calls f; a panic is told to the hooks.
func (w *refWorld) guarded(f func()) {
	if w.caps.Panic == futures.Crashes {
		f()
		return
	}
	defer func() {
		if v := recover(); v != nil {
			switch {
			case w.has("a panic is swallowed"):
			case w.has("a panic ends what is queued"):
				w.mu.Lock()
				w.queue = nil
				w.mu.Unlock()
				w.failed(newRefPanic(v))
			default:
				w.failed(newRefPanic(v))
			}
		}
	}()
	f()
}

// failed tells the hooks of an error that no future carries.
func (w *refWorld) failed(err error) {
	w.mu.Lock()
	hooks := slices.Concat(w.errs, w.sinks)
	w.mu.Unlock()
	tell(hooks, err)
}

// tell calls hooks, which may panic.
func tell(hooks []func(error), err error) {
	for _, h := range hooks {
		func() {
			defer func() { _ = recover() }()
			h(err)
		}()
	}
}

func (w *refWorld) post(f func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped && !w.has("a loop that has ended takes posts") {
		return errStopped
	}
	w.execLocked(f)
	return nil
}

func (w *refWorld) after(d time.Duration, f func()) {
	time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.has("timers wait until nothing else is ready") {
			w.low = append(w.low, f)
			w.wake()
			return
		}
		w.execLocked(f)
	})
}

// stop ends the loop and says what is pending.
func (w *refWorld) stop() (pending []string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.wake()
	if !w.has("what is pending at the end is not listed") {
		for _, f := range w.pending {
			pending = append(pending, f.describe())
		}
	}
	return pending, nil
}

// grace is how long an error may go without anybody who observes it.
const grace = time.Millisecond

// orphan is called with the lock held when a future is rejected that nobody observes.
func (w *refWorld) orphan(f *ref) {
	w.lost = append(w.lost, f)
	if w.has("errors are reported at the settle") {
		go w.report(f)
		return
	}
	time.AfterFunc(grace, func() {
		if w.has("reporting takes its time on the loop") {
			w.exec(func() {
				time.Sleep(grace)
				w.report(f)
			})
			return
		}
		w.report(f)
	})
}

// report reports one future's error, once.
func (w *refWorld) report(f *ref) {
	w.mu.Lock()
	i := slices.Index(w.lost, f)
	text := fmt.Sprint(f.err)
	switch {
	case i < 0, f.observed,
		w.has("unobserved errors are not reported"),
		w.has("only one future is reported for an error") && w.seen[text]:
		w.mu.Unlock()
		return
	}
	w.seen[text] = true
	w.lost = slices.Delete(w.lost, i, i+1)
	f.reported = true
	hooks := slices.Clone(w.sinks)
	if w.has("errors are reported twice") {
		hooks = append(hooks, hooks...)
	}
	if w.has("a hook that panics is the last one told") {
		w.mu.Unlock()
		w.telling.Lock() // or the next one may be under way already
		defer w.telling.Unlock()
		w.mu.Lock()
		hooks = slices.Clone(w.sinks)
		w.mu.Unlock()
		defer func() {
			if recover() != nil {
				w.mu.Lock()
				w.sinks = nil
				w.mu.Unlock()
			}
		}()
		for _, h := range hooks {
			h(f.err)
		}
		return
	}
	w.mu.Unlock()
	tell(hooks, f.err)
}

// flush reports all that is outstanding.
func (w *refWorld) flush() {
	w.mu.Lock()
	lost := slices.Clone(w.lost)
	pending := slices.Clone(w.pending)
	w.mu.Unlock()
	if w.has("the shutdown reports one error only") && len(lost) > 1 {
		w.mu.Lock()
		w.lost = lost[:1]
		w.mu.Unlock()
	}
	for _, f := range lost {
		w.report(f)
	}
	if w.has("the shutdown reports what is pending") && len(pending) > 0 {
		w.failed(errBroken)
	}
}

// watch calls body and says what blocked the loop meanwhile.
func (w *refWorld) watch(body func()) ([]string, error) {
	w.mu.Lock()
	w.blocks = nil
	w.mu.Unlock()
	body()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocks, nil
}
