package tcp

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// scaled is how often a heavy test repeats: full times WINDTUNNEL_SCALE (default
// 0.02, 1 is the full count), and at least least.
func scaled(t *testing.T, full, least int) int {
	t.Helper()
	scale := 0.02
	if s := os.Getenv("WINDTUNNEL_SCALE"); s != "" {
		var err error
		if scale, err = strconv.ParseFloat(s, 64); err != nil {
			t.Fatalf("WINDTUNNEL_SCALE: %v", err)
		}
	}
	n := max(least, int(scale*float64(full)))
	t.Logf("%d runs (the full count is %d)", n, full)
	return n
}

func plan(list ...toxics.Toxic) toxics.Plan { return toxics.Plan{Toxics: list} }

// network is a network that is closed at the end of the test, and that must then
// have left no goroutine: not soon, but at once.
func network(t *testing.T) *Network {
	t.Helper()
	n, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClean(t, n) })
	return n
}

func closeClean(t *testing.T, n *Network) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	for _, g := range engineGoroutines() {
		t.Errorf("a goroutine is left after Close:\n%s", g)
	}
}

// leaked are the goroutines, by the start of their stacks, that genuine proxies
// left behind for good.
var leaked = map[string]bool{}

// head is "goroutine 42", which is never used again.
func head(stack string) string {
	h, _, _ := strings.Cut(stack, " [")
	return h
}

// engineGoroutines are the stacks of all goroutines of toxiproxy and of the engine,
// but for the leaked ones.
func engineGoroutines() []string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var engine []string
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		if leaked[head(g)] {
			continue
		}
		for _, mark := range []string{"Shopify/toxiproxy", "toxics.(*Chain)", "toxics.(*stage)", "toxics/tcp.(*door)", "toxics/tcp.(*Network).after", "toxics/tcp.(*generation)", "toxics/tcp.(*stage)", "toxics/tcp.fed", "toxics/tcp.(*sink)", "awaitGoroutines"} {
			if strings.Contains(g, mark) {
				engine = append(engine, g)
				break
			}
		}
	}
	return engine
}

// eventually polls a condition that has to come true by itself.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	hang := time.NewTimer(time.Minute)
	defer hang.Stop()
	for !condition() {
		select {
		case <-poll.C:
		case <-hang.C:
			t.Fatalf("never: %s", what)
		}
	}
}

func proxy(t *testing.T, n *Network, upstream string, p toxics.Plan) *Proxy {
	t.Helper()
	made, err := n.Proxy("server", upstream, p)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// serve is a TCP server that handles each connection and then closes it. At the
// end of the test, but before the network's end, all its connections are closed.
func serve(t *testing.T, handle func(*net.TCPConn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	var mu sync.Mutex
	live := map[net.Conn]bool{}
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			live[c] = true
			mu.Unlock()
			tasks.Go(func() {
				handle(c.(*net.TCPConn))
				mu.Lock()
				delete(live, c)
				mu.Unlock()
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range live {
			c.Close()
		}
		mu.Unlock()
		tasks.Wait()
	})
	return l.Addr().String()
}

func echo(c *net.TCPConn) { io.Copy(c, c) }

// flood writes until it cannot.
func flood(c *net.TCPConn) {
	for block := make([]byte, 16<<10); ; {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// burst writes 512 KB, which are in flight for a while behind any toxic that takes
// its time, and leaves the processor alone then.
func burst(c *net.TCPConn) {
	c.Write(make([]byte, 512<<10))
	io.Copy(io.Discard, c)
}

// say speaks first.
func say(text []byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) { c.Write(text) }
}

// answer waits for a byte before it speaks. With a server that speaks first, a
// reset can come before the dial has returned, and is then the dial's error.
func answer(text []byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			c.Write(text)
		}
	}
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	// A guard against a test that hangs: no test waits for it to pass.
	c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.TCPConn)
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// roundTrip is that the text came back from an echo.
func roundTrip(t *testing.T, c net.Conn, text string) {
	t.Helper()
	write(t, c, text)
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("echo of %q is %q, %v", text, got, err)
	}
}

// readAll reads to the end; the error is nil for the end of the stream.
func readAll(c net.Conn) ([]byte, error) { return io.ReadAll(c) }

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 % 251)
	}
	return b
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error is %v (%T), want %v", err, err, target)
	}
}

func atLeast(t *testing.T, start time.Time, d time.Duration) {
	t.Helper()
	if took := time.Since(start); took < d {
		t.Errorf("took %v, which is earlier than the injected %v", took, d)
	}
}
