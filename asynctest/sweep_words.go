package asynctest

import (
	"fmt"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

// inWords says what a fault does, for who does not know the kinds; "" for a user's choice.
func inWords(f explore.Fault) string {
	what, _, _ := strings.Cut(f.Point, " ")
	fails := "it fails"
	switch what {
	case "offload":
		fails = "the work is not begun, and fails"
	case "lookup", "dial", "read", "write":
		fails = "the " + what + " fails"
	case "accept":
		fails = "the server's accept fails, for now"
	case "close":
		fails = "the connection is closed, and close returns an error"
	}
	switch kindOf(f) {
	case fakeloop.FaultError:
		return fails
	case fakeloop.FaultTimeout:
		return fails + ", with an error that is a timeout"
	case fakeloop.FaultReset:
		return "the connection is reset"
	case fakeloop.FaultCut:
		part := "half"
		if n := cutAfter(f); n >= 0 {
			part = count(n, "byte", "bytes")
		}
		if what == "write" {
			return "the stream ends behind " + part + " of it, and the write fails"
		}
		return "the stream ends behind " + part + " of it"
	case fakeloop.FaultRefused:
		return "nobody listens there"
	case fakeloop.FaultBlackHole:
		return "nothing comes through any more, and nobody is told"
	case fakeloop.FaultSlow:
		return fmt.Sprintf("it comes %v later", fakeloop.SlowFault)
	case fakeloop.FaultCancel:
		return "it is cancelled"
	case fakeloop.FaultPanic:
		return "it panics"
	case fakeloop.FaultGoexit:
		return "its goroutine ends by runtime.Goexit"
	case fakeloop.FaultNever:
		if what == "offload" {
			return "the work is never done, and its future never settled"
		}
		return "it never comes"
	}
	return ""
}

// faultInWords is what the last fault of a finding does, in brackets.
func (f Finding) faultInWords() string {
	if len(f.Run.Faults) == 0 {
		return ""
	}
	if words := inWords(f.Run.Faults[len(f.Run.Faults)-1]); words != "" {
		return " (" + words + ")"
	}
	return ""
}

// toMend says what mends a finding, as far as that can be said of all of its kind.
func (f Finding) toMend() string {
	switch f.Check {
	case FoundWrongValue:
		return "see that what came is whole and right before it is used, and return an error if it is not"
	case FoundTwoOutcomes:
		return "return behind the first outcome"
	case FoundErrorLost:
		return "return this error as it is, or wrapped with %w"
	case FoundNotHandled:
		return "deal with it there, or take the fault out of Scenario.Handles"
	case FoundPending:
		return "settle the outcome on this way, too, or limit the time that this waits, as with fakeloop.Timeout or a deadline"
	case FoundTooLate:
		return "limit how often this is tried again, or for how long; or set Scenario.Deadline to what it may take"
	case FoundOverlooked:
		return "look at this error on this way, too, or say with Quiet that it does not matter"
	case FoundLeftOver:
		return "end this on this way, too: close, stop or cancel it, or limit its time"
	case FoundBlocking:
		return "do this off the loop, as with fakeloop.Offload"
	case FoundPanic:
		return "do not assume here that all went well"
	case FoundDiffers:
		return "find out which of the two is right: the code may do other things in real time"
	}
	return ""
}
