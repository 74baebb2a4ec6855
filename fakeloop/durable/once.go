package durable

import "sync"

// Once is a sync.Once for which waiting is durable. All methods may be called from any
// goroutine.
type Once struct {
	mu      sync.Mutex // never held while f runs
	begun   bool
	done    bool
	waiting []chan struct{}
}

// Do calls f if it is the first call of Do, and otherwise waits until the f of the
// first call has returned. An f that panics has returned, as with package sync. An f
// that calls Do waits for itself.
func (o *Once) Do(f func()) {
	o.mu.Lock()
	switch {
	case o.done:
		o.mu.Unlock()
	case o.begun:
		turn := make(chan struct{}) // made here, so that it belongs to the bubble of who waits
		o.waiting = append(o.waiting, turn)
		o.mu.Unlock()
		<-turn
	default:
		o.begun = true
		o.mu.Unlock()
		defer o.finish()
		f()
	}
}

// finish lets those go on who wait.
func (o *Once) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = true
	for _, turn := range o.waiting {
		close(turn)
	}
	o.waiting = nil
}
