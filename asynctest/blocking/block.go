package blocking

import (
	"fmt"
	"strings"
	"time"
)

// Block is one place where callbacks blocked: all the blocks of one recording
// that have the same kind, resource, reason, user frame and callback.
type Block struct {
	Kind     Kind
	Resource Resource
	// Reason is the tracer's own word for a park ("chan receive", "sleep",
	// "sync", "select", "network"), the function that entered the kernel
	// for a system call ("syscall.read"), the budget of a [CPU] block ("over 5ms"),
	// and what a callback that hangs is doing ("chan receive", "running").
	Reason string
	// Callback is the outermost frame inside the marker that is not windtunnel's
	// own: which callback it was, and the line it had reached. It is zero in
	// [Report].Truncated.
	Callback Frame
	// User is the first frame, from the leaf, of the user's own code: of the
	// main module, outside windtunnel's fakeloop, asynctest and toxics folders
	// (their tests count as users); when no such frame exists, the first frame
	// of any module; when all is standard library, Callback.
	User Frame
	// Stack is leaf first and ends with the frame just inside the marker. It is
	// nil in no Block. When the same place was reached on several paths it is
	// the first of them in order of names.
	Stack []Frame
	// Waker is the stack of the goroutine that ended the wait, leaf first. It is
	// nil when the trace does not show one: timers, the network, system calls
	// and waits still open have no waker.
	Waker []Frame
	// Name is what [Named] or [Posted] calls the callback, and Posted is the line
	// that posted it; both are zero for others.
	Name   string
	Posted Frame
	// In are the callbacks with a key that blocked here, see [Enter]: the first 1,000, in
	// the order in which they did.
	In []Occurrence
	// Virtual is the most of a synctest bubble's time that passed while a callback
	// that blocked here was running. It is exact, and 0 for callbacks without a name
	// or a key, outside bubbles, and for waits that something other than a timer ended.
	Virtual time.Duration
	// CPU is the most CPU time that one of the calls used, of a block of that kind. Like
	// Longest it is information.
	CPU time.Duration
	// Longest is the longest wait in real time. It is information, never a
	// verdict: a loaded machine stretches it at will.
	Longest time.Duration
	// Count is how many times it happened, at least 1.
	Count int
	// Open says that at least one of them had not ended when the recording did.
	// Longest then counts up to the end of the recording.
	Open bool
	// Allowed is the reason of the rule that allows the block, "" when none does.
	Allowed string

	_ struct{}
}

// AllowLine returns the Go expression to paste into [Config].Allow to allow the
// block. It names what the user frame is in as narrowly as can be: of a closure, the
// closure, so that the rest of its function goes on being watched. The compiler numbers
// closures; when one is added before it the line turns stale, and the block is told again.
func (b Block) AllowLine() string {
	rule := AllowFunc(b.User.Func, "why this may block")
	if b.Kind == Hang {
		rule = rule.By(Hang)
	}
	return rule.String()
}

// String returns the block in one line without real time:
//
//	park on channel ("chan receive") at app.fetch (client.go:12) in callback app.onTick (loop.go:40), 3 times
func (b Block) String() string {
	s := fmt.Sprintf("%s on %s (%q) at %s", b.Kind, b.Resource, b.Reason, b.User)
	if b.Callback.Func != "" {
		s += " in callback " + b.Callback.String()
	}
	if b.Name != "" {
		s += fmt.Sprintf(" named %q", b.Name)
	}
	if b.Posted.Func != "" {
		s += ", posted by " + b.Posted.String()
	}
	switch {
	case b.Count == 1:
		s += ", once"
	default:
		s += fmt.Sprintf(", %d times", b.Count)
	}
	if b.Open {
		s += ", still blocked when the recording ended"
	}
	return s
}

// Details returns the block in several lines: what [Block.String] says, the
// durations, the whole stack and the waker's. Real time is in it, so no two runs
// give the same text.
func (b Block) Details() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n", b)
	if b.Virtual > 0 {
		fmt.Fprintf(&s, "    virtual time that passed in the callback: up to %v\n", b.Virtual)
	}
	if b.CPU > 0 {
		fmt.Fprintf(&s, "    CPU time: up to %v\n", b.CPU)
	}
	if b.Longest > 0 {
		fmt.Fprintf(&s, "    real time: up to %v\n", b.Longest)
	}
	list := func(head string, stack []Frame) {
		if len(stack) == 0 {
			return
		}
		fmt.Fprintf(&s, "    %s\n", head)
		for _, f := range stack {
			fmt.Fprintf(&s, "      %s\n        %s\n", f.Func, f.Location())
		}
	}
	list("blocked at", b.Stack)
	list("woken at", b.Waker)
	if b.Allowed == "" {
		fmt.Fprintf(&s, "    to allow it: %s\n", b.AllowLine())
	} else {
		fmt.Fprintf(&s, "    allowed because: %s\n", b.Allowed)
	}
	return s.String()
}
