package timeline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Digest is a hash of every field of every event of a timeline, in order. Two
// runs with equal digests did the same things at the same virtual times.
// Digests are comparable within one version of this module only.
type Digest [sha256.Size]byte

// String returns the first 16 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:8]) }

// Digest returns the digest of t. Its cost is linear in the number of events.
func (t *Timeline) Digest() Digest {
	h := sha256.New()
	var buf []byte
	for _, e := range t.All() {
		buf = e.appendTo(buf[:0])
		h.Write(buf)
	}
	var d Digest
	h.Sum(d[:0])
	return d
}

// appendTo appends an encoding of e in which no two events look alike: numbers
// have a fixed width, strings carry their length.
func (e Event) appendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(e.At))
	b = binary.LittleEndian.AppendUint64(b, e.Turn)
	b = append(b, byte(e.Kind))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.ID))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Cause))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Due))
	b = binary.AppendUvarint(b, uint64(len(e.Label)))
	b = append(b, e.Label...)
	b = binary.AppendUvarint(b, uint64(len(e.Detail)))
	return append(b, e.Detail...)
}
