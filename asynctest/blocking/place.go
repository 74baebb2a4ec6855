package blocking

import (
	"slices"
	"strings"
)

// primitives are the runtime functions that compiled code calls to wait.
var primitives = set(
	"runtime.block", "runtime.chanrecv", "runtime.chanrecv1", "runtime.chanrecv2", "runtime.chansend",
	"runtime.chansend1", "runtime.gopark", "runtime.goparkunlock", "runtime.selectgo",
)

// asker returns the index of the frame that asked for the wait, and false when
// the runtime asked. The collector parks whichever goroutine happens to start a
// cycle, with ordinary reasons such as "sync" and "chan receive", so the reason
// alone cannot tell. A coroutine switch, whose frame would be
// runtime.coroswitch, is the runtime's own as well.
func asker(reason string, stack []Frame) (int, bool) {
	switch {
	case strings.HasPrefix(reason, "GC "), reason == "wait until GC ends", reason == "preempted",
		reason == "system goroutine wait", reason == "wait for debug call":
		return 0, false
	}
	i := slices.IndexFunc(stack, func(f Frame) bool { return !primitives[f.Func] })
	if i < 0 {
		return 0, false
	}
	return i, !strings.HasPrefix(stack[i].Func, "runtime.")
}

// nearest returns the index of the marker nearest the leaf. A marker that
// itself asks for the wait is a loop that has nothing to do, so the search
// begins below the asker.
func nearest(stack []Frame, from int, marks map[string]bool) int {
	for i := from + 1; i < len(stack); i++ {
		if marks[stack[i].Func] {
			return i
		}
	}
	return -1
}

// The tracer records 128 frames at most, some of which it then drops. A stack
// this long may have lost its outer end, and a marker with it.
const fullStack = 120

// verdict is what a stack means, whoever is parked on it.
type verdict uint8

const (
	ignored   verdict = iota // the runtime's own wait, or not in a callback
	inside                   // in a callback
	cut                      // too deep to know
	headProof                // the recorder's own blocks, see probe.go
	tailProof
)

// place is a verdict with the place it speaks of.
type place struct {
	verdict  verdict
	stack    []Frame // leaf first, cut at the marker
	user     Frame
	asked    []Frame // the part of stack below user
	callback Frame   // zero when cut
	reason   string  // of what is no transition: CPU time and hangs
}

func (a *analyser) locate(kind Kind, reason string, stack []Frame) place {
	from, ok := a.asker(reason, stack)
	if !ok || a.incidental(stack[from:], a.marks) {
		return place{}
	}
	at := a.marker(stack, from, a.marks)
	if at < 0 {
		if len(stack) >= fullStack {
			return a.inCode(place{verdict: cut, stack: stack})
		}
		return place{}
	}
	switch stack[at].Func {
	case headMark:
		return place{verdict: headProof}
	case tailMark:
		return place{verdict: tailProof}
	case startMark, stopMark, holdMark, releaseMark, arriveMark, departMark:
		return place{}
	}
	return a.inCallback(stack, at)
}

// inCallback places a stack that has its marker at index at.
func (a *analyser) inCallback(stack []Frame, at int) place {
	p := place{verdict: inside, stack: stack[:at], callback: stack[at-1]}
	// Between the marker and the user's function there can be frames that say
	// nothing to the user: the wrapper of a method value, which has no line, and
	// our own loop's handling of futures and coroutines.
	for i := at - 1; i >= 0; i-- {
		if !a.glue(stack[i]) {
			p.callback = stack[i]
			break
		}
	}
	return a.inCode(p)
}

func (a *analyser) inCode(p place) place {
	n := a.user(p.stack)
	p.asked = p.stack[:n]
	if n < len(p.stack) {
		p.user = p.stack[n]
	} else {
		p.user = p.callback
	}
	return p
}
