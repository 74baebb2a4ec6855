package tcp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// faulty is an end of a connection that has fault points. A chunk is what one read from the
// kernel gives.
type faulty struct {
	*net.TCPConn
	network *Network
	proxied *conn
	points  *toxics.EndPoints

	reading sync.Mutex // held by Read
	buffer  []byte
	chunk   []byte          // of the buffer: what has not been taken
	ended   error           // what comes behind the chunk; nil if more may
	asked   bool            // about the chunk, or the end
	late    <-chan struct{} // closed when what was asked about may be read; nil: it may
	hole    bool

	mu                          sync.Mutex
	closed                      bool
	readBroken, writeBroken     error
	readDeadline, writeDeadline time.Time
	changed                     chan struct{} // closed when the deadline of Read changes, and by Close
}

func newFaulty(c net.Conn, proxied *conn, points *toxics.EndPoints) *faulty {
	return &faulty{TCPConn: c.(*net.TCPConn), network: proxied.generation.network, proxied: proxied, points: points, changed: make(chan struct{})}
}

// Read reads what one chunk has, or a part of it.
func (f *faulty) Read(b []byte) (int, error) {
	f.reading.Lock()
	defer f.reading.Unlock()
	if len(b) == 0 {
		return f.TCPConn.Read(b)
	}
	for {
		if err := f.wait(); err != nil {
			return 0, f.wrap("read", err)
		}
		if len(f.chunk) == 0 && f.ended == nil {
			if err := f.receive(); err != nil {
				return 0, err
			}
		}
		if !f.asked {
			f.asked = true
			if err := f.judge(f.points.Read(len(f.chunk))); err != nil {
				return 0, f.wrap("read", err)
			}
			continue
		}
		if len(f.chunk) == 0 {
			return 0, f.ended
		}
		n := copy(b, f.chunk)
		if f.chunk = f.chunk[n:]; len(f.chunk) == 0 {
			f.asked = false
		}
		return n, nil
	}
}

// receive reads a chunk from the kernel, or the end. The error says that there is neither.
func (f *faulty) receive() error {
	if f.buffer == nil {
		f.buffer = make([]byte, 32<<10)
	}
	n, err := f.TCPConn.Read(f.buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return err
	}
	f.chunk, f.ended, f.asked = f.buffer[:n], err, false
	return nil
}

// judge does what a verdict about a read says, and returns the error of this read.
func (f *faulty) judge(v *toxics.Verdict) error {
	if v == nil {
		return nil
	}
	if v.Lasting {
		f.look(func() { f.readBroken = v.Err })
	}
	if v.Reset {
		f.proxied.generation.breakOff(f.proxied)
	}
	f.hole = v.Hole
	if v.Late > 0 {
		f.late = f.network.alarm(v.Late)
	}
	if v.Pass >= 0 {
		f.chunk, f.ended = f.chunk[:v.Pass], io.EOF
	}
	return v.Err
}

// wait returns when something may be read; the error says that it may not.
func (f *faulty) wait() error {
	for {
		f.mu.Lock()
		broken, closed, deadline, changed := f.readBroken, f.closed, f.readDeadline, f.changed
		f.mu.Unlock()
		switch {
		case closed:
			return net.ErrClosed
		case !deadline.IsZero() && !time.Now().Before(deadline):
			return os.ErrDeadlineExceeded
		case broken != nil:
			return broken
		case !f.hole && f.late == nil:
			return nil
		}
		var passes <-chan time.Time
		if !deadline.IsZero() {
			timer := time.NewTimer(time.Until(deadline))
			defer timer.Stop()
			passes = timer.C
		}
		select {
		case <-changed:
		case <-passes:
		case <-f.late:
			f.late = nil
		case <-f.network.ending:
			return io.EOF
		}
	}
}

// Write writes, unless it is to fail.
func (f *faulty) Write(b []byte) (int, error) {
	var broken error
	over := false
	f.look(func() {
		broken = f.writeBroken
		over = f.closed || !f.writeDeadline.IsZero() && !time.Now().Before(f.writeDeadline)
	})
	switch {
	case len(b) == 0 || over:
		return f.TCPConn.Write(b)
	case broken != nil:
		return 0, f.wrap("write", broken)
	}
	v := f.points.Write(len(b))
	if v == nil {
		return f.TCPConn.Write(b)
	}
	if v.Lasting {
		f.look(func() { f.writeBroken = v.Err })
	}
	if v.Reset {
		f.proxied.generation.breakOff(f.proxied)
	}
	if v.Pass < 0 {
		return 0, f.wrap("write", v.Err)
	}
	n, err := f.TCPConn.Write(b[:v.Pass])
	// An error means that the connection is gone, and has no end to send.
	_ = f.CloseWrite()
	if err != nil {
		return n, err
	}
	return n, f.wrap("write", v.Err)
}

// ReadFrom and WriteTo are those of any connection, not the kernel's short cuts, which would
// pass the points by.
func (f *faulty) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{f}, r) }

// WriteTo is described at ReadFrom.
func (f *faulty) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{f}) }

// Close closes the connection, and fails if it is to.
func (f *faulty) Close() error {
	first := false
	f.look(func() {
		first = !f.closed
		f.closed = true
		close(f.changed)
		f.changed = make(chan struct{})
	})
	var failed error
	if first {
		failed = f.points.Close()
	}
	if err := f.TCPConn.Close(); err != nil {
		return err
	}
	return f.wrap("close", failed)
}

// SetDeadline sets both deadlines.
func (f *faulty) SetDeadline(t time.Time) error {
	return errors.Join(f.SetReadDeadline(t), f.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of Read.
func (f *faulty) SetReadDeadline(t time.Time) error {
	f.look(func() {
		f.readDeadline = t
		close(f.changed)
		f.changed = make(chan struct{})
	})
	return f.TCPConn.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of Write.
func (f *faulty) SetWriteDeadline(t time.Time) error {
	f.look(func() { f.writeDeadline = t })
	return f.TCPConn.SetWriteDeadline(t)
}

func (f *faulty) look(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *faulty) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: f.LocalAddr(), Addr: f.RemoteAddr(), Err: err}
}

// Accept returns the next connection.
func (l *listener) Accept() (net.Conn, error) {
	n := l.proxy.network
	if n.points == nil {
		return l.Listener.Accept()
	}
	l.accepting.Lock()
	defer l.accepting.Unlock()
	for {
		c, proxied := l.pending, l.proxied
		l.pending, l.proxied = nil, nil
		if c == nil {
			var err error
			if c, err = l.Listener.Accept(); err != nil {
				return nil, err
			}
			// The context has no end, and so no error.
			if proxied, _ = l.generation.await(context.Background(), "upstream "+c.RemoteAddr().String(), nil); proxied == nil {
				c.Close() // as the proxy is
				continue
			}
		}
		v := n.points.Accept(l.proxy.place.host, l.proxy.place.port)
		switch {
		case v == nil:
			_, end := n.points.Ends(proxied.host, l.proxy.place.host, l.proxy.place.port, proxied.number)
			return newFaulty(c, proxied, end), nil
		case v.Err != nil: // it can be accepted later
			l.pending, l.proxied = c, proxied
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: v.Err}
		}
		l.generation.breakOff(proxied)
		c.Close()
	}
}
