package toxics

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// carriers are the ways in which two endpoints can be connected. The link and ToxicLink
// use the same connection, whose cost is the bare one's.
var carriers = []struct {
	name string
	make func(b *testing.B) (client, server net.Conn)
}{
	{"bare", func(b *testing.B) (net.Conn, net.Conn) { return asConns(bare(defaultReceiveBuffer)) }},
	{"link", func(b *testing.B) (net.Conn, net.Conn) { return asConns(pair(b, exact(b))) }},
	{"ToxicLink", func(b *testing.B) (net.Conn, net.Conn) { return asConns(toxicLink(b)) }},
	{"link+latency0", func(b *testing.B) (net.Conn, net.Conn) { return asConns(pair(b, exact(b, Latency{}))) }},
	{"ToxicLink+latency0", func(b *testing.B) (net.Conn, net.Conn) {
		return asConns(toxicLink(b, `{"type":"latency"}`))
	}},
	{"pipe", func(b *testing.B) (net.Conn, net.Conn) { return net.Pipe() }},
	{"tcp", func(b *testing.B) (net.Conn, net.Conn) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		defer l.Close()
		client, err := net.Dial("tcp", l.Addr().String())
		must(b, err)
		server, err := l.Accept()
		must(b, err)
		return client, server
	}},
}

func asConns(a, b *Conn) (net.Conn, net.Conn) { return a, b }

// BenchmarkRoundTrip is 64 bytes there and back.
func BenchmarkRoundTrip(b *testing.B) {
	for _, c := range carriers {
		b.Run(c.name, func(b *testing.B) {
			client, server := c.make(b)
			defer client.Close()
			defer server.Close()
			go io.Copy(server, server)
			buf := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Write(buf); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(client, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkThroughput is 32 KB at a time, one way.
func BenchmarkThroughput(b *testing.B) {
	for _, c := range carriers {
		b.Run(c.name, func(b *testing.B) {
			client, server := c.make(b)
			defer client.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(io.Discard, server)
			}()
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if _, err := client.Write(buf); err != nil {
					b.Fatal(err)
				}
			}
			client.Close()
			<-done
			server.Close()
		})
	}
}

// Round trips of an hour, give or take half an hour, over 200 connections. The real
// time that they took is printed.
func TestHoursOfLatency(t *testing.T) {
	trips := scaled(t, "round trips on each of 200 connections", 100, 5)
	start := time.Now()
	var virtual time.Duration
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{Plan: Plan{Toxics: []Toxic{
			Latency{Latency: 30 * time.Minute, Jitter: 15 * time.Minute},
			Latency{Direction: Upstream, Latency: 30 * time.Minute, Jitter: 15 * time.Minute},
		}}})
		elapsed := since()
		var all sync.WaitGroup
		for range 200 {
			client, server := pair(t, n)
			go io.Copy(server, server)
			all.Go(func() {
				defer client.Close()
				for k := range trips {
					text, sent := fmt.Sprint(k), since()
					if _, err := io.WriteString(client, text); err != nil {
						t.Error(err)
					}
					if got := readOnce(client); got != text || sent() < 30*time.Minute || sent() > 90*time.Minute+time.Second {
						t.Errorf("%q came back as %q after %v", text, got, sent())
					}
				}
			})
		}
		all.Wait()
		virtual = elapsed()
	})
	t.Logf("%d round trips, %v of virtual time, in %v", 200*trips, virtual.Round(time.Minute), time.Since(start).Round(time.Millisecond))
}
