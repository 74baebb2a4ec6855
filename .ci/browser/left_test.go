package browser

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// failing is a test that fails, and whose failure is nobody's.
type failing struct{ failed bool }

func (*failing) Helper()                 {}
func (*failing) Name() string            { return "TestThatFails" }
func (*failing) Logf(string, ...any)     {}
func (f *failing) Errorf(string, ...any) { f.failed = true }
func (f *failing) Failed() bool          { return f.failed }
func (*failing) Skipped() bool           { return false }

// left returns the page that a failing test has left behind.
func left(t *testing.T, body func(*asynctest.Tunnel), options ...asynctest.TunnelOption) *tab {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("WINDTUNNEL_RECORDS", dir)
	f := new(failing)
	asynctest.Run(f, func(tunnel *asynctest.Tunnel) {
		body(tunnel)
		f.Errorf("no")
	}, options...)
	pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("the test left %d pages, %v", len(pages), err)
	}
	html, err := os.ReadFile(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	return openBytes(t, html)
}

// The page of a failing test shows in red which callbacks blocked, each with its frame, and
// in their colour the faults that the network had from the start, with nothing done for it.
func TestPageOfAFailingTest(t *testing.T) {
	p := left(t, func(tunnel *asynctest.Tunnel) {
		tunnel.Net.Serve("api:80", http.NotFoundHandler())
		for i, name := range []string{"first", "second"} {
			tunnel.Loop.Named(name).AfterFunc(time.Duration(i+1)*time.Minute, func() { time.Sleep(10 * time.Second) })
		}
		fakeloop.Async(tunnel.Loop, "sleeper", func(*fakeloop.Coroutine) (int, error) { time.Sleep(time.Second); return 0, nil })
		time.Sleep(5 * time.Minute)
	}, asynctest.WithPlan(toxics.Plan{Faults: []toxics.Fault{toxics.Partition("client", "api").For(3 * time.Minute)}}))
	p.shoot("left by a failing test")
	has(t, "the head", p.text("summary"), "3 blocked", "1 fault")
	has(t, "the list of findings", p.text("findings"), "severed client, api", "blocked: browser.TestPageOfAFailingTest.func1")
	has(t, "what is said of the first", p.text("details"), "sleeper", "blocked browser.TestPageOfAFailingTest.func1", "park on sleep")
	if n := p.pixels("blocked"); n < 500 {
		t.Errorf("%d red pixels", n)
	}
	if n := p.pixels("fault"); n < 500 {
		t.Errorf("%d pixels of the fault", n)
	}
}

// Where nothing blocked, and nothing was wrong with the network, the page has neither colour.
func TestPageOfAFailingTestWithoutEither(t *testing.T) {
	p := left(t, func(tunnel *asynctest.Tunnel) {
		tunnel.Loop.Named("tick").AfterFunc(time.Minute, func() {})
		time.Sleep(5 * time.Minute)
	})
	has(t, "the head", p.text("summary"), "nothing is known to have blocked")
	for _, color := range []string{"blocked", "fault"} {
		if n := p.pixels(color); n > 0 {
			t.Errorf("%d pixels of %s", n, color)
		}
	}
}
