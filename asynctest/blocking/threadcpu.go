package blocking

import (
	"errors"
	"runtime"
	"time"
)

// ErrNoThreadClock: this operating system does not tell how much CPU time a
// thread has used, or not through the standard library.
var ErrNoThreadClock = errors.New("blocking: no clock of a thread's CPU time on this system")

// ThreadCPU calls f and returns how much CPU time it used: the time its thread
// was running, as the kernel counts it. A callback that computes for long keeps
// its loop from everything else though it never waits, and no trace of waits shows
// it. CPU time is the one measure of that which a busy machine does not falsify:
// time spent waiting for a processor does not count. (Caches shared with others
// do; give a budget a factor of three.)
//
// What f does on other goroutines does not count. f must not switch to a
// coroutine (iter.Pull) that was made outside f, since the goroutine is locked to
// its thread meanwhile and the runtime forbids that. The resolution is that of the
// kernel, on Linux a few hundred nanoseconds. If there is no such clock f is not
// called and the error is [ErrNoThreadClock].
func ThreadCPU(f func()) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := threadClock()
	if err != nil {
		return 0, err
	}
	f()
	after, err := threadClock()
	return after - before, err
}
