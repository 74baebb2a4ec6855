package sweeps_test

import "github.com/windtunnel-go/windtunnel/fakeloop"

// The kinds of fault that rulings name.
const (
	failure   = fakeloop.FaultError
	timeout   = fakeloop.FaultTimeout
	reset     = fakeloop.FaultReset
	refused   = fakeloop.FaultRefused
	cut       = fakeloop.FaultCut
	blackHole = fakeloop.FaultBlackHole
	slow      = fakeloop.FaultSlow
	cancel    = fakeloop.FaultCancel
	panics    = fakeloop.FaultPanic
	goexit    = fakeloop.FaultGoexit
)
