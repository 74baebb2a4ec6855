package blocking

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"
)

// waysToTheDisk: each enters the kernel, whatever the kernel then does.
var waysToTheDisk = []way{
	{name: "os.Open", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		var f *os.File
		s.later(func() { f.Close() })
		s.do(func() {
			s.at = below(1)
			f, _ = os.Open("doc.go")
		})
	}},
	{name: "os.ReadFile", kind: Syscall, on: Disk, many: true, live: liveOf("file read")},
	{name: "File.ReadAt", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		s.at = below(1)
		f.ReadAt(make([]byte, 1), 0)
	})},
	{name: "File.WriteAt", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		s.at = below(1)
		f.WriteAt([]byte{1}, 0)
	})},
	{name: "File.Sync", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		s.at = below(1)
		f.Sync()
	})},
	{name: "File.Close", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		s.at = below(1)
		f.Close()
	})},
	{name: "os.Stat", kind: Syscall, on: Disk, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.Stat("doc.go")
		})
	}},
	{name: "os.ReadDir", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.ReadDir(".")
		})
	}},
	{name: "os.Getwd", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.Getwd()
		})
	}},
	{name: "os.Rename", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.Rename("no such file", "nor this one")
		})
	}},
	{name: "os.Remove", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.Remove("no such file")
		})
	}},
	{name: "fmt.Fprintln to a file", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		s.at = below(1)
		fmt.Fprintln(f, "x")
	})},
	{name: "log.Print to a file", kind: Syscall, on: Disk, live: onFile(func(s *stage, f *os.File) {
		logger := log.New(f, "", 0)
		s.at = below(1)
		logger.Print("x")
	})},
	{name: "write to os.Stdout", kind: Syscall, on: Disk, live: liveOf("stdout")},
	{name: "time.LoadLocation", kind: Syscall, on: Disk, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			time.LoadLocation("Europe/Berlin")
		})
	}},
	{name: "pipe read", kind: Park, on: Other, reason: "network", many: true, also: []Resource{Disk}, live: liveOf("pipe read")},
	{name: "pipe write, full", kind: Park, on: Other, reason: "network", many: true, also: []Resource{Disk}, live: func(s *stage) {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		s.later(func() { r.Close(); w.Close() })
		s.do(func() {
			s.park("IO wait", func() { w.Close() })
			s.at = below(1)
			w.Write(make([]byte, 8<<20))
		})
	}},
}

// onFile runs f in a callback, with a file that takes everything and keeps nothing.
func onFile(f func(*stage, *os.File)) func(*stage) {
	return func(s *stage) {
		file, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			panic(err)
		}
		s.later(func() { file.Close() })
		s.do(func() { f(s, file) })
	}
}

// waysToAProcess: starting a child, awaiting it, looking for it.
var waysToAProcess = []way{
	{name: "exec.Cmd.Run", kind: Syscall, on: Process, many: true, live: func(s *stage) {
		cmd := exec.Command("true")
		s.do(func() {
			s.at = below(1)
			cmd.Run()
		})
	}},
	{name: "exec.Cmd.Output", kind: Syscall, on: Process, many: true, live: func(s *stage) {
		cmd := exec.Command("true")
		s.do(func() {
			s.at = below(1)
			cmd.Output()
		})
	}},
	{name: "exec.Cmd.Wait", kind: Syscall, on: Process, many: true, live: func(s *stage) {
		cmd := exec.Command("true")
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		s.do(func() {
			s.at = below(1)
			cmd.Wait()
		})
	}},
	{name: "os.StartProcess", kind: Syscall, on: Process, many: true, live: func(s *stage) {
		path, err := exec.LookPath("true")
		if err != nil {
			panic(err)
		}
		var p *os.Process
		s.later(func() { p.Wait() })
		s.do(func() {
			s.at = below(1)
			p, _ = os.StartProcess(path, []string{path}, &os.ProcAttr{})
		})
	}},
}
