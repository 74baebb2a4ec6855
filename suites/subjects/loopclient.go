package subjects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// LoopClient fetches pages over HTTP/1.1 in steps that are callbacks of a loop.
//
// The guide's framework has two HTTP clients with one behaviour, its own on the
// event loop and one built on libcurl. (Section "Asynchronous", where fetching a
// page is the example.) Here the other one is net/http, which waits on
// goroutines of its own, and this is the one on the loop: the loop decides what
// happens next, and a goroutine carries one call that may wait (a dial, a write,
// a read, a close) and comes back with its result. No callback waits or touches
// a socket.
//
// A fetch has the outcome that [Synchronous] has with an http.Client, whatever
// the network does: the same stage, and the same errors for errors.Is. Unlike
// http.Client it follows no redirect, which is a *StatusError, and asks for no
// compression. Each fetch has a connection of its own.
//
// All fields are to be set before the first fetch and left alone then. A client
// is used on its loop only.
type LoopClient struct {
	// Loop runs the fetches. On a virtual loop time stands still while a call is
	// outside, so a deadline passes only on one in Wall mode.
	Loop *fakeloop.Loop

	// Dial connects, on a goroutine of its own; nil means that of net.Dialer.
	// It has to return when the context ends, and the connection's calls when it
	// is closed. Its error reaches the outcome as it is.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Deadline is how long one fetch may take on the loop's clock, from Get to
	// the end of the body; not positive means for ever. Past it the outcome is
	// context.DeadlineExceeded.
	Deadline time.Duration
}

// Get fetches a page; call it on the loop. Later, in another callback of the
// loop, it calls done with the outcome, once: the body, or a *FetchError.
//
// When done is called, nothing is left of the fetch: its connection is closed,
// its timer is stopped, no call is outside. If the loop is closed first, done is
// never called; the connection is closed all the same.
//
// The URL's scheme has to be http. A URL that cannot be fetched is an outcome
// too. Get panics if done is nil or the loop is closed.
func (c *LoopClient) Get(url string, done func(body string, err error)) {
	if done == nil {
		panic("subjects: LoopClient.Get without a function to call")
	}
	x := &exchange{loop: c.Loop, url: url, done: done, over: make(chan struct{})}
	if c.Deadline > 0 {
		x.deadline = c.Loop.Named("fetch deadline").AfterFunc(c.Deadline, func() {
			x.deadline = nil // it has fired
			x.fail(context.DeadlineExceeded)
		})
	}
	dial := c.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	ctx, cancel := context.WithCancel(context.Background())
	x.line.cancel = cancel
	x.hangUpWhenOver()
	outside(x, "dial", func() (net.Conn, error) {
		address, request, err := compose(url)
		if err != nil {
			return nil, err
		}
		x.request = request
		conn, err := dial(ctx, "tcp", address)
		if err == nil {
			err = x.line.keep(conn)
		}
		return conn, err
	}, x.dialled)
}

// compose returns where to connect to, and what to write. It is called outside
// the loop: the texts of net/url's errors come from fmt, see malformed.
func compose(text string) (address string, request []byte, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", nil, err
	case u.Scheme != "http":
		return "", nil, fmt.Errorf("unsupported scheme %q, want http", u.Scheme)
	case u.Hostname() == "":
		return "", nil, errors.New("the URL names no host")
	case u.User != nil:
		return "", nil, errors.New("the URL holds credentials, which this client does not send")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	lines := "GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + strings.TrimSuffix(u.Host, ":") + "\r\nUser-Agent: windtunnel\r\n\r\n"
	return net.JoinHostPort(u.Hostname(), port), []byte(lines), nil
}

// exchange is one fetch. Its fields are the loop's, but for line, and
// for what the call that is outside writes.
type exchange struct {
	loop     *fakeloop.Loop
	url      string
	request  []byte
	done     func(string, error)
	deadline *fakeloop.Timer // nil: none, or fired
	line     line

	buffer   []byte // the read's that is outside
	response response
	outside  int            // how many calls are, or have not been heard of
	calls    sync.WaitGroup // the goroutines that carry them

	over  chan struct{} // closed when the outcome is known
	ended bool          // and so it is
	body  string
	err   error
}

// outside makes a call that may wait on a goroutine of its own, and goes on with
// its result on the loop.
func outside[T any](x *exchange, label string, call func() (T, error), goOn func(T, error)) {
	x.outside++
	work := x.loop.Outside(label)
	x.calls.Go(func() {
		v, err := call()
		// An error means that the loop was closed first: nobody waits.
		_ = work.Return(func() {
			if !x.ended { // else it is too late
				goOn(v, err)
			}
			x.returned()
		})
	})
}

// hangUpWhenOver ends the connection, outside, when the outcome is known or the
// loop is closed, which ends whatever call is outside. It comes back behind that
// call, never beside it: two at once would compete for the loop's lock with the
// callbacks of each other, and a callback could have to wait.
func (x *exchange) hangUpWhenOver() {
	x.outside++
	fakeloop.Offload(x.loop, "hang up", func(closed context.Context) (struct{}, error) {
		select {
		case <-x.over:
		case <-closed.Done():
		}
		x.line.hangUp()
		x.calls.Wait()
		return struct{}{}, nil
	}).OnSettled(func(_ struct{}, err error) {
		if err != nil { // nobody has hung up, or too early
			x.hangUp(err)
		}
		x.returned()
	})
}

// hangUp ends the connection on a goroutine of its own, and the fetch with it if that is
// still under way: there is nobody left who would.
func (x *exchange) hangUp(cause error) {
	outside(x, "hang up at once", func() (struct{}, error) {
		x.line.hangUp()
		return struct{}{}, nil
	}, nil) // since the outcome is known by then
	if !x.ended {
		x.fail(cause)
	}
}

// returned ends the fetch when nothing is outside any more, which is after the
// outcome is known.
func (x *exchange) returned() {
	if x.outside--; x.outside == 0 {
		x.done(x.body, x.err)
	}
}

func (x *exchange) dialled(conn net.Conn, err error) {
	if err != nil {
		x.fail(err)
		return
	}
	outside(x, "write", func() (int, error) { return conn.Write(x.request) }, func(_ int, err error) {
		if err != nil {
			x.fail(err)
			return
		}
		x.buffer = make([]byte, 16<<10)
		x.read(conn)
	})
}

func (x *exchange) read(conn net.Conn) {
	outside(x, "read", func() (int, error) { return conn.Read(x.buffer) }, func(n int, err error) {
		if x.received(n, err) {
			x.read(conn)
		}
	})
}

// received goes on with what a read returned: bytes, an error, or both. It
// reports whether there is more to read.
func (x *exchange) received(n int, err error) bool {
	r := &x.response
	broken := r.feed(x.buffer[:n])
	switch {
	case r.headed && r.status != http.StatusOK:
		x.end("", &FetchError{StageStatus, x.url, &StatusError{r.status}})
		return false
	case broken != nil || r.state == responseWhole:
	case err == io.EOF:
		broken = r.end()
	case err != nil:
		broken = r.lost(err)
	default:
		return true
	}
	if broken != nil {
		x.fail(broken)
	} else {
		x.end(string(r.body), nil)
	}
	return false
}

// fail ends the fetch with an error of the stage it is at.
func (x *exchange) fail(err error) {
	stage := StageRequest
	if x.response.headed {
		stage = StageBody
	}
	x.end("", &FetchError{stage, x.url, err})
}

// end fixes the outcome. It is not called again: no call goes on after it, and
// it stops the timer.
func (x *exchange) end(body string, err error) {
	x.ended, x.body, x.err = true, body, err
	if x.deadline != nil {
		x.deadline.Stop()
	}
	close(x.over)
}

// line is the connection of a fetch. Only goroutines outside the loop use it:
// its lock, and what it calls, may wait.
type line struct {
	cancel context.CancelFunc // of the dial

	mu   sync.Mutex
	conn net.Conn // nil: none yet
	down bool
}

// keep takes a new connection, or closes it if it comes too late.
func (l *line) keep(conn net.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		_ = conn.Close() // nothing was written
		return net.ErrClosed
	}
	l.conn = conn
	return nil
}

// hangUp makes every call under way return, and keep refuse.
func (l *line) hangUp() {
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil && !l.down {
		_ = l.conn.Close() // what there was to read has been read
	}
	l.down = true
}
