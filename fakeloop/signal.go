package fakeloop

import (
	"os"
	"os/signal"
)

// OnSignal registers a handler for a signal of the operating system and returns
// the function that removes it again, which reports whether it was still there. On
// a wall loop it is called, as a callback of the loop, each time the process gets
// the signal, which then has no other effect; a virtual loop takes no notice of
// the process and calls it when the test raises the signal with Raise. A handler
// can remove itself and others, as with [Registry.On].
//
// Like every source of events that may never come, a handler does not keep the
// loop from being idle: a test that waits for a signal announces it with Outside.
// A wall loop inside a testing/synctest bubble must not register one: a real signal
// comes from outside the bubble, which the runtime does not survive.
//
// OnSignal panics if sig or fn is nil or the loop is closed.
func (l *Loop) OnSignal(sig os.Signal, fn func()) (remove func() bool) {
	l.checkCaller("OnSignal")
	if sig == nil || fn == nil {
		panic("fakeloop: OnSignal with a nil signal or function")
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		panic("fakeloop: OnSignal on a closed loop: the handler would never run")
	}
	if l.signals == nil {
		l.signals = &signals{registry: NewRegistry[struct{}](l), relays: make(map[os.Signal]*relay)}
	}
	s := l.signals
	if r := s.relays[sig]; r != nil {
		r.handlers++
	} else {
		s.relays[sig] = l.startRelay(sig)
	}
	l.mu.Unlock()
	off := s.registry.On(sig.String(), func(struct{}) { fn() })
	return func() bool {
		removed := off()
		if removed {
			l.release(sig)
		}
		return removed
	}
}

// Raise calls the handlers of a signal, in the next turn, as if it had come to the
// process. It is for virtual loops: a wall loop gets its signals from the operating
// system, and Raise returns ErrNotVirtual. It returns ErrClosed if the loop is closed, and
// panics if sig is nil.
func (l *Loop) Raise(sig os.Signal) error {
	l.checkCaller("Raise")
	if sig == nil {
		panic("fakeloop: Raise with a nil signal")
	}
	if l.mode == Wall {
		return ErrNotVirtual
	}
	l.mu.Lock()
	s, closed := l.signals, l.closed
	l.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if s != nil {
		s.registry.Emit(sig.String(), struct{}{})
	}
	return nil
}

// signals is what a loop keeps for signals.
type signals struct {
	registry *Registry[struct{}]
	relays   map[os.Signal]*relay // guarded by the loop's lock
}

// relay hands one signal of the process to a wall loop.
type relay struct {
	handlers int
	incoming chan os.Signal // nil on a virtual loop
	quit     chan struct{}
}

// startRelay returns the relay of a signal that has got its first handler. The
// caller holds l.mu.
func (l *Loop) startRelay(sig os.Signal) *relay {
	r := &relay{handlers: 1}
	if l.mode != Wall {
		return r
	}
	// One slot, as for signals of one kind that are pending in a process.
	r.incoming, r.quit = make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(r.incoming, sig)
	registry := l.signals.registry
	go func() {
		for {
			select {
			case <-r.quit:
				return
			case <-r.incoming:
				// An error means that the loop was closed: nobody is told.
				_ = l.PostFrom("signal "+sig.String(), func() { registry.Emit(sig.String(), struct{}{}) })
			}
		}
	}()
	return r
}

// release gives one handler's share of a relay back.
func (l *Loop) release(sig os.Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.signals.relays[sig]
	if r == nil { // the loop was closed
		return
	}
	if r.handlers--; r.handlers == 0 {
		r.stop()
		delete(l.signals.relays, sig)
	}
}

// stopRelays ends all relays of a loop that is being closed. The caller holds
// l.mu.
func (l *Loop) stopRelays() {
	if l.signals == nil {
		return
	}
	for _, r := range l.signals.relays {
		r.stop()
	}
	clear(l.signals.relays)
}

func (r *relay) stop() {
	if r.incoming != nil {
		signal.Stop(r.incoming)
		close(r.quit)
	}
}
