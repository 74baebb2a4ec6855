package futures

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// The environment of a process that runs the checks of one subject.
const (
	envSubject = "WINDTUNNEL_FUTURES_SUBJECT" // the adapter's name
	envToken   = "WINDTUNNEL_FUTURES_TOKEN"   // what the lines of the protocol begin with
)

// request is one line that the process reads, message one that it writes.
type request struct {
	Number int
	When   When
}

type message struct {
	Kind     string // see below
	Text     string `json:",omitempty"`
	Status   Status `json:",omitempty"`
	Why      string `json:",omitempty"`
	Observed []string
	Notes    []string
	Stack    string `json:",omitempty"`
	Excuse   string `json:",omitempty"`
}

// Kinds of messages.
const (
	isReady    = "ready"
	isFailure  = "failure"  // a failure, told at once in case the process ends
	isExpected = "expected" // from here on the process is expected to crash
	isResult   = "result"
)

// child reports whether this process runs the checks of a subject for another one.
func child() (subject string, ok bool) { return os.LookupEnv(envSubject) }

// serve runs checks as it is asked to, and ends the process when nobody asks any more.
func serve(t *testing.T, a Adapter) {
	requests := make(chan request)
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			var r request
			if err := json.Unmarshal(in.Bytes(), &r); err != nil {
				panic(fmt.Sprintf("futures: a request that cannot be read: %v", err))
			}
			requests <- r
		}
		os.Exit(0) // whatever a check is doing
	}()
	say(message{Kind: isReady})
	for r := range requests {
		i := slices.IndexFunc(Properties(), func(p Property) bool { return p.Number == r.Number })
		before := runtime.NumGoroutine()
		result := a.check(t, Properties()[i], r.When, func(text string) {
			if text == expected {
				say(message{Kind: isExpected})
				return
			}
			say(message{Kind: isFailure, Text: text})
		})
		if a.Caps.RealTime {
			linger(before)
		}
		say(message{
			Kind: isResult, Status: result.Status, Why: result.Why,
			Observed: result.Observed, Notes: result.Notes, Stack: result.Stack,
			Excuse: result.excuse,
		})
	}
}

// linger gives the goroutines that a check left a moment to end, or to crash the
// process while it is still known whose they are.
func linger(before int) {
	for deadline := time.Now().Add(20 * time.Millisecond); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// say writes one message, in one piece, on a line of its own.
func say(m message) {
	text, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("futures: a message that cannot be written: %v", err))
	}
	line := "\n" + os.Getenv(envToken) + string(text) + "\n"
	if _, err := os.Stderr.WriteString(line); err != nil {
		os.Exit(1) // nobody listens
	}
}

// expected is what ExpectCrash tells.
const expected = "\x00the process is expected to crash"

// ExpectCrash says that from here on the process may end, as the library declares: that
// counts as the end of the check, with what was found wrong so far.
func (t *T) ExpectCrash() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.tell(expected)
	}
}
