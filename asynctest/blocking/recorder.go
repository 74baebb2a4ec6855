package blocking

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
)

// The errors of this package, for errors.Is. The text that comes with each says
// what happened and what to do.
var (
	// ErrBusy: the process's execution tracer is in use, and so is its flight recorder.
	ErrBusy = errors.New("blocking: the execution tracer is in use")
	// ErrBubble: Start was called inside a testing/synctest bubble.
	ErrBubble = errors.New("blocking: Start inside a synctest bubble")
	// ErrBlind: the recording does not show the blocks the recorder made to
	// prove itself, so it proves nothing about callbacks either.
	ErrBlind = errors.New("blocking: the recorder was blind")
	// ErrConfig: a rule or a marker of the Config is not usable.
	ErrConfig = errors.New("blocking: bad Config")
)

// Config says what a callback is and which blocks are allowed. The zero value
// watches the functions passed to [Callback] and allows nothing.
type Config struct {
	// Markers are the full names of functions whose callees are callbacks: a
	// loop's dispatch function, a coroutine's entry function. Name the
	// innermost function that calls the user's code and blocks on nothing
	// itself. [FuncName] gives the names. The frame of [Callback] is always a
	// marker.
	Markers []string
	// Allow lists what may block. The presets are functions that return rules.
	Allow []Rule
	// LastResort lets Start fall back to the block profile when both the execution
	// tracer and the flight recorder are taken. It sees only channels and locks:
	// no sleep, no network, no system call, no wait that is not over. The report
	// says so in [Report].Unseen.
	LastResort bool
	// Hang is how long, in real time, a callback may be under way before it is reported as
	// hanging; 0 is for ever. It is for tests that would otherwise stand still until go test
	// ends them, and no measure of blocking: choose it generously, ten seconds or more,
	// since a busy machine, a debugger and a laptop's lid take their time as well. Only
	// callbacks run by [Callback], [Named], [Posted] and [WithinCPU] are looked after, and
	// of those only what begins after Start. The guard looks four times in that while.
	Hang time.Duration
	// OnHang, if not nil, is called with each callback that hangs, as soon as that is known,
	// on a goroutine of the Recorder that is in no bubble; Stop waits for it. It can print
	// the block and panic, or release what the callback waits for.
	OnHang func(Block)

	_ struct{}
}

func (c Config) check() error {
	for i, m := range c.Markers {
		if pkg, name := splitFunc(m); pkg == "" || name == "" {
			return fmt.Errorf("%w: marker %d is %q, which is no full function name: write it as in %q", ErrConfig, i, m, callbackMark)
		}
	}
	for i, r := range c.Allow {
		if p := r.problem(); p != "" {
			return fmt.Errorf("%w: rule %d, %s, %s", ErrConfig, i, r, p)
		}
	}
	if c.Hang < 0 {
		return fmt.Errorf("%w: Hang is %v, which is negative: 0 is for no guard", ErrConfig, c.Hang)
	}
	return nil
}

// Recorder watches every goroutine of the process from [Start] to
// [Recorder.Stop]. Its methods may be called from any goroutine.
type Recorder struct {
	analyser *analyser
	from     source
	mark     int                 // where it begins in the shared recording
	late     bool                // it joined a recording that had begun
	guard    *guard              // nil without Config.Hang
	raw      func([]byte) []byte // nothing, but for tests
	stopped  func() (*Report, error)
}

// Start begins a recording. The caller must end it with [Recorder.Stop], best
// with defer or t.Cleanup, since a test that fails would otherwise keep the
// tracer. A few milliseconds go into a garbage collection and the loading of
// the local time zone, which would otherwise show up in the first callback.
//
// It fails with [ErrConfig] when a marker, a rule or the guard is not usable, with
// [ErrBubble] inside a synctest bubble, where the tracer would kill the process,
// and with [ErrBusy] when something else has both the execution tracer and the
// flight recorder; but see [Config].LastResort. Other Recorders may be running, and
// so may go test -trace: nobody's trace is disturbed.
func Start(c Config) (*Recorder, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if n := bubble(); n != "" {
		return nil, fmt.Errorf("%w: in bubble %s starting the execution tracer would kill the process: call Start before synctest.Test; Stop may be called inside", ErrBubble, n)
	}
	runtime.GC()
	_, _ = time.Now().Zone()

	r := &Recorder{analyser: newAnalyser(c), raw: func(b []byte) []byte { return b }}
	r.stopped = sync.OnceValues(r.stop)
	if err := shared.join(r); err != nil {
		if c.LastResort {
			return r.startProfile(c)
		}
		return nil, fmt.Errorf("%w by something other than a Recorder, and so is the flight recorder: run without go test -trace, end one of the two, or set Config.LastResort (%w)", ErrBusy, err)
	}
	r.analyser.head = prove(headProbe)
	r.analyser.late = r.late
	r.guard = startGuard(c, r.analyser)
	return r, nil
}

// Stop ends the recording and reports what it saw. Later calls, and calls made
// at the same time, return the same report and error. It may be called inside a
// synctest bubble and while callbacks are still blocked.
//
// It fails with [ErrBlind] when the recording does not show the blocks that the
// Recorder made itself: then nothing is known about the callbacks. The tracer
// is free again when the last Recorder has stopped, whatever the outcome.
func (r *Recorder) Stop() (*Report, error) { return r.stopped() }

func (r *Recorder) stop() (*Report, error) {
	r.guard.stop()
	// When someone called trace.Stop meanwhile the probe is missing from the trace.
	r.analyser.tail = prove(tailProbe)
	return r.analyser.run(decode(bytes.NewReader(r.raw(shared.leave(r)))))
}

// bubble returns the number of the synctest bubble the caller runs in, or "".
// The runtime offers no call for it; the head of a goroutine's own stack dump
// says "goroutine 7 [running, synctest bubble 1]:".
func bubble() string {
	buf := make([]byte, 128)
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "\n")
	_, n, ok := strings.Cut(head, "synctest bubble ")
	if !ok {
		return ""
	}
	n, _, _ = strings.Cut(n, "]")
	return n
}
