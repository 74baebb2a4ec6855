package fakeloop

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrQueueClosed is what a closed queue answers: to Put, and to Get once the
// items that were in it have been taken.
var ErrQueueClosed = errors.New("fakeloop: the queue is closed")

// Queue hands items from those who put them to those who get them, in order,
// without blocking a loop: whoever has to wait gets a future. It is the third of
// the asynchronous styles, delivery to a queue; an error is delivered as an item
// like any other, so T is often a struct with a value and an error. All methods
// may be called from any goroutine; Put and Get panic on a closed loop, on which
// nobody could be told.
type Queue[T any] struct {
	loop     *Loop
	label    string
	capacity int

	mu      sync.Mutex // taken before the loop's lock
	items   []T
	putters []putter[T]
	getters []*Promise[T]
	closed  bool
}

// putter is an item that waits for room.
type putter[T any] struct {
	item T
	done *Promise[struct{}]
}

// NewQueue returns an empty queue that holds as many items as its capacity says.
// A Put into a full queue waits, which is how a consumer that is slow holds back
// its producers. The label names the queue's futures. It panics if the capacity is
// not positive.
func NewQueue[T any](l *Loop, label string, capacity int) *Queue[T] {
	if capacity < 1 {
		panic(fmt.Sprintf("fakeloop: NewQueue(%q) with a capacity of %d; a queue holds one item at least", label, capacity))
	}
	return &Queue[T]{loop: l, label: label, capacity: capacity}
}

// Put appends an item. The future is resolved when the item is in the queue, at
// once if there is room; it is rejected with ErrQueueClosed, and the item is
// dropped, if the queue is closed first. Those who wait get in in the order in
// which they came.
func (q *Queue[T]) Put(item T) *Future[struct{}] {
	done := NewPromise[struct{}](q.loop, q.label+" put")
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		done.Reject(ErrQueueClosed)
	case q.deliver(item), q.store(item):
		done.Resolve(struct{}{})
	default:
		if len(q.putters) == cap(q.putters) { // before it grows: who was cancelled waits no more
			q.putters = slices.DeleteFunc(q.putters, func(p putter[T]) bool { return p.done.future.Settled() })
		}
		q.putters = append(q.putters, putter[T]{item, done})
	}
	return done.Future()
}

// TryPut appends an item if there is room, and reports whether it did. It never
// waits, and overtakes nobody.
func (q *Queue[T]) TryPut(item T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.closed && (q.deliver(item) || q.store(item))
}

// Get takes the oldest item. The future is resolved with it, at once if there is
// one; it is rejected with ErrQueueClosed if the queue is closed and empty. Those
// who wait are served in the order in which they came.
func (q *Queue[T]) Get() *Future[T] {
	p := NewPromise[T](q.loop, q.label+" get")
	q.mu.Lock()
	defer q.mu.Unlock()
	item, ok := q.take()
	switch {
	case ok:
		p.Resolve(item)
	case q.closed:
		p.Reject(ErrQueueClosed)
	default:
		if len(q.getters) == cap(q.getters) { // as in Put
			q.getters = slices.DeleteFunc(q.getters, func(p *Promise[T]) bool { return p.future.Settled() })
		}
		q.getters = append(q.getters, p)
	}
	return p.Future()
}

// TryGet takes the oldest item if there is one, and reports whether there was.
func (q *Queue[T]) TryGet() (T, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

// Len returns how many items are in the queue; those that wait for room are not.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Close ends the queue: nothing more can be put, and those who wait to put or get
// are told with ErrQueueClosed. Items in the queue can still be taken. A second
// Close does nothing.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, p := range q.putters {
		p.done.Reject(ErrQueueClosed)
	}
	for _, p := range q.getters {
		p.Reject(ErrQueueClosed)
	}
	q.putters, q.getters = nil, nil
}

// deliver hands an item to whoever has waited longest for one, passing over those
// whose future has been settled meanwhile.
func (q *Queue[T]) deliver(item T) bool {
	for len(q.getters) > 0 {
		p := q.getters[0]
		q.getters[0] = nil
		q.getters = q.getters[1:]
		if p.Resolve(item) {
			return true
		}
	}
	return false
}

// store puts an item into the queue if there is room.
func (q *Queue[T]) store(item T) bool {
	if len(q.items) >= q.capacity {
		return false
	}
	q.items = append(q.items, item)
	return true
}

// take removes the oldest item and lets in whoever has waited longest for room.
func (q *Queue[T]) take() (item T, ok bool) {
	if len(q.items) == 0 {
		return item, false
	}
	item = q.items[0]
	var zero T
	q.items[0] = zero
	q.items = q.items[1:]
	for len(q.putters) > 0 {
		p := q.putters[0]
		q.putters[0] = putter[T]{}
		q.putters = q.putters[1:]
		if p.done.Resolve(struct{}{}) {
			q.items = append(q.items, p.item)
			break
		}
	}
	return item, true
}
