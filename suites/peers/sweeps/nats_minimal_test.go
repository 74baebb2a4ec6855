package sweeps_test

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Flush writes a PING itself and drops the error of that: it waits for the whole of its
// timeout, says that this is over, and neither LastError nor the handler of errors ever has
// what went wrong. This is the finding "error lost" of nats.go at its last write, without
// windtunnel.
func TestMinimalNATS(t *testing.T) {
	server, err := natsd.NewServer(&natsd.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	server.Start()
	defer server.Shutdown()
	if !server.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	var broken atomic.Bool
	var handled atomic.Int64
	client, err := nats.Connect("nats://in.process", nats.SkipHostLookup(), nats.SetCustomDialer(inProcess{server, &broken}), nats.Timeout(time.Minute),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) { handled.Add(1) }))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.FlushTimeout(time.Minute); err != nil {
		t.Error(err)
	}
	broken.Store(true)
	if err := client.FlushTimeout(50 * time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("flushing when writing fails: %v; has this been mended?", err)
	}
	if err := client.LastError(); err != nil {
		t.Errorf("the last error is %v; has this been mended?", err)
	}
	if !client.IsConnected() {
		t.Error("it is not connected any more; has this been mended?")
	}
	client.Close()
	if n := handled.Load(); n != 0 {
		t.Errorf("the handler was told of %d errors; has this been mended?", n)
	}
}

// inProcess dials a server in this process.
type inProcess struct {
	server *natsd.Server
	broken *atomic.Bool
}

func (d inProcess) Dial(string, string) (net.Conn, error) {
	c, err := d.server.InProcessConn()
	return deafConn{c, d.broken}, err
}
