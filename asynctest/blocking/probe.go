package blocking

import "sync"

// A recorder that saw nothing must not say that nothing happened. So it blocks
// once on purpose after the tracer started and once before the tracer stops,
// and a trace that lacks either block is refused.

//go:noinline
func headProbe(f func()) { f() }

//go:noinline
func tailProbe(f func()) { f() }

// prove makes a block that cannot fail to happen: of the two parties to a
// hand-over on an unbuffered channel, whichever comes first parks. It waits for
// no timer, so it moves no clock when Stop runs in a bubble.
// It returns the numbers of the two goroutines, for one of which a Recorder looks.
func prove(mark func(func())) (by [2]int64) {
	c := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		by[0] = goroutineNumber()
		mark(func() { c <- struct{}{} })
	})
	both.Go(func() {
		by[1] = goroutineNumber()
		mark(func() { <-c })
	})
	both.Wait()
	return by
}

// The built-in markers. They are spelt out because Start, through the analyser,
// would otherwise depend on its own name.
const (
	thisPackage  = "github.com/windtunnel-go/windtunnel/asynctest/blocking"
	callbackMark = thisPackage + ".Callback"
	allowMark    = thisPackage + ".Allow"
	disallowMark = thisPackage + ".Disallow"
	headMark     = thisPackage + ".headProbe"
	tailMark     = thisPackage + ".tailProbe"
	// Waits below these are the package's own, also when a callback calls them.
	startMark   = thisPackage + ".Start"
	stopMark    = thisPackage + ".(*Recorder).Stop"
	holdMark    = thisPackage + ".hold"
	releaseMark = thisPackage + ".awaitRelease"
	arriveMark  = thisPackage + ".arrive"
	withinMark  = thisPackage + ".WithinCPU" // no marker
	departMark  = thisPackage + ".depart"
)
