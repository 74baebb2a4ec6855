package toxics

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// scaled is how often a heavy test repeats: full times WINDTUNNEL_SCALE (default
// 0.02, 1 is the full count), and at least least.
func scaled(t testing.TB, what string, full, least int) int {
	t.Helper()
	scale := 0.02
	if s := os.Getenv("WINDTUNNEL_SCALE"); s != "" {
		var err error
		if scale, err = strconv.ParseFloat(s, 64); err != nil || !(scale >= 0) || math.IsInf(scale, 0) {
			t.Fatalf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", s)
		}
	}
	n := max(least, int(scale*float64(full)))
	t.Logf("%d %s (full: %d)", n, what, full)
	return n
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func sameError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s:\n got error %v\nwant %v", what, got, want)
	}
}

// fails is that the error is want, in a *net.OpError of that operation.
func fails(t testing.TB, what string, got error, op string, want error) {
	t.Helper()
	var wrapped *net.OpError
	if !errors.Is(got, want) || !errors.As(got, &wrapped) || wrapped.Op != op {
		t.Errorf("%s:\n got error %v (%T)\nwant %v in a *net.OpError of %q", what, got, got, want, op)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bare is a connection without a link: what one end writes is at once at the other.
func bare(limit int) (a, b *Conn) {
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: port} }
	there, back := newQueue(limit), newQueue(limit)
	pass := func(string) {}
	return newConn(back, there, at(1), at(2), pass), newConn(there, back, at(2), at(1), pass)
}

// since returns a function that tells the time that has passed.
func since() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// readOnce is one Read.
func readOnce(c net.Conn) string {
	b := make([]byte, 64<<10)
	n, err := c.Read(b)
	switch {
	case err == io.EOF:
		return "EOF"
	case err != nil:
		return fmt.Sprint(err)
	}
	return string(b[:n])
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 % 251)
	}
	return b
}
