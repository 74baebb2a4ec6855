package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// timerKey is one setting of a timer. It stands for the timer in what orders timers, so
// that ordering them does not touch them.
type timerKey struct {
	when  int64
	mark  timeline.Mark
	timer *Timer
}

// before orders timers by deadline, equal deadlines by the order in which they were
// set.
func (k *timerKey) before(o *timerKey) bool {
	return k.when < o.when || k.when == o.when && k.mark < o.mark
}

// live reports whether the timer still stands as the key says.
func (k *timerKey) live() bool { return k.timer.set && k.timer.mark == k.mark }

// timerHeap is a 4-ary heap: half the levels of a binary one, and four children stand
// together.
type timerHeap []timerKey

func (h *timerHeap) push(k timerKey) {
	*h = append(*h, k)
	h.up(len(*h) - 1)
}

// drop removes the first key.
func (h *timerHeap) drop() {
	keys := *h
	last := len(keys) - 1
	if last > 0 {
		keys[0] = keys[last]
	}
	keys[last].timer = nil
	*h = keys[:last]
	if last > 1 {
		h.down(0)
	}
}

// order makes a heap of keys in any order.
func (h *timerHeap) order() {
	if len(*h) < 2 {
		return
	}
	for i := (len(*h) - 2) / 4; i >= 0; i-- {
		h.down(i)
	}
}

func (h *timerHeap) up(i int) {
	keys := *h
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
	keys := *h
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
