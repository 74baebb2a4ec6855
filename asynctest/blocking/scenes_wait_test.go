package blocking

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"time"
)

// waitScenes: each way to wait, with its kind, resource, reason and line.
var waitScenes = []scene{
	{name: "sleep", check: one(Park, Sleep, "sleep"), live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			time.Sleep(time.Nanosecond)
		})
	}},
	{name: "receive", live: func(s *stage) {
		c := make(chan int)
		s.do(func() {
			s.park("chan receive", func() { wakeUp(c) })
			s.at = below(1)
			<-c
		})
	}, check: func(r *Report, s *stage) error {
		if err := one(Park, Channel, "chan receive")(r, s); err != nil {
			return err
		}
		if w := r.Blocks[0].Waker; len(w) == 0 || wakerFrame(r.Blocks[0]).Func != FuncName(wakeUp) {
			return fmt.Errorf("waker is %v, want wakeUp", w)
		}
		if r.Blocks[0].Longest <= 0 {
			return errors.New("the wait took no time")
		}
		return nil
	}},
	{name: "send", check: one(Park, Channel, "chan send"), live: func(s *stage) {
		c := make(chan int)
		s.do(func() {
			s.park("chan send", func() { <-c })
			s.at = below(1)
			c <- 1
		})
	}},
	{name: "select", check: one(Park, Channel, "select"), live: func(s *stage) {
		c, never := make(chan int), make(chan int)
		s.do(func() {
			s.park("select", func() { c <- 1 })
			s.at = below(1)
			select {
			case <-c:
			case <-never:
			}
		})
	}},
	{name: "mutex", check: one(Park, Lock, "sync"), live: func(s *stage) {
		var mu sync.Mutex
		mu.Lock()
		s.do(func() {
			s.park("sync.Mutex.Lock", mu.Unlock)
			s.at = below(1)
			mu.Lock()
		})
	}},
	{name: "rwmutex", check: one(Park, Lock, "sync"), live: func(s *stage) {
		var mu sync.RWMutex
		mu.Lock()
		s.do(func() {
			s.park("sync.RWMutex.RLock", mu.Unlock)
			s.at = below(1)
			mu.RLock()
		})
	}},
	{name: "waitgroup", check: one(Park, Lock, "sync"), live: func(s *stage) {
		var wg sync.WaitGroup
		wg.Add(1)
		s.do(func() {
			s.park("sync.WaitGroup.Wait", wg.Done)
			s.at = below(1)
			wg.Wait()
		})
	}},
	{name: "cond", check: one(Park, Lock, "sync.(*Cond).Wait"), live: func(s *stage) {
		cond := sync.NewCond(new(sync.Mutex))
		s.do(func() {
			cond.L.Lock()
			s.park("sync.Cond.Wait", cond.Signal)
			s.at = below(1)
			cond.Wait()
		})
	}},
	{name: "once", check: one(Park, Lock, "sync"), live: func(s *stage) {
		var once sync.Once
		begun, end := make(chan int), make(chan int)
		go once.Do(func() { close(begun); <-end })
		<-begun
		s.do(func() {
			s.park("sync.Mutex.Lock", func() { close(end) })
			s.at = below(1)
			once.Do(func() {})
		})
	}},
	{name: "conn read", check: all(Network, Park, Syscall), live: func(s *stage) {
		near, far := connected()
		s.later(func() { near.Close(); far.Close() })
		s.do(func() {
			s.park("IO wait", func() { far.Write([]byte{1}) })
			s.at = below(1)
			near.Read(make([]byte, 1))
		})
	}},
	{name: "http get", check: all(Network, Park), live: func(s *stage) {
		gate := make(chan int)
		srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gate }))
		s.later(srv.Close)
		c := srv.Client()
		s.do(func() {
			s.park("select", func() { close(gate) })
			s.at = below(1)
			c.Head(srv.URL)
		})
	}},
	{name: "lookup", check: all(DNS, Park), live: func(s *stage) {
		gate := make(chan int)
		r := net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			<-gate
			return nil, errors.New("no route")
		}}
		s.do(func() {
			s.park("chan receive", func() { close(gate) })
			s.at = below(1)
			r.LookupHost(context.Background(), "windtunnel.test.")
		})
	}},
	{name: "file read", check: all(Disk, Syscall), live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.ReadFile("doc.go")
		})
	}},
	{name: "stdout", check: one(Syscall, Disk, "syscall.write"), live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			os.Stdout.Write([]byte{})
		})
	}},
	{name: "pipe read", live: func(s *stage) {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		s.later(func() { r.Close(); w.Close() })
		s.do(func() {
			s.park("IO wait", func() { w.Write([]byte{1}) })
			s.at = below(1)
			r.Read(make([]byte, 1))
		})
	}, check: func(r *Report, s *stage) error {
		for _, b := range r.Blocks {
			if b.Kind == Park && b.Resource == Other && b.Reason == "network" && b.User == s.at {
				return nil
			}
		}
		return fmt.Errorf("no park on a pipe at %s, got:\n%s", s.at, r)
	}},
	{name: "child process", check: all(Process, Syscall), live: func(s *stage) {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		s.do(func() {
			s.at = below(1)
			cmd.Run()
		})
	}},
}

//go:noinline
func wakeUp(c chan int) { c <- 1 }

func connected() (near, far net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer ln.Close()
	if near, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		panic(err)
	}
	if far, err = ln.Accept(); err != nil {
		panic(err)
	}
	return near, far
}
