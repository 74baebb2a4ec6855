//go:build !unix

package verdicts

// signals are what they are elsewhere, and missing here.
var signals = []Subject{{Name: signalHandler, Missing: NoSignals}}

// AwaitSignal complains: no signal can be sent to the process.
func (r *Run) AwaitSignal(func()) { r.Complain(NoSignals) }
