package blocking

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

const clockThreadCPU = 3 // CLOCK_THREAD_CPUTIME_ID

// threadClock returns the CPU time that the calling thread has used. The raw call
// is not an event of the tracer: it does not count as entering the kernel.
func threadClock() (time.Duration, error) {
	var t syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&t)), 0)
	if errno != 0 {
		return 0, os.NewSyscallError("clock_gettime", errno)
	}
	return time.Duration(t.Nano()), nil
}
