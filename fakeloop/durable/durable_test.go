package durable_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/durable"
)

// lockers are the locks, each for writing.
func lockers() map[string]sync.Locker {
	return map[string]sync.Locker{"Mutex": new(durable.Mutex), "RWMutex": new(durable.RWMutex)}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func wantPanic(t testing.TB, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		equal(t, "panic", fmt.Sprint(recover()), want)
	}()
	f()
}

// Time passes while one holds a lock and others wait for it, who are served in the order
// in which they came.
func TestTimePassesWhileALockIsWaitedFor(t *testing.T) {
	for name := range lockers() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lock := lockers()[name]
				start := time.Now()
				var order []int
				var all sync.WaitGroup
				for i := range 5 {
					all.Go(func() {
						time.Sleep(time.Duration(i)) // so that they come in order
						lock.Lock()
						defer lock.Unlock()
						order = append(order, i)
						time.Sleep(time.Hour)
					})
				}
				all.Wait()
				equal(t, "order", fmt.Sprint(order), "[0 1 2 3 4]")
				equal(t, "time passed", time.Since(start), 5*time.Hour)
			})
		})
	}
}

// A reader behind a writer that waits, waits too; readers share.
func TestReadersAndWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rw durable.RWMutex
		var mu sync.Mutex
		var log []string
		start := time.Now()
		var all sync.WaitGroup
		for i, kind := range []string{"r", "r", "w", "r", "r", "w"} {
			lock := rw.RLocker()
			if kind == "w" {
				lock = &rw
			}
			all.Go(func() {
				time.Sleep(time.Duration(i))
				lock.Lock()
				mu.Lock()
				log = append(log, fmt.Sprintf("%s%d@%d", kind, i, time.Since(start)/time.Hour))
				mu.Unlock()
				time.Sleep(time.Hour)
				lock.Unlock()
			})
		}
		all.Wait()
		slices.Sort(log)
		equal(t, "log", strings.Join(log, " "), "r0@0 r1@0 r3@2 r4@2 w2@1 w5@3")
	})
}

// TryLock never waits, and takes nothing that another holds.
func TestTryLock(t *testing.T) {
	var m durable.Mutex
	equal(t, "free", m.TryLock(), true)
	equal(t, "taken", m.TryLock(), false)
	m.Unlock()
	equal(t, "free again", m.TryLock(), true)

	synctest.Test(t, func(t *testing.T) {
		var rw durable.RWMutex
		equal(t, "free", rw.TryLock(), true)
		equal(t, "written", rw.TryLock() || rw.TryRLock(), false)
		rw.Unlock()
		equal(t, "free again", rw.TryRLock(), true)
		equal(t, "read by another", rw.TryRLock(), true)
		equal(t, "read", rw.TryLock(), false)
		go func() {
			rw.Lock()
			time.Sleep(time.Second)
			rw.Unlock()
		}()
		synctest.Wait()
		equal(t, "read, and a writer waits", rw.TryRLock(), false)
		rw.RUnlock()
		rw.RUnlock()
		synctest.Wait()
		equal(t, "written", rw.TryLock() || rw.TryRLock(), false)
		time.Sleep(time.Minute)
		equal(t, "free", rw.TryLock(), true)
	})
}

// Whoever holds a lock is alone, in a bubble and outside; the race detector watches.
func TestLocksExclude(t *testing.T) {
	for name, lock := range lockers() {
		t.Run(name, func(t *testing.T) {
			n := 0
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 500 {
						lock.Lock()
						n++
						lock.Unlock()
					}
				})
			}
			all.Wait()
			equal(t, "n", n, 4000)
		})
	}
}

// Readers see what writers have written, whole.
func TestReadersSeeWholeWrites(t *testing.T) {
	var rw durable.RWMutex
	a, b := 0, 0
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 300 {
				rw.Lock()
				a++
				b++
				rw.Unlock()
			}
		})
		all.Go(func() {
			for range 300 {
				rw.RLock()
				equal(t, "a and b", a, b)
				rw.RUnlock()
			}
		})
	}
	all.Wait()
	equal(t, "a", a, 1200)
}

// One lock can serve one bubble after the other: nothing of the first is left in it.
func TestLockOfTwoBubbles(t *testing.T) {
	all := lockers()
	for name, lock := range all {
		for range 2 {
			synctest.Test(t, func(t *testing.T) {
				lock.Lock()
				go func() {
					lock.Lock()
					time.Sleep(time.Second)
					lock.Unlock()
				}()
				time.Sleep(time.Second)
				lock.Unlock()
				lock.Lock()
				equal(t, name, time.Now().Second(), 2)
				lock.Unlock()
			})
		}
	}
}

// A sync.Cond can have such a lock.
func TestCond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m durable.Mutex
		cond := sync.NewCond(&m)
		ready := false
		go func() {
			time.Sleep(time.Hour)
			m.Lock()
			defer m.Unlock()
			ready = true
			time.Sleep(time.Hour)
			cond.Broadcast()
		}()
		m.Lock()
		for !ready {
			cond.Wait()
		}
		m.Unlock()
	})
}

// Do calls the first f only; all others wait for it, durably.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var once durable.Once
		var calls atomic.Int32
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				once.Do(func() { calls.Add(1); time.Sleep(time.Hour) })
				equal(t, "time of the return", time.Since(start), time.Hour)
			})
		}
		all.Wait()
		once.Do(func() { t.Error("called again") })
		equal(t, "calls", calls.Load(), 1)
	})
}

// An f that panics is not called again, and keeps nobody waiting.
func TestOncePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var once durable.Once
		begun := make(chan struct{})
		go func() {
			<-begun
			once.Do(func() { t.Error("called again") })
		}()
		wantPanic(t, "boom", func() {
			once.Do(func() { close(begun); time.Sleep(time.Second); panic("boom") })
		})
	})
}

func TestMisuse(t *testing.T) {
	wantPanic(t, "durable: Unlock of a Mutex that is not locked; lock it first, and unlock it once", func() { new(durable.Mutex).Unlock() })
	wantPanic(t, "durable: Unlock of an RWMutex that is not locked for writing; lock it first, and unlock it once", func() { new(durable.RWMutex).Unlock() })
	wantPanic(t, "durable: RUnlock of an RWMutex that is not locked for reading; lock it first, and unlock it once", func() { new(durable.RWMutex).RUnlock() })
	var rw durable.RWMutex
	rw.RLock()
	wantPanic(t, "durable: Unlock of an RWMutex that is not locked for writing; lock it first, and unlock it once", rw.Unlock)
}
