package toxics

import "time"

// spoiled is what is wrong with a queue.
type spoiled struct {
	inspected bool      // the chunk at the head, or the end
	hole      bool      // nothing arrives any more
	late      time.Time // when the chunk at the head arrives
	broken    error     // of every read
}

// spoil asks about what stands at the head of the queue, if that has not been done, and
// returns the error of this read. The caller holds q.mu, and there is something to read.
func (q *queue) spoil(size int) error {
	s := &q.spoiled
	if s.broken != nil || s.inspected {
		return s.broken
	}
	s.inspected = true
	v := q.inspect(size)
	switch {
	case v == nil:
		return nil
	case v.Lasting:
		s.broken = v.Err
	case v.Err != nil:
		return v.Err
	case v.Hole:
		s.hole = true
		q.drop()
	case v.Late > 0:
		s.late = time.Now().Add(v.Late)
		time.AfterFunc(v.Late, func() { q.set(func() {}) })
	case v.Pass >= 0:
		head := q.segments[0][:v.Pass]
		q.drop()
		if len(head) > 0 {
			q.segments, q.size = [][]byte{head}, len(head)
		}
		q.ended = true
	}
	q.changed.Broadcast()
	return s.broken
}

// uncover lets the ends of a connection notice that it has ended, black holes or not.
func (c *connection) uncover() {
	for _, q := range c.arrived {
		q.set(func() { q.spoiled.hole, q.spoiled.late = false, time.Time{} })
	}
}

// asked reports whether there is nothing to ask about: nothing to read, or it has been
// done.
func (q *queue) asked() bool {
	return q.spoiled.inspected || q.spoiled.broken != nil || len(q.segments) == 0 && !q.ended && !q.abandoned
}

// headSize is the size of the chunk at the head, 0 for the end of the stream.
func (q *queue) headSize() int {
	if len(q.segments) == 0 {
		return 0
	}
	return len(q.segments[0])
}

// look does something under the mutex, and nobody has to be told.
func (q *queue) look(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

// waits reports whether what has arrived cannot be read yet, or never can.
func (s *spoiled) waits() bool { return s.hole || !s.late.IsZero() && time.Now().Before(s.late) }
