package subjects_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// A name that does not resolve: the resolver's error, as it is.
func TestLoopClientNameThatDoesNotResolve(t *testing.T) {
	nobody := errors.New("no name server")
	dial := (&net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nobody }}}).DialContext
	const url = "http://nowhere.invalid./"
	got, err := onLoop(t, url, dial, patient)
	want := class{stage: subjects.StageRequest, targets: "DNS. "}
	if other := onNetHTTP(url, dial, patient); got != want || other != want {
		t.Errorf("got %+v (%v), net/http %+v, want %+v", got, err, other, want)
	}
}

// What cannot be fetched is an outcome too, and net/http's.
func TestLoopClientURLs(t *testing.T) {
	for url, want := range map[string]string{
		"":                     `fetch : request: unsupported scheme "", want http`,
		"ftp://host/":          `fetch ftp://host/: request: unsupported scheme "ftp", want http`,
		"http:///page":         "fetch http:///page: request: the URL names no host",
		"http:page":            "fetch http:page: request: the URL names no host",
		"http://host:port/":    `fetch http://host:port/: request: parse "http://host:port/": invalid port ":port" after host`,
		"http://host/\r\nA: b": `fetch http://host/` + "\r\nA: b" + `: request: parse "http://host/\r\nA: b": net/url: invalid control character in URL`,
	} {
		got, err := onLoop(t, url, nil, patient)
		if other := onNetHTTP(url, nil, patient); got != other || fmt.Sprint(err) != want {
			t.Errorf("%q: got %+v (%v), net/http %+v, want %s", url, got, err, other, want)
		}
	}
	// Two that net/http does fetch.
	for url, want := range map[string]string{
		"https://host/":    `fetch https://host/: request: unsupported scheme "https", want http`,
		"http://me:x@host": "fetch http://me:x@host: request: the URL holds credentials, which this client does not send",
	} {
		if _, err := onLoop(t, url, nil, patient); fmt.Sprint(err) != want {
			t.Errorf("%q: got %v, want %s", url, err, want)
		}
	}
}

// What is written, and where to.
func TestLoopClientRequest(t *testing.T) {
	for url, want := range map[string]string{
		"http://host":              "host:80 GET / HTTP/1.1|Host: host|",
		"HTTP://host:/?q#f":        "host:80 GET /?q HTTP/1.1|Host: host|",
		"http://[::1]:8080/a%20/b": "[::1]:8080 GET /a%20/b HTTP/1.1|Host: [::1]:8080|",
	} {
		got := make(chan string, 1)
		dial := func(_ context.Context, network, address string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				request := make([]byte, 1000)
				n, _ := far.Read(request)
				got <- address + " " + strings.ReplaceAll(string(request[:n]), "\r\n", "|")
			}()
			return near, nil
		}
		if got, err := onLoop(t, url, dial, patient); got != (class{stage: subjects.StageRequest, targets: "EOF. "}) {
			t.Errorf("%s: got %+v (%v)", url, got, err)
		}
		if got := <-got; got != want+"User-Agent: windtunnel||" {
			t.Errorf("%s: wrote %s", url, got)
		}
	}
}

// The deadline covers the dial, and a dial that comes back too late all the same
// leaves no connection.
func TestLoopClientDeadlineInTheDial(t *testing.T) {
	want := class{stage: subjects.StageRequest, targets: "context deadline exceeded. "}
	for name, dial := range map[string]dialer{
		"cancelled": func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"too late": func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			near, _ := net.Pipe()
			return near, nil
		},
	} {
		if got, err := onLoop(t, "http://host/", dial, time.Millisecond); got != want {
			t.Errorf("%s: got %+v (%v), want %+v", name, got, err, want)
		}
	}
}

// A dial that returns at the very moment of the deadline is one or the other.
func TestLoopClientDeadlineRace(t *testing.T) {
	bench := newBench(t)
	defer bench.finish()
	address := raw(t, plain, false)
	for i := range 300 {
		got, err := bench.fetch("http://"+address+"/", nil, time.Duration(i)*time.Microsecond+1)
		if got != (class{body: page}) && got.targets != "context deadline exceeded. " {
			t.Fatalf("got %+v (%v)", got, err)
		}
	}
}

// Many fetches at once on one loop, each with its own outcome.
func TestLoopClientManyAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	defer server.Close()
	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
	defer loop.Close()
	const n = 100
	got := map[string]int{}
	loop.Post(func() {
		client := &subjects.LoopClient{Loop: loop, Deadline: patient}
		for i := range n {
			client.Get(fmt.Sprintf("%s/%d", server.URL, i), func(body string, err error) { got[fmt.Sprint(body, err)]++ })
		}
	})
	if err := loop.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if got[fmt.Sprintf("/%d%v", i, error(nil))] != 1 {
			t.Errorf("no outcome, or several, of %d", i)
		}
	}
}

// A loop that is closed under a fetch calls nobody, and the connection is closed.
func TestLoopClientOnALoopThatIsClosed(t *testing.T) {
	for _, stage := range []string{"dial", "read"} {
		begun, closed := make(chan struct{}), make(chan struct{})
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				if stage == "read" {
					_, _ = http.ReadRequest(bufio.NewReader(far))
					close(begun)
				}
				_, _ = io.Copy(io.Discard, far) // ends when near is closed
				close(closed)
			}()
			if stage == "dial" {
				close(begun)
				<-ctx.Done()
			}
			return near, nil
		}
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
		loop.Post(func() {
			(&subjects.LoopClient{Loop: loop, Dial: dial}).Get("http://host/", func(string, error) { t.Error("an outcome, of a closed loop") })
		})
		<-begun
		if stage == "read" {
			awaitRead(loop)
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
		<-closed
	}
}

// awaitRead returns when a read is outside.
func awaitRead(loop *fakeloop.Loop) {
	isRead := func(i fakeloop.Item) bool { return i.Kind == fakeloop.PendingWork && i.Label == "read" }
	for !slices.ContainsFunc(loop.Pending(), isRead) {
		runtime.Gosched()
	}
}

func TestLoopClientWithoutAFunction(t *testing.T) {
	defer func() {
		if v := recover(); v != "subjects: LoopClient.Get without a function to call" {
			t.Errorf("panicked with %v", v)
		}
	}()
	new(subjects.LoopClient).Get("http://host/", nil)
}
