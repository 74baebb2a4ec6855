package fakeloop_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// eachKind runs a test with every kind of queue, on every clock.
func eachKind(t *testing.T, test func(t *testing.T, loop *fakeloop.Loop, q *fakeloop.Queue[int])) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, q := range []func(l *fakeloop.Loop) *fakeloop.Queue[int]{
			func(l *fakeloop.Loop) *fakeloop.Queue[int] { return fakeloop.NewQueue[int](l, "q", fakeloop.Unbounded) },
			func(l *fakeloop.Loop) *fakeloop.Queue[int] { return fakeloop.NewStack[int](l, "q", fakeloop.Unbounded) },
			func(l *fakeloop.Loop) *fakeloop.Queue[int] {
				return fakeloop.NewPriorityQueue(l, "q", fakeloop.Unbounded, cmp.Less[int])
			},
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			test(t, loop, q(loop))
		}
	})
}

func TestTaskDoneOnceTooOften(t *testing.T) {
	eachKind(t, func(t *testing.T, loop *fakeloop.Loop, q *fakeloop.Queue[int]) {
		const misuse = `fakeloop: TaskDone of queue "q" (#), 0 items, 0 waiting to put, 0 to get, 0 unfinished: call it once for each item that was taken`
		wantPanic(t, misuse, q.TaskDone)
		q.TryPut(1)
		q.TryGet()
		q.TaskDone()
		wantPanic(t, misuse, q.TaskDone)
		mustClose(t, loop)
	})
}

// It is TaskDone, not Get, that ends a Join.
func TestJoin(t *testing.T) {
	eachKind(t, func(t *testing.T, loop *fakeloop.Loop, q *fakeloop.Queue[int]) {
		onLoop(t, loop, func() {
			equal(t, "of an empty queue", outcome(q.Join()), granted)
			q.TryPut(0)
			join := q.Join()
			equal(t, "an item in the queue", outcome(join), "pending")
			equal(t, "Get", outcome(q.Get()), "0")
			equal(t, "an item under way", outcome(join), "pending")
			q.Put(1)
			q.TaskDone()
			equal(t, "another item", outcome(join), "pending")
			cancelled, last := q.Join(), q.Join()
			cancelled.Cancel(nil)
			q.TryGet()
			q.TaskDone()
			equal(t, "first", outcome(join), granted)
			equal(t, "cancelled", outcome(cancelled), "fakeloop: cancelled")
			equal(t, "last", outcome(last), granted)

			// What is handed over to one who waits counts too.
			get := q.Get()
			q.TryPut(2)
			join = q.Join()
			equal(t, "Get", outcome(get), "2")
			equal(t, "handed over", outcome(join), "pending")
			q.TaskDone()
			equal(t, "handed over and done", outcome(join), granted)
		})
		mustClose(t, loop)
	})
}

// Two coroutines share the work.
func TestJoinOfWorkers(t *testing.T) {
	eachKind(t, func(t *testing.T, loop *fakeloop.Loop, q *fakeloop.Queue[int]) {
		sum, want := 0, 0
		for i := range 100 {
			q.TryPut(i)
			want += i
		}
		for n := range 2 {
			fakeloop.Async(loop, fmt.Sprint("worker ", n), func(co *fakeloop.Coroutine) (int, error) {
				for {
					item, err := fakeloop.Await(co, q.Get())
					if err != nil {
						return 0, err
					}
					sum += item
					q.TaskDone()
					if err := co.Sleep(time.Duration(loop.Choose("pause", 10)) * time.Millisecond); err != nil {
						return 0, err
					}
				}
			})
		}
		_, err := q.Join().Wait()
		equal(t, "error", err, nil)
		equal(t, "sum", sum, want)
		mustClose(t, loop)
	})
}

func TestJoinTimeout(t *testing.T) {
	eachKind(t, func(t *testing.T, loop *fakeloop.Loop, q *fakeloop.Queue[int]) {
		q.Put(0)
		_, err := fakeloop.Timeout(q.Join(), time.Second).Wait()
		wantErrorText(t, err, `fakeloop: at 1s future "q join" (#) had not settled within 1s`)
		q.TaskDone()
		mustClose(t, loop)
	})
}

// An item that waits for room counts when it is in.
func TestJoinWithAFullQueue(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 1)
	q.Put(1)
	q.Put(2)
	dropped := q.Put(3)
	dropped.Cancel(nil)
	join := q.Join()
	q.TryGet() // lets the second in
	q.TaskDone()
	equal(t, "join", outcome(join), "pending")
	q.TryGet()
	q.TaskDone()
	equal(t, "join", outcome(join), granted)
	mustClose(t, loop)
}

// A queue that is closed can be joined: what is in it is to be taken and done.
func TestJoinOfAClosedQueue(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 1)
	q.Put(1)
	q.Close()
	join := q.Join()
	wantText(t, "queue", q, `queue "q" (#), 1 of 1 items, 0 waiting to put, 0 to get, 1 unfinished, closed`)
	equal(t, "GomegaString", q.GomegaString(), q.String())
	wantTaken(t, q, 1)
	equal(t, "join", outcome(join), "pending")
	q.TaskDone()
	equal(t, "join", outcome(join), granted)
	q.TryPut(2)
	pending := fakeloop.NewQueue[int](loop, "other", 1)
	pending.TryPut(1)
	join = pending.Join()
	mustClose(t, loop)
	equal(t, "join of a closed loop", outcome(join), "fakeloop: the loop is closed")
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { q.Join() })
}

// A consumer that does not await between Get and TaskDone does not end the Join
// before the producer goes on.
func TestJoinOfProducerAndConsumer(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[int](loop, "q", 3)
		var log journal
		fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
			for {
				item, err := fakeloop.Await(co, q.Get())
				if err != nil {
					return 0, err
				}
				log.add("%d", item)
				q.TaskDone()
			}
		})
		f := fakeloop.Async(loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
			for i := range 10 {
				if _, err := fakeloop.Await(co, q.Put(i)); err != nil {
					return i, err
				}
			}
			_, err := fakeloop.Await(co, q.Join())
			return 10, err
		})
		equal(t, "produced", must(f.Wait()), 10)
		log.want(t, "0 1 2 3 4 5 6 7 8 9")
		mustClose(t, loop)
	})
}
