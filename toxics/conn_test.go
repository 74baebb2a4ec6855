package toxics

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// The bare connection is a network connection by the suite of golang.org/x/net, with
// the buffer that it has in a network, and with one so small that every write waits.
func TestNettestBare(t *testing.T) {
	for _, limit := range []int{64 << 10, 100} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				a, b := bare(limit)
				return a, b, func() { a.Close(); b.Close() }, nil
			})
		})
	}
}

func TestReadKeepsSegmentsApart(t *testing.T) {
	a, b := bare(-1)
	for _, text := range []string{"one", "two", ""} {
		n, err := io.WriteString(a, text)
		must(t, err)
		equal(t, "written", n, len(text))
	}
	equal(t, "first", readOnce(b), "one")
	small := make([]byte, 2)
	n, err := b.Read(small)
	must(t, err)
	equal(t, "a part", string(small[:n]), "tw")
	n, err = b.Read(nil)
	must(t, err)
	equal(t, "nothing wanted", n, 0)
	equal(t, "the rest", readOnce(b), "o")
}

func TestAWriteIsCutIntoSegments(t *testing.T) {
	a, b := bare(-1)
	_, err := a.Write(make([]byte, 2*maxSegment+1))
	must(t, err)
	for _, want := range []int{maxSegment, maxSegment, 1} {
		equal(t, "segment", len(readOnce(b)), want)
	}
}

func TestCloseDeliversAndThenEnds(t *testing.T) {
	a, b := bare(-1)
	_, err := io.WriteString(a, "last words")
	must(t, err)
	must(t, a.Close())
	equal(t, "data", readOnce(b), "last words")
	equal(t, "end", readOnce(b), "EOF")
	_, err = b.Write([]byte("?"))
	fails(t, "write to the closed", err, "write", syscall.EPIPE)
	equal(t, "text", err.Error(), "write tcp 10.0.0.1:2->10.0.0.1:1: write: broken pipe")
}

func TestEverythingFailsOnAClosedEnd(t *testing.T) {
	a, _ := bare(-1)
	must(t, a.Close())
	_, err := a.Read(make([]byte, 1))
	fails(t, "Read", err, "read", net.ErrClosed)
	_, err = a.Write(make([]byte, 1))
	fails(t, "Write", err, "write", net.ErrClosed)
	fails(t, "Close", a.Close(), "close", net.ErrClosed)
	fails(t, "CloseRead", a.CloseRead(), "close", net.ErrClosed)
	fails(t, "CloseWrite", a.CloseWrite(), "close", net.ErrClosed)
	fails(t, "SetLinger", a.SetLinger(0), "set", net.ErrClosed)
	fails(t, "SetDeadline", a.SetDeadline(time.Time{}), "set", net.ErrClosed)
	fails(t, "SetWriteDeadline", a.SetWriteDeadline(time.Time{}), "set", net.ErrClosed)
}

func TestHalfClose(t *testing.T) {
	a, b := bare(-1)
	_, err := io.WriteString(a, "question")
	must(t, err)
	must(t, a.CloseWrite())
	_, err = a.Write([]byte("more"))
	fails(t, "write after CloseWrite", err, "write", syscall.EPIPE)
	equal(t, "question", readOnce(b), "question")
	equal(t, "its end", readOnce(b), "EOF")
	_, err = io.WriteString(b, "answer")
	must(t, err)
	equal(t, "answer", readOnce(a), "answer")

	_, err = io.WriteString(b, "unread")
	must(t, err)
	must(t, a.CloseRead())
	equal(t, "after CloseRead", readOnce(a), "EOF")
	_, err = b.Write([]byte("?"))
	fails(t, "write to who does not read", err, "write", syscall.EPIPE)
}

func TestLingerZeroResets(t *testing.T) {
	a, b := bare(-1)
	must(t, a.SetLinger(0))
	must(t, a.SetLinger(-1)) // and back
	must(t, a.SetLinger(0))
	_, err := io.WriteString(a, "lost")
	must(t, err)
	must(t, a.Close())
	_, err = b.Read(make([]byte, 10))
	fails(t, "read", err, "read", syscall.ECONNRESET)
	equal(t, "text", err.Error(), "read tcp 10.0.0.1:2->10.0.0.1:1: read: connection reset by peer")
}

func TestWhatArrivedBeforeAResetIsRead(t *testing.T) {
	a, b := bare(-1)
	_, err := io.WriteString(a, "before")
	must(t, err)
	b.in.breakOff()
	equal(t, "data", readOnce(b), "before")
	_, err = b.Read(make([]byte, 1))
	fails(t, "then", err, "read", syscall.ECONNRESET)
	_, err = a.Write([]byte("?"))
	fails(t, "write", err, "write", syscall.ECONNRESET)
}

func TestDeadlinesInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := bare(10)
		elapsed := since()
		must(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err := a.Read(make([]byte, 1))
		fails(t, "read", err, "read", os.ErrDeadlineExceeded)
		equal(t, "late by", elapsed(), time.Hour)
		must(t, a.SetWriteDeadline(time.Now().Add(time.Hour)))
		n, err := a.Write(make([]byte, maxSegment+1))
		fails(t, "write", err, "write", os.ErrDeadlineExceeded)
		equal(t, "written", n, maxSegment)
		equal(t, "late by", elapsed(), 2*time.Hour)

		_, err = io.WriteString(b, "x")
		must(t, err)
		_, err = a.Read(make([]byte, 1))
		fails(t, "a deadline that passed counts, data or not", err, "read", os.ErrDeadlineExceeded)
		must(t, a.SetReadDeadline(time.Time{}))
		equal(t, "without one", readOnce(a), "x")
	})
}

func TestAPastDeadlineWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := bare(10)
		got := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			got <- err
		}()
		synctest.Wait()
		must(t, a.SetDeadline(time.Unix(1, 0)))
		fails(t, "read", <-got, "read", os.ErrDeadlineExceeded)
		_, err := a.Write(make([]byte, 1))
		fails(t, "write", err, "write", os.ErrDeadlineExceeded)
	})
}

// A deadline may be replaced after its instant came and before it took effect.
func TestAReplacedDeadlineHasNoEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		granted := make(chan struct{})
		a, b := bare(10)
		a.pass = func(what string) {
			equal(t, "passes", what, "read deadline")
			<-granted
		}
		must(t, a.SetReadDeadline(time.Now().Add(time.Second)))
		time.Sleep(2 * time.Second)
		must(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
		close(granted)
		synctest.Wait()
		_, err := io.WriteString(b, "in time")
		must(t, err)
		equal(t, "read", readOnce(a), "in time")
	})
}

// A write that waits for room is not torn apart by another.
func TestConcurrentWritesStayWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := bare(maxSegment)
		var all sync.WaitGroup
		const size = 4*maxSegment + 1
		for i := range 3 {
			all.Go(func() {
				text := make([]byte, size)
				for k := range text {
					text[k] = byte('a' + i)
				}
				if _, err := a.Write(text); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		got := make([]byte, 3*size)
		_, err := io.ReadFull(b, got)
		must(t, err)
		all.Wait()
		for i := range 3 {
			for _, c := range got[i*size : (i+1)*size] {
				if c != got[i*size] {
					t.Fatal("two writes are mixed")
				}
			}
		}
	})
}

// Whoever waits at a connection lets the time of the bubble pass.
func TestWaitsAreDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := bare(1)
		_, err := a.Write([]byte("x"))
		must(t, err)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { a.Write([]byte("y")) })
			all.Go(func() { a.Read(make([]byte, 1)) })
		}
		synctest.Wait() // would not return
		b.Close()
		all.Wait()
	})
}
