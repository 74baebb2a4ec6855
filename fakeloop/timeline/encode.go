package timeline

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// A timeline keeps its events encoded, three to a dozen bytes each and free of
// pointers: a run of a million callbacks neither fills the memory nor gives the
// garbage collector anything to look at. An event is
//
//	head (1 byte), flags (1 byte), identity, then what the flags announce,
//
// where times and turns are differences from the event before, and strings are
// numbers of a table. The head has the kind in its lower bits, and above them how
// the identity is written, which is random and would be most of an event.
const (
	kindMask = 1<<5 - 1
	farKind  = kindMask // the kind stands in a byte of its own, behind the cause

	wholeID = 0 << 5 // 8 bytes
	childID = 1 << 5 // the cause's child: varint, which one
	openID  = 2 << 5 // that of the opening so many openings ago: uvarint; with its label and, of Fired, its cause
	sameID  = 3 << 5 // that of the event before
	formID  = 3 << 5

	byBefore = 1 << 7 // the cause is the ID of the event before
)

// The flags.
const (
	hasAt     = 1 << iota          // the time moved: sized, ns
	hasTurn                        // another turn: varint
	bySelf                         // the cause is the ID
	byCurrent                      // the cause is the callback that fired last
	hasLabel                       // uvarint, the number of a string
	hasDetail                      // uvarint: one more than the number of a string, or isReference
	hasDue                         // sized, ns after At
	nextTurn                       // the turn after that of the event before
	hasCause  = bySelf | byCurrent // 8 bytes
)

// isReference stands for a detail that names another thing, of which the identity (8
// bytes) and the number of the label (uvarint; one more, 0 is none) follow: the texts
// of such details would be as many as things of the run.
const isReference = 0

// maxEncoded is the size of an event with everything.
const maxEncoded = 3 + 8 + 8 + 5*binary.MaxVarintLen64

// before is what the encoding of an event refers to.
type before struct {
	at   time.Duration
	turn uint64
	id   ID // of the event before
	now  ID // the callback that fired last
}

// Mark is the place of an event that is Posted, Armed or Promised among those of its
// timeline, by which what becomes of the thing can refer to it. Later events have
// larger marks. A mark is never zero.
type Mark uint64

// closes reports whether an event of a kind is the last that refers to a mark.
func (k Kind) closes() bool { return 1<<k&(1<<Fired|1<<Stopped|1<<Settled) != 0 }

// opens reports whether events of a kind are marked.
func (k Kind) opens() bool { return 1<<k&(1<<Posted|1<<Armed|1<<Promised) != 0 }

// Add is [Timeline.Append] for an event without detail and deadline, for whoever
// appends one every few nanoseconds: its arguments travel in registers. It returns
// the mark of the event if it is of a kind that has one.
func (t *Timeline) Add(k Kind, at time.Duration, turn uint64, id, cause ID, label string) Mark {
	b := t.room()
	head, flags, w := byte(wholeID), byte(0), 2
	if id == t.last.id {
		head = sameID
	} else {
		binary.LittleEndian.PutUint64(b[2:], uint64(id))
		w = 10
	}
	switch {
	case at != t.last.at:
		flags, w = t.move(b, w, at, turn)
	case turn == t.last.turn:
	case turn == t.last.turn+1:
		flags, t.last.turn = nextTurn, turn
	default:
		flags, w = t.move(b, w, at, turn)
	}
	switch cause {
	case Driver:
	case id:
		flags |= bySelf
	case t.last.now:
		flags |= byCurrent
	case t.last.id:
		head |= byBefore
	default:
		flags |= hasCause
		binary.LittleEndian.PutUint64(b[w:w+8], uint64(cause))
		w += 8
	}
	if k < farKind {
		head |= byte(k)
	} else {
		head |= farKind
		b[w] = byte(k)
		w++
	}
	if label != "" {
		flags |= hasLabel
		w = putUvarint(b, w, t.texts.number(label, &t.label))
	}
	b[0], b[1] = head, flags
	t.added(w)
	t.last.id = id
	if k == Fired {
		t.last.now = id
	}
	if k.opens() {
		t.marks++
	}
	return t.marks
}

// AddChild is Add for an event of the n-th child of its cause: it returns that
// identity too. Due is the deadline of a timer that is armed, zero for other kinds.
// The kind is one of the named ones, but not Fired.
func (t *Timeline) AddChild(k Kind, at time.Duration, turn uint64, cause ID, n int64, label string, due time.Duration) (ID, Mark) {
	id := cause.Child(n)
	b := t.room()
	head, flags, w := byte(childID)|byte(k), byte(0), putUvarint(b, 2, uint64(n<<1^n>>63))
	switch {
	case at != t.last.at:
		flags, w = t.move(b, w, at, turn)
	case turn == t.last.turn:
	case turn == t.last.turn+1:
		flags, t.last.turn = nextTurn, turn
	default:
		flags, w = t.move(b, w, at, turn)
	}
	switch cause {
	case Driver:
	case t.last.now:
		flags |= byCurrent
	case t.last.id:
		head |= byBefore
	default:
		flags |= hasCause
		binary.LittleEndian.PutUint64(b[w:w+8], uint64(cause))
		w += 8
	}
	if label != "" {
		flags |= hasLabel
		w = putUvarint(b, w, t.texts.number(label, &t.label))
	}
	if due != 0 {
		flags |= hasDue
		w = putSized(b, w, int64(due-at))
	}
	b[0], b[1] = head, flags
	t.added(w)
	t.last.id = id
	if k.opens() {
		t.marks++
	}
	return id, t.marks
}

// AddOf is Add, with a detail, for an event of the thing that an earlier one, with
// mark m, began: they have the identity id and the label in common, and, if it is
// Fired, the cause. No event may refer to a mark behind one that is Fired, Stopped or
// Settled.
func (t *Timeline) AddOf(m Mark, k Kind, at time.Duration, turn uint64, id, cause ID, detail string) {
	b := t.room()
	head, flags, w := byte(openID)|byte(k), byte(0), putUvarint(b, 2, uint64(t.marks-m))
	switch {
	case at != t.last.at:
		flags, w = t.move(b, w, at, turn)
	case turn == t.last.turn:
	case turn == t.last.turn+1:
		flags, t.last.turn = nextTurn, turn
	default:
		flags, w = t.move(b, w, at, turn)
	}
	if k == Fired {
		t.last.now = id
	} else {
		switch cause {
		case Driver:
		case id:
			flags |= bySelf
		case t.last.now:
			flags |= byCurrent
		default:
			flags |= hasCause
			binary.LittleEndian.PutUint64(b[w:w+8], uint64(cause))
			w += 8
		}
	}
	if detail != "" {
		flags |= hasDetail
		w = putUvarint(b, w, t.texts.number(detail, &t.detail)+1)
	}
	b[0], b[1] = head, flags
	t.added(w)
	t.last.id = id
}

// Refer gives the last event, which has neither a detail nor a deadline, a detail that
// names another thing: its label, quoted, and its identity in parentheses, or the
// identity alone.
func (t *Timeline) Refer(id ID, label string) {
	t.tail[t.start+1] |= hasDetail
	t.tail = append(t.tail, isReference) // where a detail and a deadline would have room
	t.tail = binary.LittleEndian.AppendUint64(t.tail, uint64(id))
	number := uint64(0)
	if label != "" {
		number = t.texts.number(label, &t.label) + 1
	}
	t.tail = binary.AppendUvarint(t.tail, number)
}

// room returns where the next event goes.
func (t *Timeline) room() *[maxEncoded]byte {
	n := len(t.tail)
	if cap(t.tail)-n < maxEncoded {
		t.grow()
		n = 0
	}
	t.start = n
	return (*[maxEncoded]byte)(t.tail[n : n+maxEncoded])
}

// added counts an event that took w bytes of the room.
func (t *Timeline) added(w int) {
	t.tail = t.tail[:len(t.tail)+w]
	t.n++
}

// putUvarint writes v at w and returns where it ends.
func putUvarint(b *[maxEncoded]byte, w int, v uint64) int {
	for ; v >= 0x80; w++ {
		b[w] = byte(v) | 0x80
		v >>= 7
	}
	b[w] = byte(v)
	return w + 1
}

// putSized writes v at w, as the number of bytes that it takes and those bytes, and
// returns where it ends: times are large, and a varint of them takes as long as the
// rest of an event.
func putSized(b *[maxEncoded]byte, w int, v int64) int {
	z := uint64(v<<1 ^ v>>63)
	n := (bits.Len64(z) + 7) / 8
	b[w] = byte(n)
	binary.LittleEndian.PutUint64(b[w+1:w+9], z)
	return w + 1 + n
}

// move writes the time and the turn of an event, which are not those of the one
// before. It returns the flags that say so, and how much of b is used.
func (t *Timeline) move(b *[maxEncoded]byte, w int, at time.Duration, turn uint64) (flags byte, _ int) {
	if at != t.last.at {
		flags |= hasAt
		w = putSized(b, w, int64(at-t.last.at))
	}
	switch turn {
	case t.last.turn:
	case t.last.turn + 1:
		flags |= nextTurn
	default:
		flags |= hasTurn
		w += binary.PutVarint(b[w:], int64(turn-t.last.turn))
	}
	t.last.at, t.last.turn = at, turn
	return flags, w
}
