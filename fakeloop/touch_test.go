package fakeloop_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// touches returns the events of kind Touched.
func touches(loop *fakeloop.Loop) []timeline.Event {
	return slices.DeleteFunc(loop.Timeline().Events(), func(e timeline.Event) bool { return e.Kind != timeline.Touched })
}

func TestTouch(t *testing.T) {
	run := func(seed uint64) *fakeloop.Loop {
		loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(seed)})
		loop.Touch("balance")
		loop.Named("a").Post(func() { loop.TouchRead("balance"); loop.Touch("total") })
		_ = loop.PostFrom("b", func() { loop.Touch("balance") })
		mustIdle(t, loop)
		return loop
	}
	ids := map[string]timeline.ID{}
	orders := map[string]bool{}
	for seed := range uint64(20) {
		loop := run(seed)
		order := ""
		for _, e := range touches(loop) {
			order += fmt.Sprint(e.Label, " ", e.Detail, "; ")
			if id, known := ids[e.Label]; known && id != e.ID {
				t.Errorf("%s is %v, and %v in another run", e.Label, id, e.ID)
			}
			ids[e.Label] = e.ID
		}
		orders[order] = true
		for _, e := range loop.Timeline().Events() { // the cause is the callback under way
			if e.Kind == timeline.Touched && e.Turn > 0 && e.Cause == timeline.Driver {
				t.Errorf("%v has no cause", e)
			}
		}
	}
	equal(t, "names", len(ids), 2)
	equal(t, "two names are one", ids["balance"] == ids["total"], false)
	want := map[string]bool{
		"balance write; balance read; total write; balance write; ": true,
		"balance write; balance write; balance read; total write; ": true,
	}
	for order := range orders {
		if !want[order] {
			t.Errorf("unexpected: %s", order)
		}
	}
	equal(t, "orders", len(orders), len(want))
	// An origin is something else, whatever its name.
	loop := newLoop(t, fakeloop.Config{})
	loop.Touch("x")
	for _, origin := range []string{"x", "touch:x"} {
		_ = loop.PostFrom(origin, func() {})
	}
	shared := touches(loop)[0].ID
	for _, e := range loop.Timeline().Events() {
		if e.Kind == timeline.Posted && (e.Cause == shared || e.ID == shared) {
			t.Errorf("origin %q has the identity of shared data", e.Label)
		}
	}
}

func TestTouchMisused(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: Touch without a name; name the shared data, the same in every run", func() { loop.Touch("") })
	wantPanic(t, "fakeloop: TouchRead without a name; name the shared data, the same in every run", func() { loop.TouchRead("") })
	equal(t, "events", len(touches(loop)), 0)
}

// Every use of every object, each with what it leaves.
func TestUsesOfObjectsAreRecorded(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	m := fakeloop.NewMutex(loop, "mutex")
	s := fakeloop.NewSemaphore(loop, "semaphore", 0)
	c := fakeloop.NewCondition(loop, "condition")
	e := fakeloop.NewEvent(loop, "event")
	q := fakeloop.NewPriorityQueue(loop, "queue", 1, cmp.Less[int])
	f := func() *fakeloop.Future[struct{}] { return s.Acquire() }
	var waits *fakeloop.Future[struct{}]
	var timed *fakeloop.Future[int]
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"Lock", func() { m.Lock() }, "mutex:write"},
		{"Lock that waits", func() { waits = m.Lock() }, "mutex:write"},
		{"Lock that is cancelled", func() { waits.Cancel(nil) }, "mutex:write"},
		{"Locked", func() { m.Locked() }, "mutex:read"},
		{"TryLock in vain", func() { m.TryLock() }, "mutex:read"},
		{"Unlock", m.Unlock, "mutex:write"},
		{"TryLock", func() { m.TryLock() }, "mutex:write"},
		{"Acquire that waits", func() { waits = f() }, "semaphore:write"},
		{"Release to one who waits", s.Release, "semaphore:write"},
		{"Cancel of what is held", func() { waits.Cancel(nil) }, ""},
		{"Release", s.Release, "semaphore:write"},
		{"Available", func() { s.Available() }, "semaphore:read"},
		{"TryAcquire", func() { s.TryAcquire() }, "semaphore:write"},
		{"TryAcquire in vain", func() { s.TryAcquire() }, "semaphore:read"},
		{"condition Wait", func() { c.Wait() }, "condition:write"},
		{"Notify", func() { c.Notify(1) }, "condition:write"},
		{"NotifyAll", func() { c.NotifyAll() }, "condition:write"},
		{"event Wait", func() { e.Wait() }, "event:read"},
		{"IsSet", func() { e.IsSet() }, "event:read"},
		{"Set", e.Set, "event:write"},
		{"Clear", e.Clear, "event:write"},
		{"Get that waits", func() { timed = fakeloop.Timeout(q.Get(), time.Second) }, "queue:write"},
		{"Get that times out", func() { timed.Wait() }, "queue:write"},
		{"TryGet in vain", func() { q.TryGet() }, "queue:read"},
		{"Put", func() { q.Put(1) }, "queue:write"},
		{"TryPut in vain", func() { q.TryPut(2) }, "queue:read"},
		{"Put that waits", func() { q.Put(3) }, "queue:write"},
		{"Get", func() { q.Get() }, "queue:write"},
		{"TryGet", func() { q.TryGet() }, "queue:write"},
		{"TryPut", func() { q.TryPut(4) }, "queue:write"},
		{"Len", func() { q.Len() }, "queue:read"},
		{"Full", func() { q.Full() }, "queue:read"},
		{"Join", func() { q.Join() }, "queue:read"},
		{"TaskDone", q.TaskDone, "queue:write"},
		{"Close", q.Close, "queue:write"},
		{"Put into a closed queue", func() { q.Put(5).Outcome() }, "queue:write"},
		{"String", func() { _ = fmt.Sprint(m, s, c, e, q) }, ""},
	} {
		before := len(touches(loop))
		step.do()
		got := ""
		for _, e := range touches(loop)[before:] {
			got += e.Label + ":" + e.Detail
		}
		equal(t, step.what, got, step.want)
	}
	// One identity for each object.
	ids := map[timeline.ID]string{}
	for _, e := range touches(loop) {
		if label, known := ids[e.ID]; known && label != e.Label {
			t.Errorf("%s and %s share an identity", label, e.Label)
		}
		ids[e.ID] = e.Label
	}
	equal(t, "objects", len(ids), 5)
	before := len(touches(loop))
	s.Acquire()
	mustClose(t, loop)
	equal(t, "touches of Close", len(touches(loop)), before+1)
}

// The same run has the same timeline, with objects of every kind in it.
func TestObjectsAreDeterministic(t *testing.T) {
	run := func(seed uint64) timeline.Digest {
		loop := fakeloop.New(fakeloop.Config{Decisions: fakeloop.Seed(seed)})
		m, s := fakeloop.NewMutex(loop, "m"), fakeloop.NewBoundedSemaphore(loop, "s", 2)
		c, e := fakeloop.NewCondition(loop, "c"), fakeloop.NewEvent(loop, "e")
		q := fakeloop.NewStack[int](loop, "q", 2)
		for i := range 8 {
			f := fakeloop.Async(loop, fmt.Sprint("co ", i), func(co *fakeloop.Coroutine) (int, error) {
				if _, err := fakeloop.Await(co, fakeloop.Timeout(e.Wait(), time.Duration(loop.Choose("patience", 20))*time.Millisecond)); err != nil {
					c.Notify(1)
				}
				err := s.With(co, func() error {
					return m.With(co, func() error {
						_, err := fakeloop.Await(co, q.Put(i))
						return err
					})
				})
				if err != nil {
					return 0, err
				}
				_, err = fakeloop.Await(co, fakeloop.Timeout(c.Wait(), time.Second))
				_, _ = q.TryGet()
				return i, err
			})
			f.Quiet().OnSettled(func(int, error) {})
			if i%3 == 0 {
				loop.AfterFunc(time.Duration(loop.Choose("cancel", 30))*time.Millisecond, func() { f.Cancel(nil) })
			}
		}
		loop.AfterFunc(10*time.Millisecond, e.Set)
		mustIdle(t, loop)
		mustClose(t, loop)
		return loop.Timeline().Digest()
	}
	seen := map[timeline.Digest]bool{}
	n := scaled(t, "seeds", 1000, 50)
	for seed := range uint64(n) {
		digest := run(seed)
		if again := run(seed); again != digest {
			t.Fatalf("seed %d: digests %v and %v", seed, digest, again)
		}
		seen[digest] = true
	}
	equal(t, "timelines", len(seen), n)
}
