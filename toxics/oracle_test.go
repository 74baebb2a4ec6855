package toxics

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// toxicLink is a connection through toxiproxy's own ToxicLink.
func toxicLink(t testing.TB, config string) (client, server *Conn) {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, "memory", "-", "-") // never started, so without a socket
	if config != "" {
		w, err := p.Toxics.AddToxicJson(strings.NewReader(config))
		must(t, err)
		w.Toxic = drained{w.Toxic}
	}
	client, near := bare(defaultSendBuffer)
	far, server := bare(defaultSendBuffer)
	if strings.Contains(config, "reset_peer") {
		must(t, near.SetLinger(0))
		must(t, far.SetLinger(0))
	}
	p.Toxics.StartLink(api, "up", near, far, stream.Upstream)
	p.Toxics.StartLink(api, "down", far, near, stream.Downstream)
	return client, server
}

// drained goes on receiving when a toxic has ended: ToxicLink leaves goroutines behind
// for good otherwise, which a bubble does not forgive. It also hides a reset_peer, for
// which ToxicLink wants two *net.TCPConn.
type drained struct{ tox.Toxic }

func (d drained) NewState() any {
	if s, ok := d.Toxic.(tox.StatefulToxic); ok {
		return s.NewState()
	}
	return nil
}

func (d drained) Pipe(stub *tox.ToxicStub) {
	d.Toxic.Pipe(stub)
	for stub.Closed() {
		if <-stub.Input == nil {
			return
		}
	}
}

// trace is what both ends of a connection read, and when, while the client sends
// five messages and closes, and the server echoes.
func trace(client, server *Conn) []string {
	var mu sync.Mutex
	var lines []string
	elapsed := since()
	log := func(who string, n int, err error) {
		mu.Lock()
		defer mu.Unlock()
		what := "data"
		if err == io.EOF {
			what = "EOF"
		} else if err != nil {
			what = err.(*net.OpError).Err.Error()
		}
		lines = append(lines, fmt.Sprintf("%015d %s %d %s", elapsed(), who, n, what))
	}
	var all sync.WaitGroup
	all.Go(func() {
		for b := make([]byte, 64<<10); ; {
			n, err := server.Read(b)
			log("server", n, err)
			if err != nil {
				server.Close()
				return
			}
			server.Write(b[:n])
		}
	})
	all.Go(func() {
		for b := make([]byte, 64<<10); ; {
			n, err := client.Read(b)
			log("client", n, err)
			if err != nil {
				client.Close()
				return
			}
		}
	})
	all.Go(func() {
		for range 5 {
			if _, err := client.Write(make([]byte, 700)); err != nil {
				return
			}
			time.Sleep(700 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		client.Close()
	})
	all.Wait()
	time.Sleep(time.Hour) // ToxicLink has goroutines to end
	slices.Sort(lines)
	return lines
}

// The link of this package does what toxiproxy's own does, for every toxic in both
// directions: the same bytes in the same pieces with the same ends at the same
// nanosecond.
func TestTheLinkIsToxicLink(t *testing.T) {
	repeats := scaled(t, "repeats", 100, 2)
	cases := 0
	for _, d := range bothWays {
		for name, both := range map[string]struct {
			ours Toxic
			orig map[string]any
		}{
			"none":             {},
			"latency":          {Latency{Direction: d, Latency: 1234 * time.Millisecond}, map[string]any{"latency": 1234}},
			"bandwidth":        {Bandwidth{Direction: d, Rate: 1}, map[string]any{"rate": 1}},
			"bandwidth 3":      {Bandwidth{Direction: d, Rate: 3}, map[string]any{"rate": 3}},
			"slow_close":       {SlowClose{Direction: d, Delay: 5 * time.Second}, map[string]any{"delay": 5000}},
			"timeout":          {Timeout{Direction: d, After: 5 * time.Second}, map[string]any{"timeout": 5000}},
			"timeout short":    {Timeout{Direction: d, After: 500 * time.Millisecond}, map[string]any{"timeout": 500}},
			"timeout 0":        {Timeout{Direction: d}, map[string]any{"timeout": 0}},
			"slicer":           {Slicer{Direction: d, Size: 100, Delay: 5 * time.Millisecond}, map[string]any{"average_size": 100, "delay": 5000}},
			"limit_data":       {LimitData{Direction: d, Bytes: 1500}, map[string]any{"bytes": 1500}},
			"limit_data 0":     {LimitData{Direction: d}, map[string]any{"bytes": 0}},
			"reset_peer":       {ResetPeer{Direction: d, After: time.Second}, map[string]any{"timeout": 1000}},
			"reset_peer later": {ResetPeer{Direction: d, After: 5 * time.Second}, map[string]any{"timeout": 5000}},
		} {
			cases++
			t.Run(name+" "+d.String(), func(t *testing.T) {
				for range repeats {
					var want, got []string
					synctest.Test(t, func(t *testing.T) {
						config := ""
						if both.ours != nil {
							body, err := json.Marshal(map[string]any{"type": both.ours.Kind(), "stream": d.String(), "attributes": both.orig})
							must(t, err)
							config = string(body)
						}
						want = trace(toxicLink(t, config))
					})
					synctest.Test(t, func(t *testing.T) {
						n := exact(t)
						if both.ours != nil {
							n.Apply(Inject(both.ours))
						}
						got = trace(pair(t, n))
					})
					if !slices.Equal(got, want) {
						t.Fatalf("the link:\n%s\nToxicLink:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			})
		}
	}
	t.Logf("%d cases, %d times", cases, repeats)
}
