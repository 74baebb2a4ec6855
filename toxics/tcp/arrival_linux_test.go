package tcp

import (
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// met lists the points that were asked about.
type met struct {
	sync.Mutex
	names []string
}

func (m *met) Fault(p fakeloop.FaultPoint) *fakeloop.Fault {
	m.Lock()
	defer m.Unlock()
	m.names = append(m.names, p.Name)
	return nil
}

// A connection that was dialled at the proxy's address is not taken for one that is dialled
// by name later, from the same port, and is not kept.
func TestPortIsUsedAgain(t *testing.T) {
	for !usePortAgain(t) { // somebody else on this machine was quicker to use it
	}
}

// usePortAgain dials twice from one port; false says that the port was taken in between.
func usePortAgain(t *testing.T) bool {
	t.Helper()
	var points met
	n, err := Listen(Config{Faults: &points})
	must(t, err)
	defer closeClean(t, n)
	l, err := n.Listen("api:80")
	must(t, err)
	accept := func() {
		t.Helper()
		c, err := l.Accept()
		must(t, err)
		must(t, c.Close())
	}
	first, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	accept()
	must(t, first.(*net.TCPConn).SetLinger(0)) // leaves the port at once
	must(t, first.Close())
	g := l.(*listener).generation
	if g.mu.Lock(); len(g.arrivals) > 0 {
		t.Errorf("a connection that nobody awaits is kept: %v", g.arrivals)
	}
	g.mu.Unlock()

	n.dialer.LocalAddr = first.LocalAddr()
	n.dialer.Control = func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		})
		return errors.Join(err, failed)
	}
	second, err := n.DialContext(t.Context(), "tcp", "api:80")
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EADDRNOTAVAIL) {
		return false
	}
	must(t, err)
	_, err = second.Write([]byte("x"))
	must(t, err)
	accept()
	must(t, second.Close())
	if want := "write client>api:80 conn 2"; !slices.Contains(points.names, want) {
		t.Errorf("no %q in %q", want, points.names)
	}
	return true
}
