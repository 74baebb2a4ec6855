package fakeloop

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// A replay string is the prefix and, in base64url without padding,
//
//	method (1 byte), CRC-32 (4 bytes, little endian), length (uvarint), data
//
// where method 0 means that the data are the body and method 1 that they are the
// body compressed by DEFLATE, and the sum is of the method and the data.
const (
	replayPrefix = "wt1:"
	stored       = 0
	deflated     = 1
	headerBytes  = 5
)

// maxBody bounds what a replay string may unpack to.
const maxBody = 8 << 20

var base64url = base64.RawURLEncoding.Strict()

// ReplayError says what is wrong with a replay string.
type ReplayError struct {
	Offset  int    // in bytes, from the beginning of the string; its length if something is missing at the end
	Problem string // what was found and what was expected
}

// Error says where and what.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("fakeloop: this is no replay string: at byte %d: %s", e.Offset, e.Problem)
}

// pack makes a replay string of a body.
func pack(body []byte) string {
	method, data := byte(stored), body
	if packed := deflate(body); len(packed) < len(body) {
		method, data = deflated, packed
	}
	payload := []byte{method}
	payload = binary.LittleEndian.AppendUint32(payload, checksum(method, data))
	payload = binary.AppendUvarint(payload, uint64(len(data)))
	return replayPrefix + base64url.EncodeToString(append(payload, data...))
}

func deflate(body []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		panic(err) // no such level
	}
	// A bytes.Buffer takes everything.
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func checksum(method byte, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte{method}), crc32.IEEETable, data)
}

// unpack returns the body of a replay string.
func unpack(text string) ([]byte, error) {
	if err := checkPrefix(text); err != nil {
		return nil, err
	}
	const at = len(replayPrefix)
	for i := at; i < len(text); i++ {
		if !isBase64url(text[i]) {
			return nil, &ReplayError{i, fmt.Sprintf("found %q, expected a letter, a digit, '-' or '_'", text[i])}
		}
	}
	payload, err := base64url.DecodeString(text[at:])
	if err != nil {
		return nil, &ReplayError{len(text), "the string does not end with a whole byte; expected another last character: it was cut off or changed"}
	}
	if len(payload) <= headerBytes {
		return nil, &ReplayError{len(text), "the string ends in its header; expected more: it was cut off"}
	}
	method, sum := payload[0], binary.LittleEndian.Uint32(payload[1:])
	size, n := binary.Uvarint(payload[headerBytes:])
	if n <= 0 {
		return nil, &ReplayError{len(text), "the string ends in its header; expected a length: it was cut off or changed"}
	}
	data := payload[headerBytes+n:]
	switch {
	case uint64(len(data)) < size:
		return nil, &ReplayError{len(text), fmt.Sprintf("the string ends after %d bytes of data, expected %d: it was cut off or changed", len(data), size)}
	case uint64(len(data)) > size:
		return nil, &ReplayError{at, fmt.Sprintf("there are %d bytes of data, expected %d: something was added or changed", len(data), size)}
	case checksum(method, data) != sum:
		return nil, &ReplayError{at, fmt.Sprintf("the checksum from here on is %08x, expected %08x: the string was changed", checksum(method, data), sum)}
	}
	switch method {
	case stored:
	case deflated:
		data, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxBody+1))
		if err != nil {
			return nil, &ReplayError{at, fmt.Sprintf("the data from here on do not unpack: %v; expected DEFLATE", err)}
		}
	default:
		return nil, &ReplayError{at, fmt.Sprintf("the data are packed by method %d, expected 0 or 1", method)}
	}
	if len(data) > maxBody {
		return nil, &ReplayError{at, fmt.Sprintf("the data unpack to more than %d bytes, expected no more", maxBody)}
	}
	return data, nil
}

// checkPrefix tells a string of another version from one that is no replay string
// at all.
func checkPrefix(text string) error {
	if strings.HasPrefix(text, replayPrefix) {
		return nil
	}
	if rest, ok := strings.CutPrefix(text, "wt"); ok {
		version, _, found := strings.Cut(rest, ":")
		if found && version != "" && strings.Trim(version, "0123456789") == "" {
			return &ReplayError{len("wt"), fmt.Sprintf("version %s is unknown; this version of the package knows version 1", version)}
		}
	}
	i := 0
	for i < len(text) && text[i] == replayPrefix[i] {
		i++
	}
	if i == len(text) {
		return &ReplayError{i, fmt.Sprintf("the string ends, expected %q", replayPrefix[i:])}
	}
	return &ReplayError{i, fmt.Sprintf("found %q, expected %q", text[i], replayPrefix[i:])}
}

func isBase64url(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
