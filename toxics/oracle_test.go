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
func toxicLink(t testing.TB, configs ...string) (client, server *Conn) {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, "memory", "-", "-") // never started, so without a socket
	client, near := bare(defaultSendBuffer)
	far, server := bare(defaultSendBuffer)
	for _, config := range configs {
		w, err := p.Toxics.AddToxicJson(strings.NewReader(config))
		must(t, err)
		w.Toxic = drained{w.Toxic}
		if w.Type == "reset_peer" {
			must(t, near.SetLinger(0))
			must(t, far.SetLinger(0))
		}
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

// twin is a toxic, and toxiproxy's attributes of the same.
type twin struct {
	ours   Toxic
	theirs attrs
}

type attrs map[string]any

// The link of this package does what toxiproxy's own does, for every toxic in both
// directions: the same bytes in the same pieces with the same ends at the same
// nanosecond.
func TestTheLinkIsToxicLink(t *testing.T) {
	repeats := scaled(t, "repeats", 100, 2)
	cases := 0
	for _, d := range bothWays {
		for name, list := range map[string][]twin{
			"none":               nil,
			"latency":            {{Latency{Direction: d, Latency: 1234 * time.Millisecond}, attrs{"latency": 1234}}},
			"bandwidth":          {{Bandwidth{Direction: d, Rate: 1}, attrs{"rate": 1}}},
			"bandwidth 3":        {{Bandwidth{Direction: d, Rate: 3}, attrs{"rate": 3}}},
			"slow_close":         {{SlowClose{Direction: d, Delay: 5 * time.Second}, attrs{"delay": 5000}}},
			"timeout":            {{Timeout{Direction: d, After: 5 * time.Second}, attrs{"timeout": 5000}}},
			"timeout short":      {{Timeout{Direction: d, After: 500 * time.Millisecond}, attrs{"timeout": 500}}},
			"timeout 0":          {{Timeout{Direction: d}, attrs{"timeout": 0}}},
			"slicer":             {{Slicer{Direction: d, Size: 100, Delay: 5 * time.Millisecond}, attrs{"average_size": 100, "delay": 5000}}},
			"limit_data":         {{LimitData{Direction: d, Bytes: 1500}, attrs{"bytes": 1500}}},
			"limit_data 0":       {{LimitData{Direction: d}, attrs{"bytes": 0}}},
			"reset_peer":         {{ResetPeer{Direction: d, After: time.Second}, attrs{"timeout": 1000}}},
			"reset_peer later":   {{ResetPeer{Direction: d, After: 5 * time.Second}, attrs{"timeout": 5000}}},
			"latency twice":      {{Latency{Direction: d, Latency: 300 * time.Millisecond}, attrs{"latency": 300}}, {Latency{Direction: d, Latency: 500 * time.Millisecond}, attrs{"latency": 500}}},
			"latency, bandwidth": {{Latency{Direction: d, Latency: 300 * time.Millisecond}, attrs{"latency": 300}}, {Bandwidth{Direction: d, Rate: 1}, attrs{"rate": 1}}, {Latency{Direction: d, Latency: 500 * time.Millisecond}, attrs{"latency": 500}}},
			"bandwidth, latency": {{Bandwidth{Direction: d, Rate: 1}, attrs{"rate": 1}}, {Latency{Direction: d, Latency: 300 * time.Millisecond}, attrs{"latency": 300}}, {LimitData{Direction: d, Bytes: 2000}, attrs{"bytes": 2000}}},
			"slicer, slow_close": {{Slicer{Direction: d, Size: 100}, attrs{"average_size": 100}}, {SlowClose{Direction: d, Delay: time.Second}, attrs{"delay": 1000}}, {Latency{Direction: d, Latency: time.Second}, attrs{"latency": 1000}}},
		} {
			cases++
			t.Run(name+" "+d.String(), func(t *testing.T) {
				for range repeats {
					var want, got []string
					synctest.Test(t, func(t *testing.T) {
						var configs []string
						for i, x := range list {
							body, err := json.Marshal(map[string]any{"name": fmt.Sprint(i), "type": x.ours.Kind(), "stream": d.String(), "attributes": x.theirs})
							must(t, err)
							configs = append(configs, string(body))
						}
						want = trace(toxicLink(t, configs...))
					})
					synctest.Test(t, func(t *testing.T) {
						n := exact(t)
						for _, x := range list {
							n.Apply(Inject(x.ours))
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
