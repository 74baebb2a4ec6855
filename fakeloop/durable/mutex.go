package durable

import (
	"slices"
	"sync"
)

var _ sync.Locker = (*Mutex)(nil)

// Mutex is a sync.Mutex for which waiting is durable. All methods may be called from any
// goroutine.
type Mutex struct {
	mu      sync.Mutex // never held while anything waits
	locked  bool
	waiting []chan struct{} // who has waited longest stands first
}

// Lock locks m, and waits until that is possible. It is handed over in the order of the
// calls.
func (m *Mutex) Lock() {
	m.mu.Lock()
	if !m.locked {
		m.locked = true
		m.mu.Unlock()
		return
	}
	turn := make(chan struct{}) // made here, so that it belongs to the bubble of who waits
	m.waiting = append(m.waiting, turn)
	m.mu.Unlock()
	<-turn
}

// TryLock locks m if nobody holds it, and reports whether it did.
func (m *Mutex) TryLock() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return false
	}
	m.locked = true
	return true
}

// Unlock unlocks m, or hands it to who has waited longest. It may be called by another
// goroutine than the one that locked. It panics if m is not locked.
func (m *Mutex) Unlock() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.locked {
		panic("durable: Unlock of a Mutex that is not locked; lock it first, and unlock it once")
	}
	if len(m.waiting) == 0 {
		m.locked = false
		return
	}
	close(m.waiting[0])
	m.waiting = slices.Delete(m.waiting, 0, 1)
}
