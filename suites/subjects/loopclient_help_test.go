package subjects_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/toxics"
	"github.com/windtunnel-go/windtunnel/toxics/tcp"
)

// class is what two clients have to agree on.
type class struct {
	body    string
	stage   string
	status  int
	targets string // of errors.Is and errors.As
}

func classOf(body string, err error) class {
	c := class{body: body}
	if e, ok := errors.AsType[*subjects.FetchError](err); ok {
		c.stage = e.Stage
	} else if err != nil {
		c.stage = "not a FetchError"
	}
	if e, ok := errors.AsType[*subjects.StatusError](err); ok {
		c.status = e.Code
	}
	for _, target := range []error{context.DeadlineExceeded, context.Canceled, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, target) {
			c.targets += fmt.Sprint(target, ". ")
		}
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		c.targets += "DNS. "
	}
	return c
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// onNetHTTP fetches with the other client.
func onNetHTTP(url string, dial dialer, deadline time.Duration) class {
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	return classOf(subjects.Synchronous(&http.Client{Transport: transport, Timeout: deadline}, url))
}

// watched counts the connections that a dialer made and nobody has closed yet.
type watched struct {
	mu   sync.Mutex
	open int
	dial dialer
}

type watchedConn struct {
	net.Conn
	closed func()
}

func (c watchedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

func (w *watched) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.add(1)
	return watchedConn{conn, sync.OnceFunc(func() { w.add(-1) })}, nil
}

func (w *watched) add(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open += n
	return w.open
}

// bench is a wall loop on which LoopClients fetch, watched.
type bench struct {
	t        *testing.T
	loop     *fakeloop.Loop
	recorder *blocking.Recorder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Sites: true})
	recorder, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, loop, recorder}
}

// fetch checks what has to be true whatever the outcome: there is one, later
// than Get, and nothing is left when it comes.
func (b *bench) fetch(url string, dial dialer, deadline time.Duration) (_ class, reason error) {
	b.t.Helper()
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	connections := &watched{dial: dial}
	client := &subjects.LoopClient{Loop: b.loop, Dial: connections.DialContext, Deadline: deadline}
	outcomes, inline, text := 0, true, ""
	var left []fakeloop.Item
	came := make(chan struct{}, 1)
	b.loop.Post(func() {
		client.Get(url, func(body string, err error) {
			outcomes++
			text, reason = body, err
			left = b.loop.Pending()
			if inline {
				b.t.Error("the outcome came before Get returned")
			}
			select {
			case came <- struct{}{}:
			default:
			}
		})
		inline = false
	})
	// Who waits in RunUntilIdle is woken by every callback, and then competes
	// with it for the loop's lock: a wait that is no doing of the client's.
	select {
	case <-came:
	case <-time.After(patient):
		b.t.Error("no outcome in a minute")
	}
	if err := b.loop.RunUntilIdle(); err != nil {
		b.t.Error(err)
	}
	if open := connections.add(0); outcomes != 1 || len(left) > 0 || open > 0 {
		b.t.Errorf("%s: %d outcomes; with it, pending: %q; open connections: %d", url, outcomes, left, open)
	}
	if left := b.loop.Pending(); len(left) > 0 {
		b.t.Errorf("%s: in the end, pending: %q", url, left)
	}
	return classOf(text, reason), reason
}

// finish checks that the loop never blocked.
func (b *bench) finish() {
	b.t.Helper()
	report, err := b.recorder.Stop()
	if err != nil {
		b.t.Fatal(err)
	}
	if len(report.Blocks) > 0 || len(report.Truncated) > 0 {
		b.t.Errorf("the loop blocked: %v", report)
	}
	if err := b.loop.Close(); err != nil {
		b.t.Error(err)
	}
}

func onLoop(t *testing.T, url string, dial dialer, deadline time.Duration) (class, error) {
	t.Helper()
	b := newBench(t)
	defer b.finish()
	return b.fetch(url, dial, deadline)
}

const page = "All happy tests are alike."

// What servers answer, byte for byte.
var (
	plain   = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	chunked = fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", page[:5], len(page)-5, page[5:])
	open    = "HTTP/1.1 200 OK\r\n\r\n" + page
	failed  = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"
	missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
	early   = "HTTP/1.1 103 Early Hints\r\n\r\n" + plain
)

// raw is a server that reads a request, writes its answer, and waits for the
// client to go, or closes at once.
func raw(t *testing.T, answer string, closes bool) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			servers.Go(func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, answer)
				if !closes {
					_, _ = io.Copy(io.Discard, conn)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		servers.Wait()
	})
	return listener.Addr().String()
}

// behind is a proxy in front of address.
func behind(t *testing.T, address string, faults ...toxics.Toxic) *tcp.Proxy {
	t.Helper()
	network, err := tcp.Listen(tcp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = network.Close() })
	proxy, err := network.Proxy("site", address, toxics.Plan{Toxics: faults})
	if err != nil {
		t.Fatal(err)
	}
	return proxy
}

const patient = time.Minute

// agree is that both clients have the outcome want.
func agree(t *testing.T, address string, deadline time.Duration, want class) {
	t.Helper()
	url := "http://" + address + "/page?a=b"
	got, err := onLoop(t, url, nil, deadline)
	if other := onNetHTTP(url, nil, deadline); other != want {
		t.Errorf("net/http: %+v, want %+v", other, want)
	}
	if got != want {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
}
