package tcp

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	wantIs(t, err, syscall.ECONNREFUSED)
}

func TestDisableAndEnable(t *testing.T) {
	p := proxy(t, network(t), serve(t, echo), plan())
	addr := p.Addr()
	for range scaled(t, 1000, 10) {
		c := dial(t, addr)
		roundTrip(t, c, "hello")

		must(t, p.Disable())
		must(t, p.Disable())
		if got, err := readAll(c); len(got) != 0 || err != nil {
			t.Fatalf("a live connection read %q, %v; want the end", got, err)
		}
		refused(t, addr)

		must(t, p.Enable())
		must(t, p.Enable())
		if p.Addr() != addr {
			t.Fatalf("the address was %s and is %s", addr, p.Addr())
		}
	}
	roundTrip(t, dial(t, addr), "hello")
}

func TestDisableRefusesHTTP(t *testing.T) {
	w := newWeb(t, []byte("hello"), plan())
	w.wantOK([]byte("hello"))
	must(t, w.proxy.Disable())
	w.client.CloseIdleConnections() // a pooled connection would fail in its own way
	_, err := w.get()
	wantIs(t, err, syscall.ECONNREFUSED)
	must(t, w.proxy.Enable())
	w.wantOK([]byte("hello"))
}

func TestApply(t *testing.T) {
	p := proxy(t, network(t), serve(t, echo), plan())
	old := dial(t, p.Addr())
	roundTrip(t, old, "hello")

	must(t, p.Apply(plan(toxics.Cut{After: 3})))
	if got, err := readAll(old); len(got) != 0 || err != nil {
		t.Fatalf("a connection of the old plan read %q, %v; want the end", got, err)
	}
	c := dial(t, p.Addr())
	write(t, c, "hello")
	if got, err := readAll(c); string(got) != "hel" || err != nil {
		t.Fatalf("under the new plan: %q, %v", got, err)
	}

	wantIs(t, p.Apply(plan(toxics.Bandwidth{})), toxics.ErrInvalid)
	c = dial(t, p.Addr())
	write(t, c, "hello")
	if got, err := readAll(c); string(got) != "hel" || err != nil {
		t.Fatalf("after an invalid plan: %q, %v; want the plan before it", got, err)
	}

	must(t, p.Disable())
	must(t, p.Apply(plan()))
	refused(t, p.Addr())
	must(t, p.Enable())
	roundTrip(t, dial(t, p.Addr()), "hello")
}

func TestApplyDoesNotRefuseDials(t *testing.T) {
	// As many dials beside each Apply: what was dialed is held until the next, so that a
	// dialer without a bound could run out of descriptors.
	const dials = 16
	p := proxy(t, network(t), serve(t, echo), plan())
	rounds := scaled(t, 5000, 100)
	due := make(chan struct{}, dials)
	var dialer sync.WaitGroup
	dialer.Go(func() {
		for range due {
			c, err := net.Dial("tcp", p.Addr())
			if err != nil {
				t.Error(err)
				continue
			}
			c.Close()
		}
	})
	for range rounds {
		for range dials {
			due <- struct{}{}
		}
		must(t, p.Apply(plan(toxics.Latency{Latency: time.Hour})))
	}
	close(due)
	dialer.Wait()
}

// In toxiproxy, taking a toxic out while peers reset with data in flight
// deadlocks the control plane (issue 558), in one of the first rounds.
func TestApplyWhilePeersReset(t *testing.T) {
	const conns = 10
	p := proxy(t, network(t), serve(t, burst), plan())
	for range scaled(t, 400, 40) {
		must(t, p.Apply(plan(toxics.Latency{Latency: 20 * time.Millisecond})))
		var clients []*net.TCPConn
		for range conns {
			clients = append(clients, dial(t, p.Addr()))
		}
		var peers sync.WaitGroup
		for _, c := range clients {
			if _, err := io.ReadFull(c, make([]byte, 1<<10)); err != nil {
				t.Fatal(err)
			}
			peers.Go(func() {
				c.SetLinger(0)
				c.Close()
			})
		}
		must(t, p.Apply(plan()))
		peers.Wait()
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	n := network(t)
	p := proxy(t, n, serve(t, echo), plan())
	roundTrip(t, dial(t, p.Addr()), "hello")
	for range 2 {
		must(t, p.Close())
	}
	refused(t, p.Addr())
	again, err := n.Proxy("server", "127.0.0.1:1", plan()) // the name is free again
	must(t, err)

	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { closeClean(t, n) })
	}
	all.Wait()
	refused(t, again.Addr())
}

func TestTwoNetworks(t *testing.T) {
	addr := serve(t, echo)
	const conns = 10
	var all sync.WaitGroup
	var networks [2]*Network
	var proxies [2]*Proxy
	for i := range networks {
		var err error
		networks[i], err = Listen(Config{})
		must(t, err)
		defer networks[i].Close()
		proxies[i] = proxy(t, networks[i], addr, plan(toxics.Latency{Latency: time.Millisecond}, toxics.Bandwidth{Rate: 10_000}))
		for range conns {
			c := dial(t, proxies[i].Addr())
			all.Go(func() {
				for j := range 20 {
					text := fmt.Sprintf("message %d from %v", j, c.LocalAddr())
					got := make([]byte, len(text))
					io.WriteString(c, text)
					if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
						t.Errorf("echo of %q is %q, %v", text, got, err)
						return
					}
				}
			})
		}
	}
	all.Wait()
	must(t, networks[0].Close())
	refused(t, proxies[0].Addr())
	roundTrip(t, dial(t, proxies[1].Addr()), "the other one goes on")
	closeClean(t, networks[1])
}

func TestConcurrentControl(t *testing.T) {
	n := network(t)
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	p := proxy(t, n, s.Listener.Addr().String(), plan())
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			client := http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for j := range 10 {
				switch (i + j) % 3 {
				case 0:
					report(t, p.Disable())
				case 1:
					report(t, p.Enable())
				case 2:
					report(t, p.Apply(plan(toxics.Slicer{Size: 3})))
				}
				// Refused, cut off or answered: all are right.
				if answer, err := client.Get("http://" + p.Addr()); err == nil {
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
			}
		})
	}
	all.Wait()
}

func report(t *testing.T, err error) {
	if err != nil {
		t.Error(err)
	}
}

// Who listens, or dials where nobody does, while the network is being closed gets an error, and
// nothing is left of it.
func TestNamesWhileClosing(t *testing.T) {
	n := network(t)
	must(t, n.names.close()) // the last thing that Close does
	_, err := n.Listen("api:80")
	wantIs(t, err, ErrClosed)
	_, err = n.DialContext(t.Context(), "tcp", "api:80")
	wantIs(t, err, ErrClosed)
	if n.names.nowhere != nil {
		t.Error("an address is kept at which nobody listens")
	}
}

// refuseOne has the first connection accepted later.
type refuseOne struct{ asked int }

func (r *refuseOne) Fault(p fakeloop.FaultPoint) *fakeloop.Fault {
	if p.Name != "accept api:80" {
		return nil
	}
	if r.asked++; r.asked == 1 {
		return p.Fault(1)
	}
	return nil
}

// A connection that was to be accepted later is not, once the listener is closed.
func TestAcceptAfterClose(t *testing.T) {
	points := new(refuseOne)
	n, err := Listen(Config{Faults: points})
	must(t, err)
	defer closeClean(t, n)
	l, err := n.Listen("api:80")
	must(t, err)
	c, err := n.DialContext(t.Context(), "tcp", "api:80")
	must(t, err)
	defer c.Close()
	_, err = l.Accept()
	wantIs(t, err, syscall.EMFILE)
	must(t, l.Close())
	_, err = l.Accept()
	wantIs(t, err, net.ErrClosed)
	if points.asked != 1 {
		t.Errorf("%d connections were accepted, want 1", points.asked)
	}
}
