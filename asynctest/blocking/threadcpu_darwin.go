package blocking

import (
	"runtime"
	"syscall"
	"time"
)

const sysThreadSelfUsage = 482 // thread_selfusage, in ticks of mach_absolute_time

// threadClock returns the CPU time that the calling thread has used.
func threadClock() (time.Duration, error) {
	ticks, _, errno := syscall.RawSyscall(sysThreadSelfUsage, 0, 0, 0)
	if errno != 0 {
		return 0, ErrNoThreadClock
	}
	if runtime.GOARCH == "arm64" { // a tick is 125/3 ns there, and 1 ns on Intel
		return time.Duration(uint64(ticks) * 125 / 3), nil
	}
	return time.Duration(ticks), nil
}
