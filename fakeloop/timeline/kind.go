package timeline

import "fmt"

// Kind says what happened in an [Event].
type Kind uint8

// The kinds of event. Their numbers are part of the digest: new kinds are
// added at the end.
const (
	Posted     Kind = iota + 1 // a callback entered the ready queue
	Armed                      // a timer was set; Due is its deadline
	Stopped                    // a timer was stopped before it fired
	Fired                      // a callback began; Cause is who posted it
	Promised                   // a future was made
	Settled                    // a future was settled; Detail is its outcome
	Refused                    // a settle lost: the future was settled before
	Unobserved                 // a rejection that nobody had looked at was reported, at the latest when the loop closed
	Awaited                    // a coroutine suspended; ID is the coroutine, Detail the future's identity
	Left                       // work left the loop for another goroutine
	Returned                   // that work came back
	Chosen                     // a decision was taken; Detail is "choice of n"
	Panicked                   // a callback panicked; Detail is the value
	Escaped                    // a test framework's failure or Goexit left the loop
	Closed                     // the loop was closed
	Touched                    // a callback used an object; ID and Label are the object's, Detail is "read", "write" or empty
	Charged                    // a callback was charged simulated time of a CPU; Detail is how much
	Held                       // a trap held a callback
	Released                   // a held callback was let go
	Cancelled                  // somebody asked to cancel a future
	Passed                     // an event passed the gate of a bubble; Cause is what went on when it came
)

var kindNames = [...]string{
	Posted:     "post",
	Armed:      "arm",
	Stopped:    "stop",
	Fired:      "fire",
	Promised:   "promise",
	Settled:    "settle",
	Refused:    "refuse",
	Unobserved: "unobserved",
	Awaited:    "await",
	Left:       "leave",
	Returned:   "return",
	Chosen:     "choose",
	Panicked:   "panic",
	Escaped:    "escape",
	Closed:     "close",
	Touched:    "touch",
	Charged:    "charge",
	Held:       "hold",
	Released:   "release",
	Cancelled:  "cancel",
	Passed:     "pass",
}

// String returns the kind as a verb, as it stands in a line of a timeline.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}
