package tcp

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shrinkBacklog makes a listening socket hold one connection that nobody accepts.
func shrinkBacklog(raw syscall.RawConn) error {
	var err error
	return errors.Join(raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }), err)
}

// choose restricts the kernel's choice of a port to a single one (Linux 6.3).
func choose(port int) func(string, string, syscall.RawConn) error {
	const IP_LOCAL_PORT_RANGE = 51
	return func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, IP_LOCAL_PORT_RANGE, port<<16|port)
		}), err)
	}
}

func TestThePortOfADisabledProxyIsGivenToNobody(t *testing.T) {
	other, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { other.Close() })
	p := proxy(t, network(t), other.Addr().String(), plan())
	must(t, p.Disable())
	_, number, _ := net.SplitHostPort(p.Addr())
	port, err := strconv.Atoi(number)
	must(t, err)

	l := net.ListenConfig{Control: choose(port)}
	d := net.Dialer{Control: choose(port)}
	if _, err := l.Listen(context.Background(), "tcp4", "127.0.0.1:0"); errors.Is(err, syscall.ENOPROTOOPT) {
		t.Skip("this kernel cannot restrict its choice of a port")
	} else {
		wantIs(t, err, syscall.EADDRINUSE)
	}
	_, err = d.Dial("tcp4", other.Addr().String())
	wantIs(t, err, syscall.EADDRNOTAVAIL)
	must(t, p.Enable())

	// The instrument works: once the proxy is closed, both get the port.
	must(t, p.Close())
	c, err := d.Dial("tcp4", other.Addr().String())
	must(t, err)
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	again, err := l.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	must(t, err)
	defer again.Close()
	if again.Addr().String() != p.Addr() {
		t.Errorf("listening on %v, want %s", again.Addr(), p.Addr())
	}
}

// A dial to an upstream that does not answer must not hold Close up.
func TestCloseDuringADial(t *testing.T) {
	n := network(t)
	// A listener whose queue is full drops further dials: the proxy's dial waits.
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { l.Close() })
	raw, err := l.SyscallConn()
	must(t, err)
	must(t, shrinkBacklog(raw))
	p := proxy(t, n, l.Addr().String(), plan())
	for range 5 {
		dial(t, p.Addr())
	}
	eventually(t, "the proxy dials", func() bool {
		return slices.ContainsFunc(engineGoroutines(), func(g string) bool {
			return strings.Contains(g, "DialContext") && strings.Contains(g, "waitWrite")
		})
	})
	closeClean(t, n)
}
