package fakeloop

import "slices"

// Registry calls the handlers that were registered for a name whenever something
// of that name is emitted: the fourth of the asynchronous styles, the callback
// registry. Each handler is a callback of the loop of its own, so one that panics
// is an error of the loop and takes neither the others nor the registry with it.
// All methods may be called from any goroutine.
type Registry[E any] struct {
	loop     *Loop
	handlers map[string][]*handler[E] // guarded by the loop's lock
}

// handler is one registration.
type handler[E any] struct {
	fn      func(E)
	removed bool
}

// NewRegistry returns a registry without handlers.
func NewRegistry[E any](l *Loop) *Registry[E] {
	l.checkMade("NewRegistry")
	return &Registry[E]{loop: l, handlers: make(map[string][]*handler[E])}
}

// On registers a handler and returns the function that removes it again, which
// reports whether the handler was still there. A handler that has been removed is
// not called any more, not even for what was emitted before: an earlier handler of
// the same event can remove a later one, and itself. The same function can be
// registered more than once. On panics if fn is nil.
func (r *Registry[E]) On(name string, fn func(E)) (remove func() bool) {
	r.loop.checkCaller("Registry.On")
	if fn == nil {
		panic("fakeloop: Registry.On with a nil function")
	}
	h := &handler[E]{fn: fn}
	r.loop.mu.Lock()
	defer r.loop.mu.Unlock()
	r.handlers[name] = append(r.handlers[name], h)
	return func() bool { return r.remove(name, h) }
}

func (r *Registry[E]) remove(name string, h *handler[E]) bool {
	r.loop.checkCaller("the removal of a handler")
	r.loop.mu.Lock()
	defer r.loop.mu.Unlock()
	if h.removed {
		return false
	}
	h.removed = true
	// A copy, since an Emit may be going through the list.
	rest := slices.DeleteFunc(slices.Clone(r.handlers[name]), func(o *handler[E]) bool { return o == h })
	if r.handlers[name] = rest; len(rest) == 0 {
		delete(r.handlers, name)
	}
	return true
}

// Emit posts the handlers registered for the name, in the order of their
// registration, and returns how many there are. They run in the next turn. It is
// called where Post is called, and like Post it panics if the loop is closed and
// there is a handler to run.
func (r *Registry[E]) Emit(name string, event E) int {
	r.loop.checkCaller("Emit")
	r.loop.mu.Lock()
	handlers := r.handlers[name]
	r.loop.mu.Unlock()
	for _, h := range handlers {
		r.loop.Named(name).Post(func() { r.call(h, event) })
	}
	return len(handlers)
}

// call runs a handler that is still registered.
func (r *Registry[E]) call(h *handler[E], event E) {
	r.loop.mu.Lock()
	removed := h.removed
	r.loop.mu.Unlock()
	if !removed {
		h.fn(event)
	}
}
