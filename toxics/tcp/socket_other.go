//go:build !linux

package tcp

import (
	"net"
	"time"
)

// port is an address on 127.0.0.1 that was free when it was chosen.
type port struct{ addr string }

func reserve() (port, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return port{}, err
	}
	return port{addr: l.Addr().String()}, l.Close()
}

func (p port) listen() (net.Listener, error) { return net.Listen("tcp4", p.addr) }

func (p port) release() error { return nil }

// awaitDelivery gives the kernel time to send what was written.
func awaitDelivery(_ *net.TCPConn, stop <-chan struct{}) {
	select {
	case <-stop:
	case <-time.After(20 * time.Millisecond):
	}
}
