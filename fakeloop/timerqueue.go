package fakeloop

import (
	"cmp"
	"slices"
	"sort"
)

// maxNear is how many keys a heap orders: about as many as a processor has at hand.
const maxNear = 4096

// timerQueue is the timers that are set. The next few thousand stand in a heap. Those
// behind them lie in bags, in no order, each bag behind the one that is nearer: a
// nearer one is split off only when it is needed, in one pass over the keys, which a
// heap of a million would visit in an order that no cache bears.
//
// What is stopped stays until it is next, or until that is half of the queue.
type timerQueue struct {
	near    timerHeap
	far     []timerBag // the nearest last
	keys    int        // in near and far
	stopped int        // how many of keys are of timers that were stopped or set anew
}

// timerBag has the keys from a certain one on, up to where the next bag begins. The bags
// that were split off one another share its memory.
type timerBag struct {
	from timerKey
	keys []timerKey
}

func (b *timerBag) add(k timerKey) {
	if len(b.keys) == cap(b.keys) {
		old := b.keys
		b.keys = make([]timerKey, len(old), max(2*len(old), maxNear))
		copy(b.keys, old)
		clear(old) // in memory that another bag may keep
	}
	b.keys = append(b.keys, k)
}

// next returns the earliest deadline; false if there is none, or none that
// ever comes.
func (q *timerQueue) next() (int64, bool) {
	if q.stopped > 0 || len(q.near) == 0 {
		q.look()
	}
	if len(q.near) == 0 || q.near[0].when == never {
		return 0, false
	}
	return q.near[0].when, true
}

// look brings the first timer that is set to the top of the heap, if there is one.
func (q *timerQueue) look() {
	for {
		for q.stopped > 0 && len(q.near) > 0 && !q.near[0].live() {
			q.near.drop()
			q.keys--
			q.stopped--
		}
		if len(q.near) > 0 || len(q.far) == 0 {
			return
		}
		q.takeNearest()
	}
}

// takeNearest makes the heap, which is empty, that of the nearest bag, or of its nearest
// part if it has many keys.
func (q *timerQueue) takeNearest() {
	last := len(q.far) - 1
	for len(q.far[last].keys) > maxNear {
		b := &q.far[last]
		n, pivot := split(b.keys)
		nearer := timerBag{b.from, b.keys[:n:n]}
		b.from, b.keys = pivot, b.keys[n:]
		q.far = append(q.far, nearer)
		last++
	}
	keys := q.far[last].keys
	q.near = append(q.near, keys...)
	clear(keys)
	q.far[last] = timerBag{}
	q.far = q.far[:last]
	q.near.order()
}

// split brings those keys to the front, of at least three, that are before one of them,
// and returns how many these are and that one. Neither are they none nor all.
func split(keys []timerKey) (nearer int, pivot timerKey) {
	const samples = 9
	var sample [samples]timerKey
	for i := range sample {
		sample[i] = keys[i*(len(keys)-1)/(samples-1)]
	}
	slices.SortFunc(sample[:], compareKeys)
	pivot = sample[samples/2]
	for i, j := 0, len(keys)-1; ; i, j = i+1, j-1 {
		for keys[i].before(&pivot) { // which ends at the pivot, or at what was moved behind it
			i++
		}
		for i < j && !keys[j].before(&pivot) {
			j--
		}
		if i >= j {
			return i, pivot
		}
		keys[i], keys[j] = keys[j], keys[i]
	}
}

func compareKeys(a, b timerKey) int {
	return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.mark, b.mark))
}

func (q *timerQueue) push(t *Timer) {
	t.set = true
	q.keys++
	k := timerKey{t.when, t.mark, t}
	if n := len(q.far); n > 0 && !k.before(&q.far[n-1].from) {
		q.far[sort.Search(n, func(i int) bool { return !k.before(&q.far[i].from) })].add(k)
		return
	}
	q.near.push(k)
	if len(q.near) > maxNear {
		n, pivot := split(q.near)
		q.far = append(q.far, timerBag{pivot, append(make([]timerKey, 0, maxNear), q.near[n:]...)})
		clear(q.near[n:])
		q.near = q.near[:n]
		q.near.order()
	}
}

// pop takes the timer out that next found.
func (q *timerQueue) pop() *Timer {
	t := q.near[0].timer
	t.set = false
	q.near.drop()
	q.keys--
	return t
}

// stop makes a timer that is set leave the queue.
func (q *timerQueue) stop(t *Timer) {
	t.set = false
	if q.stopped++; 2*q.stopped < q.keys {
		return
	}
	// Each key that is moved here pays for one that was stopped.
	dead := func(k timerKey) bool { return !k.live() }
	q.near = slices.DeleteFunc(q.near, dead)
	q.near.order()
	q.keys = len(q.near)
	for i := range q.far {
		b := &q.far[i]
		b.keys = slices.DeleteFunc(b.keys, dead)
		q.keys += len(b.keys)
	}
	q.stopped = 0
}

// all iterates over the timers that are set, in no order.
func (q *timerQueue) all() func(yield func(timerKey) bool) {
	return func(yield func(timerKey) bool) {
		for i := -1; i < len(q.far); i++ {
			keys := []timerKey(q.near)
			if i >= 0 {
				keys = q.far[i].keys
			}
			for j := range keys {
				if keys[j].live() && !yield(keys[j]) {
					return
				}
			}
		}
	}
}

// last returns the latest deadline that comes; 0 if there is none.
func (q *timerQueue) last() int64 {
	var last int64
	for k := range q.all() {
		if k.when != never {
			last = max(last, k.when)
		}
	}
	return last
}

// sorted returns the timers that are set, in the order in which they fire.
func (q *timerQueue) sorted() []*Timer {
	keys := slices.SortedFunc(q.all(), compareKeys)
	out := make([]*Timer, len(keys))
	for i, k := range keys {
		out[i] = k.timer
	}
	return out
}
