package checks

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// End is how a check, or a part of one, came to its end, in the statuses of its suite.
type End[S ~string] struct {
	Status S
	Text   string // what was wrong, if the failures of the check do not tell
	Why    string // of what is not applicable
	Stack  string // of a panic or a hang
}

// Statuses that both suites have.
const (
	OK            = "ok"
	Crash         = "CRASH"
	NotApplicable = "n/a"
)

type (
	// Over is the panic that ends a check of which the failures tell what is wrong.
	Over struct{}

	// Lacking is the panic that ends a check for which the subject lacks something.
	Lacking struct{ Why string }
)

// Call calls f on a goroutine of its own, which f may end as it likes, and says how it ended.
// What is the word of the suite for it.
func Call[S ~string](what string, f func()) End[S] {
	over := make(chan End[S], 1)
	go func() {
		finished := false
		defer func() {
			switch v := recover().(type) {
			case Over:
				over <- End[S]{Status: OK} // the failures tell
			case Lacking:
				over <- End[S]{Status: NotApplicable, Why: v.Why}
			case nil:
				if finished {
					over <- End[S]{Status: OK}
					return
				}
				over <- End[S]{Status: Crash, Text: "the goroutine of the " + what + " ended by runtime.Goexit"}
			default:
				over <- End[S]{Status: Crash, Text: fmt.Sprintf("panic: %v", v), Stack: string(debug.Stack())}
			}
		}()
		f()
		finished = true
	}()
	return <-over
}

// Goroutine returns the runtime's number of the calling goroutine.
func Goroutine() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

// Stacks returns the stacks of all goroutines, of very many only the first.
func Stacks() string {
	for size := 1 << 18; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 1<<26 {
			return string(buf[:n])
		}
	}
}
