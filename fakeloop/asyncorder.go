package fakeloop

// order is which item of a queue is the next one.
type order[T any] interface {
	push(item T)
	pop() T // of an order that is not empty
	len() int
}

// oldestFirst is the order of a queue proper.
type oldestFirst[T any] struct {
	items []T
}

func (o *oldestFirst[T]) len() int    { return len(o.items) }
func (o *oldestFirst[T]) push(item T) { o.items = append(o.items, item) }

func (o *oldestFirst[T]) pop() T {
	item := o.items[0]
	clear(o.items[:1]) // so that it is not kept alive
	o.items = o.items[1:]
	return item
}

// newestFirst is the order of a stack.
type newestFirst[T any] struct {
	items []T
}

func (o *newestFirst[T]) len() int    { return len(o.items) }
func (o *newestFirst[T]) push(item T) { o.items = append(o.items, item) }

func (o *newestFirst[T]) pop() T {
	last := len(o.items) - 1
	item := o.items[last]
	clear(o.items[last:])
	o.items = o.items[:last]
	return item
}

// leastFirst is the order of a priority queue: a binary heap, in which equal items
// are told apart by their age, so that the older goes first.
type leastFirst[T any] struct {
	less   func(a, b T) bool
	items  []aged[T]
	pushed uint64
}

type aged[T any] struct {
	item   T
	number uint64 // how many had been pushed before
}

func (o *leastFirst[T]) len() int { return len(o.items) }

func (o *leastFirst[T]) before(a, b aged[T]) bool {
	if o.less(a.item, b.item) {
		return true
	}
	return a.number < b.number && !o.less(b.item, a.item)
}

func (o *leastFirst[T]) push(item T) {
	o.items = append(o.items, aged[T]{item, o.pushed})
	o.pushed++
	for i := len(o.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !o.before(o.items[i], o.items[parent]) {
			break
		}
		o.items[i], o.items[parent] = o.items[parent], o.items[i]
		i = parent
	}
}

func (o *leastFirst[T]) pop() T {
	item := o.items[0].item
	last := len(o.items) - 1
	o.items[0] = o.items[last]
	clear(o.items[last:])
	o.items = o.items[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if o.before(o.items[child], o.items[least]) {
				least = child
			}
		}
		if least == i {
			return item
		}
		o.items[i], o.items[least] = o.items[least], o.items[i]
		i = least
	}
}
