package fakeloop_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// outcome says how far a future is, as one word.
func outcome(f fakeloop.Awaitable) string {
	value, err, settled := f.Outcome()
	switch {
	case !settled:
		return "pending"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprint(value)
}

func wantTaken[T comparable](t testing.TB, q *fakeloop.Queue[T], want ...T) {
	t.Helper()
	for _, w := range want {
		got, ok := q.TryGet()
		if !ok || got != w {
			t.Errorf("TryGet: %v, %v; want %v", got, ok, w)
		}
	}
	if got, ok := q.TryGet(); ok {
		t.Errorf("TryGet found %v in a queue that should be empty", got)
	}
}

const stored = "{}" // the outcome of a Put whose item is in the queue

func TestQueueIsFirstInFirstOut(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, capacity := range []int{1, 3, 1_000_000} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			q := fakeloop.NewQueue[int](loop, "q", capacity)
			for i := range 10 {
				equal(t, "stored at once", q.Put(i).Settled(), i < capacity)
				equal(t, "Len", q.Len(), min(i+1, capacity))
			}
			for i := range 10 {
				f := q.Get()
				equal(t, "taken at once", f.Settled(), true)
				equal(t, "item", must(f.Wait()), i)
			}
			equal(t, "Len", q.Len(), 0)
			mustClose(t, loop)
		}
	})
}

func TestQueueServesThoseWhoWaitInOrder(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[string](loop, "q", 1)
		var log journal
		onLoop(t, loop, func() {
			for i := range 3 {
				q.Get().OnSettled(func(item string, _ error) { log.add("%d:%s", i, item) })
			}
			loop.Post(func() {
				for _, item := range []string{"a", "b", "c", "d"} {
					equal(t, "outcome of Put", outcome(q.Put(item)), stored)
				}
				log.add("put") // handlers are never run inside Put
			})
		})
		log.want(t, "put 0:a 1:b 2:c")
		wantTaken(t, q, "d")
	})
}

// Each item that is taken lets one in that waits: the first.
func TestQueueFullHoldsBack(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[int](loop, "q", 2)
		var log journal
		onLoop(t, loop, func() {
			for i := range 5 {
				q.Put(i).OnSettled(func(struct{}, error) { log.add("in%d", i) })
			}
		})
		log.want(t, "in0 in1")
		for i := range 5 {
			onLoop(t, loop, func() {
				equal(t, "taken", outcome(q.Get()), fmt.Sprint(i))
				equal(t, "Len", q.Len(), min(2, 4-i))
				log.add("took%d", i)
			})
		}
		log.want(t, "took0 in2 took1 in3 took2 in4 took3 took4")
	})
}

func TestQueueTry(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 2)
	item, ok := q.TryGet()
	equal(t, "TryGet of an empty queue", ok, false)
	equal(t, "item", item, 0)
	equal(t, "TryPut", q.TryPut(1), true)
	equal(t, "TryPut", q.TryPut(2), true)
	equal(t, "TryPut into a full queue", q.TryPut(3), false)
	equal(t, "Len", q.Len(), 2)
	wantTaken(t, q, 1, 2)
	get := q.Get()
	equal(t, "TryPut for one who waits", q.TryPut(4), true)
	equal(t, "Get", outcome(get), "4")
	equal(t, "Len", q.Len(), 0)
}

// The room that TryGet makes is for those who wait, not for the next TryPut.
func TestQueueTryOvertakesNobody(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 1)
	q.TryPut(1)
	waits := q.Put(2)
	item, _ := q.TryGet()
	equal(t, "item", item, 1)
	equal(t, "who waited", outcome(waits), stored)
	equal(t, "TryPut", q.TryPut(3), false)
	wantTaken(t, q, 2)
}

func TestQueueCancelledGetterIsPassedOver(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[int](loop, "q", 3)
		gets := []*fakeloop.Future[int]{q.Get(), q.Get(), q.Get(), q.Get()}
		gets[0].Cancel(nil)
		gets[2].Cancel(io.EOF)
		equal(t, "Put", outcome(q.Put(1)), stored)
		equal(t, "TryPut", q.TryPut(2), true)
		for i, want := range []string{"fakeloop: cancelled", "1", "fakeloop: cancelled: EOF", "2"} {
			equal(t, fmt.Sprint("Get ", i), outcome(gets[i]), want)
		}
		// With nobody left the item stays.
		last := q.Get()
		last.Cancel(nil)
		equal(t, "Put", outcome(q.Put(3)), stored)
		equal(t, "Len", q.Len(), 1)
		wantTaken(t, q, 3)
		mustClose(t, loop)
	})
}

func TestQueueCancelledPutIsNotStored(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		q := fakeloop.NewQueue[int](loop, "q", 1)
		var puts []*fakeloop.Future[struct{}]
		for i := range 5 {
			puts = append(puts, q.Put(i))
		}
		equal(t, "cancel a stored one", puts[0].Cancel(nil), false)
		for _, i := range []int{1, 2, 4} {
			equal(t, "cancel one that waits", puts[i].Cancel(nil), true)
		}
		item, _ := q.TryGet()
		equal(t, "item", item, 0)
		equal(t, "the one still waiting", outcome(puts[3]), stored)
		equal(t, "Len", q.Len(), 1)
		wantTaken(t, q, 3)
		equal(t, "TryPut", q.TryPut(6), true)
		mustClose(t, loop)
	})
}

func TestQueueClose(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		full, empty := fakeloop.NewQueue[int](loop, "full", 2), fakeloop.NewQueue[int](loop, "empty", 2)
		full.TryPut(1)
		full.TryPut(2)
		put, get := full.Put(3), empty.Get()
		full.Close()
		empty.Close()
		full.Close()
		empty.Close()
		for what, f := range map[string]fakeloop.Awaitable{
			"a put that waited": put, "a get that waited": get,
			"a put": full.Put(4), "a put into an empty queue": empty.Put(5), "a get from an empty queue": empty.Get(),
		} {
			_, err, _ := f.Outcome()
			equal(t, what, err, fakeloop.ErrQueueClosed)
		}
		equal(t, "TryPut", empty.TryPut(6), false)
		equal(t, "Len", empty.Len(), 0)
		// What was in it can be taken.
		equal(t, "Len", full.Len(), 2)
		equal(t, "item", must(full.Get().Wait()), 1)
		equal(t, "TryPut into the room", full.TryPut(7), false)
		wantTaken(t, full, 2)
		_, err := full.Get().Wait()
		equal(t, "Get of a closed and empty queue", err, fakeloop.ErrQueueClosed)
		wantErrorText(t, fakeloop.ErrQueueClosed, "fakeloop: the queue is closed")
		mustClose(t, loop)
	})
}

// A Put whose future nobody looks at does not lose its item in silence.
func TestQueueCloseIsObservable(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 1)
	q.Put(1)
	q.Put(2)
	q.Put(3).Cancel(nil)
	q.Close()
	wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "q put" (#): fakeloop: the queue is closed; handle it with Catch, OnSettled or Await`)
}

func TestQueueTexts(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		for _, capacity := range []int{0, -1} {
			wantPanic(t, fmt.Sprintf(`fakeloop: NewQueue("q") with a capacity of %d; a queue holds one item at least, and any number if the capacity is Unbounded`, capacity),
				func() { fakeloop.NewQueue[int](loop, "q", capacity) })
		}
		q := fakeloop.NewQueue[int](loop, "jobs", 1)
		wantText(t, "Get", q.Get(), `future "jobs get" (#), pending`)
		wantText(t, "Put", q.Put(1), `future "jobs put" (#), resolved`)
		q.TryPut(2)
		waits := q.Put(3)
		mustClose(t, loop)
		// The queue of a closed loop keeps its items; nobody can wait any more.
		equal(t, "a put that waited", outcome(waits), "fakeloop: the loop is closed")
		const closed = "fakeloop: a future was made on a closed loop: its handlers would never run"
		wantPanic(t, closed, func() { q.Put(4) })
		wantPanic(t, closed, func() { q.Get() })
		wantTaken(t, q, 2)
		equal(t, "TryPut", q.TryPut(5), true)
		q.Close()
		wantTaken(t, q, 5)
	})
}

// Any sequence of operations on any kind of queue, against a model: plain lists of
// items and of those who wait.
func TestQueueModel(t *testing.T) {
	const none = -1
	less := func(a, b int) bool { return a%5 < b%5 }
	kinds := []struct {
		make func(l *fakeloop.Loop, capacity int) *fakeloop.Queue[int]
		next func(items []int) int // index
	}{
		{func(l *fakeloop.Loop, capacity int) *fakeloop.Queue[int] {
			return fakeloop.NewQueue[int](l, "q", capacity)
		},
			func([]int) int { return 0 }},
		{func(l *fakeloop.Loop, capacity int) *fakeloop.Queue[int] {
			return fakeloop.NewStack[int](l, "q", capacity)
		},
			func(items []int) int { return len(items) - 1 }},
		{func(l *fakeloop.Loop, capacity int) *fakeloop.Queue[int] {
			return fakeloop.NewPriorityQueue(l, "q", capacity, less)
		},
			func(items []int) int {
				first := 0
				for i := range items {
					if less(items[i], items[first]) {
						first = i
					}
				}
				return first
			}},
	}
	for seed := range uint64(scaled(t, "sequences", 4000, 200)) {
		random := rand.New(rand.NewPCG(seed, 1))
		capacity := []int{1, 2, 5, fakeloop.Unbounded}[seed%4]
		kind := kinds[seed%3]
		loop := fakeloop.New(fakeloop.Config{})
		q := kind.make(loop, capacity)
		var (
			futures []fakeloop.Awaitable
			want    []string
			items   []int
			getters []int         // indices of futures
			putters []int         // the same
			waiting = []int{}     // the items of putters
			closed  bool          // the queue
			joiners []int         // indices of futures
			todo    int           // unfinished items
			next    int           // item
			step    func() string // for the text of a failure
		)
		begin := func(f fakeloop.Awaitable, o string) int {
			futures, want = append(futures, f), append(want, o)
			return len(futures) - 1
		}
		put := func() bool { // the model's TryPut
			switch {
			case closed:
				return false
			case len(getters) > 0:
				want[getters[0]], getters = fmt.Sprint(next), getters[1:]
			case len(items) < capacity:
				items = append(items, next)
			default:
				return false
			}
			todo++
			return true
		}
		get := func() int {
			if len(items) == 0 {
				return none
			}
			if len(putters) > 0 {
				want[putters[0]], items = stored, append(items, waiting[0])
				putters, waiting = putters[1:], waiting[1:]
				todo++
			}
			at := kind.next(items)
			item := items[at]
			items = slices.Delete(items, at, at+1)
			return item
		}
		for n := range 60 {
			step = func() string { return fmt.Sprintf("seed %d, step %d", seed, n) }
			next++
			switch op := random.IntN(100); {
			case op < 30:
				f := q.Put(next)
				switch {
				case put():
					begin(f, stored)
				case closed:
					begin(f, fakeloop.ErrQueueClosed.Error())
				default:
					putters, waiting = append(putters, begin(f, "pending")), append(waiting, next)
				}
			case op < 60:
				f := q.Get()
				switch item := get(); {
				case item != none:
					begin(f, fmt.Sprint(item))
				case closed:
					begin(f, fakeloop.ErrQueueClosed.Error())
				default:
					getters = append(getters, begin(f, "pending"))
				}
			case op < 70:
				equal(t, step()+": TryPut", q.TryPut(next), put())
			case op < 80:
				got, ok := q.TryGet()
				if !ok {
					got = none
				}
				equal(t, step()+": TryGet", got, get())
			case op < 88:
				if todo == 0 {
					break // TestTaskDoneOnceTooOften
				}
				q.TaskDone()
				if todo--; todo == 0 {
					for _, i := range joiners {
						want[i] = granted
					}
					joiners = nil
				}
			case op < 92:
				if i := begin(q.Join(), granted); todo > 0 {
					want[i] = "pending"
					joiners = append(joiners, i)
				}
			case op < 98 && len(futures) > 0:
				i := random.IntN(len(futures))
				f, pending := futures[i], want[i] == "pending"
				var did bool
				switch f := f.(type) {
				case *fakeloop.Future[int]:
					did = f.Cancel(nil)
				case *fakeloop.Future[struct{}]:
					did = f.Cancel(nil)
				}
				equal(t, step()+": Cancel", did, pending)
				if !pending {
					break
				}
				want[i] = "fakeloop: cancelled"
				getters = slices.DeleteFunc(getters, func(g int) bool { return g == i })
				joiners = slices.DeleteFunc(joiners, func(j int) bool { return j == i })
				if at := slices.Index(putters, i); at >= 0 {
					putters, waiting = slices.Delete(putters, at, at+1), slices.Delete(waiting, at, at+1)
				}
			case op == 98 && n > 30:
				q.Close()
				closed = true
				for _, i := range slices.Concat(getters, putters) {
					want[i] = fakeloop.ErrQueueClosed.Error()
				}
				getters, putters, waiting = nil, nil, nil
			}
			equal(t, step()+": Len", q.Len(), len(items))
			equal(t, step()+": Full", q.Full(), len(items) == capacity)
			for i, f := range futures {
				if got := outcome(f); got != want[i] {
					t.Errorf("%s: future %d: %s, want %s", step(), i, got, want[i])
				}
			}
			if t.Failed() {
				return
			}
		}
		var rest []int
		for item := get(); item != none; item = get() {
			rest = append(rest, item)
		}
		wantTaken(t, q, rest...)
		mustClose(t, loop)
	}
}

// What was taken, and what was cancelled, is not kept alive by the queue.
func TestQueueForgets(t *testing.T) {
	type item [1024]byte
	newItem := func() (*item, weak.Pointer[item]) {
		p := new(item)
		return p, weak.Make(p)
	}
	gone := func(what string, w weak.Pointer[item]) {
		t.Helper()
		for range 3 { // the last cycle may have begun before
			runtime.GC()
		}
		if w.Value() != nil {
			t.Errorf("%s is kept", what)
		}
	}
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[*item](loop, "q", 1)
	p, inQueue := newItem()
	q.TryPut(p)
	p, waited := newItem()
	q.Put(p)
	p = nil
	q.TryGet()
	gone("an item that was taken", inQueue)
	q.TryGet()
	gone("an item that waited and was taken", waited)

	p, handed := newItem()
	q.Get()
	q.TryPut(p)
	p = nil
	gone("an item that was handed over", handed)

	// One that was cancelled goes when others come, taken or not.
	q.TryPut(new(item))
	p, cancelled := newItem()
	q.Put(p).Cancel(nil)
	p = nil
	for range 10 {
		q.Put(nil).Cancel(nil)
	}
	gone("an item that was cancelled", cancelled)

	empty := fakeloop.NewQueue[int](loop, "empty", 1)
	get := weak.Make(empty.Get())
	get.Value().Cancel(nil)
	for range 10 {
		empty.Get().Cancel(nil)
	}
	for range 3 {
		runtime.GC()
	}
	if get.Value() != nil {
		t.Error("a get that was cancelled is kept")
	}
	runtime.KeepAlive(q)
	runtime.KeepAlive(empty)
}

// A queue that is used for long is as small as one that is not.
func TestQueueOfAMillionItems(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	q := fakeloop.NewQueue[int](loop, "q", 100)
	n := scaled(t, "items", 1_000_000, 100_000)
	in, out := 0, 0
	most := testing.AllocsPerRun(1, func() {
		in, out = 0, 0
		for out < n {
			for in-out < 100 && q.TryPut(in) {
				in++
			}
			for range 7 {
				item, ok := q.TryGet()
				if !ok || item != out {
					t.Fatalf("item %d: %d, %v", out, item, ok)
				}
				out++
			}
			if q.Len() > 100 {
				t.Fatalf("%d items in a queue of 100", q.Len())
			}
		}
		for range q.Len() {
			q.TryGet()
		}
	})
	// Its slice moves on once in a hundred items or so.
	if most > float64(n/50) {
		t.Errorf("%v allocations for %d items", most, n)
	}
}

// pipeline is a run of producers, stages and consumers on coroutines.
func pipeline(t *testing.T, seed uint64) (timeline.Digest, []int) {
	loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(seed)})
	raw, done := fakeloop.NewQueue[int](loop, "raw", 2), fakeloop.NewQueue[int](loop, "done", 1)
	var producers, stages []*fakeloop.Future[int]
	for i := range 4 {
		producers = append(producers, fakeloop.Async(loop, "producer", func(co *fakeloop.Coroutine) (int, error) {
			for k := range 5 {
				if _, err := fakeloop.Await(co, raw.Put(10*i+k)); err != nil {
					return k, err
				}
				if err := co.Sleep(time.Duration(loop.Choose("pause", 3)) * time.Millisecond); err != nil {
					return k, err
				}
			}
			return 5, nil
		}))
	}
	for range 3 {
		stages = append(stages, fakeloop.Async(loop, "stage", func(co *fakeloop.Coroutine) (int, error) {
			for n := 0; ; n++ {
				item, err := fakeloop.Await(co, raw.Get())
				if err != nil {
					equal(t, "a stage ended", err, fakeloop.ErrQueueClosed)
					return n, nil
				}
				if _, err := fakeloop.Await(co, done.Put(item)); err != nil {
					return n, err
				}
			}
		}))
	}
	var got []int
	consumer := fakeloop.Async(loop, "consumer", func(co *fakeloop.Coroutine) (int, error) {
		for n := 0; ; n++ {
			item, err := fakeloop.Await(co, done.Get())
			if err != nil {
				return n, nil
			}
			got = append(got, item)
		}
	})
	for _, p := range producers {
		equal(t, "produced", must(p.Wait()), 5)
	}
	raw.Close()
	for _, s := range stages {
		must(s.Wait())
	}
	done.Close()
	equal(t, "consumed", must(consumer.Wait()), 20)
	mustClose(t, loop)
	return loop.Timeline().Digest(), got
}

func TestQueueDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	first, _ := pipeline(t, 1)
	seen := map[timeline.Digest]bool{}
	for i := range 200 {
		runtime.GOMAXPROCS(1 + i%3)
		d, items := pipeline(t, 1)
		if d != first {
			t.Fatalf("run %d: digest %v, want %v", i, d, first)
		}
		if i%5 == 0 {
			other, _ := pipeline(t, uint64(i))
			seen[other] = true
		}
		slices.Sort(items)
		if len(slices.Compact(items)) != 20 {
			t.Fatalf("items %v", items)
		}
	}
	if len(seen) < 40 {
		t.Errorf("40 seeds gave %d timelines", len(seen))
	}
}

// Producers and consumers on goroutines, some of which lose patience: each item
// arrives once, or is known not to be in the queue.
func TestQueueStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			const producers, perProducer = 6, 300
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			q := fakeloop.NewQueue[int](loop, "q", 3)
			var mu sync.Mutex
			want, got := map[int]bool{}, map[int]int{}
			note := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }

			var putting, getting sync.WaitGroup
			for p := range producers {
				putting.Go(func() {
					for k := range perProducer {
						item := p*perProducer + k
						in := false
						if k%2 == 0 {
							in = q.TryPut(item)
						} else {
							f := q.Put(item)
							if runtime.Gosched(); !f.Cancel(nil) {
								in = outcome(f) == stored
							}
						}
						if in {
							note(func() { want[item] = true })
						}
					}
				})
			}
			stop := make(chan struct{})
			for c := range 4 {
				getting.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						if c%2 == 0 {
							if item, ok := q.TryGet(); ok {
								note(func() { got[item]++ })
							}
							runtime.Gosched()
							continue
						}
						f := q.Get()
						if runtime.Gosched(); !f.Cancel(nil) {
							item, err, _ := f.Result()
							equal(t, "error of a get", err, nil)
							note(func() { got[item]++ })
						}
					}
				})
			}
			putting.Wait()
			close(stop)
			getting.Wait()
			for item, ok := q.TryGet(); ok; item, ok = q.TryGet() {
				got[item]++
			}
			for item := range want {
				equal(t, fmt.Sprint("how often item ", item, " came"), got[item], 1)
			}
			equal(t, "items", len(got), len(want))
			if len(want) == 0 {
				t.Error("nothing got through")
			}
			mustClose(t, loop)
		})
	}
}
