package toxics

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// maxSegment is the most that a chunk holds: the buffer with which toxiproxy reads.
const maxSegment = 32 << 10

// queue is the bytes of one direction on their way: from an endpoint into a link, or
// from a link to an endpoint. It keeps segments whole, so that where chunks begin
// and end depends on what was written and never on who was scheduled first.
//
// Whoever waits, waits on a condition, since that lets the time of a bubble pass;
// the mutex is held for a few instructions only.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond

	segments [][]byte
	size     int  // bytes in segments
	limit    int  // of size, for whoever puts; a first segment always fits; negative: none
	flood    int  // of size, where there is no limit: what a Write would add to is refused
	writing  bool // a Write is under way, others wait for their turn

	ended      bool // there will be no more segments
	abandoned  bool // nobody will take one
	reset      bool // ended by a reset: what has arrived can still be read
	ownerEnded bool // ended because the writing endpoint was closed, not only half
	ownerGone  bool // abandoned because the reading endpoint was closed, not only half

	inspect func(size int) *Verdict // nil: nothing that is read is a fault point
	spoiled spoiled
}

// flood is what nobody but a loop that never ends writes without waiting for anything.
const flood = 1 << 30

func newQueue(limit int) *queue {
	q := &queue{limit: limit, flood: flood}
	q.changed.L = &q.mu
	return q
}

// set changes the state and tells everybody who waits.
func (q *queue) set(change func()) {
	q.mu.Lock()
	change()
	q.changed.Broadcast()
	q.mu.Unlock()
}

// end is the end of the stream, behind what is in the queue.
func (q *queue) end() { q.set(func() { q.ended = true }) }

// abandon drops what is in the queue, and whatever comes.
func (q *queue) abandon() {
	q.set(func() {
		q.abandoned = true
		q.drop()
	})
}

// breakOff ends the stream with a reset, behind what is in the queue.
func (q *queue) breakOff() {
	q.set(func() {
		q.ended = true
		q.reset = true
	})
}

func (q *queue) drop() { q.segments, q.size = nil, 0 }

// read is an endpoint's Read: at most one segment, or a part of it.
func (q *queue) read(b []byte, late *deadline) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.ownerGone:
			return 0, net.ErrClosed
		case late.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case q.inspect != nil && q.spoiled.waits():
			q.changed.Wait()
			continue
		case q.inspect != nil && !q.asked():
			if err := q.spoil(q.headSize()); err != nil {
				return 0, err
			}
			continue
		case q.spoiled.broken != nil:
			return 0, q.spoiled.broken
		case len(q.segments) > 0:
			n := copy(b, q.segments[0])
			if q.segments[0] = q.segments[0][n:]; len(q.segments[0]) == 0 {
				q.segments[0] = nil
				q.segments = q.segments[1:]
				q.spoiled.inspected = false
			}
			q.size -= n
			q.changed.Broadcast()
			return n, nil
		case q.reset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		case q.ended || q.abandoned:
			return 0, io.EOF
		}
		q.changed.Wait()
	}
}

// write is an endpoint's Write. Writes that have to wait do so in turn, so that none
// gets between the bytes of another.
func (q *queue) write(b []byte, late *deadline) (written int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := false
	defer func() {
		if mine {
			q.writing = false
			q.changed.Broadcast()
		}
	}()
	for {
		switch {
		case q.ownerEnded:
			return written, net.ErrClosed
		case q.reset:
			return written, os.NewSyscallError("write", syscall.ECONNRESET)
		case q.ended || q.abandoned:
			return written, os.NewSyscallError("write", syscall.EPIPE)
		case late.passed():
			return written, os.ErrDeadlineExceeded
		case q.writing && !mine:
			q.changed.Wait()
			continue
		case written == len(b):
			return written, nil
		}
		q.writing, mine = true, true
		segment := b[written:min(len(b), written+maxSegment)]
		if q.limit < 0 && q.size >= q.flood {
			return written, fmt.Errorf("%w: %d bytes were written and nothing has taken them: does this write for ever, without waiting for anything? Config.SendBuffer makes Write wait", syscall.ENOBUFS, q.size)
		}
		if !q.fits(len(segment)) {
			q.changed.Wait()
			continue
		}
		q.add(append([]byte(nil), segment...))
		written += len(segment)
		if written == len(b) {
			return written, nil
		}
	}
}

func (q *queue) fits(n int) bool { return q.limit < 0 || q.size == 0 || q.size+n <= q.limit }

func (q *queue) add(segment []byte) {
	q.segments = append(q.segments, segment)
	q.size += len(segment)
	q.changed.Broadcast()
}

// put is how a link delivers a segment, which is the queue's from then on. false
// means that nobody will read it.
func (q *queue) put(segment []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended && !q.abandoned && !q.fits(len(segment)) {
		q.changed.Wait()
	}
	if q.ended || q.abandoned {
		return false
	}
	if q.spoiled.hole {
		return true
	}
	q.add(segment)
	return true
}

// holds reports whether there is something that nobody has taken yet.
func (q *queue) holds() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.segments) > 0
}

// await returns when there is something to take.
func (q *queue) await() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.segments) == 0 && !q.ended && !q.abandoned {
		q.changed.Wait()
	}
}

// take is how a link takes the next segment, or, if join is set, all that there is
// as one. The error is io.EOF at the end of the stream, ECONNRESET for a stream that
// was broken off, or net.ErrClosed if the link was told to take no more.
func (q *queue) take(join bool) ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.abandoned:
			return nil, net.ErrClosed
		case len(q.segments) > 0:
			segment := q.segments[0]
			if join && len(q.segments) > 1 {
				segment = make([]byte, 0, q.size)
				for _, s := range q.segments {
					segment = append(segment, s...)
				}
				q.drop()
			} else {
				q.segments[0] = nil
				q.segments = q.segments[1:]
				q.size -= len(segment)
			}
			q.changed.Broadcast()
			return segment, nil
		case q.reset:
			return nil, syscall.ECONNRESET
		case q.ended:
			return nil, io.EOF
		}
		q.changed.Wait()
	}
}

// drained reports whether the stream has ended and been taken whole.
func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended && !q.abandoned && len(q.segments) == 0
}
