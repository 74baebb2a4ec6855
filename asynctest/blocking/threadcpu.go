package blocking

import (
	"errors"
	"fmt"
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

// ErrOverBudget is found in the error of [WithinCPU].
var ErrOverBudget = errors.New("blocking: more CPU time than the budget")

// WithinCPU calls f as a callback, and returns [ErrOverBudget] if it has used more CPU
// time than budget, as [ThreadCPU] measures it; a running Recorder reports it as well, as
// a block of kind [CPU]. What hashes a password or decodes ten megabytes of JSON keeps a
// loop from everything else though it never waits:
//
//	loop.Post(func() { blocking.WithinCPU(5*time.Millisecond, cache.refresh) })
//
// A budget is a duration and no fact like a park, so it is for those who ask for it; ten
// times what the callback needs on an idle machine is generous and still finds these.
// Where there is no such clock f is not called, and the error is [ErrNoThreadClock].
func WithinCPU(budget time.Duration, f func()) error {
	used, err := ThreadCPU(func() { Callback(f) })
	if err != nil {
		return err
	}
	if used > budget {
		tellCPU(used, budget, entry(f))
		return fmt.Errorf("%w: %v of %v; hand the work to another goroutine, or cut it into several callbacks", ErrOverBudget, used, budget)
	}
	return nil
}
