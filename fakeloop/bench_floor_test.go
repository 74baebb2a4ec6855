package fakeloop_test

import (
	"container/heap"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// floor is the least that keeps what a loop promises: anybody may post at any time, so
// to post and to take needs a lock; a panic does not end the run, so each callback has a
// deferred call; the record has who made what, under identities that do not depend on
// the schedule, and when it ran. It has no modes, limits, traps, decisions, sites,
// cancellation, work outside. What a loop costs beside it is the price of those; what it
// costs beside a bare slice, or a bare heap, is that of the promises as well.
type floor struct {
	mu     sync.Mutex
	log    timeline.Timeline
	ready  []floorTask
	next   int
	timers floorHeap
	now    int64
	turn   uint64
	by     timeline.ID
	made   int64
}

// floorTask is a callback that is ready, or is to be.
type floorTask struct {
	id, parent timeline.ID
	mark       timeline.Mark
	when       int64
	f          func()
}

type floorHeap []*floorTask

func (h floorHeap) Len() int           { return len(h) }
func (h floorHeap) Less(i, j int) bool { return h[i].when < h[j].when }
func (h floorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *floorHeap) Push(x any)        { *h = append(*h, x.(*floorTask)) }
func (h *floorHeap) Pop() any          { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

// make records something new. The caller holds l.mu.
func (l *floor) make(k timeline.Kind, due int64) (timeline.ID, timeline.Mark) {
	l.made++
	return l.log.AddChild(k, time.Duration(l.now), l.turn, l.by, l.made, "", time.Duration(due))
}

func (l *floor) post(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enqueue(f)
}

func (l *floor) enqueue(f func()) {
	id, mark := l.make(timeline.Posted, 0)
	l.ready = append(l.ready, floorTask{id: id, parent: l.by, mark: mark, f: f})
}

// afterFunc returns the timer, by which its owner could stop it.
func (l *floor) afterFunc(d time.Duration, f func()) *floorTask {
	l.mu.Lock()
	defer l.mu.Unlock()
	when := l.now + int64(d)
	id, mark := l.make(timeline.Armed, when)
	t := &floorTask{id, l.by, mark, when, f}
	heap.Push(&l.timers, t)
	return t
}

func (l *floor) take() func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ready) == 0 {
		if len(l.timers) == 0 {
			return nil
		}
		t := heap.Pop(&l.timers).(*floorTask)
		l.now = t.when
		l.ready = append(l.ready, *t)
	}
	t := &l.ready[l.next]
	f := t.f
	t.f = nil
	if l.next++; l.next == len(l.ready) { // what is posted from now on is for the next turn
		l.ready, l.next = l.ready[:0], 0
		l.turn++
	}
	l.by, l.made = t.id, 0
	l.log.AddOf(t.mark, timeline.Fired, time.Duration(l.now), l.turn, t.id, t.parent, "")
	return f
}

//go:noinline
func (l *floor) dispatch(f func()) {
	finished := false
	defer func() {
		if !finished {
			_ = recover()
		}
	}()
	f()
	finished = true
}

func (l *floor) run() {
	for f := l.take(); f != nil; f = l.take() {
		l.dispatch(f)
	}
}

// floorFuture has one handler.
type floorFuture struct {
	loop    *floor
	id      timeline.ID
	mark    timeline.Mark
	handler func()
	settled bool
	value   int
	err     error
}

func (l *floor) promise() *floorFuture {
	f := &floorFuture{loop: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	f.id, f.mark = l.make(timeline.Promised, 0)
	return f
}

func (f *floorFuture) onSettled(handler func(int, error)) {
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	f.handler = func() { handler(f.value, f.err) }
}

func (f *floorFuture) settle(value int, err error) bool {
	l := f.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.settled {
		return false
	}
	f.settled, f.value, f.err = true, value, err
	l.log.AddOf(f.mark, timeline.Settled, time.Duration(l.now), l.turn, f.id, l.by, "resolved")
	l.enqueue(f.handler)
	return true
}

// floorCoroutine gives up its turn again and again.
func (l *floor) coroutine(n int) {
	l.mu.Lock()
	id, mark := l.make(timeline.Promised, 0)
	l.mu.Unlock()
	var resume func()
	next, _ := iter.Pull(func(yield func(struct{}) bool) {
		for range n {
			l.mu.Lock()
			l.log.AddOf(mark, timeline.Awaited, time.Duration(l.now), l.turn, id, id, "the next turn")
			l.enqueue(resume)
			l.mu.Unlock()
			yield(struct{}{})
		}
	})
	resume = func() { next() }
	l.post(resume)
}

// onFloors is onLoops for the least that keeps a loop's promises.
func onFloors(b *testing.B, f func(l *floor, n int)) {
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for left := b.N; left > 0; left -= perLoop {
			l := new(floor)
			f(l, min(left, perLoop))
			l.run()
		}
	})
}
