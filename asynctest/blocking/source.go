package blocking

import (
	"bytes"
	"runtime/trace"
	"sync"
	"time"
)

// source is where a recording comes from. A process has two slots for one: the
// execution tracer's, and the flight recorder's, which takes the other's events.
type source interface {
	// mark returns where a recording that begins now begins, and false if somebody
	// else has ended the source.
	mark() (int, bool)
	// read returns all since mark, so far.
	read(mark int) []byte
	// forget allows what came before mark to go.
	forget(mark int)
	// stop ends it, and returns all since mark.
	stop(mark int) []byte
	// rest returns what there is since mark, of a source that somebody else has ended.
	rest(mark int) []byte
}

// openSource takes the tracer's slot, or else the flight recorder's.
func openSource() (source, error) {
	t := &tracer{more: make(chan struct{}, 1), alarm: time.NewTicker(flushGuard)}
	err := trace.Start(t)
	if err == nil {
		return t, nil
	}
	f := &flight{trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: keepAge, MaxBytes: keepBytes})}
	if f.rec.Start() != nil {
		return nil, err
	}
	return f, nil
}

// flushGuard is when a generation that ought to have ended must have been somebody
// else's: ours was stopped, and the trace that goes on is another.
var flushGuard = 5 * time.Second // shorter in one test

// A flight recorder forgets what is older and more than this.
const (
	keepAge   = 24 * time.Hour
	keepBytes = 1 << 40
)

// tracer is the execution tracer, whose output is kept by generations: a reader can
// begin at any of them, and none is complete before it has ended.
type tracer struct {
	mu        sync.Mutex
	header    []byte
	gens      [][]byte      // complete, but for the last
	ended     int           // generations that are complete
	forgotten int           // generations at the front that are gone
	more      chan struct{} // ready when a generation has ended; made outside any bubble
	alarm     *time.Ticker  // likewise
}

// Write takes one batch of one generation from the runtime. What ends a generation
// is a batch of one byte.
func (t *tracer) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.header == nil {
		t.header = bytes.Clone(p)
		return len(p), nil
	}
	if len(t.gens) == t.ended-t.forgotten {
		t.gens = append(t.gens, nil)
	}
	last := &t.gens[len(t.gens)-1]
	*last = append(*last, p...)
	if len(p) == 1 {
		t.ended++
		select {
		case t.more <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

func (t *tracer) complete() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// flush ends the generation that is being written. Only a change of who listens does
// that at once; when both slots are taken, the runtime does it every second.
func (t *tracer) flush() {
	before := t.complete()
	if f := trace.NewFlightRecorder(trace.FlightRecorderConfig{}); f.Start() == nil {
		f.Stop()
	}
	// The first one that ends after this line may have begun before it.
	for ticks := 0; trace.IsEnabled() && t.complete() < before+2 && ticks < 2; {
		select {
		case <-t.more:
		case <-t.alarm.C: // the first may be long past
			ticks++
		}
	}
}

func (t *tracer) mark() (int, bool) {
	before := t.complete()
	t.flush()
	now := t.complete()
	return now, trace.IsEnabled() && now > before
}

func (t *tracer) read(mark int) []byte {
	t.flush()
	return t.since(mark, t.complete())
}

func (t *tracer) since(mark, to int) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(bytes.Clone(t.header), bytes.Join(t.gens[mark-t.forgotten:to-t.forgotten], nil)...)
}

func (t *tracer) forget(mark int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gens, t.forgotten = t.gens[mark-t.forgotten:], mark
}

func (t *tracer) stop(mark int) []byte {
	trace.Stop()
	return t.rest(mark)
}

func (t *tracer) rest(mark int) []byte {
	t.alarm.Stop()
	t.mu.Lock()
	to := len(t.gens) + t.forgotten
	t.mu.Unlock()
	return t.since(mark, to)
}

// flight is a flight recorder, which cannot tell where a recording begins, and so
// keeps all from its own start.
type flight struct{ rec *trace.FlightRecorder }

func (f *flight) mark() (int, bool) { return 0, f.rec.Enabled() }
func (f *flight) forget(int)        {}
func (f *flight) rest(int) []byte   { return nil }

func (f *flight) read(int) []byte {
	var b bytes.Buffer
	f.rec.WriteTo(&b)
	return b.Bytes()
}

func (f *flight) stop(int) []byte {
	defer f.rec.Stop()
	return f.read(0)
}
