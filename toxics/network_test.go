package toxics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A client that gives up after 30 seconds and tries again outlives a partition of two
// minutes.
func TestHTTPThroughAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
		n.Apply(Partition("client", "api").For(2 * time.Minute))
		transport := &http.Transport{DialContext: n.DialContext}
		client := http.Client{Transport: transport, Timeout: 30 * time.Second}
		defer transport.CloseIdleConnections()
		elapsed, tries := since(), 0
		for {
			tries++
			answer, err := client.Get("http://api/x")
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				continue
			}
			body, err := io.ReadAll(answer.Body)
			must(t, err)
			answer.Body.Close()
			equal(t, "body", string(body), "ok")
			break
		}
		if elapsed() < 2*time.Minute || elapsed() > 3*time.Minute || tries != 5 {
			t.Errorf("answered after %v and %d tries", elapsed(), tries)
		}
	})
}

func TestAddresses(t *testing.T) {
	n := network(t, Config{})
	l, err := n.Listen("API:080")
	must(t, err)
	equal(t, "Addr", l.Addr().String(), "10.0.0.1:80")
	equal(t, "IP", n.Host("api").IP().String(), "10.0.0.1")
	equal(t, "Name", n.Host("Api").Name(), "api")
	equal(t, "another host", n.Host("db").IP().String(), "10.0.0.2")
	equal(t, "a literal", n.Host("10.0.0.3").IP().String(), "10.0.0.3")
	equal(t, "is not given out", n.Host("web").IP().String(), "10.0.0.4")

	for _, to := range []string{"api:80", "API:80", "10.0.0.1:80"} {
		c, err := n.Host("db").DialContext(t.Context(), "tcp", to)
		must(t, err)
		s, err := l.Accept()
		must(t, err)
		equal(t, "remote", c.RemoteAddr().String(), "10.0.0.1:80")
		equal(t, "its remote", s.RemoteAddr().String(), c.LocalAddr().String())
		equal(t, "its local", s.LocalAddr().String(), "10.0.0.1:80")
		if !strings.HasPrefix(c.LocalAddr().String(), "10.0.0.2:327") {
			t.Errorf("the client's address is %v", c.LocalAddr())
		}
	}
	free, err := n.Listen("api:0")
	must(t, err)
	if _, ok := free.Addr().(*net.TCPAddr); !ok || free.Addr().String() != "10.0.0.1:32768" {
		t.Errorf("port 0 gave %v (%T)", free.Addr(), free.Addr())
	}
	found, err := n.Host("db").LookupHost(t.Context(), "web")
	must(t, err)
	equal(t, "lookup", strings.Join(found, " "), "10.0.0.4")
}

func TestDialErrors(t *testing.T) {
	n := network(t, Config{})
	n.Host("api")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx         context.Context
		net, addr   string
		want        error
		text        string
		unknownHost bool
	}{
		{t.Context(), "tcp", "api:80", syscall.ECONNREFUSED, "dial tcp 10.0.0.1:80: connect: connection refused", false},
		{t.Context(), "tcp", "nowhere:80", nil, "dial tcp: lookup nowhere: no such host", true},
		{t.Context(), "tcp", "10.9.9.9:80", syscall.EHOSTUNREACH, "dial tcp: connect: no route to host", false},
		{t.Context(), "unix", "api:80", net.UnknownNetworkError("unix"), "dial unix: unknown network unix", false},
		{t.Context(), "tcp", "api", nil, "dial tcp: address api: missing port in address", false},
		{t.Context(), "tcp", "api:http", nil, "dial tcp: address api:http: the port is not a number from 0 to 65535", false},
		{t.Context(), "tcp", "api:65536", nil, "dial tcp: address api:65536: the port is not a number from 0 to 65535", false},
		{cancelled, "tcp", "api:80", context.Canceled, "dial tcp 10.0.0.1:80: context canceled", false},
	} {
		c, err := n.DialContext(test.ctx, test.net, test.addr)
		if c != nil || err == nil || err.Error() != test.text {
			t.Errorf("%s %s: %v, %v, want %s", test.net, test.addr, c, err, test.text)
			continue
		}
		if test.want != nil {
			fails(t, test.addr, err, "dial", test.want)
		}
		var dns *net.DNSError
		equal(t, test.addr+": a DNSError", errors.As(err, &dns) && dns.IsNotFound, test.unknownHost)
	}
}

func TestNilContext(t *testing.T) {
	n := network(t, Config{})
	var none context.Context
	panics(t, func() { _, _ = n.DialContext(none, "tcp", "api:80") }, "toxics: DialContext: nil context")
	panics(t, func() { _, _ = n.Host("client").LookupHost(none, "api") }, "toxics: LookupHost: nil context")
}

func TestListenErrors(t *testing.T) {
	n := network(t, Config{})
	l, err := n.Listen("api:80")
	must(t, err)
	_, err = n.Listen("api:80")
	fails(t, "twice", err, "listen", syscall.EADDRINUSE)
	equal(t, "text", err.Error(), "listen tcp api:80: bind: address already in use")
	_, err = n.Listen(":80")
	equal(t, "no host", fmt.Sprint(err), `listen tcp :80: a listener of a virtual network needs a host: write "api:80", not ":80"`)
	for _, host := range []string{"a b", "http://api"} {
		_, err = n.Listen("[" + host + "]:80")
		equal(t, "no name", fmt.Sprint(err), "listen tcp ["+host+`]:80: "`+host+`" is not the name of a host; write one like "api"`)
	}
	_, err = n.Listen("a b:80")
	equal(t, "a space", fmt.Sprint(err), `listen tcp a b:80: "a b" is not the name of a host; write one like "api"`)
	_, err = n.Listen("api")
	equal(t, "no port", fmt.Sprint(err), "listen tcp api: address api: missing port in address")
	panics(t, func() { n.Serve("api:80", nil) }, "toxics: Serve: listen tcp api:80: bind: address already in use")
	panics(t, func() { n.Host("api:80") }, `toxics: Host: "api:80" is not the name of a host; write one like "api", without a port`)
	panics(t, func() { n.Host("") }, `toxics: Host: "" is not the name of a host; write one like "api", without a port`)
	must(t, l.Close())
	fails(t, "closed again", l.Close(), "close", net.ErrClosed)
	_, err = n.Listen("api:80")
	must(t, err)
	_, err = NewNetwork(Config{Plan: Plan{Toxics: []Toxic{Bandwidth{}}}})
	sameError(t, "a bad plan", err, ErrInvalid)
}

func panics(t testing.TB, f func(), want string) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic:\n got %v\nwant %v", got, want)
		}
	}()
	f()
}

// A server goes away and comes back on its address; who was not accepted is reset.
func TestRestartOnTheSameAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		for range 3 {
			l, err := n.Listen("api:80")
			must(t, err)
			c, err := n.DialContext(t.Context(), "tcp", "api:80")
			must(t, err)
			waiting, err := n.DialContext(t.Context(), "tcp", "api:80")
			must(t, err)
			s, err := l.Accept()
			must(t, err)
			must(t, l.Close())
			_, err = l.Accept()
			fails(t, "accept", err, "accept", net.ErrClosed)
			_, err = waiting.Read(make([]byte, 1))
			fails(t, "who waited", err, "read", syscall.ECONNRESET)
			_, err = n.DialContext(t.Context(), "tcp", "api:80")
			fails(t, "dial", err, "dial", syscall.ECONNREFUSED)
			send(t, c, "accepted connections live on")
			equal(t, "read", readOnce(s), "accepted connections live on")
		}
	})
}

func TestDropAndCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, crash := range []bool{false, true} {
			n := network(t, Config{Plan: Plan{Toxics: []Toxic{Latency{Latency: time.Minute}}}})
			client, server := pair(t, n)
			bystander, other := func() (*Conn, *Conn) {
				l, err := n.Listen("other:1")
				must(t, err)
				c, err := n.DialContext(t.Context(), "tcp", "other:1")
				must(t, err)
				s, err := l.Accept()
				must(t, err)
				return c.(*Conn), s.(*Conn)
			}()
			elapsed := since()
			send(t, server, "in flight")
			synctest.Wait()
			want := "EOF"
			if crash {
				n.Host("server").Crash()
				want = reset
			} else {
				n.Host("server").Drop()
			}
			_, err := server.Read(make([]byte, 1))
			fails(t, "its own end", err, "read", net.ErrClosed)
			got := arrivals(client, elapsed)
			if len(got) != 2 || got[0].text != "in flight" || got[0].at < time.Minute || got[1].text != want {
				t.Errorf("the far end reads %v, want %s", got, want)
			}
			send(t, bystander, "x")
			equal(t, "others", readOnce(other), "x")
			n.Host("client").Drop()
			equal(t, "both roles", readOnce(other), "EOF")
		}
	})
}

// A connection is open until both ends know that it is not.
func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		_, err := n.Listen("api:80")
		must(t, err)
		var all []net.Conn
		for range 2 {
			c, err := n.DialContext(t.Context(), "tcp", "API:80")
			must(t, err)
			all = append(all, c)
		}
		other, err := n.Host("db").DialContext(t.Context(), "tcp", "api:80")
		must(t, err)
		open := func(when, want string) {
			t.Helper()
			synctest.Wait()
			equal(t, when, strings.Join(n.Open(), " "), want)
		}
		open("dialled", "client>api:80#1 client>api:80#2 db>api:80#1")
		must(t, all[0].Close())
		open("closed", "client>api:80#2 db>api:80#1")
		n.Apply(Partition("db", "api"))
		must(t, other.Close())
		open("closed, but the other end cannot know", "client>api:80#2 db>api:80#1")
		must(t, n.Close())
		open("the network is closed", "")
	})
}

// A host that dials itself has both ends.
func TestDropOfBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		l, err := n.Listen("client:1")
		must(t, err)
		c, err := n.DialContext(t.Context(), "tcp", "client:1")
		must(t, err)
		s, err := l.Accept()
		must(t, err)
		n.Host("client").Drop()
		n.Host("client").Crash()
		for _, end := range []net.Conn{c, s} {
			_, err := end.Read(make([]byte, 1))
			fails(t, "read", err, "read", net.ErrClosed)
		}
	})
}

// An endpoint's own reset is a reset at the other end, and comes behind what was on its
// way.
func TestAResetIsCarried(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Latency{Direction: d, Latency: time.Minute}), d)
		elapsed := since()
		send(t, from, "x")
		synctest.Wait()
		must(t, from.SetLinger(0))
		must(t, from.Close())
		arrive(t, arrivals(to, elapsed), arrival{time.Minute, "x"}, arrival{time.Minute, reset})
		_, err := to.Write([]byte("x"))
		fails(t, "write", err, "write", syscall.ECONNRESET)
	})
}

// The end of one direction closes the connection, as in toxiproxy, or does not.
func TestHalfCloseIsAChoice(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, half := range []bool{false, true} {
			n := network(t, Config{HalfClose: half})
			from, to := ends(t, n, d)
			send(t, from, "question")
			must(t, from.CloseWrite())
			equal(t, "question", readOnce(to), "question")
			equal(t, "its end", readOnce(to), "EOF")
			_, err := io.WriteString(to, "answer")
			if half {
				must(t, err)
				equal(t, "answer", readOnce(from), "answer")
				must(t, to.Close())
			} else {
				fails(t, "answer", err, "write", syscall.EPIPE)
			}
			equal(t, "end", readOnce(from), "EOF")
		}
	})
}

// Write waits for nothing by default, and for room on request.
func TestBuffers(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, test := range []struct {
			c    Config
			most int // bytes that a link and its buffers take
		}{
			{Config{}, 16 << 20},
			{Config{SendBuffer: -1}, 20 << 20},
			{Config{SendBuffer: 10_000, ReceiveBuffer: 20_000}, 200_000},
		} {
			from, to := ends(t, network(t, test.c), d)
			must(t, from.SetWriteDeadline(time.Now().Add(time.Second)))
			written, err := from.Write(make([]byte, 20<<20))
			if test.c.SendBuffer < 0 {
				must(t, err)
			} else {
				fails(t, "write", err, "write", os.ErrDeadlineExceeded)
			}
			if written < test.most/20 || written > test.most*2 {
				t.Errorf("%+v: %d bytes written, nobody reads", test.c, written)
			}
			got, err := io.ReadAll(io.LimitReader(to, int64(written)))
			must(t, err)
			equal(t, "read", len(got), written)
		}
	})
}

// Where a gate orders what happens, no Write waits for room, unless that is asked for; and
// who never stops is told so.
func TestSendBufferAtAGate(t *testing.T) {
	directed(t, Config{}, func(t *testing.T, _ *fakeloop.Loop, n *Network) {
		client, _ := pair(t, n)
		elapsed := since()
		_, err := client.Write(make([]byte, 40<<20))
		must(t, err)
		equal(t, "took", elapsed(), 0)
		client.out.set(func() { client.out.flood = 1 << 20 })
		for err == nil {
			_, err = client.Write(make([]byte, 100_000))
		}
		fails(t, "a write too many", err, "write", syscall.ENOBUFS)
		if !strings.HasSuffix(err.Error(), "bytes were written and nothing has taken them: does this write for ever, without waiting for anything? Config.SendBuffer makes Write wait") {
			t.Error(err)
		}
	})
	directed(t, Config{SendBuffer: 10_000}, func(t *testing.T, _ *fakeloop.Loop, n *Network) {
		client, _ := pair(t, n)
		must(t, client.SetWriteDeadline(time.Now().Add(time.Minute)))
		_, err := client.Write(make([]byte, 40<<20))
		fails(t, "on request", err, "write", os.ErrDeadlineExceeded)
	})
}

// Twenty clients at once, on connections of their own.
func TestConcurrentClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{Plan: Plan{Toxics: []Toxic{Latency{Latency: time.Second, Jitter: time.Second}, Slicer{Size: 100, Variation: 50}}}})
		n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
		transport := &http.Transport{DialContext: n.DialContext}
		defer transport.CloseIdleConnections()
		client := http.Client{Transport: transport}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				text := strings.Repeat(fmt.Sprint(i), 1000)
				answer, err := client.Post("http://api/", "text/plain", strings.NewReader(text))
				if err != nil {
					t.Error(err)
					return
				}
				defer answer.Body.Close()
				if got, err := io.ReadAll(answer.Body); err != nil || string(got) != text {
					t.Errorf("client %d: %d bytes, %v", i, len(got), err)
				}
			})
		}
		all.Wait()
	})
}

// When nobody is there to deliver to, a link does not hold its data for an hour more.
func TestAFailedDeliveryEndsTheLink(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		n := exact(t, Latency{Direction: d, Latency: time.Hour})
		from, to := ends(t, n, d)
		elapsed := since()
		send(t, from, "1")
		time.Sleep(30 * time.Minute)
		send(t, from, "2")
		must(t, to.CloseRead())
		time.Sleep(30*time.Minute + 1)
		synctest.Wait()
		n.mu.Lock()
		defer n.mu.Unlock()
		equal(t, "connections", len(n.conns), 0)
		equal(t, "at", elapsed(), time.Hour+1)
	})
}
