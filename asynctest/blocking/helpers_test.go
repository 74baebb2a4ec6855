package blocking

import (
	"bytes"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// testLoop is an event loop in nine lines. Its dispatch frame is the marker.
type testLoop struct {
	queue chan func()
	ended chan struct{}
}

func newLoop() *testLoop {
	l := &testLoop{make(chan func()), make(chan struct{})}
	go func() {
		defer close(l.ended)
		for f := range l.queue {
			l.dispatch(f)
		}
	}()
	return l
}

//go:noinline
func (l *testLoop) dispatch(f func()) { f() }

// do runs f as a callback and waits for its end.
func (l *testLoop) do(f func()) {
	done := make(chan struct{})
	l.queue <- func() {
		defer close(done)
		f()
	}
	<-done
}

func (l *testLoop) stop() { close(l.queue); <-l.ended }

// enter is a coroutine's entry function: the other marker.
//
//go:noinline
func enter(body func()) { body() }

var testMarkers = []string{FuncName((*testLoop).dispatch), FuncName(enter), loopMarker}

// loopMarker is what windtunnel's own loop gives as a marker.
const loopMarker = "github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).dispatch"

// below returns the frame of the caller, n lines further down.
func below(n int) Frame {
	pc, file, line, _ := runtime.Caller(1)
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return Frame{Func: f.Function, File: file, Line: line + n}
}

// goid returns the number of the calling goroutine.
func goid() string {
	b := make([]byte, 64)
	return strings.Fields(string(b[:runtime.Stack(b, false)]))[1]
}

// untilParked returns once goroutine id is in the given state, as goroutine
// dumps spell it. It is how a test makes certain that a callback really waits
// before it is released, without any clock.
func untilParked(id, state string) {
	b := make([]byte, 1<<20)
	want := "goroutine " + id + " [" + state
	for {
		if strings.Contains(string(b[:runtime.Stack(b, true)]), want) {
			return
		}
		runtime.Gosched()
	}
}

// whenParked calls release, on another goroutine, once the calling goroutine
// has parked in the given state. Wait for the result before the test ends.
func whenParked(state string, release func()) *sync.WaitGroup {
	id := goid()
	var wg sync.WaitGroup
	wg.Go(func() {
		untilParked(id, state)
		release()
	})
	return &wg
}

func mustStart(t testing.TB, c Config) *Recorder {
	t.Helper()
	r, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Stop() })
	return r
}

func mustStop(t testing.TB, r *Recorder) *Report {
	t.Helper()
	rep, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// tape runs f under a recorder and returns the steps of the trace, so that
// several analysers can read the same events.
func tape(f func()) ([]step, error) {
	var data []byte
	r, err := Start(Config{})
	if err != nil {
		return nil, err
	}
	r.raw = func(b []byte) []byte { data = b; return b }
	f()
	if _, err := r.Stop(); err != nil {
		return nil, err
	}
	var steps []step
	for s, err := range decode(bytes.NewReader(data)) {
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func play(steps []step) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		for _, s := range steps {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// only returns an error unless the report has exactly one block, which equals
// want where want is not zero.
func only(r *Report, want Block) error {
	if len(r.Blocks) != 1 {
		return fmt.Errorf("want one block, got:\n%s", r)
	}
	return like(r.Blocks[0], want)
}

func like(b, want Block) error {
	switch {
	case b.Kind != want.Kind || b.Resource != want.Resource || b.Reason != want.Reason:
		return fmt.Errorf("got %s on %s for %q, want %s on %s for %q", b.Kind, b.Resource, b.Reason, want.Kind, want.Resource, want.Reason)
	case b.User != want.User:
		return fmt.Errorf("user frame is %s %s, want %s %s", b.User.Func, b.User.Location(), want.User.Func, want.User.Location())
	case b.Count != max(1, want.Count):
		return fmt.Errorf("count is %d, want %d", b.Count, max(1, want.Count))
	case b.Open != want.Open:
		return fmt.Errorf("open is %t, want %t", b.Open, want.Open)
	case b.Allowed != want.Allowed:
		return fmt.Errorf("allowed is %q, want %q", b.Allowed, want.Allowed)
	}
	return nil
}
