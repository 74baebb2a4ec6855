package durable_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/durable"
)

// With a sync.Mutex this would hang: the second goroutine would wait in a way that
// keeps the time of the bubble from moving, for which the first one waits. In a test of
// your own the function below is synctest.Test's.
func ExampleMutex() {
	synctest.Test(new(testing.T), func(*testing.T) {
		var mu durable.Mutex
		var calls sync.WaitGroup
		start := time.Now()
		for range 2 {
			calls.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				time.Sleep(time.Hour) // a slow call under the lock
			})
		}
		calls.Wait()
		fmt.Println(time.Since(start))
	})
	// Output: 2h0m0s
}

// The connection is shared by those who use it, and replaced by one alone.
func ExampleRWMutex() {
	synctest.Test(new(testing.T), func(*testing.T) {
		var mu durable.RWMutex
		var calls sync.WaitGroup
		start := time.Now()
		for range 3 {
			calls.Go(func() {
				mu.RLock()
				defer mu.RUnlock()
				time.Sleep(time.Hour)
			})
		}
		time.Sleep(time.Minute)
		mu.Lock()
		fmt.Println("replaced after", time.Since(start))
		mu.Unlock()
		calls.Wait()
	})
	// Output: replaced after 1h0m0s
}

// A connection that is dialled once, by whoever comes first.
func ExampleOnce() {
	synctest.Test(new(testing.T), func(*testing.T) {
		var dial durable.Once
		var calls sync.WaitGroup
		start := time.Now()
		for range 3 {
			calls.Go(func() {
				dial.Do(func() { time.Sleep(time.Minute) })
			})
		}
		calls.Wait()
		fmt.Println(time.Since(start))
	})
	// Output: 1m0s
}
