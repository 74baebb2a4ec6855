package blocking

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// contended runs f as a callback under Contend and returns where it blocked.
func contended(t *testing.T, lock sync.Locker, f func()) []Block {
	t.Helper()
	r, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	Callback(func() { Contend(lock, f) })
	report, err := r.Stop()
	if err != nil {
		t.Fatal(err)
	}
	return report.Blocks
}

// A callback that takes the lock parks, each time, however briefly others hold it
// in real life.
func TestContendMakesALockPark(t *testing.T) {
	var mu sync.Mutex
	var rw sync.RWMutex
	n := 0
	for _, tc := range []struct {
		name   string
		lock   sync.Locker
		take   func()
		reason string
	}{
		{"Mutex.Lock", &mu, func() { mu.Lock(); n++; mu.Unlock() }, "sync"},
		{"RWMutex.Lock", &rw, func() { rw.Lock(); n++; rw.Unlock() }, "sync"},
		{"RWMutex.RLock", &rw, func() { rw.RLock(); _ = n; rw.RUnlock() }, "sync"},
		{"Lock behind readers", rw.RLocker(), func() { rw.Lock(); n++; rw.Unlock() }, "sync"},
	} {
		for range 20 {
			blocks := contended(t, tc.lock, tc.take)
			if len(blocks) != 1 || blocks[0].Kind != Park || blocks[0].Resource != Lock || blocks[0].Count != 1 {
				t.Fatalf("%s: got %v, want one park on the lock", tc.name, blocks)
			}
		}
	}
}

// A callback that does not take the lock does not park, and Contend's own waits
// are not the callback's.
func TestContendAddsNothing(t *testing.T) {
	var mu, other sync.Mutex
	n := 0
	for range 20 {
		if blocks := contended(t, &mu, func() { other.Lock(); n++; other.Unlock() }); len(blocks) != 0 {
			t.Fatalf("got %v", blocks)
		}
	}
}

// The lock is free when Contend is over, however f ends.
func TestContendGivesTheLockBack(t *testing.T) {
	var mu sync.Mutex
	Contend(&mu, func() {})
	if !mu.TryLock() {
		t.Fatal("after f returned the lock is held")
	}
	mu.Unlock()

	boom := errors.New("boom")
	func() {
		defer func() {
			if v := recover(); v != boom {
				t.Errorf("recovered %v, want %v", v, boom)
			}
		}()
		Contend(&mu, func() { mu.Lock(); defer mu.Unlock(); panic(boom) })
	}()
	if !mu.TryLock() {
		t.Fatal("after f panicked the lock is held")
	}
}

// In a bubble no timer fires while a goroutine waits for a lock.
func TestContendInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		n := 0
		Contend(&mu, func() { mu.Lock(); n++; mu.Unlock() })
		if n != 1 {
			t.Errorf("the callback ran %d times", n)
		}
	})
}
