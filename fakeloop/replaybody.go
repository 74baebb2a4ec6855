package fakeloop

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// The body of a replay string is its decisions, one after the other, in uvarints:
//
//	label*2, ways, choice                              of Loop.Choose
//	label*2+1, kept, fresh, fresh options, choice      of the loop itself
//
// The options of the loop's decisions are told by their difference from those of
// the one before, without the one that was chosen there: how many at the head are
// the same, and then the rest. A label is its number in the order of first use,
// from 1, or 0, a length and the text, which gives it the next number. An option is
// its number in the same way, or 0, a label and two bytes of its identity.

// What a body may hold of options, so that one that means harm neither fills the
// memory nor takes long.
const (
	maxOptions    = 1 << 16 // of one decision
	maxAllOptions = 1 << 26 // of all decisions together
)

// candidate is an option as a recording remembers it.
type candidate struct {
	label uint32 // number of the label, from 0
	hash  uint16
}

// shortHash is what a recording remembers of an identity: the first four of the
// digits in which it is printed.
func shortHash(id timeline.ID) uint16 { return uint16(id >> 48) }

// ready is the options of the loop's decision before, and which was chosen there.
type ready struct {
	options []candidate
	chosen  int
}

// rest returns the options without the one that was chosen.
func (r *ready) rest() []candidate {
	if len(r.options) > 0 {
		r.options = slices.Delete(r.options, r.chosen, r.chosen+1)
	}
	return r.options
}

// writer makes a body.
type writer struct {
	body    []byte
	n       int
	labels  map[string]uint32
	known   map[candidate]uint64
	ready   ready
	options int // of all decisions
}

func (w *writer) add(d Decision, choice int) {
	if w.labels == nil {
		w.labels = make(map[string]uint32)
		w.known = make(map[candidate]uint64)
	}
	w.n++
	n := len(d.Options)
	if n == 0 || n > maxOptions || w.options+n > maxAllOptions || len(w.body) > maxBody/2 {
		w.label(d.Label, 2, 0)
		w.number(uint64(d.N))
		w.number(uint64(choice))
		return
	}
	w.options += n
	w.label(d.Label, 2, 1)
	before := w.ready.rest()
	kept := 0
	for kept < min(len(before), n) && w.same(before[kept], d.Options[kept]) {
		kept++
	}
	w.number(uint64(kept))
	w.number(uint64(n - kept))
	now := before[:kept]
	for _, o := range d.Options[kept:] {
		now = append(now, w.option(o))
	}
	w.number(uint64(choice))
	w.ready = ready{now, choice}
}

func (w *writer) number(v uint64) { w.body = binary.AppendUvarint(w.body, v) }

// label writes a label's number times a factor plus a flag, and the label itself if
// it is new. It returns the number, from 0.
func (w *writer) label(s string, factor, flag uint64) uint32 {
	if n, ok := w.labels[s]; ok {
		w.number(uint64(n+1)*factor + flag)
		return n
	}
	n := uint32(len(w.labels))
	w.labels[s] = n
	w.number(flag)
	w.number(uint64(len(s)))
	w.body = append(w.body, s...)
	return n
}

func (w *writer) same(c candidate, o Option) bool {
	n, ok := w.labels[o.Label]
	return ok && c == candidate{n, shortHash(o.ID)}
}

// option writes an option.
func (w *writer) option(o Option) candidate {
	if label, ok := w.labels[o.Label]; ok {
		c := candidate{label, shortHash(o.ID)}
		if n, ok := w.known[c]; ok {
			w.number(n + 1)
			return c
		}
	}
	w.number(0)
	c := candidate{w.label(o.Label, 1, 0), shortHash(o.ID)}
	w.body = binary.LittleEndian.AppendUint16(w.body, c.hash)
	w.known[c] = uint64(len(w.known))
	return c
}

// reader reads a body, one decision at a time.
type reader struct {
	body    []byte
	at      int
	labels  []string
	known   []candidate
	ready   ready
	options int
}

// step is a recorded decision.
type step struct {
	label   uint32
	n       int
	choice  int
	options []candidate // valid until the next one is read; nil if they were not recorded
}

// bodyError is what is wrong with a body, and where.
type bodyError struct {
	at       int
	expected string
}

func (r *reader) more() bool { return r.at < len(r.body) }

// next reads a decision. A body that does not make sense ends it by a panic with a
// *bodyError, which check recovers; a body that was checked does make sense.
func (r *reader) next() step {
	tag := r.number(math.MaxInt, "a label")
	s := step{label: r.label(tag / 2)}
	if tag%2 == 0 {
		s.n = r.number(math.MaxInt, "a number of ways")
		if s.n < 2 {
			r.fail("two ways at least")
		}
		s.choice = r.number(s.n-1, "a choice")
		return s
	}
	now := r.ready.rest()
	kept := r.number(len(now), "how many options are the same as before")
	fresh := r.number(maxOptions-kept, "how many options follow")
	s.n = kept + fresh
	r.options += s.n
	if s.n < 2 || r.options > maxAllOptions {
		r.fail(fmt.Sprintf("two options at least, and %d at most in all", maxAllOptions))
	}
	now = now[:kept]
	for range fresh {
		now = append(now, r.option())
	}
	s.options = now
	s.choice = r.number(s.n-1, "a choice")
	r.ready = ready{now, s.choice}
	return s
}

func (r *reader) fail(expected string) { panic(&bodyError{r.at, expected}) }

// number reads a number from 0 to most.
func (r *reader) number(most int, what string) int {
	v, n := binary.Uvarint(r.body[r.at:])
	if n <= 0 || v > uint64(most) {
		r.fail(fmt.Sprintf("%s, a number up to %d", what, most))
	}
	r.at += n
	return int(v)
}

// label returns the index of the label of a number, and reads it if it is new.
func (r *reader) label(number int) uint32 {
	if number > len(r.labels) {
		r.fail(fmt.Sprintf("the number of a label, up to %d", len(r.labels)))
	}
	if number > 0 {
		return uint32(number - 1)
	}
	size := r.number(maxBody, "the length of a label")
	if size > len(r.body)-r.at {
		r.fail(fmt.Sprintf("a label of %d bytes", size))
	}
	r.labels = append(r.labels, string(r.body[r.at:r.at+size]))
	r.at += size
	return uint32(len(r.labels) - 1)
}

func (r *reader) option() candidate {
	if n := r.number(len(r.known), "the number of an option"); n > 0 {
		return r.known[n-1]
	}
	c := candidate{label: r.label(r.number(len(r.labels), "the number of a label"))}
	if len(r.body)-r.at < 2 {
		r.fail("two bytes of an identity")
	}
	c.hash = binary.LittleEndian.Uint16(r.body[r.at:])
	r.at += 2
	r.known = append(r.known, c)
	return c
}

// check reads a whole body and returns how many decisions it has.
func check(body []byte) (n int, err *bodyError) {
	r := reader{body: body}
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(*bodyError)
			if !ok {
				panic(v)
			}
			err = e
		}
	}()
	for ; r.more(); n++ {
		r.next()
	}
	return n, nil
}
