package blocking

import (
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	xtrace "golang.org/x/exp/trace"
)

// This file is the only one that knows golang.org/x/exp/trace, which makes no
// compatibility promise. Everything else reads steps.

// state is what a goroutine is doing, reduced to what blocking needs.
type state uint8

const (
	elsewhere state = iota // runnable, not yet created, unknown to the trace
	running
	waiting
	inSyscall
)

// mark tells apart what a step can be: a transition of a goroutine, or a remark of
// this package's own in the trace.
type mark uint8

const (
	transition mark = iota
	regionBegin
	regionEnd
	logged
)

// step is one transition of one goroutine, or a remark on it.
type step struct {
	g        int64
	mark     mark
	text     string // of a remark
	from, to state
	reason   string        // the tracer's word for a park, else ""
	at       time.Duration // on the trace's own clock
	stack    *stack        // of g; nil when the trace has none
	creator  int64         // of g, in its first step, else 0
	waker    *stack        // of the goroutine that made g runnable; nil for the scheduler and timers
}

// stack is shared by all steps of one generation of the trace that have the
// same frames, so its address can serve as the key of a cache.
type stack struct{ frames []Frame }

// decode yields the goroutine transitions of a trace in order. A trace that
// cannot be read to its end yields one error, last.
func decode(r io.Reader) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		tr, err := xtrace.NewReader(r)
		if err != nil {
			yield(step{}, err)
			return
		}
		seen := map[xtrace.Stack]*stack{}
		for {
			ev, err := tr.ReadEvent()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(step{}, err)
				return
			}
			switch ev.Kind() {
			case xtrace.EventSync:
				// A handle keeps the tables of its generation alive.
				clear(seen)
			case xtrace.EventStateTransition:
				if s, ok := toStep(ev, seen); ok && !yield(s, nil) {
					return
				}
			case xtrace.EventRegionBegin, xtrace.EventRegionEnd, xtrace.EventLog:
				if s, ok := toRemark(ev, seen); ok && !yield(s, nil) {
					return
				}
			}
		}
	}
}

func toRemark(ev xtrace.Event, seen map[xtrace.Stack]*stack) (step, bool) {
	s := step{g: int64(ev.Goroutine())}
	switch ev.Kind() {
	case xtrace.EventRegionBegin:
		s.mark, s.text = regionBegin, ev.Region().Type
	case xtrace.EventRegionEnd:
		s.mark, s.text = regionEnd, ev.Region().Type
	default:
		s.mark, s.text = logged, ev.Log().Category+separator+ev.Log().Message
	}
	if !strings.HasPrefix(s.text, "windtunnel.blocking.") {
		return step{}, false
	}
	s.stack = frames(ev.Stack(), seen)
	return s, true
}

func toStep(ev xtrace.Event, seen map[xtrace.Stack]*stack) (step, bool) {
	tr := ev.StateTransition()
	if tr.Resource.Kind != xtrace.ResourceGoroutine {
		return step{}, false
	}
	g := tr.Resource.Goroutine()
	from, to := tr.Goroutine()
	s := step{
		g: int64(g), from: toState(from), to: toState(to),
		reason: tr.Reason, at: time.Duration(ev.Time()),
	}
	by := ev.Goroutine()
	if from == xtrace.GoNotExist && by != xtrace.NoGoroutine {
		s.creator = int64(by)
	}
	switch {
	case s.from == running:
		s.stack = frames(tr.Stack, seen)
	case s.from == waiting && by != g && by != xtrace.NoGoroutine:
		s.waker = frames(ev.Stack(), seen)
	}
	return s, true
}

func toState(s xtrace.GoState) state {
	switch s {
	case xtrace.GoRunning:
		return running
	case xtrace.GoWaiting:
		return waiting
	case xtrace.GoSyscall:
		return inSyscall
	}
	return elsewhere
}

func frames(h xtrace.Stack, seen map[xtrace.Stack]*stack) *stack {
	if h == xtrace.NoStack {
		return nil
	}
	if s, ok := seen[h]; ok {
		return s
	}
	s := &stack{}
	for f := range h.Frames() {
		s.frames = append(s.frames, Frame{Func: f.Func, File: f.File, Line: int(f.Line)})
	}
	seen[h] = s
	return s
}
