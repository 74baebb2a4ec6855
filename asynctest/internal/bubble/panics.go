package bubble

import (
	"fmt"
	"slices"
	"strings"
)

// panicked returns the frames of a stack (as debug.Stack has it) from the place of the
// panic outwards, as far as the function that the bubble runs.
func panicked(stack string) []Frame {
	head, rest, _ := strings.Cut(stack, "\n")
	frames := parse(head, rest).Frames
	frames = frames[slices.IndexFunc(frames, isPanic)+1:]
	for len(frames) > 0 && strings.HasPrefix(frames[0].Func, "runtime.") {
		frames = frames[1:]
	}
	if i := slices.IndexFunc(frames, Frame.isEntry); i >= 0 {
		frames = frames[:i]
	}
	return slices.DeleteFunc(slices.Clone(frames), isPanic)
}

func isPanic(f Frame) bool { return f.Func == "panic" }

// isUsers reports whether a frame belongs to whoever wrote the test or the code under test.
func (f Frame) isUsers() bool {
	ours := strings.HasPrefix(f.Func, inModule) && !strings.HasSuffix(f.File, "_test.go")
	return !ours && !f.isStandard() && !strings.HasPrefix(f.Func, inGomega)
}

const (
	inModule = "github.com/windtunnel-go/windtunnel/"
	inGomega = "github.com/onsi/gomega/internal."
)

// PanicLine returns the line of a panic, of which stack is that of the goroutine (as
// debug.Stack has it): the innermost that belongs to whoever wrote the test or the code
// under test.
func PanicLine(stack string) (Frame, bool) {
	for _, f := range panicked(stack) {
		if f.isUsers() {
			return f, true
		}
	}
	return Frame{}, false
}

// PanicTrace shows the stack (as debug.Stack has it) of a panic with v from its place down
// to the test. Of the panic with which one of this module's packages refuses to be misused it
// shows only what the user wrote: the rule is in the text, and the rest is how it was found.
func PanicTrace(v any, stack string) string {
	frames := panicked(stack)
	if isMisuse(v) {
		frames = slices.DeleteFunc(frames, func(f Frame) bool { return !f.isUsers() })
	}
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "    %s\n        %s:%d\n", f.Func, f.File, f.Line)
	}
	return strings.TrimRight(b.String(), "\n")
}

// isMisuse reports whether a panic is that of a package of this module, which begins with
// its name.
func isMisuse(v any) bool {
	text, ok := v.(string)
	name, _, found := strings.Cut(text, ": ")
	return ok && found && slices.Contains(packages, name)
}

var packages = []string{"asynctest", "blocking", "durable", "explore", "fakeloop", "spec", "timeline", "toxics"}
