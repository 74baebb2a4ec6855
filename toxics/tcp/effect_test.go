package tcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// web is a real net/http server behind a proxy, and a client with a pool of its own.
type web struct {
	t      *testing.T
	proxy  *Proxy
	client *http.Client
}

func newWeb(t *testing.T, body []byte, p toxics.Plan) *web {
	t.Helper()
	n := network(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(body)
	}))
	t.Cleanup(s.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &web{t, proxy(t, n, s.Listener.Addr().String(), p), &http.Client{Transport: transport}}
}

// get returns what was read of the body, and the error of the request or of the
// body.
func (w *web) get() ([]byte, error) { return w.do(context.Background(), "") }

func (w *web) do(ctx context.Context, body string) ([]byte, error) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.proxy.Addr()+"/", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

func (w *web) wantOK(want []byte) {
	w.t.Helper()
	got, err := w.get()
	if err != nil || !bytes.Equal(got, want) {
		w.t.Fatalf("got %d bytes, %v; want the %d bytes of the server", len(got), err, len(want))
	}
}

func TestNoToxics(t *testing.T) {
	body := pattern(1 << 20)
	newWeb(t, body, plan()).wantOK(body)
}

var bothWays = []toxics.Direction{toxics.Downstream, toxics.Upstream}

func TestLatency(t *testing.T) {
	for _, d := range bothWays {
		t.Run(d.String(), func(t *testing.T) {
			w := newWeb(t, []byte("hello"), plan(toxics.Latency{Direction: d, Latency: 60 * time.Millisecond, Jitter: 20 * time.Millisecond}))
			start := time.Now()
			w.wantOK([]byte("hello"))
			atLeast(t, start, 40*time.Millisecond)
		})
	}
}

func TestLatencyIsRoundedUp(t *testing.T) {
	w := newWeb(t, []byte("hello"), plan(toxics.Latency{Latency: 9*time.Millisecond + time.Nanosecond}))
	start := time.Now()
	w.wantOK([]byte("hello"))
	atLeast(t, start, 10*time.Millisecond)
}

func TestBandwidth(t *testing.T) {
	body := pattern(25_000)
	w := newWeb(t, body, plan(toxics.Bandwidth{Rate: 100}))
	start := time.Now()
	w.wantOK(body)
	atLeast(t, start, 250*time.Millisecond)
}

func TestBandwidthOfOneByteChunksAndOfHugeRates(t *testing.T) {
	for _, rate := range []int64{1, toxics.MaxRate} {
		n := network(t)
		c := dial(t, proxy(t, n, serve(t, echo), plan(toxics.Bandwidth{Rate: rate})).Addr())
		for range 3 {
			roundTrip(t, c, "x")
		}
		closeClean(t, n)
	}
}

func TestSlowClose(t *testing.T) {
	n := network(t)
	p := proxy(t, n, serve(t, say([]byte("bye"))), plan(toxics.SlowClose{Delay: 50 * time.Millisecond}))
	start := time.Now()
	got, err := readAll(dial(t, p.Addr()))
	if string(got) != "bye" || err != nil {
		t.Fatalf("read %q, %v; want bye and the end", got, err)
	}
	atLeast(t, start, 50*time.Millisecond)
}

func TestTimeoutCloses(t *testing.T) {
	silent := func(c *net.TCPConn) { io.Copy(io.Discard, c) }
	p := proxy(t, network(t), serve(t, silent), plan(toxics.Timeout{After: 30 * time.Millisecond}))
	start := time.Now()
	if got, err := readAll(dial(t, p.Addr())); len(got) != 0 || err != nil {
		t.Fatalf("read %q, %v; want the end", got, err)
	}
	atLeast(t, start, 30*time.Millisecond)
}

func TestTimeoutSwallowsForEver(t *testing.T) {
	for _, d := range bothWays {
		t.Run(d.String(), func(t *testing.T) {
			w := newWeb(t, []byte("hello"), plan(toxics.Timeout{Direction: d}))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := w.do(ctx, "question")
			wantIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestResetPeer(t *testing.T) {
	for _, d := range bothWays {
		t.Run(d.String(), func(t *testing.T) {
			w := newWeb(t, []byte("hello"), plan(toxics.ResetPeer{Direction: d, After: 20 * time.Millisecond}))
			start := time.Now()
			_, err := w.get()
			wantIs(t, err, syscall.ECONNRESET)
			atLeast(t, start, 20*time.Millisecond)
		})
	}
}

func TestResetPeerLeavesOtherConnectionsAlone(t *testing.T) {
	// toxiproxy would end these connections with RST too (its issue 603). 1 MB that
	// is closed at once is lost if they were.
	body := pattern(1 << 20)
	for _, bystander := range []toxics.Toxic{
		toxics.ResetPeer{Share: 1e-300},
		toxics.ResetPeer{Direction: toxics.Upstream}, // nothing goes upstream
		toxics.Cut{After: 10, Reset: true, Share: 1e-300},
	} {
		n := network(t)
		p := proxy(t, n, serve(t, say(body)), plan(bystander))
		got, err := readAll(dial(t, p.Addr()))
		if !bytes.Equal(got, body) || err != nil {
			t.Errorf("%#v: read %d bytes, %v; want %d and the end", bystander, len(got), err, len(body))
		}
		closeClean(t, n)
	}
}

func TestSlicer(t *testing.T) {
	body := pattern(300)
	n := network(t)
	p := proxy(t, n, serve(t, say(body)), plan(toxics.Slicer{Size: 10, Variation: 5, Delay: 2 * time.Millisecond}))
	start := time.Now()
	got, err := readAll(dial(t, p.Addr()))
	if !bytes.Equal(got, body) || err != nil {
		t.Fatalf("read %d bytes, %v; want the %d bytes of the server", len(got), err, len(body))
	}
	// No slice is over 15 bytes, so there are at least 20, with a pause after each.
	atLeast(t, start, 20*2*time.Millisecond)
}

func TestLimitData(t *testing.T) {
	body := pattern(50_000)
	n := network(t)
	p := proxy(t, n, serve(t, say(body)), plan(toxics.LimitData{Bytes: 40_001}))
	got, err := readAll(dial(t, p.Addr()))
	if !bytes.Equal(got, body[:40_001]) || err != nil {
		t.Fatalf("read %d bytes, %v; want 40001 and the end", len(got), err)
	}
}

func TestCutHTTP(t *testing.T) {
	body := pattern(50_000)
	for name, want := range map[string]error{"FIN": io.ErrUnexpectedEOF, "RST": syscall.ECONNRESET} {
		t.Run(name, func(t *testing.T) {
			w := newWeb(t, body, plan(toxics.Cut{After: 10_000, Reset: name == "RST"}))
			got, err := w.get()
			wantIs(t, err, want)
			if len(got) == 0 || !bytes.HasPrefix(body, got) {
				t.Errorf("read %d bytes, want a part of the body", len(got))
			}
		})
	}
}

func TestCutExactly(t *testing.T) {
	body := pattern(4 << 20)
	for _, after := range []int64{0, 1, 100, 32 << 10, 3<<20 + 1} {
		for _, reset := range []bool{false, true} {
			n := network(t)
			// A latency behind the cut holds the last bytes up: the end must wait.
			c := dial(t, proxy(t, n, serve(t, answer(body)), plan(
				toxics.Cut{After: after, Reset: reset},
				toxics.Latency{Latency: 3 * time.Millisecond},
			)).Addr())
			write(t, c, "?")
			got, err := readAll(c)
			if !bytes.Equal(got, body[:after]) {
				t.Errorf("after %d, reset %v: read %d bytes", after, reset, len(got))
			}
			if reset != errors.Is(err, syscall.ECONNRESET) || !reset && err != nil {
				t.Errorf("after %d, reset %v: the end is %v", after, reset, err)
			}
			closeClean(t, n)
		}
	}
}

func TestCutWaitsForASlowReader(t *testing.T) {
	// A reader that does not read yet: its kernel takes about 100 KB, the rest is
	// unsent when the cut is done, and must not be lost to the reset.
	const after = 300 << 10
	body := pattern(1 << 20)
	c := dial(t, proxy(t, network(t), serve(t, say(body)), plan(toxics.Cut{After: after, Reset: true})).Addr())
	eventually(t, "the cut waits for delivery", func() bool {
		return strings.Contains(strings.Join(engineGoroutines(), "\n"), "awaitDelivery")
	})
	got, err := readAll(c)
	wantIs(t, err, syscall.ECONNRESET)
	if !bytes.Equal(got, body[:after]) {
		t.Errorf("read %d bytes before the reset, want %d", len(got), after)
	}
}

func TestCutUpstream(t *testing.T) {
	type result struct {
		bytes int
		err   error
	}
	results := make(chan result, 1)
	addr := serve(t, func(c *net.TCPConn) {
		got, err := readAll(c)
		results <- result{len(got), err}
	})
	p := proxy(t, network(t), addr, plan(toxics.Cut{Direction: toxics.Upstream, After: 1000, Reset: true}))
	c := dial(t, p.Addr())
	write(t, c, string(pattern(5000)))
	r := <-results
	if r.bytes != 1000 {
		t.Errorf("the server read %d bytes, want 1000", r.bytes)
	}
	wantIs(t, r.err, syscall.ECONNRESET)
	_, err := readAll(c)
	wantIs(t, err, syscall.ECONNRESET)
}

func TestShare(t *testing.T) {
	n := network(t)
	p := proxy(t, n, serve(t, say([]byte("x"))), plan(toxics.Cut{Share: 0.5}))
	seen := map[string]int{}
	conns := scaled(t, 5000, 100)
	for range conns {
		got, err := readAll(dial(t, p.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(got)]++
	}
	// Neither is missing but once in 2^99.
	if seen["x"] == 0 || seen[""] == 0 || len(seen) != 2 {
		t.Errorf("%d connections with share 0.5: %v", conns, seen)
	}
}

func TestUnreachableUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := proxy(t, network(t), l.Addr().String(), plan())
	l.Close()
	got, err := readAll(dial(t, p.Addr())) // accepted, and then closed
	if len(got) != 0 || err != nil {
		t.Errorf("read %q, %v; want the end", got, err)
	}
}
