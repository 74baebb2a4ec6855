package blocking

import "syscall"

func init() { waysUnix = append(waysUnix, wayToNap) }

// wayToNap: the system call that sleeps, past the runtime.
var wayToNap = way{name: "syscall.Nanosleep", kind: Syscall, on: Sleep, live: func(s *stage) {
	nap := syscall.NsecToTimespec(1)
	s.do(func() {
		s.at = below(1)
		syscall.Nanosleep(&nap, nil)
	})
}}
