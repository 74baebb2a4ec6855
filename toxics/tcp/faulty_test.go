package tcp

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// pointsOf asks a function about a point, by its name and kind.
type pointsOf func(p fakeloop.FaultPoint) fakeloop.FaultKind

func (f pointsOf) Fault(p fakeloop.FaultPoint) *fakeloop.Fault {
	kind := f(p)
	for i, k := range p.Kinds {
		if k == kind {
			return p.Fault(i + 1)
		}
	}
	return nil
}

// faultyPair is both ends of a connection with fault points.
func faultyPair(t *testing.T, f pointsOf) (n *Network, client, server net.Conn, err error) {
	if n, err = Listen(Config{Faults: f}); err != nil {
		return nil, nil, nil, err
	}
	l, err := n.Listen("api:80")
	if err != nil {
		return nil, nil, nil, err
	}
	if client, err = n.DialContext(t.Context(), "tcp", "api:80"); err != nil {
		return nil, nil, nil, err
	}
	server, err = l.Accept()
	return n, client, server, err
}

// A connection with fault points is a network connection by the suite of golang.org/x/net.
func TestNettestOfFaultyConnections(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		n, client, server, err := faultyPair(t, func(fakeloop.FaultPoint) fakeloop.FaultKind { return "" })
		if err != nil {
			return nil, nil, nil, err
		}
		return client, server, func() {
			n.Close()
			client.Close() // and nobody collects one that is not used any more
			server.Close()
		}, nil
	})
}

// What waits in a black hole ends by a deadline, also one that is set later or in the past, by
// Close, and by that of the network.
func TestTheBlackHoleOfAPoint(t *testing.T) {
	n, client, server, err := faultyPair(t, func(p fakeloop.FaultPoint) fakeloop.FaultKind {
		if strings.HasPrefix(p.Name, "read client<") {
			return fakeloop.FaultBlackHole
		}
		return ""
	})
	must(t, err)
	write(t, server, "swallowed")
	read := func() chan error {
		done := make(chan error, 1)
		go func() {
			_, err := client.Read(make([]byte, 1))
			done <- err
		}()
		return done
	}
	must(t, client.SetReadDeadline(time.Now().Add(time.Millisecond)))
	wantIs(t, <-read(), os.ErrDeadlineExceeded)
	must(t, client.SetDeadline(time.Time{}))
	waiting := read()
	must(t, client.SetReadDeadline(time.Now().Add(-time.Second)))
	wantIs(t, <-waiting, os.ErrDeadlineExceeded)
	must(t, client.SetReadDeadline(time.Time{}))
	waiting = read()
	write(t, client, "the other way is open")
	wantText(t, "the other way", (&caller{server, nil}).answer(21), "the other way is open")
	must(t, client.Close())
	wantIs(t, <-waiting, net.ErrClosed)
	wantIs(t, client.Close(), net.ErrClosed)
	closeClean(t, n)

	n, client, server, err = faultyPair(t, func(p fakeloop.FaultPoint) fakeloop.FaultKind {
		if strings.HasPrefix(p.Name, "read client<") {
			return fakeloop.FaultBlackHole
		}
		return ""
	})
	must(t, err)
	write(t, server, "swallowed")
	waiting = read()
	closeClean(t, n)
	wantIs(t, <-waiting, io.EOF)
	must(t, client.Close())
}

// What the kernel could do by itself passes the points all the same.
func TestShortCutsPassThePoints(t *testing.T) {
	n, client, server, err := faultyPair(t, func(p fakeloop.FaultPoint) fakeloop.FaultKind {
		if strings.HasPrefix(p.Name, "write client>") {
			return fakeloop.FaultCut
		}
		return ""
	})
	must(t, err)
	defer closeClean(t, n)
	_, err = io.Copy(client, strings.NewReader("half of this"))
	wantIs(t, err, syscall.EPIPE)
	var injected *fakeloop.InjectedError
	if !errors.As(err, &injected) {
		t.Errorf("the error of the copy is %v", err)
	}
	_, err = client.Write([]byte("again"))
	wantIs(t, err, syscall.EPIPE)
	var got strings.Builder
	_, err = io.Copy(&got, server)
	must(t, err)
	wantText(t, "what arrived", got.String(), "half o")
}

// A reset at a point reaches both ends: who reads there is told.
func TestAResetAtAPointReachesBothEnds(t *testing.T) {
	n, client, server, err := faultyPair(t, func(p fakeloop.FaultPoint) fakeloop.FaultKind {
		if strings.HasPrefix(p.Name, "read api:80<") {
			return fakeloop.FaultReset
		}
		return ""
	})
	must(t, err)
	defer closeClean(t, n)
	write(t, client, "x")
	for range 2 {
		_, err = server.Read(make([]byte, 1))
		wantIs(t, err, syscall.ECONNRESET)
	}
	_, err = client.Read(make([]byte, 1))
	wantIs(t, err, syscall.ECONNRESET)
}
