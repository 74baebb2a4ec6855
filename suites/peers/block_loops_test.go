package peers_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/eventloop"
	"github.com/panjf2000/gnet/v2"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// blockLoops are loops of public libraries. Each runs a handler once, wrapped once,
// where the library takes it.
var blockLoops = map[string]func(t *testing.T, handler func()){
	"OnTraffic of gnet":                  onTraffic,
	"Update of Bubble Tea":               update,
	"Receive of an actor of protoactor":  receive,
	"a callback of NATS":                 natsCallback,
	"a handler of gRPC":                  grpcHandler,
	"an interceptor of a gRPC server":    grpcServerInterceptor,
	"RoundTrip of net/http":              roundTrip,
	"a native function of goja":          native,
	"a timer of goja_nodejs":             timer,
	"a callback of time.AfterFunc":       afterFunc,
	"a handler of net/http's own server": serve,
}

//go:noinline
func blockingHandler() { time.Sleep(time.Microsecond) }

//go:noinline
func quickHandler() {
	c := make(chan int, 1)
	c <- 1
	<-c
}

// A handler that blocks is found in each of them, at its line, and one that does not
// is not.
func TestBlockingIsFoundInAnyLoop(t *testing.T) {
	for name, run := range blockLoops {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				handler func()
				blocks  int
			}{{blockingHandler, 1}, {quickHandler, 0}} {
				rec, err := blocking.Start(blocking.Config{})
				if err != nil {
					t.Fatal(err)
				}
				ran := 0
				run(t, func() { blocking.Callback(func() { ran++; c.handler() }) })
				report, err := rec.Stop()
				if err != nil {
					t.Fatal(err)
				}
				if ran != 1 || len(report.Blocks) != c.blocks {
					t.Fatalf("the handler ran %d times; want %d places, got:\n%s", ran, c.blocks, report)
				}
				for _, b := range report.Blocks {
					if b.Kind != blocking.Park || b.Resource != blocking.Sleep || b.User.Func != blocking.FuncName(blockingHandler) {
						t.Errorf("want a sleep in blockingHandler, got %s", b)
					}
				}
			}
		})
	}
}

// gnetServer answers each byte once.
type gnetServer struct {
	gnet.BuiltinEventEngine
	handler func()
	booted  chan gnet.Engine
}

func (s *gnetServer) OnBoot(e gnet.Engine) gnet.Action {
	s.booted <- e
	return gnet.None
}

func (s *gnetServer) OnTraffic(c gnet.Conn) gnet.Action {
	b, _ := c.Next(-1)
	s.handler()
	c.Write(b)
	return gnet.None
}

func onTraffic(t *testing.T, handler func()) {
	path := filepath.Join(t.TempDir(), "s")
	s := &gnetServer{handler: handler, booted: make(chan gnet.Engine, 1)}
	ended := make(chan error, 1)
	go func() { ended <- gnet.Run(s, "unix://"+path) }()
	var engine gnet.Engine
	select {
	case engine = <-s.booted:
	case err := <-ended:
		t.Fatal(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte{1})
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if err := engine.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	<-ended
}

// teaModel handles one message and quits.
type teaModel struct{ handler func() }

type teaMessage struct{}

func (m teaModel) Init() tea.Cmd { return func() tea.Msg { return teaMessage{} } }
func (m teaModel) View() string  { return "" }

func (m teaModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ours := msg.(teaMessage); !ours {
		return m, nil
	}
	m.handler()
	return m, tea.Quit
}

func update(t *testing.T, handler func()) {
	p := tea.NewProgram(teaModel{handler}, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignalHandler(), tea.WithoutRenderer())
	if _, err := p.Run(); err != nil {
		t.Error(err)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func roundTrip(t *testing.T, handler func()) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	client := &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
		handler() // the hook; what the transport below does is its own business
		return srv.Client().Transport.RoundTrip(r)
	})}
	resp, err := client.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func serve(t *testing.T, handler func()) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { handler() }))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func native(t *testing.T, handler func()) {
	vm := goja.New()
	vm.Set("native", handler)
	if _, err := vm.RunString("[1].forEach(() => native())"); err != nil {
		t.Error(err)
	}
}

func timer(t *testing.T, handler func()) {
	eventloop.NewEventLoop().Run(func(vm *goja.Runtime) {
		vm.Set("native", handler)
		if _, err := vm.RunString("setTimeout(() => native(), 1)"); err != nil {
			t.Error(err)
		}
	})
}

func afterFunc(_ *testing.T, handler func()) {
	done := make(chan struct{})
	time.AfterFunc(1, func() { defer close(done); handler() })
	<-done
}
