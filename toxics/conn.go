package toxics

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Conn is one end of a connection of the virtual network: what DialContext and
// Accept return. It is a net.Conn that does what a TCP connection does, half-close
// and linger included. All methods are safe for concurrent use, and none waits for
// anything but what it is for.
//
// Errors are those of package net: a *net.OpError around net.ErrClosed,
// os.ErrDeadlineExceeded, syscall.ECONNRESET or syscall.EPIPE; the end of the stream
// is a bare io.EOF.
type Conn struct {
	in, out       *queue
	local, remote net.Addr
	pass          func(what string) // see deadline.set

	reading, writing deadline
	faulty           *faultyEnd  // nil: nothing that this end does is a fault point
	abrupt           atomic.Bool // Close is to reset
	closed           atomic.Bool
}

func newConn(in, out *queue, local, remote net.Addr, pass func(what string)) *Conn {
	return &Conn{in: in, out: out, local: local, remote: remote, pass: pass}
}

// Read reads what one chunk delivered, or a part of it: it never joins two chunks, so
// that what a toxic cut apart arrives apart. After a reset, what had arrived before
// can still be read, as on Linux.
func (c *Conn) Read(b []byte) (int, error) {
	if c.faulty != nil {
		n, err := c.faulty.read(c, b)
		return n, c.wrap("read", err)
	}
	n, err := c.in.read(b, &c.reading)
	return n, c.wrap("read", err)
}

// Write returns when the network has all of b, which is at once unless the send
// buffer is full. It reports EPIPE as soon as the peer's end is known to be gone.
func (c *Conn) Write(b []byte) (int, error) {
	if c.faulty != nil {
		n, err := c.faulty.write(c, b)
		return n, c.wrap("write", err)
	}
	n, err := c.out.write(b, &c.writing)
	return n, c.wrap("write", err)
}

// Close closes the connection. What was written is still delivered, and then the end
// of the stream; after SetLinger(0) it is dropped instead, and the peer reads
// ECONNRESET. A second Close returns net.ErrClosed.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return c.wrap("close", net.ErrClosed)
	}
	var failed error
	if c.faulty != nil {
		failed = c.faulty.points.Close()
	}
	abrupt := c.abrupt.Load()
	// The reading side first: a Read of this end must not see the peer's answer to
	// the end of the other.
	c.in.set(func() {
		c.in.abandoned, c.in.ownerGone = true, true
		c.in.drop()
	})
	c.out.set(func() {
		c.out.ended, c.out.ownerEnded = true, true
		if abrupt {
			c.out.reset = true
			c.out.drop()
		}
	})
	for _, d := range []*deadline{&c.reading, &c.writing} {
		d.set(time.Time{}, nil, func() {})
	}
	return c.wrap("close", failed)
}

// shut closes the connection, and does not mind if that has been done.
func (c *Conn) shut(abrupt bool) {
	if abrupt {
		c.abrupt.Store(true)
	}
	// The error is that it is closed.
	_ = c.Close()
}

// CloseWrite ends the stream to the peer (FIN) and leaves the other direction open.
// Whether the network does too is [Config].HalfClose.
func (c *Conn) CloseWrite() error {
	if c.closed.Load() {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.end()
	return nil
}

// CloseRead drops what has arrived and what comes: Read returns io.EOF.
func (c *Conn) CloseRead() error {
	if c.closed.Load() {
		return c.wrap("close", net.ErrClosed)
	}
	c.in.abandon()
	return nil
}

// SetLinger(0) makes Close reset the connection; any other value is the default, which
// is that Close delivers what was written. No value makes Close wait.
func (c *Conn) SetLinger(sec int) error {
	if c.closed.Load() {
		return c.wrap("set", net.ErrClosed)
	}
	c.abrupt.Store(sec == 0)
	return nil
}

// LocalAddr returns the address of this end, a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end, a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines; the zero time is none, and a past one makes every
// Read and Write that waits fail now.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets the deadline of Read, as SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(&c.reading, c.in, "read deadline", t)
}

// SetWriteDeadline sets the deadline of Write, as SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(&c.writing, c.out, "write deadline", t)
}

func (c *Conn) setDeadline(d *deadline, q *queue, what string, t time.Time) error {
	if c.closed.Load() {
		return c.wrap("set", net.ErrClosed)
	}
	d.set(t, func() { c.pass(what) }, func() { q.set(func() {}) })
	return nil
}

func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}
