package subjects

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// parsed is what came of a response.
type parsed struct {
	status int // 0: there was no complete header
	body   string
	err    string
}

// parse feeds the slices, and then the end of the stream.
func parse(pieces ...[]byte) (parsed, error) {
	var r response
	for _, b := range pieces {
		_ = r.feed(b) // end repeats it
	}
	err := r.end()
	var p parsed
	if r.headed {
		p.status = r.status
	}
	if err != nil {
		p.err = err.Error()
	} else {
		p.body = string(r.body)
	}
	return p, err
}

const (
	ok     = "HTTP/1.1 200 OK\r\n"
	coded  = ok + "Transfer-Encoding: chunked\r\n\r\n"
	length = ok + "Content-Length: 5\r\n\r\n"
)

// responses are valid and broken.
var responses = []struct {
	name, text string
	want       parsed
}{
	{"length", length + "hello", parsed{200, "hello", ""}},
	{"length and more", length + "hello, world", parsed{200, "hello", ""}},
	{"length twice", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", parsed{200, "hello", ""}},
	{"length of none", ok + "Content-Length: 0\r\n\r\n", parsed{200, "", ""}},
	{"to the end", ok + "\r\nhello", parsed{200, "hello", ""}},
	{"to the end, none", ok + "\r\n", parsed{200, "", ""}},
	{"old version", "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", parsed{200, "hello", ""}},
	{"no reason", "HTTP/1.1 200\r\n\r\nhello", parsed{200, "hello", ""}},
	{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", parsed{200, "hello", ""}},
	{"continued field", ok + "Content-Length:\r\n 5\r\n\r\nhello", parsed{200, "hello", ""}},
	{"space in a name", ok + "Content-Length : 2\r\n\r\nhello", parsed{200, "hello", ""}},
	{"no content", "HTTP/1.1 204 No Content\r\n\r\nhello", parsed{204, "", ""}},
	{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", parsed{304, "", ""}},
	{"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + length + "hello", parsed{200, "hello", ""}},
	{"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\nhello", parsed{101, "", ""}},
	{"error", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno", parsed{500, "no", ""}},
	{"chunks", coded + "5\r\nhello\r\n7;a=b \r\n, world\r\n0\r\n\r\n", parsed{200, "hello, world", ""}},
	{"chunks over length", ok + "Content-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", parsed{200, "hello", ""}},
	{"no chunk", coded + "0\r\n\r\n", parsed{200, "", ""}},
	{"trailer", coded + "5\r\nhello\r\n00\r\nA: b\r\nC: d\r\n\r\n", parsed{200, "hello", ""}},
	{"many zeros", coded + "0000000000000005\r\nhello\r\n0\r\n\r\n", parsed{200, "hello", ""}},

	{"nothing", "", parsed{0, "", "EOF"}},
	{"broken-off status", "HTTP/1.1 20", parsed{0, "", `malformed status code "20"`}},
	{"broken-off reason", "HTTP/1.1 200 O", parsed{0, "", "unexpected EOF: the header broke off: EOF"}},
	{"broken-off name", ok + "Conte", parsed{0, "", `malformed header: no colon in "Conte"`}},
	{"broken-off value", ok + "Content-Length: ", parsed{0, "", "unexpected EOF: the header broke off: EOF"}},
	{"broken-off line end", ok + "Content-Length: 5\r", parsed{0, "", `malformed header: the value in "Content-Length: 5\r"`}},
	{"broken-off header", ok + "Content-Length: 5\r\n", parsed{0, "", "unexpected EOF: the header broke off: EOF"}},
	{"only interim", "HTTP/1.1 100 Continue\r\n\r\n", parsed{0, "", "unexpected EOF"}},
	{"broken-off body", length + "hell", parsed{200, "", "unexpected EOF"}},
	{"broken-off size", coded + "5", parsed{200, "", "unexpected EOF"}},
	{"broken-off chunk", coded + "5\r\nhell", parsed{200, "", "unexpected EOF"}},
	{"broken-off chunk end", coded + "5\r\nhello\r", parsed{200, "", "unexpected EOF"}},
	{"no last chunk", coded + "5\r\nhello\r\n", parsed{200, "", "unexpected EOF"}},
	{"no trailer", coded + "5\r\nhello\r\n0\r\n", parsed{200, "", "the trailer of a chunked body broke off: EOF"}},
	{"broken-off trailer", coded + "5\r\nhello\r\n0\r\nA: b\r\n", parsed{200, "", "the trailer of a chunked body broke off: EOF"}},

	{"another protocol", "SSH-2.0-OpenSSH_9.9\r\n", parsed{0, "", `malformed status line "SSH-2.0-OpenSSH_9.9"`}},
	{"another protocol, with a space", "220 mail.example ready\r\n", parsed{0, "", `malformed status code "mail.example"`}},
	{"status of words", "HTTP/1.1 two hundred\r\n", parsed{0, "", `malformed status code "two"`}},
	{"long garbage", strings.Repeat("x", 200) + "\n", parsed{0, "", `malformed status line "` + strings.Repeat("x", 80) + `"...`}},
	{"negative status", "HTTP/1.1 -20 no\r\n", parsed{0, "", `malformed status code "-20"`}},
	{"version", "HTTP/11 200 OK\r\n", parsed{0, "", `malformed HTTP version "HTTP/11"`}},
	{"empty line first", "\r\n" + length, parsed{0, "", `malformed status line ""`}},
	{"continuation first", ok + " a: b\r\n\r\n", parsed{0, "", `malformed header: it begins with a continuation, " a: b"`}},
	{"no colon", ok + "a\r\n\r\n", parsed{0, "", `malformed header: no colon in "a"`}},
	{"no name", ok + ": b\r\n\r\n", parsed{0, "", `malformed header: the name ""`}},
	{"name", ok + "a(: b\r\n\r\n", parsed{0, "", `malformed header: the name "a("`}},
	{"value", ok + "a: b\x00\r\n\r\n", parsed{0, "", `malformed header: the value in "a: b\x00"`}},
	{"lengths that differ", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", parsed{0, "", `malformed header: several lengths of content, "5, 6"`}},
	{"length of minus one", ok + "Content-Length: -1\r\n\r\n", parsed{0, "", `malformed header: Content-Length "-1"`}},
	{"huge length", ok + "Content-Length: 9223372036854775808\r\n\r\n", parsed{0, "", `malformed header: Content-Length "9223372036854775808"`}},
	{"empty length", ok + "Content-Length:\r\n\r\n", parsed{0, "", `malformed header: Content-Length ""`}},
	{"coding", ok + "Transfer-Encoding: gzip\r\n\r\n", parsed{0, "", `malformed header: Transfer-Encoding "gzip", want chunked`}},
	{"codings", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", parsed{0, "", `malformed header: Transfer-Encoding "chunked, chunked", want chunked`}},
	{"announced trailer", ok + "Transfer-Encoding: chunked\r\nTrailer: a, content-length\r\n\r\n", parsed{0, "", "malformed header: the trailer cannot hold content-length"}},
	{"size", coded + "five\r\nhello\r\n", parsed{200, "", `malformed chunked body: the size of a chunk is "five"`}},
	{"no size", coded + ";a\r\n", parsed{200, "", `malformed chunked body: the size of a chunk is ""`}},
	{"17 digits", coded + "00000000000000005\r\n", parsed{200, "", `malformed chunked body: the size of a chunk is "00000000000000005"`}},
	{"bare line feed", coded + "5\nhello", parsed{200, "", `malformed chunked body: the line before a chunk, "5\n", is to have one CR, before its LF`}},
	{"two carriage returns", coded + "5\r\r\nhello", parsed{200, "", `malformed chunked body: the line before a chunk, "5\r\r\n", is to have one CR, before its LF`}},
	{"long chunk", coded + "4\r\nhello\r\n", parsed{200, "", `malformed chunked body: "o\r" behind a chunk, want CRLF`}},
	{"long size line", coded + "5;" + strings.Repeat("x", 5000) + "\r\nhello", parsed{200, "", "malformed chunked body: the line before a chunk is longer than 4096 bytes"}},
	{"all lines", coded + strings.Repeat("1;"+strings.Repeat("x", 1000)+"\r\na\r\n", 20), parsed{200, "", "malformed chunked body: too little data between its lines"}},
	{"trailer field", coded + "0\r\nA\r\n\r\n", parsed{200, "", `malformed header: no colon in "A"`}},
	{"long trailer", coded + "0\r\nA: " + strings.Repeat("x", 5000) + "\r\n\r\n", parsed{200, "", "malformed trailer: longer than 4096 bytes"}},
}

func TestResponse(t *testing.T) {
	for _, c := range responses {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := parse([]byte(c.text)); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// What comes of a response does not depend on where the slices end.
func TestResponseInPieces(t *testing.T) {
	for _, c := range responses {
		text := []byte(c.text)
		want, _ := parse(text)
		same := func(how string, pieces ...[]byte) {
			t.Helper()
			if got, _ := parse(pieces...); got != want {
				t.Errorf("%s, %s: got %+v, want %+v", c.name, how, got, want)
			}
		}
		same("byte by byte", slices.Collect(slices.Chunk(text, 1))...)
		for size := 2; size <= 7; size++ {
			same(fmt.Sprintf("%d bytes at a time", size), slices.Collect(slices.Chunk(text, size))...)
		}
		for i := range text {
			same(fmt.Sprintf("cut at %d", i), text[:i], nil, text[i:])
		}
	}
}

// A header of exactly the limit is taken, one that is a byte longer is not.
func TestHeaderLimit(t *testing.T) {
	head := func(size int) []byte {
		rest := ok + "A: \r\nContent-Length: 2\r\n\r\n"
		return []byte(strings.Replace(rest, "A: ", "A: "+strings.Repeat("x", size-len(rest)), 1) + "hi")
	}
	for _, c := range []struct {
		text []byte
		want parsed
	}{
		{head(maxHeader), parsed{200, "hi", ""}},
		{head(maxHeader + 1), parsed{0, "", "malformed header: longer than 10485760 bytes"}},
		{bytes.Repeat([]byte("x"), maxHeader+1), parsed{0, "", "malformed header: longer than 10485760 bytes"}},
	} {
		for _, size := range []int{len(c.text), 4096} {
			if got, _ := parse(slices.Collect(slices.Chunk(c.text, size))...); got != c.want {
				t.Errorf("%d bytes, %d at a time: got %+v, want %+v", len(c.text), size, got, c.want)
			}
		}
	}
}

// A response that is whole, or broken, stays what it is.
func TestResponseStays(t *testing.T) {
	var r response
	if err := errors.Join(r.feed([]byte(length+"hello")), r.feed([]byte("more")), r.end(), r.lost(syscall.ECONNRESET)); err != nil || string(r.body) != "hello" {
		t.Errorf("whole: %q, %v", r.body, err)
	}
	r = response{}
	first := r.feed([]byte("garbage\n"))
	for i, again := range []error{r.feed([]byte(length)), r.end(), r.lost(syscall.ECONNRESET)} {
		if first == nil || again != first {
			t.Errorf("broken with %v, and then (%d) with %v", first, i, again)
		}
	}
}

// lost, where the cause is not the end of the stream: as net/http's, which the
// test of the client compares on sockets.
func TestResponseLost(t *testing.T) {
	for _, c := range []struct {
		text string
		want error // nil: neither
	}{
		{"", syscall.ECONNRESET},
		{"HTTP/1.1 20", nil},
		{"HTTP/1.1 200", io.ErrUnexpectedEOF},
		{ok + "A: b", io.ErrUnexpectedEOF},
		{ok + "A: b\r\n", io.ErrUnexpectedEOF},
		{ok + "A: b\x00\r\n", nil},
		{"HTTP/1.1 100 Continue\r\n\r\n", syscall.ECONNRESET},
		{ok + "\r\n", syscall.ECONNRESET},
		{length + "hell", syscall.ECONNRESET},
		{coded + "5\r\nhel", syscall.ECONNRESET},
		{coded + "0\r\n", nil},
	} {
		var r response
		_ = r.feed([]byte(c.text)) // lost repeats it
		err := r.lost(syscall.ECONNRESET)
		for _, target := range []error{syscall.ECONNRESET, io.ErrUnexpectedEOF, io.EOF} {
			if errors.Is(err, target) != (target == c.want) || err == nil {
				t.Errorf("%q: got %v, want %v", c.text, err, c.want)
			}
		}
	}
}

// reference is what net/http makes of the same bytes.
func reference(text []byte) (p parsed, err error) {
	b := bufio.NewReader(bytes.NewReader(text))
	for {
		if _, err := b.Peek(1); err != nil && p.status == 0 {
			return p, err // as net/http's Transport does it
		}
		r, err := http.ReadResponse(b, nil)
		if err != nil {
			return parsed{}, err
		}
		p.status = r.StatusCode
		if p.status/100 == 1 && p.status != http.StatusSwitchingProtocols {
			continue
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			p.body = string(body)
		}
		return p, err
	}
}

// agree is that the parser and net/http say the same of text: the status, the
// body, and which error.
func agree(t *testing.T, text []byte) {
	t.Helper()
	got, err := parse(text)
	want, reason := reference(text)
	same := got.status == want.status && got.body == want.body && (err == nil) == (reason == nil)
	for _, target := range []error{io.EOF, io.ErrUnexpectedEOF} {
		same = same && errors.Is(err, target) == errors.Is(reason, target)
	}
	if !same {
		t.Errorf("%q:\ngot  %d %q %v\nwant %d %q %v", text, got.status, got.body, err, want.status, want.body, reason)
	}
}

func TestResponseAgreesWithNetHTTP(t *testing.T) {
	for _, c := range responses {
		for i := range len(c.text) + 1 {
			agree(t, []byte(c.text[:i]))
		}
		// And with each byte replaced by one that may mean something.
		for i := range min(len(c.text), 120) {
			for _, b := range []byte("\x00\r\n :;1f\xff") {
				text := []byte(c.text)
				text[i] = b
				agree(t, text)
			}
		}
	}
}

func FuzzResponse(f *testing.F) {
	for i, c := range responses {
		f.Add([]byte(c.text), uint16(i), uint16(7*i))
	}
	f.Fuzz(func(t *testing.T, text []byte, i, j uint16) {
		want, _ := parse(text)
		a := int(i) % (len(text) + 1)
		b := a + int(j)%(len(text)-a+1)
		if got, _ := parse(text[:a], text[a:b], text[b:]); got != want {
			t.Errorf("cut at %d and %d: got %+v, want %+v", a, b, got, want)
		}
		if got, _ := parse(slices.Collect(slices.Chunk(text, 1))...); got != want {
			t.Errorf("byte by byte: got %+v, want %+v", got, want)
		}
		agree(t, text)
	})
}
