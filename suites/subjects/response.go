package subjects

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxHeader is how many bytes a response may have in front of its body, interim
// (1xx) responses included: as many as net/http's Transport takes.
const maxHeader = 10 << 20

// The states of a response.
type responseState uint8

const (
	inStatusLine   responseState = iota // of the final response, or of an interim one
	inFields                            // of the header
	inFixedBody                         // of Content-Length bytes
	inOpenBody                          // that ends where the stream ends
	inChunkLine                         // with the size of the next chunk
	inChunk                             // the bytes of one
	inChunkEnd                          // the CRLF behind them
	inTrailer                           // behind the last chunk
	responseWhole                       // nothing more is expected
	responseBroken                      // see err
)

// response takes an HTTP/1 response to a GET apart as it arrives, in slices of
// any size: what comes of it does not depend on where the slices end. It does no
// I/O. It accepts what net/http accepts and refuses what net/http refuses, also
// where the stream ends too early (see lost).
type response struct {
	status int    // of the final response, once headed
	headed bool   // the final response's header is complete
	body   []byte // as far as it has come

	state  responseState
	err    error // why it is broken
	header header
	old    bool   // of a version before HTTP/1.1
	seen   int64  // bytes up to the end of the header
	line   []byte // the beginning of a line, or of a trailer
	left   uint64 // bytes of the fixed body, or of the chunk
	excess int64  // see chunkLine
}

// feed takes the next bytes. The error, which later calls repeat, says what is
// wrong with them. Bytes behind a whole response are ignored.
func (r *response) feed(b []byte) error {
	for len(b) > 0 && r.err == nil && r.state != responseWhole {
		if n, err := r.step(b); err != nil {
			r.fail(err)
		} else {
			b = b[n:]
		}
	}
	return r.err
}

// end takes the end of the stream. A nil error means that the response is whole.
func (r *response) end() error {
	if r.state == inOpenBody {
		r.state = responseWhole
	}
	return r.lost(io.EOF)
}

// lost takes an error of the connection, io.EOF for its end, and returns what it
// means for the response: nil if that is whole. The error is the one that
// net/http gives at that place:
//
//   - before the first byte, the cause itself, io.EOF included;
//   - in the header a broken-off line counts as a line, and may be malformed.
//     If it is not, the error is io.ErrUnexpectedEOF whatever the cause, a reset
//     too;
//   - between an interim response and the next, and in the body, the cause, or
//     io.ErrUnexpectedEOF for io.EOF;
//   - in the trailer, an error that is neither.
func (r *response) lost(cause error) error {
	if r.state == responseWhole || r.err != nil {
		return r.err
	}
	r.fail(r.meaning(cause))
	return r.err
}

func (r *response) meaning(cause error) error {
	header := r.state == inFields || r.state == inStatusLine && len(r.line) > 0
	switch {
	case r.seen == 0:
		return cause
	case header:
		if err := r.lastLine(); err != nil {
			return err
		}
		return &brokenOff{"the header", cause, io.ErrUnexpectedEOF}
	case r.state == inTrailer:
		return &brokenOff{"the trailer of a chunked body", cause, nil}
	case cause == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return cause
}

// lastLine says what is wrong with what there is of the line under way, and
// with the field before it.
func (r *response) lastLine() error {
	switch {
	case r.state == inStatusLine:
		return r.statusLine(r.line)
	case len(r.line) > 0:
		if _, err := r.header.line(r.line); err != nil {
			return err
		}
	}
	return r.header.commit()
}

func (r *response) fail(err error) { r.state, r.err = responseBroken, err }

// step takes some of b, at least one byte.
func (r *response) step(b []byte) (int, error) {
	switch r.state {
	case inFixedBody, inChunk:
		n := int(min(r.left, uint64(len(b))))
		r.body = append(r.body, b[:n]...)
		r.left -= uint64(n)
		switch {
		case r.left > 0:
		case r.state == inChunk:
			r.state = inChunkEnd
		default:
			r.state = responseWhole
		}
		return n, nil
	case inOpenBody:
		r.body = append(r.body, b...)
		return len(b), nil
	case inChunkEnd:
		if r.line = append(r.line, b[0]); len(r.line) < 2 {
			return 1, nil
		}
		if string(r.line) != "\r\n" {
			return 0, malformed("chunked body: " + quote(r.line) + " behind a chunk, want CRLF")
		}
		r.line, r.state = r.line[:0], inChunkLine
		return 1, nil
	case inTrailer:
		r.line = append(r.line, b[0])
		return 1, r.trailer()
	}
	return r.stepLine(b)
}

// stepLine takes b up to the end of a line.
func (r *response) stepLine(b []byte) (int, error) {
	n := bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	if r.state == inChunkLine {
		n = min(n, maxChunkLine+1-len(r.line))
		r.line = append(r.line, b[:n]...)
		if len(r.line) > maxChunkLine || len(r.line) == maxChunkLine && !bytes.HasSuffix(r.line, newline) {
			return n, malformed("chunked body: the line before a chunk is longer than " + strconv.Itoa(maxChunkLine) + " bytes")
		}
		if !whole {
			return n, nil
		}
		line := r.line
		r.line = r.line[:0]
		return n, r.chunkLine(line)
	}
	n = int(min(int64(n), maxHeader-r.seen+1))
	r.line = append(r.line, b[:n]...)
	if r.seen += int64(n); r.seen > maxHeader {
		return n, malformed("header: longer than " + strconv.Itoa(maxHeader) + " bytes")
	}
	if !whole {
		return n, nil
	}
	line := withoutEnd(r.line)
	r.line = r.line[:0]
	if r.state == inStatusLine {
		return n, r.statusLine(line)
	}
	end, err := r.header.line(line)
	if end {
		err = r.beginBody()
	}
	return n, err
}

var newline = []byte("\n")

// statusLine takes "HTTP/1.1 200 OK". The reason is optional.
func (r *response) statusLine(line []byte) error {
	version, rest, ok := strings.Cut(string(line), " ")
	if !ok {
		return malformed("status line " + quote(line))
	}
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if len(code) != 3 || err != nil || status < 0 {
		return malformed("status code " + quote([]byte(code)))
	}
	major, minor, ok := http.ParseHTTPVersion(version)
	if !ok {
		return malformed("HTTP version " + quote([]byte(version)))
	}
	r.old = major == 0 && minor > 0 || major == 1 && minor == 0 // 0.0 counts as 1.1
	r.status, r.header, r.state = status, header{}, inFields
	return nil
}

// beginBody decides, with the header complete, what the body is like.
func (r *response) beginBody() error {
	chunked, err := r.header.chunked(r.old)
	if err != nil {
		return err
	}
	length, err := r.header.contentLength()
	if err != nil {
		return err
	}
	interim := r.status/100 == 1
	switch {
	case interim && r.status != http.StatusSwitchingProtocols:
		r.state = inStatusLine // of what it is the herald of
		return nil
	case interim, r.status == http.StatusNoContent, r.status == http.StatusNotModified:
		r.state = responseWhole
	case chunked:
		r.state = inChunkLine
	case length > 0:
		r.state, r.left = inFixedBody, uint64(length)
	case length == 0:
		r.state = responseWhole
	default:
		r.state = inOpenBody
	}
	r.headed = true
	return nil
}

// The limits of a chunked body's lines and of its trailer: net/http's, which are
// those of its read buffer.
const (
	maxChunkLine = 4096
	maxTrailer   = 4096
)

// chunkLine takes "1f;extension\r\n". As in net/http, the lines may not be much
// longer than the chunks: 16 bytes for each, twice the data, and 16 KB in all.
func (r *response) chunkLine(line []byte) error {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || bytes.IndexByte(text, '\r') >= 0 {
		return malformed("chunked body: the line before a chunk, " + quote(line) + ", is to have one CR, before its LF")
	}
	digits, _, _ := bytes.Cut(bytes.TrimRight(text, " \t"), []byte(";"))
	size, err := strconv.ParseUint(string(digits), 16, 64)
	if err != nil || len(digits) > 16 {
		return malformed("chunked body: the size of a chunk is " + quote(digits))
	}
	// A size beyond the int64s wraps around here, as it does in net/http.
	r.excess = max(0, r.excess+int64(len(line))-16-2*int64(size))
	switch {
	case size == 0:
		r.state = inTrailer
	case r.excess > 16<<10:
		return malformed("chunked body: too little data between its lines")
	default:
		r.state, r.left = inChunk, size
	}
	return nil
}

// trailer looks at what there is of the trailer: fields that nobody asked for,
// and an empty line.
func (r *response) trailer() error {
	n := len(r.line)
	switch {
	case n == 2 && string(r.line) == "\r\n":
		r.state = responseWhole
		return nil
	case n < 4 || !bytes.HasSuffix(r.line, []byte("\r\n\r\n")):
		if n == maxTrailer {
			return malformed("trailer: longer than " + strconv.Itoa(maxTrailer) + " bytes")
		}
		return nil
	}
	r.state = responseWhole
	var fields header
	for line := range bytes.Lines(r.line) {
		if end, err := fields.line(withoutEnd(line)); end || err != nil {
			return err
		}
	}
	return nil
}

// header is a block of "Name: value" lines.
type header struct {
	field  []byte              // the one under way: the next line may continue it
	values map[string][]string // by names in lower case
}

// line takes a line without its end, and reports whether it was the empty one
// that ends the header.
func (h *header) line(l []byte) (end bool, err error) {
	if len(l) > 0 && (l[0] == ' ' || l[0] == '\t') {
		if len(h.field) == 0 {
			return false, malformed("header: it begins with a continuation, " + quote(l))
		}
		h.field = append(append(h.field, ' '), bytes.Trim(l, " \t")...)
		return false, nil
	}
	if err := h.commit(); err != nil || len(l) == 0 {
		return err == nil, err
	}
	if !bytes.ContainsRune(l, ':') {
		return false, malformed("header: no colon in " + quote(l))
	}
	h.field = append(h.field, bytes.Trim(l, " \t")...)
	return false, nil
}

// commit ends the field under way, if there is one.
func (h *header) commit() error {
	if len(h.field) == 0 {
		return nil
	}
	name, value, _ := bytes.Cut(h.field, []byte(":"))
	// A space in a name is let through, as by net/http, but makes it a name
	// that nobody knows.
	token := func(c rune) bool {
		return c == ' ' || c < 0x7f && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	}
	text := func(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }
	if len(name) == 0 || bytes.ContainsFunc(name, func(c rune) bool { return !token(c) }) {
		return malformed("header: the name " + quote(name))
	}
	if slices.ContainsFunc(value, func(c byte) bool { return !text(c) }) {
		return malformed("header: the value in " + quote(h.field))
	}
	if h.values == nil {
		h.values = map[string][]string{}
	}
	key := strings.ToLower(string(name))
	h.values[key] = append(h.values[key], strings.Trim(string(value), " \t"))
	h.field = h.field[:0]
	return nil
}

// chunked reports whether the body is. No other transfer coding is known, and an
// old version has none.
func (h *header) chunked(old bool) (bool, error) {
	codings := h.values["transfer-encoding"]
	if len(codings) == 0 || old {
		return false, nil
	}
	if len(codings) > 1 || !strings.EqualFold(codings[0], "chunked") {
		return false, malformed("header: Transfer-Encoding " + quote([]byte(strings.Join(codings, ", "))) + ", want chunked")
	}
	for _, names := range h.values["trailer"] {
		for name := range strings.SplitSeq(names, ",") {
			switch key := strings.ToLower(strings.Trim(name, " \t")); key {
			case "content-length", "trailer", "transfer-encoding":
				return false, malformed("header: the trailer cannot hold " + key)
			}
		}
	}
	return true, nil
}

// contentLength returns the length that the header tells, -1 if it tells none.
func (h *header) contentLength() (int64, error) {
	lengths := h.values["content-length"]
	if len(lengths) == 0 {
		return -1, nil
	}
	if len(slices.Compact(slices.Clone(lengths))) > 1 {
		return 0, malformed("header: several lengths of content, " + quote([]byte(strings.Join(lengths, ", "))))
	}
	n, err := strconv.ParseUint(lengths[0], 10, 63)
	if err != nil {
		return 0, malformed("header: Content-Length " + quote([]byte(lengths[0])))
	}
	return int64(n), nil
}

// withoutEnd removes LF or CRLF.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, newline), []byte("\r"))
}

// malformed is what is wrong with a response. Neither it nor quote is of package
// fmt, whose pool has a lock: on a loop, making the text of an error could wait.
type malformed string

func (m malformed) Error() string { return "malformed " + string(m) }

// quote is %q of the beginning.
func quote(b []byte) string {
	if len(b) > 80 {
		return strconv.Quote(string(b[:80])) + "..."
	}
	return strconv.Quote(string(b))
}

// brokenOff is a part of a response that is not complete.
type brokenOff struct {
	part  string
	cause error // text only
	is    error // nil: nothing
}

func (e *brokenOff) Error() string {
	text := e.part + " broke off: " + e.cause.Error()
	if e.is != nil {
		text = e.is.Error() + ": " + text
	}
	return text
}

// Unwrap returns what it counts as, which need not be the cause.
func (e *brokenOff) Unwrap() error { return e.is }
