package fakeloop

import (
	"cmp"
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// timerHeap orders timers by deadline, equal deadlines by the order in which they
// were set. It is a 4-ary heap: half the levels of a binary one, and four children
// share a cache line. The keys stand in the heap itself, so that ordering it does not
// touch the timers; what is stopped stays in it until it comes to the top, or until
// that is half of the heap.
type timerHeap struct {
	keys    []timerKey
	stopped int // how many keys are of timers that were stopped or set anew
}

type timerKey struct {
	when  int64
	mark  timeline.Mark
	timer *Timer
}

func (k *timerKey) before(o *timerKey) bool {
	return k.when < o.when || k.when == o.when && k.mark < o.mark
}

// live reports whether the timer still stands as the key says.
func (k *timerKey) live() bool { return k.timer.set && k.timer.mark == k.mark }

// next returns the earliest deadline; false if there is none, or none that
// ever comes.
func (h *timerHeap) next() (int64, bool) {
	for h.stopped > 0 && len(h.keys) > 0 && !h.keys[0].live() {
		h.drop()
		h.stopped--
	}
	if len(h.keys) == 0 || h.keys[0].when == never {
		return 0, false
	}
	return h.keys[0].when, true
}

// last returns the latest deadline that comes; 0 if there is none.
func (h *timerHeap) last() int64 {
	var last int64
	for i := range h.keys {
		if k := &h.keys[i]; k.when != never && k.live() {
			last = max(last, k.when)
		}
	}
	return last
}

// sorted returns the timers that are set, in the order in which they fire.
func (h *timerHeap) sorted() []*Timer {
	var out []*Timer
	for _, k := range slices.SortedFunc(slices.Values(h.keys), func(a, b timerKey) int {
		return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.mark, b.mark))
	}) {
		if k.live() {
			out = append(out, k.timer)
		}
	}
	return out
}

func (h *timerHeap) push(t *Timer) {
	t.set = true
	h.keys = append(h.keys, timerKey{t.when, t.mark, t})
	h.up(len(h.keys) - 1)
}

// pop takes the timer out that next found.
func (h *timerHeap) pop() *Timer {
	t := h.keys[0].timer
	t.set = false
	h.drop()
	return t
}

// stop makes a timer that is set leave the heap.
func (h *timerHeap) stop(t *Timer) {
	t.set = false
	if h.stopped++; 2*h.stopped < len(h.keys) {
		return
	}
	// Each key that is moved here pays for one that was stopped.
	h.keys = slices.DeleteFunc(h.keys, func(k timerKey) bool { return !k.live() })
	h.stopped = 0
	for i := (len(h.keys) - 2) / 4; i >= 0 && len(h.keys) > 1; i-- {
		h.down(i)
	}
}

// drop removes the key at the top.
func (h *timerHeap) drop() {
	last := len(h.keys) - 1
	moved := h.keys[last]
	h.keys[last] = timerKey{}
	h.keys = h.keys[:last]
	if last > 0 {
		h.keys[0] = moved
		h.down(0)
	}
}

func (h *timerHeap) up(i int) {
	keys := h.keys
	k := keys[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !k.before(&keys[parent]) {
			break
		}
		keys[i] = keys[parent]
		i = parent
	}
	keys[i] = k
}

// down moves the key at i to its place among its descendants.
func (h *timerHeap) down(i int) {
	keys := h.keys
	k := keys[i]
	for {
		least := 4*i + 1
		if least >= len(keys) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(keys)); c++ {
			if keys[c].before(&keys[least]) {
				least = c
			}
		}
		if !keys[least].before(&k) {
			break
		}
		keys[i] = keys[least]
		i = least
	}
	keys[i] = k
}
