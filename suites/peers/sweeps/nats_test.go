package sweeps_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestNATS(t *testing.T) {
	const module, source = "github.com/nats-io/nats.go", "https://github.com/nats-io/nats.go/blob/v1.55.0/"
	sweep(t,
		subject{
			name: "nats.go", module: module,
			shows:   "Two requests to a worker on the same connection, and `Publish` with `Flush`, a second away from the server each way, with `NoReconnect`",
			run:     natsRequests,
			network: away,
			rulings: []ruling{{
				of:      []asynctest.Handled{at("dial *", refused)},
				found:   asynctest.FoundErrorLost,
				verdict: documented, why: "if nobody listens, `Connect` says `ErrNoServers`, [in place of](" + source + "nats.go#L3031-L3040) the error of the dial",
			}, {
				of:      []asynctest.Handled{at("write client>nats:4222 conn 1 #6", failure, timeout)},
				found:   asynctest.FoundErrorLost,
				verdict: defect, why: "`Flush` [drops the error of its own write](" + source + "nats.go#L6071-L6076): it says `nats: timeout` at the end of that, and neither `LastError` nor a handler ever has what went wrong. " +
					"[nats_minimal_test.go](nats_minimal_test.go) shows it without windtunnel",
			}, {
				of:      []asynctest.Handled{at("close client>*")},
				verdict: documented, why: "[`Close`](https://pkg.go.dev/github.com/nats-io/nats.go@v1.55.0#Conn.Close) returns no error",
			}},
			ours: []string{
				"A request that fails says so (`nats: connection closed`, `context deadline exceeded`), and not why: [`LastError`](https://pkg.go.dev/github.com/nats-io/nats.go@v1.55.0#Conn.LastError) has that, and `ErrorHandler` and `DisconnectErrHandler` are told. The scenario asks all three, and gives the handlers a second: they run on a goroutine of their own.",
			},
		},
	)
}

// natsDialer dials on the network. Each dial has a name.
type natsDialer struct{ tunnel *asynctest.Tunnel }

func (d natsDialer) Dial(network, address string) (net.Conn, error) {
	return d.tunnel.Net.DialContext(toxics.Named(d.tunnel.Context(), address), network, address)
}

// natsRequests makes requests. What the server does at random is off: when it sends a first
// ping.
func natsRequests(tunnel *asynctest.Tunnel) any {
	server, err := natsd.NewServer(&natsd.Options{
		DontListen: true, NoSigs: true, NoLog: true, ServerName: "nats",
		DisableShortFirstPing: true, PingInterval: 1000 * time.Hour, NoSystemAccount: true,
	})
	if err != nil {
		panic(err)
	}
	server.Start()
	server.ReadyForConnections(time.Minute)
	end, err := servers.NATS(tunnel.Net, server)
	if err != nil {
		panic(err)
	}
	context.AfterFunc(tunnel.Context(), end)
	var told told
	options := []nats.Option{
		nats.SetCustomDialer(natsDialer{tunnel}), nats.SkipHostLookup(), nats.Timeout(20 * time.Second), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told.add(err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { told.add(err) }),
	}
	return limited(fakeloop.Offload(tunnel.Loop, "requests", func(ctx context.Context) (string, error) {
		c, err := nats.Connect("nats://nats:4222", options...)
		if err != nil {
			return "", err
		}
		defer c.Close()
		got, err := askTwice(ctx, c)
		if err != nil {
			time.Sleep(time.Second) // for what has still to be told
			return "", errors.Join(err, c.LastError(), told.all())
		}
		return got, nil
	}))
}

// told are the errors of which a client tells on a goroutine of its own.
type told struct {
	mu     sync.Mutex
	errors []error
}

func (t *told) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors = append(t.errors, err)
}

func (t *told) all() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(t.errors...)
}

func askTwice(ctx context.Context, c *nats.Conn) (string, error) {
	_, err := c.Subscribe("jobs", func(m *nats.Msg) { _ = m.Respond(append([]byte("done: "), m.Data...)) })
	if err != nil {
		return "", err
	}
	all := ""
	for i := range 2 {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		m, err := c.RequestWithContext(ctx, "jobs", []byte(fmt.Sprint(i)))
		cancel()
		if err != nil {
			return "", err
		}
		all += string(m.Data) + " "
	}
	return all, errors.Join(c.Publish("news", []byte("hello")), c.FlushTimeout(30*time.Second))
}
