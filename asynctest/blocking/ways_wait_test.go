package blocking

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// waysToWait: channels, locks and the clock, directly and behind what is made
// of them.
var waysToWait = []way{
	{name: "sleep", kind: Park, on: Sleep, reason: "sleep", live: liveOf("sleep")},
	{name: "channel receive", kind: Park, on: Channel, reason: "chan receive", live: liveOf("receive")},
	{name: "channel send", kind: Park, on: Channel, reason: "chan send", live: liveOf("send")},
	{name: "select", kind: Park, on: Channel, reason: "select", live: liveOf("select")},
	{name: "select with a send", kind: Park, on: Channel, reason: "select", live: func(s *stage) {
		c, never := make(chan int), make(chan int)
		s.do(func() {
			s.park("select", func() { <-c })
			s.at = below(1)
			select {
			case c <- 1:
			case <-never:
			}
		})
	}},
	{name: "range over a channel", kind: Park, on: Channel, reason: "chan receive", live: func(s *stage) {
		c := make(chan int)
		s.do(func() {
			s.park("chan receive", func() { close(c) })
			s.at = below(1)
			for range c {
			}
		})
	}},
	{name: "Mutex.Lock", kind: Park, on: Lock, reason: "sync", live: liveOf("mutex")},
	{name: "RWMutex.RLock", kind: Park, on: Lock, reason: "sync", live: liveOf("rwmutex")},
	{name: "RWMutex.Lock", kind: Park, on: Lock, reason: "sync", live: func(s *stage) {
		var mu sync.RWMutex
		mu.RLock()
		s.do(func() {
			s.park("sync.RWMutex.Lock", mu.RUnlock)
			s.at = below(1)
			mu.Lock()
		})
	}},
	{name: "WaitGroup.Wait", kind: Park, on: Lock, reason: "sync", live: liveOf("waitgroup")},
	{name: "Cond.Wait", kind: Park, on: Lock, reason: "sync.(*Cond).Wait", live: liveOf("cond")},
	{name: "Once.Do", kind: Park, on: Lock, reason: "sync", live: liveOf("once")},
	{name: "OnceFunc", kind: Park, on: Lock, reason: "sync", live: func(s *stage) {
		begun, end := make(chan int), make(chan int)
		once := sync.OnceFunc(func() { close(begun); <-end })
		go once()
		<-begun
		s.do(func() {
			s.park("sync.Mutex.Lock", func() { close(end) })
			s.at = below(1)
			once()
		})
	}},
	{name: "Contend", kind: Park, on: Lock, reason: "sync", live: func(s *stage) {
		var mu sync.Mutex
		n := 0
		s.do(func() {
			Contend(&mu, func() {
				s.at = below(1)
				mu.Lock()
				n++
				mu.Unlock()
			})
		})
	}},
	{name: "time.Ticker", kind: Park, on: Channel, reason: "chan receive", live: func(s *stage) {
		ticker := time.NewTicker(time.Hour)
		s.later(ticker.Stop)
		s.do(func() {
			s.park("chan receive", func() { ticker.Reset(1) })
			s.at = below(1)
			<-ticker.C
		})
	}},
	{name: "time.Timer in a select", kind: Park, on: Channel, reason: "select", live: func(s *stage) {
		timer, never := time.NewTimer(time.Hour), make(chan int)
		s.do(func() {
			s.park("select", func() { timer.Reset(1) })
			s.at = below(1)
			select {
			case <-timer.C:
			case <-never:
			}
		})
	}},
	{name: "context", kind: Park, on: Channel, reason: "chan receive", live: func(s *stage) {
		ctx, cancel := context.WithCancel(context.Background())
		s.do(func() {
			s.park("chan receive", cancel)
			s.at = below(1)
			<-ctx.Done()
		})
	}},
	{name: "errgroup.Wait", kind: Park, on: Lock, reason: "sync", live: func(s *stage) {
		var g errgroup.Group
		end := make(chan int)
		g.Go(func() error { <-end; return nil })
		s.do(func() {
			s.park("sync.WaitGroup.Wait", func() { close(end) })
			s.at = below(1)
			g.Wait()
		})
	}},
	{name: "errgroup.Go over its limit", kind: Park, on: Channel, reason: "chan send", live: func(s *stage) {
		var g errgroup.Group
		g.SetLimit(1)
		end := make(chan int)
		g.Go(func() error { <-end; return nil })
		s.do(func() {
			s.park("chan send", func() { close(end) })
			s.at = below(1)
			g.Go(func() error { return nil })
		})
	}},
	{name: "semaphore.Acquire", kind: Park, on: Channel, reason: "select", live: func(s *stage) {
		sem := semaphore.NewWeighted(1)
		sem.TryAcquire(1)
		s.do(func() {
			s.park("select", func() { sem.Release(1) })
			s.at = below(1)
			sem.Acquire(context.Background(), 1)
		})
	}},
	{name: "io.Pipe read", kind: Park, on: Channel, reason: "select", many: true, live: func(s *stage) {
		r, w := io.Pipe()
		s.do(func() {
			s.park("select", func() { w.Write([]byte{1}) })
			s.at = below(1)
			r.Read(make([]byte, 1))
		})
	}},
	{name: "database/sql, pool exhausted", kind: Park, on: Channel, reason: "select", many: true, also: []Resource{Lock}, live: func(s *stage) {
		db := sql.OpenDB(connector{})
		db.SetMaxOpenConns(1)
		only, err := db.Conn(context.Background())
		if err != nil {
			panic(err)
		}
		s.later(func() { db.Close() })
		s.do(func() {
			s.park("select", func() { only.Close() })
			s.at = below(1)
			db.Ping()
		})
	}},
}

// connector is a driver of database/sql that can connect and nothing else.
type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return connector{}, nil }
func (connector) Driver() driver.Driver                        { return nil }
func (connector) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (connector) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (connector) Close() error                                 { return nil }
