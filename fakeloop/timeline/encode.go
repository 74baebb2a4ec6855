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
	hasAt     = 1 << iota // the time moved: varint, ns
	hasTurn               // another turn: varint
	hasCause              // 8 bytes
	bySelf                // the cause is the ID
	byCurrent             // the cause is the callback that fired last
	hasLabel              // uvarint, the number of a string
	hasDetail             // uvarint, the number of a string
	hasDue                // varint, ns after At
)

// maxEncoded is the size of an event with everything.
const maxEncoded = 2 + 8 + 8 + 5*binary.MaxVarintLen64

// before is what the encoding of an event refers to.
type before struct {
	at   time.Duration
	turn uint64
	now  ID // the callback that fired last
}

// after is the state behind e.
func (s before) after(e *Event) before {
	if e.Kind == Fired {
		s.now = e.ID
	}
	return before{e.At, e.Turn, s.now}
}

// encode appends e to b, which has room for it.
func (t *Timeline) encode(b []byte, e *Event) []byte {
	s := &t.last
	at := len(b)
	b = append(b, byte(e.Kind), 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.ID))
	var flags byte
	if e.At != s.at {
		flags |= hasAt
		b = binary.AppendVarint(b, int64(e.At-s.at))
	}
	if e.Turn != s.turn {
		flags |= hasTurn
		b = binary.AppendVarint(b, int64(e.Turn-s.turn))
	}
	switch e.Cause {
	case Driver:
	case e.ID:
		flags |= bySelf
	case s.now:
		flags |= byCurrent
	default:
		flags |= hasCause
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Cause))
	}
	if e.Label != "" {
		flags |= hasLabel
		b = binary.AppendUvarint(b, t.strings.number(e.Label))
	}
	if e.Detail != "" {
		flags |= hasDetail
		b = binary.AppendUvarint(b, t.strings.number(e.Detail))
	}
	if e.Due != 0 {
		flags |= hasDue
		b = binary.AppendVarint(b, int64(e.Due-e.At))
	}
	b[at+1] = flags
	return b
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
		return t.strings.texts[v]
	}
	if flags&hasAt != 0 {
		e.At += time.Duration(varint())
	}
	if flags&hasTurn != 0 {
		e.Turn += uint64(varint())
	}
	switch {
	case flags&bySelf != 0:
		e.Cause = e.ID
	case flags&byCurrent != 0:
		e.Cause = s.now
	case flags&hasCause != 0:
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
	texts  []string
	index  map[string]uint64
	recent string // the last one asked for: labels come in runs
	last   uint64 // its number
}

func (t *table) number(s string) uint64 {
	if s == t.recent && t.index != nil {
		return t.last
	}
	n, ok := t.index[s]
	if !ok {
		if t.index == nil {
			t.index = make(map[string]uint64)
		}
		n = uint64(len(t.texts))
		t.index[s] = n
		t.texts = append(t.texts, s)
	}
	t.recent, t.last = s, n
	return n
}
