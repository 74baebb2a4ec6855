package loops_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// refLoop is a second subject beside fakeloop: a plain loop, on virtual time or on
// package time, with everything that the contract asks of queues and timers, and no
// futures. Its flaw, if any, names the one place at which it is wrong; see
// mutants_test.go.
type refLoop struct {
	flaw    string
	epoch   time.Time // on package time: when the loop was made; zero on virtual time
	limit   int
	onError func(error)
	fatal   func(any) bool

	mu       sync.Mutex // guards what follows
	now      time.Duration
	armed    uint64
	ready    []refTask
	late     []refTask // posts of other goroutines; used by flaws only
	batch    []refTask // the turn under way
	timers   refHeap
	outside  int
	driven   bool
	running  bool
	quit     bool
	closed   bool
	errs     []error
	wakeup   chan struct{}
	last     *refTimer // the timer armed last; used by flaws only
	draining int       // how many posts joined the turn under way; used by flaws only
}

type refTask struct {
	fn    func()
	timer *refTimer // nil for a post
	armed uint64    // which arming of the timer
}

var (
	errClosed  = errors.New("the loop is closed")
	errDriven  = errors.New("the loop is being driven")
	errLimit   = errors.New("the loop does not come to rest")
	errPast    = errors.New("time does not go back")
	errRunning = errors.New("a callback cannot close its loop")
)

func newRefLoop(flaw string, mode loops.Mode) *refLoop {
	l := &refLoop{flaw: flaw, limit: 100_000, wakeup: make(chan struct{}, 1)}
	if mode != loops.Virtual {
		l.epoch = time.Now()
	}
	return l
}

func (l *refLoop) has(flaw string) bool { return l.flaw == flaw }

func (l *refLoop) Now() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readClock()
	if l.has("the clock ticks with each reading") {
		l.now++
	}
	return l.now
}

// onPackageTime says that time is not the loop's to move.
func (l *refLoop) onPackageTime() bool { return !l.epoch.IsZero() }

// readClock brings now up to package time, which stands still within a callback.
// The caller holds l.mu.
func (l *refLoop) readClock() {
	if l.onPackageTime() && !l.running {
		l.now = max(l.now, time.Since(l.epoch))
	}
}

func (l *refLoop) Post(f func()) {
	if err := l.enqueue(f, false); err != nil {
		panic(err)
	}
}

// PostFrom is for any goroutine.
func (l *refLoop) PostFrom(f func()) error {
	return l.enqueue(f, true)
}

func (l *refLoop) enqueue(f func(), foreign bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed && l.has("a closed loop runs a foreign post at once") && foreign:
		f()
		return nil
	case l.closed && l.has("a foreign post to a closed loop panics") && foreign:
		panic(errClosed)
	case l.closed && l.has("a closed loop takes posts"):
		return nil
	case l.closed:
		return errClosed
	case l.has("foreign posts wait behind all others") && foreign:
		l.late = append(l.late, refTask{fn: f})
	case l.has("a full queue drops foreign posts") && foreign && len(l.ready) > 200:
		return nil
	case l.has("posts run last in, first out"):
		l.ready = slices.Insert(l.ready, 0, refTask{fn: f})
	case l.has("posts join the turn under way") && l.running && l.draining < 2000:
		l.draining++
		l.batch = slices.Insert(l.batch, l.readyInBatch(), refTask{fn: f})
	default:
		l.ready = append(l.ready, refTask{fn: f})
	}
	if !l.has("a foreign post does not wake the loop") {
		l.wake()
	}
	return nil
}

// readyInBatch is where the timers begin in the turn under way.
func (l *refLoop) readyInBatch() int {
	if i := slices.IndexFunc(l.batch, func(t refTask) bool { return t.timer != nil }); i >= 0 {
		return i
	}
	return len(l.batch)
}

func (l *refLoop) wake() {
	select {
	case l.wakeup <- struct{}{}:
	default:
	}
}

// dispatch runs one callback.
func (l *refLoop) dispatch(f func()) {
	if l.has("Goexit is swallowed") {
		over := make(chan any)
		go func() {
			defer func() { over <- recover() }()
			l.recovering(f)
		}()
		if v := <-over; v != nil {
			panic(v)
		}
		return
	}
	l.recovering(f)
}

func (l *refLoop) recovering(f func()) {
	finished := false
	defer func() {
		if finished {
			return
		}
		v := recover()
		if v == nil { // Goexit, which goes on
			return
		}
		if l.fatal != nil && l.fatal(v) && !l.has("a fatal panic is like any other") {
			panic(v)
		}
		l.report(v)
	}()
	f()
	finished = true
}

// report keeps the panic of a callback and tells the handler, which may be
// broken.
func (l *refLoop) report(v any) {
	err, ok := v.(error)
	if !ok {
		err = fmt.Errorf("panic: %v", v)
	}
	l.mu.Lock()
	if l.has("a panic ends what is queued") {
		l.batch, l.ready = nil, nil
	}
	if !l.has("errors are dropped") {
		l.errs = append(l.errs, err)
	}
	l.mu.Unlock()
	if l.onError == nil {
		return
	}
	if !l.has("a broken handler is let through") {
		defer func() { _ = recover() }()
	}
	l.onError(err)
}

// Close ends the loop.
func (l *refLoop) Close() error {
	if l.has("closing from inside is accepted") && l.inCallback() {
		return nil
	}
	switch err := l.begin(); {
	case errors.Is(err, errClosed) && l.has("a second Close panics"):
		panic(err)
	case errors.Is(err, errClosed):
		return nil
	case err != nil:
		return errRunning
	}
	defer l.end()
	if l.has("Close runs what is ready") {
		for _, t := range slices.Concat(l.batch, l.ready) {
			t.fn()
		}
	}
	l.mu.Lock()
	l.closed = true
	l.batch, l.ready, l.late, l.timers = nil, nil, nil, nil
	l.mu.Unlock()
	return l.failures(nil)
}

func (l *refLoop) inCallback() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// Pending lists what is left to do.
func (l *refLoop) Pending() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for range len(l.batch) + len(l.ready) {
		out = append(out, "callback")
	}
	for _, t := range l.timers {
		out = append(out, fmt.Sprintf("timer due at %v", t.at))
	}
	if l.has("the list of what is pending is one short") && len(out) > 0 {
		out = out[1:]
	}
	return out
}

// Offload runs work on another goroutine and done on the loop.
func (l *refLoop) Offload(work, done func()) (cancel func()) {
	cancelled := false // on the loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic(errClosed)
	}
	l.outside++
	go func() {
		work()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.outside--
		if l.closed {
			if l.has("work calls back to a closed loop") {
				done()
			}
			return
		}
		l.ready = append(l.ready, refTask{fn: func() {
			if !cancelled {
				done()
			}
		}})
		l.wake()
	}()
	return func() { cancelled = !l.has("cancelled work calls back") }
}
