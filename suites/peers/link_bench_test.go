package peers_test

import (
	"context"
	"io"
	"net"
	"testing"

	"google.golang.org/grpc/test/bufconn"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// carriers are the ways to connect a client and a server within a process: the virtual
// network, and what tests use without it. Package toxics measures its link beside
// toxiproxy's, over one connection.
var carriers = []struct {
	name   string
	listen func(b *testing.B) (net.Listener, func() (net.Conn, error))
}{
	{"virtual", func(b *testing.B) (net.Listener, func() (net.Conn, error)) {
		network, err := toxics.NewNetwork(toxics.Config{})
		mustBench(b, err)
		b.Cleanup(func() { _ = network.Close() })
		l, err := network.Listen("api:80")
		mustBench(b, err)
		return l, func() (net.Conn, error) { return network.DialContext(context.Background(), "tcp", "api:80") }
	}},
	{"bufconn", func(*testing.B) (net.Listener, func() (net.Conn, error)) {
		l := bufconn.Listen(64 << 10)
		return l, l.Dial
	}},
	{"tcp", func(b *testing.B) (net.Listener, func() (net.Conn, error)) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		mustBench(b, err)
		return l, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	}},
	{"pipe", nil},
}

func mustBench(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// connect returns the ends of a connection.
func connect(b *testing.B, listen func(b *testing.B) (net.Listener, func() (net.Conn, error))) (client, server net.Conn) {
	if listen == nil {
		return net.Pipe()
	}
	l, dial := listen(b)
	b.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn)
	go func() {
		conn, _ := l.Accept()
		accepted <- conn
	}()
	client, err := dial()
	mustBench(b, err)
	return client, <-accepted
}

// BenchmarkRoundTrip is 64 bytes there and back.
func BenchmarkRoundTrip(b *testing.B) {
	for _, c := range carriers {
		b.Run(c.name, func(b *testing.B) {
			client, server := connect(b, c.listen)
			defer func() { _, _ = client.Close(), server.Close() }()
			go func() { _, _ = io.Copy(server, server) }()
			buf := make([]byte, 64)
			for b.Loop() {
				_, err := client.Write(buf)
				mustBench(b, err)
				_, err = io.ReadFull(client, buf)
				mustBench(b, err)
			}
		})
	}
}

// BenchmarkThroughput is 32 KB at a time, one way.
func BenchmarkThroughput(b *testing.B) {
	for _, c := range carriers {
		b.Run(c.name, func(b *testing.B) {
			client, server := connect(b, c.listen)
			defer func() { _ = server.Close() }()
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.Copy(io.Discard, server)
			}()
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				_, err := client.Write(buf)
				mustBench(b, err)
			}
			_ = client.Close()
			<-done
		})
	}
}
