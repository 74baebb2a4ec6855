//go:build unix

package verdicts

import (
	"os"
	"syscall"
)

// signals register a handler for a POSIX signal, which is then really sent to the
// process.
var signals = []Subject{{
	Name:  signalHandler,
	Start: func(r *Run) { r.AwaitSignal(nil) },
	Local: noNetwork,
}}

// AwaitSignal registers a handler of SIGUSR2 that removes itself and calls also, if it is not
// nil, sends the signal to the process, and finishes when it has come.
func (r *Run) AwaitSignal(also func()) {
	const sig = syscall.SIGUSR2
	work := r.Loop.Outside("signal")
	var remove func() bool
	remove = r.Loop.OnSignal(sig, func() {
		if !remove() {
			r.Complain("the handler of a signal could not remove itself")
		}
		if also != nil {
			also()
		}
		r.Finish(work.Return(nil))
	})
	sending := r.Loop.Outside("send")
	go func() {
		err := kill(sig)
		// An error means that the run has been given up.
		_ = sending.Return(func() {
			if err != nil {
				r.Complain("the signal could not be sent: %v", err)
			}
		})
	}()
}

func kill(sig os.Signal) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(sig)
}
