//go:build unix

package blocking

import "syscall"

func init() { waysUnix = append(waysUnix, waysByCall...) }

// waysByCall: system calls made directly, without package os or net.
var waysByCall = []way{
	{name: "syscall.Flock", kind: Syscall, on: Lock, live: onDescriptor(func(s *stage, fd int) {
		s.at = below(1)
		syscall.Flock(fd, syscall.LOCK_SH)
	})},
	{name: "syscall.Read", kind: Syscall, on: Other, live: onDescriptor(func(s *stage, fd int) {
		b := make([]byte, 1)
		s.at = below(1)
		syscall.Read(fd, b)
	})},
	{name: "syscall.Fsync", kind: Syscall, on: Disk, live: onDescriptor(func(s *stage, fd int) {
		s.at = below(1)
		syscall.Fsync(fd)
	})},
}

func onDescriptor(f func(*stage, int)) func(*stage) {
	return func(s *stage) {
		fd, err := syscall.Open("doc.go", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		s.later(func() { syscall.Close(fd) })
		s.do(func() { f(s, fd) })
	}
}
