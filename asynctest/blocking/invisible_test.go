package blocking

import (
	"crypto/sha256"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// What the package comment names as invisible is invisible: who reads it there
// has not been told a lie, and who makes it visible has a comment to change.
func TestInvisible(t *testing.T) {
	for _, c := range []struct {
		name string
		live func()
	}{
		{"computing", func() {
			Callback(func() {
				var sum [32]byte
				for range 10_000 {
					sum = sha256.Sum256(sum[:])
				}
			})
		}},
		{"spinning on a variable", func() {
			var done atomic.Bool
			go func() { done.Store(true) }()
			Callback(func() {
				for !done.Load() {
					runtime.Gosched()
				}
			})
		}},
		{"a receive that finds its value", func() {
			c := make(chan int, 1)
			c <- 1
			Callback(func() { <-c })
		}},
		{"a receive that finds its sender", func() {
			c, id := make(chan int), make(chan string, 1)
			go func() { id <- goid(); c <- 1 }()
			untilParked(<-id, "chan send")
			Callback(func() { <-c })
		}},
		{"a lock that is free", func() {
			var mu sync.Mutex
			n := 0
			Callback(func() { mu.Lock(); n++; mu.Unlock() })
		}},
		{"the runtime's own waits", func() {
			Callback(func() {
				runtime.GC()
				runtime.ReadMemStats(new(runtime.MemStats))
			})
		}},
		{"yielding", func() { Callback(runtime.Gosched) }},
		{"a call that the scheduler is not told of", func() { Callback(func() { os.Getpid() }) }},
		{"the body of an iter.Pull without a marker", func() {
			next, stop := iter.Pull(func(yield func(int) bool) { napA(); yield(1) })
			defer stop()
			Callback(func() { next() })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := mustStart(t, Config{})
			for range 20 {
				c.live()
			}
			if r := mustStop(t, rec); len(r.Blocks)+len(r.Truncated) != 0 {
				t.Error(r)
			}
		})
	}
}

// A lock is reported no more often than it was held on arrival, and that is less
// often than that: Lock spins for about 2 microseconds before it parks.
func TestAShortLockIsSeenOnlyIfItParks(t *testing.T) {
	var mu sync.Mutex
	held := 0
	rec := mustStart(t, Config{})
	for range scaled(t, 10_000) {
		var begun atomic.Bool
		var both sync.WaitGroup
		both.Go(func() {
			mu.Lock()
			begun.Store(true)
			mu.Unlock()
		})
		for !begun.Load() {
			runtime.Gosched()
		}
		Callback(func() {
			if !mu.TryLock() {
				held++
				mu.Lock()
			}
			mu.Unlock()
		})
		both.Wait()
	}
	parked := 0
	for _, b := range mustStop(t, rec).Blocks {
		parked += b.Count
	}
	t.Logf("held on arrival %d times, parked %d times", held, parked)
	if parked > held {
		t.Errorf("%d parks of a lock that was held %d times", parked, held)
	}
}

// A callback that was blocked when the recording began has no beginning in it.
func TestBlockedBefore(t *testing.T) {
	c, ended, id := make(chan int), make(chan int), make(chan string, 1)
	go func() {
		defer close(ended)
		Callback(func() { id <- goid(); <-c })
	}()
	untilParked(<-id, "chan receive")
	rec := mustStart(t, Config{})
	c <- 1
	<-ended
	if r := mustStop(t, rec); len(r.Blocks) != 0 {
		t.Error(r)
	}
}

// The fault of a page that is not there yet stops the thread, and no trace shows it.
func TestPageFault(t *testing.T) {
	rec := mustStart(t, Config{})
	Callback(func() {
		fresh := make([]byte, 16<<20)
		for i := 0; i < len(fresh); i += 4096 {
			fresh[i] = 1
		}
		runtime.KeepAlive(fresh)
	})
	if r := mustStop(t, rec); len(r.Blocks) != 0 {
		t.Error(r)
	}
}
