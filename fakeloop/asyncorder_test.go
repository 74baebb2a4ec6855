package fakeloop_test

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestStackIsLastInFirstOut(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewStack[int](loop, "stack", 2)
		q.TryPut(1)
		q.TryPut(0)
		equal(t, "Full", q.Full(), true)
		first, second := q.Put(3), q.Put(2)
		// Whoever waits gets in before the newest item is taken, which is then its own.
		wantTaken(t, q, 3, 2, 0, 1)
		equal(t, "first", outcome(first), stored)
		equal(t, "second", outcome(second), stored)

		get := q.Get()
		q.Put(4)
		equal(t, "who waits gets", outcome(get), "4")
		mustClose(t, loop)
	})
}

func TestPriorityQueueHandsOutTheLeast(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewPriorityQueue(loop, "q", 2, cmp.Less[int])
		q.TryPut(1)
		q.TryPut(0)
		equal(t, "Full", q.Full(), true)
		first, second := q.Put(3), q.Put(2)
		wantTaken(t, q, 0, 1, 2, 3)
		equal(t, "first", outcome(first), stored)
		equal(t, "second", outcome(second), stored)

		// Among those who wait to put it is still first come, first served: a small item
		// does not overtake.
		q.TryPut(10)
		q.TryPut(11)
		q.Put(12)
		small := q.Put(0)
		wantText(t, "queue", q, `queue "q" (#), 2 of 2 items, 2 waiting to put, 0 to get, 6 unfinished`)
		item, _ := q.TryGet()
		equal(t, "item", item, 10)
		equal(t, "the small one", outcome(small), "pending")
		wantTaken(t, q, 0, 11, 12)
		mustClose(t, loop)
	})
}

// Items of equal rank keep their order, whatever comes in between.
func TestPriorityQueueIsStable(t *testing.T) {
	type job struct{ rank, number int }
	for seed := range uint64(scaled(t, "sequences", 2000, 100)) {
		random := rand.New(rand.NewPCG(seed, 3))
		loop := fakeloop.New(fakeloop.Config{})
		q := fakeloop.NewPriorityQueue(loop, "q", fakeloop.Unbounded, func(a, b job) bool { return a.rank < b.rank })
		var model []job
		for number := range 200 {
			if random.IntN(3) > 0 {
				j := job{random.IntN(4), number}
				q.TryPut(j)
				model = append(model, j)
				slices.SortStableFunc(model, func(a, b job) int { return cmp.Compare(a.rank, b.rank) })
				continue
			}
			got, ok := q.TryGet()
			equal(t, "ok", ok, len(model) > 0)
			if ok {
				equal(t, fmt.Sprint("seed ", seed), got, model[0])
				model = model[1:]
			}
		}
		wantTaken(t, q, model...)
		mustClose(t, loop)
	}
}

func TestUnboundedQueue(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", fakeloop.Unbounded)
	const n = 10_000
	for i := range n {
		equal(t, "stored", q.Put(i).Settled(), true)
	}
	equal(t, "Full", q.Full(), false)
	wantText(t, "queue", q, `queue "q" (#), 10000 items, 0 waiting to put, 0 to get, 10000 unfinished`)
	for i := range n {
		equal(t, "item", outcome(q.Get()), fmt.Sprint(i))
	}
}

func TestQueueKindsMisused(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	const text = `fakeloop: %s("q") with a capacity of 0; a queue holds one item at least, and any number if the capacity is Unbounded`
	wantPanic(t, fmt.Sprintf(text, "NewStack"), func() { fakeloop.NewStack[int](loop, "q", 0) })
	wantPanic(t, fmt.Sprintf(text, "NewPriorityQueue"), func() { fakeloop.NewPriorityQueue(loop, "q", 0, cmp.Less[int]) })
	wantPanic(t, `fakeloop: NewPriorityQueue("q") with a nil function; less says which item goes first`,
		func() { fakeloop.NewPriorityQueue[int](loop, "q", 1, nil) })
}

// The order is user code: it may use the loop, and a panic of it leaves the queue
// usable.
func TestPriorityQueueLess(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	asked, fail := 0, false
	q := fakeloop.NewPriorityQueue(loop, "q", 10, func(a, b int) bool {
		if fail {
			panic("no order")
		}
		asked++
		loop.TouchRead("ranks")
		return a < b
	})
	for _, item := range []int{3, 1, 2} {
		q.TryPut(item)
	}
	fail = true
	wantPanic(t, "no order", func() { q.TryPut(0) })
	wantPanic(t, "no order", func() { q.Put(0) })
	fail = false
	if asked == 0 {
		t.Error("less was never asked")
	}
	equal(t, "Len", q.Len(), 5)
	item, ok := q.TryGet()
	equal(t, "usable", ok, true)
	equal(t, "item", item, 1) // what panicked on its way up is not in order
	mustClose(t, loop)
}

// An item that was taken is not kept alive, whatever the order.
func TestQueueKindsForget(t *testing.T) {
	type item [1024]byte
	loop := newLoop(t, fakeloop.Config{})
	for name, q := range map[string]*fakeloop.Queue[*item]{
		"queue":    fakeloop.NewQueue[*item](loop, "q", 4),
		"stack":    fakeloop.NewStack[*item](loop, "q", 4),
		"priority": fakeloop.NewPriorityQueue(loop, "q", 4, func(a, b *item) bool { return a[0] < b[0] }),
	} {
		var taken []weak.Pointer[item]
		for range 3 {
			p := new(item)
			taken = append(taken, weak.Make(p))
			q.TryPut(p)
		}
		for range 3 {
			q.TryGet()
		}
		for range 3 {
			runtime.GC()
		}
		for i, w := range taken {
			if w.Value() != nil {
				t.Errorf("%s keeps item %d", name, i)
			}
		}
		runtime.KeepAlive(q)
	}
}

// What is given to a getter that gives up at that moment is not lost.
func TestQueueGrantMeetsCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, get := range map[string]func(q *fakeloop.Queue[int]) *fakeloop.Future[int]{
			"Get":            func(q *fakeloop.Queue[int]) *fakeloop.Future[int] { return q.Get() },
			"with a timeout": func(q *fakeloop.Queue[int]) *fakeloop.Future[int] { return fakeloop.Timeout(q.Get(), time.Hour) },
		} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			q := fakeloop.NewQueue[int](loop, "q", 1)
			var got []int
			onLoop(t, loop, func() {
				consumer := fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
					item, err := fakeloop.Await(co, get(q))
					if err == nil {
						got = append(got, item)
					}
					return item, err
				})
				loop.AfterFunc(time.Second, func() {
					first, second := get(q), q.Get()
					equal(t, name, q.TryPut(1), true)
					equal(t, name, consumer.Cancel(nil), true)
					equal(t, name, first.Cancel(io.EOF), true)
					equal(t, name, q.TryPut(2), true)
					equal(t, name, outcome(second), "2")
				})
			})
			if !slices.Equal(got, []int{1}) {
				t.Errorf("%s: the consumer got %v", name, got)
			}
			equal(t, "time", loop.Elapsed(), time.Second)
			mustClose(t, loop)
		}
	})
}

// Those who give up cost nothing later: were each of them looked at again for the
// others, this would not end.
func TestQueueOfManyWhoGiveUp(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	n := scaled(t, "who wait on each side", 100_000, many)
	empty, full := fakeloop.NewQueue[int](loop, "empty", 1), fakeloop.NewQueue[int](loop, "full", 1)
	full.TryPut(-1)
	gets, puts := make([]*fakeloop.Future[int], n), make([]*fakeloop.Future[struct{}], n)
	for i := range n {
		gets[i], puts[i] = empty.Get(), full.Put(i)
	}
	for i := n - 1; i > 0; i-- {
		gets[i].Cancel(nil)
		puts[i].Cancel(nil)
		empty.Get().Cancel(nil)
		full.Put(n).Cancel(nil)
	}
	wantText(t, "empty", empty, `queue "empty" (#), 0 of 1 items, 0 waiting to put, 1 to get, 0 unfinished`)
	wantText(t, "full", full, `queue "full" (#), 1 of 1 items, 1 waiting to put, 0 to get, 1 unfinished`)
	empty.TryPut(7)
	equal(t, "the only one left", outcome(gets[0]), "7")
	wantTaken(t, full, -1, 0)
	mustClose(t, loop)
}

func TestQueueTimeouts(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[int](loop, "q", 1)
		var late, inTime *fakeloop.Future[int]
		onLoop(t, loop, func() {
			late, inTime = fakeloop.Timeout(q.Get(), time.Second), fakeloop.Timeout(q.Get(), 3*time.Second)
			for range 10 {
				fakeloop.Timeout(q.Get(), time.Second).OnSettled(func(int, error) {})
			}
			loop.AfterFunc(2*time.Second, func() {
				wantText(t, "queue", q, `queue "q" (#), 0 of 1 items, 0 waiting to put, 1 to get, 0 unfinished`)
				q.TryPut(0)
			})
		})
		equal(t, "late", masked(outcome(late)), `fakeloop: at 1s future "q get" (#) had not settled within 1s`)
		equal(t, "in time", outcome(inTime), "0")

		q.TryPut(0)
		var put, next *fakeloop.Future[struct{}]
		onLoop(t, loop, func() {
			put, next = fakeloop.Timeout(q.Put(1), time.Second), q.Put(2)
			for range 10 {
				fakeloop.Timeout(q.Put(3), time.Second).OnSettled(func(struct{}, error) {})
			}
		})
		equal(t, "put", masked(outcome(put)), `fakeloop: at 3s future "q put" (#) had not settled within 1s`)
		wantText(t, "queue", q, `queue "q" (#), 1 of 1 items, 1 waiting to put, 0 to get, 2 unfinished`)
		wantTaken(t, q, 0, 2) // 1 was never put
		equal(t, "next", outcome(next), stored)
		mustClose(t, loop)
	})
}
