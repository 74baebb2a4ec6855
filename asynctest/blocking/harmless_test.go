package blocking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// harmless is a callback of everything that does not block.
func harmless() {
	var mu sync.Mutex
	mu.Lock()
	sink = make([]byte, 1<<10)
	mu.Unlock()
	var wg sync.WaitGroup
	wg.Wait()
	c := make(chan int, 1)
	c <- 1
	<-c
	select {
	case <-c:
	default:
	}
	close(c)
	<-c
	go func() {}()
	time.NewTimer(time.Hour).Stop()
	time.AfterFunc(time.Hour, func() {}).Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	cancel()
	<-ctx.Done()
	os.Getpid()
	time.Sleep(0)
	fmt.Fprintf(io.Discard, "%v %s", time.Now().UnixNano(), errors.New("x"))
}

var sink []byte

// coroutine is what a fake loop's coroutine is made of: iter.Pull, and an entry
// function on the far side.
func coroutine(body func(yield func(int) bool)) (next func() (int, bool), stop func()) {
	return iter.Pull(func(yield func(int) bool) { enter(func() { body(yield) }) })
}

// garbage keeps the collector busy until the returned function is called.
func garbage(n int) (stop func()) {
	var end atomic.Bool
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			var keep [][]byte
			for !end.Load() {
				if keep = append(keep, make([]byte, 8192)); len(keep) > 500 {
					keep = nil
				}
			}
		})
	}
	return func() { end.Store(true); wg.Wait() }
}
