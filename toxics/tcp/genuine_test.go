package tcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// genuine is a proxy of toxiproxy, with its own accept loop and without stages.
func genuine(t *testing.T, upstream string, p toxics.Plan) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	made := toxiproxy.NewProxy(server, "genuine", "127.0.0.1:0", upstream)
	for i, toxic := range p.Toxics {
		kind, attributes, _ := translate(toxic)
		if r, ok := toxic.(toxics.ResetPeer); ok {
			kind, attributes = "reset_peer", map[string]int64{"timeout": r.After.Milliseconds()}
		}
		body, err := json.Marshal(map[string]any{
			"name": fmt.Sprint(i), "type": kind, "stream": toxic.Stream().String(), "attributes": attributes,
		})
		must(t, err)
		if _, err := made.Toxics.AddToxicJson(bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	must(t, made.Start())
	return made
}

// What a client sees through this package is what it sees through toxiproxy, for
// every toxic that toxiproxy has, alone and in pairs: the same bytes, and the same
// kind of end.
func TestSameAsGenuineToxiproxy(t *testing.T) {
	body := pattern(20_000)
	single := func(d toxics.Direction) []toxics.Toxic {
		return []toxics.Toxic{
			toxics.Latency{Direction: d, Latency: 2 * time.Millisecond, Jitter: time.Millisecond},
			toxics.Bandwidth{Direction: d, Rate: 5000},
			toxics.SlowClose{Direction: d, Delay: 3 * time.Millisecond},
			toxics.ResetPeer{Direction: d, After: 2 * time.Millisecond},
			toxics.Slicer{Direction: d, Size: 500, Variation: 20, Delay: 10 * time.Microsecond},
			toxics.LimitData{Direction: d, Bytes: 0},
			toxics.LimitData{Direction: d, Bytes: 100},
			toxics.LimitData{Direction: d, Bytes: 1 << 20},
		}
	}
	// No toxic here ends the connection after a time of its own: what a client sees
	// then depends on how fast it is. A black hole downstream ends with the server.
	down := append(single(toxics.Downstream), toxics.Timeout{})
	plans := []toxics.Plan{plan()}
	for _, a := range append(single(toxics.Upstream), down...) {
		plans = append(plans, plan(a))
		for _, b := range down {
			plans = append(plans, plan(a, b))
		}
	}
	// The server answers after 1000 bytes and then ends the stream.
	server := serve(t, func(c *net.TCPConn) {
		if _, err := io.ReadFull(c, make([]byte, 1000)); err == nil {
			c.Write(body)
		}
	})
	n := network(t)
	for i, p := range plans {
		ours, err := n.Proxy(fmt.Sprint(i), server, p)
		must(t, err)
		theirs := genuine(t, server, p)
		got, want := transcript(t, ours.Addr()), transcript(t, theirs.Listen)
		if got != want {
			t.Errorf("%+v:\n ours: %s\ntheirs: %s", p.Toxics, got, want)
		}
		theirs.Stop()
	}
	must(t, n.Close())
	for _, g := range engineGoroutines() {
		leaked[head(g)] = true
	}
	t.Logf("%d plans; toxiproxy's own proxies have %d goroutines left after Stop", len(plans), len(leaked))
}

func transcript(t *testing.T, addr string) string {
	c := dial(t, addr)
	write(t, c, string(pattern(1000)))
	got, err := readAll(c)
	var end any = "FIN"
	if err != nil {
		end = errors.Unwrap(errors.Unwrap(err))
	}
	return fmt.Sprintf("%d bytes (%x), then %v", len(got), crc32.ChecksumIEEE(got), end)
}
