package fakeloop

import "fmt"

// TaskDone says that an item which was taken has been dealt with. It is called once
// for each item; when it has been called for all that were put, Join is over. A queue
// that nobody joins needs no TaskDone. It panics if it is called more often than items
// were put.
func (q *Queue[T]) TaskDone() {
	q.loop.checkCaller("TaskDone")
	if !q.finishOne() {
		panic(fmt.Sprintf("fakeloop: TaskDone of %v: call it once for each item that was taken", q))
	}
}

func (q *Queue[T]) finishOne() bool {
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	if q.unfinished == 0 {
		return false
	}
	q.touch(writing)
	q.unfinished--
	for q.unfinished == 0 && q.joiners.wake(&q.object) {
	}
	return true
}

// Join returns a future that is resolved when each item that was put has been taken
// and reported by TaskDone: at once if there is none. Items put later, while there are
// still others, are waited for too; those that wait for room do not count until they
// are in.
func (q *Queue[T]) Join() *Future[struct{}] {
	q.loop.checkCaller("Join")
	f := newFuture[struct{}](q.loop)
	q.loop.mu.Lock()
	defer q.loop.mu.Unlock()
	f.begin(q.loop, q.labelFor("join"), nil)
	q.touch(reading)
	q.joiners.wait(&q.object, f, q.unfinished == 0)
	return f
}
