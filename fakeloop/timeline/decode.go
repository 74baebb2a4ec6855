package timeline

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// reader reads the events of a timeline from its beginning.
type reader struct {
	texts []string
	last  before
	open  openings
	b     []byte // what is left of the chunk
}

// next reads an event of the chunk.
func (r *reader) next() Event {
	head, flags := r.b[0], r.b[1]
	r.b = r.b[2:]
	e := Event{Kind: Kind(head & kindMask), At: r.last.at, Turn: r.last.turn}
	var n int64
	var of opening
	switch head & formID {
	case wholeID:
		e.ID = ID(r.fixed())
	case childID:
		n = r.varint()
	case openID:
		of = r.open.find(r.open.marks-Mark(r.uvarint()), e.Kind.closes())
		e.ID, e.Label = of.id, of.label
	case sameID:
		e.ID = r.last.id
	}
	if flags&hasAt != 0 {
		e.At += time.Duration(r.sized())
	}
	if flags&nextTurn != 0 {
		e.Turn++
	}
	if flags&hasTurn != 0 {
		e.Turn += uint64(r.varint())
	}
	switch flags & hasCause {
	case bySelf:
		e.Cause = e.ID
	case byCurrent:
		e.Cause = r.last.now
	case hasCause:
		e.Cause = ID(r.fixed())
	}
	switch {
	case head&byBefore != 0:
		e.Cause = r.last.id
	case head&formID == openID && e.Kind == Fired:
		e.Cause = of.cause
	}
	if e.Kind == farKind {
		e.Kind = Kind(r.b[0])
		r.b = r.b[1:]
	}
	if head&formID == childID {
		e.ID = e.Cause.Child(n)
	}
	if flags&hasLabel != 0 {
		e.Label = r.texts[r.uvarint()]
	}
	if flags&hasDetail != 0 {
		e.Detail = r.detail()
	}
	if flags&hasDue != 0 {
		e.Due = e.At + time.Duration(r.sized())
	}
	r.last.at, r.last.turn, r.last.id = e.At, e.Turn, e.ID
	if e.Kind == Fired {
		r.last.now = e.ID
	}
	if e.Kind.opens() {
		r.open.add(e)
	}
	return e
}

func (r *reader) detail() string {
	number := r.uvarint()
	if number != isReference {
		return r.texts[number-1]
	}
	id, label := ID(r.fixed()), ""
	if number := r.uvarint(); number != 0 {
		label = r.texts[number-1]
	}
	return reference(id, label)
}

func (r *reader) fixed() uint64 {
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) sized() int64 {
	var z uint64
	n := int(r.b[0])
	for i := n; i > 0; i-- {
		z = z<<8 | uint64(r.b[i])
	}
	r.b = r.b[1+n:]
	return int64(z>>1) ^ -int64(z&1)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

// opening is an event to which those behind it may refer.
type opening struct {
	mark      Mark
	id, cause ID
	label     string
	closed    bool // none will any more
}

// openings are those events that have been read and that others may refer to, in
// the order of their marks: as many as things were under way in the run at one time,
// and not as many as it has events.
type openings struct {
	marks  Mark // of the last one read
	list   []opening
	first  int // of list that is not closed
	closed int // how many of list are
}

func (o *openings) add(e Event) {
	o.marks++
	if len(o.list) == cap(o.list) && 2*o.closed > len(o.list) {
		o.list = slices.DeleteFunc(o.list, func(p opening) bool { return p.closed })
		o.first, o.closed = 0, 0
	}
	o.list = append(o.list, opening{mark: o.marks, id: e.ID, cause: e.Cause, label: e.Label})
}

// find returns the opening of a mark, and closes it if asked to. Most are closed in
// the order in which they came.
func (o *openings) find(m Mark, close bool) opening {
	i := o.first
	if i == len(o.list) || o.list[i].mark != m {
		i, _ = slices.BinarySearchFunc(o.list, m, func(p opening, m Mark) int { return cmp.Compare(p.mark, m) })
	}
	p := o.list[i]
	if close {
		o.list[i].closed = true
		o.closed++
		for o.first < len(o.list) && o.list[o.first].closed {
			o.first++
		}
	}
	return p
}
