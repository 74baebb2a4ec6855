package fakeloop

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// ErrQueueClosed is what a closed queue answers: to Put, and to Get once the
// items that were in it have been taken.
var ErrQueueClosed = errors.New("fakeloop: the queue is closed")

// Unbounded is the capacity of a queue that is never full, so that nobody waits to
// put. A producer that is faster than its consumer fills the memory.
const Unbounded = math.MaxInt

// Queue hands items from those who put them to those who get them, without blocking a
// loop: whoever has to wait gets a future. It is the third of the asynchronous styles,
// delivery to a queue; an error is delivered as an item like any other, so T is often
// a struct with a value and an error. NewQueue makes one that hands out the oldest
// item, NewStack the newest, NewPriorityQueue the least. All methods may be called
// from any goroutine; Put, Get and Join panic on a closed loop, on which nobody could
// be told.
//
// An item belongs to whoever has a future of Get that was resolved with it, from that
// moment on, whether or not its handlers have run. One who gives up before that
// ([Future.Cancel], [Timeout], the cancelled coroutine that awaits) leaves the line
// and takes nothing, or puts nothing. One who gives up later is too late: Cancel
// returns false, Timeout and Await hand the item over.
type Queue[T any] struct {
	object
	capacity int

	mu     sync.Mutex // taken before the loop's lock, since the order of items is user code
	items  order[T]
	closed bool

	// The loop's lock guards these. If somebody waits to get, the queue is empty; if
	// somebody waits to put, it is full.
	getters    line[*Future[T]]
	putters    line[putter[T]]
	joiners    waiters
	unfinished int // items put and not yet reported by TaskDone
}

// putter is an item that waits for room.
type putter[T any] struct {
	item T
	done *Future[struct{}]
}

// NewQueue returns an empty queue that holds as many items as its capacity says, or
// any number if that is Unbounded, and hands out the oldest first. A Put into a full
// queue waits, which is how a consumer that is slow holds back its producers. The
// label names the queue's futures. It panics if the capacity is not positive.
func NewQueue[T any](l *Loop, label string, capacity int) *Queue[T] {
	return newQueue("NewQueue", l, label, capacity, &oldestFirst[T]{})
}

// NewStack returns a queue that hands out the newest item first.
func NewStack[T any](l *Loop, label string, capacity int) *Queue[T] {
	return newQueue("NewStack", l, label, capacity, &newestFirst[T]{})
}

// NewPriorityQueue returns a queue that hands out the least item first, and of items
// none of which is less than the other, the oldest. Less must not use the queue. It
// panics if less is nil.
func NewPriorityQueue[T any](l *Loop, label string, capacity int, less func(a, b T) bool) *Queue[T] {
	if less == nil {
		panic(fmt.Sprintf("fakeloop: NewPriorityQueue(%q) with a nil function; less says which item goes first", label))
	}
	return newQueue("NewPriorityQueue", l, label, capacity, &leastFirst[T]{less: less})
}

func newQueue[T any](call string, l *Loop, label string, capacity int, items order[T]) *Queue[T] {
	if capacity < 1 {
		panic(fmt.Sprintf("fakeloop: %s(%q) with a capacity of %d; a queue holds one item at least, and any number if the capacity is Unbounded", call, label, capacity))
	}
	return &Queue[T]{object: l.newObject(call, label), capacity: capacity, items: items}
}

// Put puts an item into the queue. The future is resolved when it is there, at once
// if there is room; it is rejected with ErrQueueClosed, and the item is dropped, if
// the queue is closed first. Those who wait get in in the order in which they came.
func (q *Queue[T]) Put(item T) *Future[struct{}] {
	q.loop.checkCaller("Put")
	done := new(Future[struct{}])
	done.init(q.loop, q.labelFor("put"), nil)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.accept(item, writing):
		done.settle(struct{}{}, nil)
	case q.closed:
		done.settle(struct{}{}, ErrQueueClosed)
	default:
		q.putters.enter(&q.object, &done.state, putter[T]{item, done})
	}
	return done
}

// TryPut puts an item into the queue if there is room, and reports whether it did. It
// never waits, and overtakes nobody.
func (q *Queue[T]) TryPut(item T) bool {
	q.loop.checkCaller("TryPut")
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.accept(item, reading)
}

// Get takes the next item. The future is resolved with it, at once if there is one;
// it is rejected with ErrQueueClosed if the queue is closed and empty. Those who wait
// are served in the order in which they came.
func (q *Queue[T]) Get() *Future[T] {
	q.loop.checkCaller("Get")
	f := new(Future[T])
	f.init(q.loop, q.labelFor("get"), nil)
	q.mu.Lock()
	defer q.mu.Unlock()
	item, ok := q.take(writing)
	switch {
	case ok:
		f.settle(item, nil)
	case q.closed:
		f.settle(item, ErrQueueClosed)
	default:
		q.getters.enter(&q.object, &f.state, f)
	}
	return f
}

// TryGet takes the next item if there is one, and reports whether there was.
func (q *Queue[T]) TryGet() (T, bool) {
	q.loop.checkCaller("TryGet")
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take(reading)
}

// Len returns how many items are in the queue; those that wait for room are not.
func (q *Queue[T]) Len() int {
	q.loop.checkCaller("Len")
	q.mu.Lock()
	defer q.mu.Unlock()
	q.use(reading)
	return q.items.len()
}

// Full reports whether there is no room for a further item.
func (q *Queue[T]) Full() bool { return q.Len() >= q.capacity }

// Close ends the queue: nothing more can be put, and those who wait to put or get
// are told with ErrQueueClosed. Items in the queue can still be taken, and Join still
// waits until TaskDone has been called for all of them. A second Close does nothing.
func (q *Queue[T]) Close() {
	q.loop.checkCaller("Close")
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	q.touch(writing)
	for p, ok := q.putters.next(&q.object); ok; p, ok = q.putters.next(&q.object) {
		p.done.reject(ErrQueueClosed)
	}
	for f, ok := q.getters.next(&q.object); ok; f, ok = q.getters.next(&q.object) {
		f.reject(ErrQueueClosed)
	}
}

// String names the queue and says how many items it holds, how many wait, and for how
// many items TaskDone has not been called.
func (q *Queue[T]) String() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	var of, closed string
	if q.capacity != Unbounded {
		of = fmt.Sprintf(" of %d", q.capacity)
	}
	if q.closed {
		closed = ", closed"
	}
	return fmt.Sprintf("queue %s, %d%s items, %d waiting to put, %d to get, %d unfinished%s", describe(q.id, q.label),
		q.items.len(), of, q.putters.len(), q.getters.len(), q.unfinished, closed)
}

// GomegaString is what Gomega prints for a queue.
func (q *Queue[T]) GomegaString() string { return q.String() }

// accept gives an item to whoever has waited longest for one or else stores it, and
// reports whether it did: false if there is no room, or the queue is closed. In that
// case otherwise is how the queue was used. The caller holds the queue's lock.
func (q *Queue[T]) accept(item T, otherwise string) bool {
	room := !q.closed && q.items.len() < q.capacity
	delivered := q.deliver(item, room, otherwise)
	if !delivered && room {
		q.items.push(item)
	}
	return delivered || room
}

// deliver is what accept does under the loop's lock, which is not held when items are
// put in order.
func (q *Queue[T]) deliver(item T, room bool, otherwise string) bool {
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	getter, ok := q.getters.next(&q.object)
	if !ok && !room {
		q.touch(otherwise)
		return false
	}
	q.touch(writing)
	q.unfinished++
	if ok {
		getter.resolve(item)
	}
	return ok
}

// take removes the next item, and reports false if there is none; then otherwise is
// how the queue was used. Whoever has waited longest for room gets in before, so that
// its item may be the one that is taken. The caller holds the queue's lock.
func (q *Queue[T]) take(otherwise string) (item T, ok bool) {
	if q.items.len() == 0 {
		q.use(otherwise)
		return item, false
	}
	if p, ok := q.letIn(); ok {
		q.items.push(p.item)
	}
	return q.items.pop(), true
}

// letIn is what take does under the loop's lock.
func (q *Queue[T]) letIn() (putter[T], bool) {
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	q.touch(writing)
	p, ok := q.putters.next(&q.object)
	if ok {
		q.unfinished++
		p.done.resolve(struct{}{})
	}
	return p, ok
}
