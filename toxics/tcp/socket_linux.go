package tcp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// port is an address on 127.0.0.1 that the kernel gives to nobody else. It is held
// by a socket that is bound and never listens: Linux lets another socket bind the
// same address if it asks for it by number and both have SO_REUSEADDR, as package
// net sets it; it keeps the port out of its own choices, for listeners and for
// dials, and it refuses a dial to it.
type port struct {
	addr string
	fd   int
}

func reserve() (port, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, syscall.IPPROTO_TCP)
	if err != nil {
		return port{}, os.NewSyscallError("socket", err)
	}
	p, err := bind(fd)
	if err != nil {
		return port{}, errors.Join(err, os.NewSyscallError("close", syscall.Close(fd)))
	}
	return p, nil
}

func bind(fd int) (port, error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return port{}, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return port{}, os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return port{}, os.NewSyscallError("getsockname", err)
	}
	return port{addr: fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port), fd: fd}, nil
}

func (p port) listen() (net.Listener, error) { return net.Listen("tcp4", p.addr) }

func (p port) release() error { return os.NewSyscallError("close", syscall.Close(p.fd)) }

// awaitDelivery returns when the peer's kernel has acknowledged everything written
// to the connection, when the connection is gone, or when stop is closed.
func awaitDelivery(c *net.TCPConn, stop <-chan struct{}) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	for {
		var unacknowledged int32
		var errno syscall.Errno
		err := raw.Control(func(fd uintptr) {
			_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&unacknowledged)))
		})
		if err != nil || errno != 0 || unacknowledged == 0 {
			return
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}
