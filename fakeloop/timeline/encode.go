package timeline

import (
	"encoding/binary"
	"time"
)

// A timeline keeps its events encoded, about a dozen bytes each and free of
// pointers: a run of a million callbacks neither fills the memory nor gives the
// garbage collector anything to look at. An event is
//
//	kind (1 byte), flags (1 byte), ID (8 bytes), then what the flags announce,
//
// where times and turns are differences from the event before, and strings are
// numbers of a table.
const (
	hasAt     = 1 << iota          // the time moved: varint, ns
	hasTurn                        // another turn: varint
	bySelf                         // the cause is the ID
	byCurrent                      // the cause is the callback that fired last
	hasLabel                       // uvarint, the number of a string
	hasDetail                      // uvarint, the number of a string
	hasDue                         // varint, ns after At
	nextTurn                       // the turn after that of the event before
	hasCause  = bySelf | byCurrent // 8 bytes
)

// maxEncoded is the size of an event with everything.
const maxEncoded = 2 + 8 + 8 + 5*binary.MaxVarintLen64

// before is what the encoding of an event refers to.
type before struct {
	at   time.Duration
	turn uint64
	now  ID // the callback that fired last
}

// after is the state behind an event.
func (s before) after(k Kind, at time.Duration, turn uint64, id ID) before {
	if k == Fired {
		s.now = id
	}
	return before{at, turn, s.now}
}

// Add is [Timeline.Append] for an event without detail and deadline, for whoever
// appends one every few nanoseconds: its arguments travel in registers.
func (t *Timeline) Add(k Kind, at time.Duration, turn uint64, id, cause ID, label string) {
	if cap(t.tail)-len(t.tail) < maxEncoded {
		t.grow()
	}
	n := len(t.tail)
	b := (*[maxEncoded]byte)(t.tail[n : n+maxEncoded])
	b[0] = byte(k)
	binary.LittleEndian.PutUint64(b[2:], uint64(id))
	w := 10
	var flags byte
	if at != t.last.at {
		flags |= hasAt
		w += binary.PutVarint(b[w:], int64(at-t.last.at))
	}
	switch turn {
	case t.last.turn:
	case t.last.turn + 1:
		flags |= nextTurn
	default:
		flags |= hasTurn
		w += binary.PutVarint(b[w:], int64(turn-t.last.turn))
	}
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
	if label != "" {
		flags |= hasLabel
		w += binary.PutUvarint(b[w:], t.texts.number(label, &t.label))
	}
	b[1] = flags
	t.tail = t.tail[:n+w]
	t.last.at, t.last.turn = at, turn
	if k == Fired {
		t.last.now = id
	}
	t.n++
}

// decode reads the event at the head of b and returns the rest.
func (t *Timeline) decode(b []byte, s before) (Event, []byte) {
	e := Event{Kind: Kind(b[0]), ID: ID(binary.LittleEndian.Uint64(b[2:])), At: s.at, Turn: s.turn}
	flags := b[1]
	b = b[10:]
	varint := func() int64 {
		v, n := binary.Varint(b)
		b = b[n:]
		return v
	}
	text := func() string {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return t.texts.all[v]
	}
	if flags&hasAt != 0 {
		e.At += time.Duration(varint())
	}
	if flags&nextTurn != 0 {
		e.Turn++
	}
	if flags&hasTurn != 0 {
		e.Turn += uint64(varint())
	}
	switch flags & hasCause {
	case bySelf:
		e.Cause = e.ID
	case byCurrent:
		e.Cause = s.now
	case hasCause:
		e.Cause = ID(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	if flags&hasLabel != 0 {
		e.Label = text()
	}
	if flags&hasDetail != 0 {
		e.Detail = text()
	}
	if flags&hasDue != 0 {
		e.Due = e.At + time.Duration(varint())
	}
	return e, b
}

// table numbers strings in the order of their first use.
type table struct {
	all   []string
	index map[string]uint64
}

// numbered is a string and its number.
type numbered struct {
	text   string
	number uint64
	known  bool
}

// number returns the number of s; recent is what the caller asked for last, since
// labels come in runs.
func (t *table) number(s string, recent *numbered) uint64 {
	if recent.known && s == recent.text {
		return recent.number
	}
	n, ok := t.index[s]
	if !ok {
		if t.index == nil {
			t.index = make(map[string]uint64)
			for i, text := range t.all {
				t.index[text] = uint64(i)
			}
		}
		if n, ok = t.index[s]; !ok {
			n = uint64(len(t.all))
			t.index[s] = n
			t.all = append(t.all, s)
		}
	}
	*recent = numbered{s, n, true}
	return n
}
