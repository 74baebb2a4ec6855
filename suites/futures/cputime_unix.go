//go:build unix

package futures

import (
	"syscall"
	"time"
)

// cpuTime is the CPU time that the process has used; zero if the system does not tell.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
