package blocking

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"
)

// InProgress is a callback that has not returned though nothing else in its synctest
// bubble can run: it blocks, and nothing but a timer can end that.
type InProgress struct {
	// State is the runtime's word for the wait, as in "chan receive (durable)".
	State string
	// Callback, User and Stack are as in [Block].
	Callback, User Frame
	Stack          []Frame

	_ struct{}
}

// String returns the callback in one line.
func (p InProgress) String() string {
	return fmt.Sprintf("%s at %s in callback %s, which has not returned though all else is quiet", p.State, p.User, p.Callback)
}

// StillRunning waits until every other goroutine of the caller's synctest bubble is
// durably blocked, and returns the callbacks that have not returned. It needs no
// Recorder, and no time passes: what would hang the test, or sleep for a virtual
// hour, is told at once. Callbacks are known by [Callback] and by the markers given,
// as in [Config].Markers. The result is in order of the user frames.
//
//	loop.Post(handler)
//	if stuck := blocking.StillRunning(); len(stuck) > 0 {
//		t.Fatal(stuck[0])
//	}
//
// It does not see a wait that has ended by then, for what it waited for was ready
// soon, nor system calls; a Recorder does. A callback that waits for a sync.Mutex is
// not durably blocked: until whoever has the lock gives it back StillRunning does not
// return, and the bubble's clock stands still. It panics outside a bubble.
func StillRunning(markers ...string) []InProgress {
	n := bubble()
	if n == "" {
		panic("blocking: StillRunning outside a synctest bubble, where nobody knows that all else is quiet: call it in synctest.Test, or use a Recorder")
	}
	synctest.Wait()
	marks := set(append([]string{callbackMark}, markers...)...)
	own := newOwnership()
	var out []InProgress
	for _, g := range strings.Split(string(everyStack()), "\n\n") {
		head, body, _ := strings.Cut(g, "\n")
		state, ok := stateIn(head, n)
		if !ok || state == "running" {
			continue
		}
		stack := parseStack(body)
		at := nearest(stack, 0, marks)
		if at < 1 {
			continue
		}
		p := InProgress{State: state, Stack: stack[:at], Callback: stack[at-1]}
		for i := at - 1; i >= 0; i-- {
			if f := stack[i]; !f.generated() && !own.library(f) {
				p.Callback = f
				break
			}
		}
		p.User = p.Callback
		if i := own.user(p.Stack); i < len(p.Stack) {
			p.User = p.Stack[i]
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b InProgress) int { return compareFrames(a.User, b.User) })
	return out
}

// Virtual calls f as a callback and returns how much of the bubble's time has passed
// meanwhile, exactly: how long the callback would have kept its loop waiting for
// timers, whatever the machine is doing. It panics outside a synctest bubble.
func Virtual(f func()) time.Duration {
	if bubble() == "" {
		panic("blocking: Virtual outside a synctest bubble, where real time passes: call it in synctest.Test")
	}
	start := time.Now()
	Callback(f)
	return time.Since(start)
}

var (
	dumpHead = regexp.MustCompile(`^goroutine \d+ \[(.*)\]:$`)
	dumpLine = regexp.MustCompile(`^\t(.*):(\d+)(?: \+0x[0-9a-f]+)?$`)
)

// stateIn returns the state in the head of a dump, if its goroutine is in the bubble:
// "goroutine 7 [sleep (durable), synctest bubble 3]:".
func stateIn(head, bubble string) (string, bool) {
	m := dumpHead.FindStringSubmatch(head)
	if m == nil {
		return "", false
	}
	words := strings.Split(m[1], ", ")
	return words[0], slices.Contains(words, "synctest bubble "+bubble)
}

// parseStack reads the frames of a goroutine's dump, without who created it.
func parseStack(body string) (out []Frame) {
	lines := strings.Split(body, "\n")
	for i := 0; i+1 < len(lines); i++ {
		at := dumpLine.FindStringSubmatch(lines[i+1])
		paren := strings.LastIndexByte(lines[i], '(')
		if at == nil || paren < 0 || strings.HasPrefix(lines[i], "created by ") {
			continue
		}
		line, _ := strconv.Atoi(at[2])
		out = append(out, Frame{Func: lines[i][:paren], File: at[1], Line: line})
		i++
	}
	return out
}
