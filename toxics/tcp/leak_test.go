package tcp

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Each case leaves a network in a state that toxiproxy would leave goroutines
// behind in. Network.Close has to end them all, and closeClean looks at once.
func TestCloseLeavesNothing(t *testing.T) {
	const hour = time.Hour
	one := func(n int) func(*testing.T, *Proxy) {
		return func(t *testing.T, p *Proxy) {
			c := dial(t, p.Addr())
			if _, err := io.ReadFull(c, make([]byte, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	send := func(t *testing.T, p *Proxy) { write(t, dial(t, p.Addr()), "hello") }
	for _, test := range []struct {
		name   string
		server func(*net.TCPConn)
		plan   toxics.Plan
		use    func(*testing.T, *Proxy)
	}{
		{"no connection", echo, plan(toxics.Latency{Latency: hour}), func(*testing.T, *Proxy) {}},
		{"not accepted yet", echo, plan(), func(t *testing.T, p *Proxy) { dial(t, p.Addr()) }},
		{"idle connection", echo, plan(), func(t *testing.T, p *Proxy) { roundTrip(t, dial(t, p.Addr()), "hello") }},
		{"in an hour of latency, down", echo, plan(toxics.Latency{Latency: hour}), send},
		{"in an hour of latency, up", echo, plan(toxics.Latency{Direction: toxics.Upstream, Latency: hour}), send},
		{"a flood into an hour of latency", flood, plan(toxics.Latency{Latency: hour}), send},
		{"in two latencies and a slicer", flood, plan(toxics.Latency{Latency: time.Millisecond}, toxics.Slicer{Size: 1, Delay: hour}, toxics.Latency{Latency: hour}), send},
		{"swallowing", flood, plan(toxics.Timeout{}), send},
		{"swallowing for an hour", flood, plan(toxics.Timeout{After: hour}), send},
		{"waiting to reset for an hour", flood, plan(toxics.ResetPeer{After: hour}), send},
		{"low bandwidth", flood, plan(toxics.Bandwidth{Rate: 1}), one(100)},
		{"slow close", say([]byte("bye")), plan(toxics.SlowClose{Delay: hour}), one(3)},
		{"a limit reached", flood, plan(toxics.LimitData{Bytes: 100}), one(100)},
		{"cut", flood, plan(toxics.Cut{After: 100}), one(100)},
		{"reset", answer(pattern(1 << 20)), plan(toxics.Cut{After: 100, Reset: true}), func(t *testing.T, p *Proxy) {
			c := dial(t, p.Addr())
			write(t, c, "?")
			if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}},
		{"a reset held up by a reader", flood, plan(toxics.Cut{After: 300 << 10, Reset: true}), one(1)},
		{"a reader that does not read", flood, plan(), one(1)},
		{"a reader gone", flood, plan(), func(t *testing.T, p *Proxy) {
			c := dial(t, p.Addr())
			one(1)(t, p)
			c.Close()
		}},
		{"a reader gone with RST, data in latency", flood, plan(toxics.Latency{Latency: 5 * time.Millisecond}), func(t *testing.T, p *Proxy) {
			c := dial(t, p.Addr())
			io.ReadFull(c, make([]byte, 1))
			c.SetLinger(0)
			c.Close()
		}},
		{"the server gone with RST", func(c *net.TCPConn) { c.Read(make([]byte, 1)); c.SetLinger(0) }, plan(toxics.Latency{Latency: hour}), send},
		{"cut off", flood, faults(toxics.Partition("client", "server")), send},
		{"cut off and latency", flood, faults(toxics.Inject(toxics.Latency{Latency: hour}), toxics.Partition("client", "server").For(hour)), send},
		{"cut off at its end", say([]byte("bye")), faults(toxics.Partition("client", "server")), send},
		{"toxics of faults", flood, faults(toxics.Inject(toxics.Latency{Latency: hour}).For(hour), toxics.Inject(toxics.Bandwidth{Rate: 1}), toxics.Inject(toxics.ResetPeer{After: hour, Direction: toxics.Upstream}), toxics.Inject(toxics.Slicer{Size: 1, Delay: hour}).From(hour)), send},
		{"refusing", echo, faults(toxics.Inject(toxics.Refuse{}).From(time.Nanosecond).For(hour)), func(*testing.T, *Proxy) {}},
		{"a schedule that is due all the time", flood, faults(restless()...), func(t *testing.T, p *Proxy) {
			if c, err := net.Dial("tcp", p.Addr()); err == nil {
				t.Cleanup(func() { c.Close() })
			}
		}},
		{"disabled", flood, plan(toxics.Latency{Latency: time.Millisecond}), func(t *testing.T, p *Proxy) {
			one(1)(t, p)
			must(t, p.Disable())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := network(t)
			p := proxy(t, n, serve(t, test.server), test.plan)
			test.use(t, p)
			closeClean(t, n)
		})
	}
}

func faults(list ...toxics.Fault) toxics.Plan { return toxics.Plan{Faults: list} }

// restless are faults that come and go for as long as the test may take.
func restless() (list []toxics.Fault) {
	for i := range 50 {
		at := time.Duration(i) * 100 * time.Microsecond
		list = append(list,
			toxics.Inject(toxics.Latency{Latency: time.Millisecond}).From(at).For(time.Millisecond),
			toxics.Inject(toxics.Refuse{}).From(at).For(50*time.Microsecond),
			toxics.Partition("client", "server").From(at).For(50*time.Microsecond))
	}
	return list
}

func TestCloseWhileBusy(t *testing.T) {
	const conns = 20
	for range scaled(t, 500, 10) {
		n := network(t)
		p := proxy(t, n, serve(t, burst), plan(
			toxics.Latency{Latency: time.Millisecond, Jitter: time.Millisecond},
			toxics.Slicer{Size: 4 << 10, Variation: 1 << 10, Delay: time.Millisecond},
			toxics.Bandwidth{Direction: toxics.Upstream, Rate: 1},
		))
		var busy, all sync.WaitGroup
		for range conns {
			c := dial(t, p.Addr())
			busy.Add(1)
			all.Go(func() { c.Write(make([]byte, 512<<10)) })
			all.Go(func() {
				io.ReadFull(c, make([]byte, 1))
				busy.Done()
				io.Copy(io.Discard, c)
			})
		}
		busy.Wait() // data is on its way in all of them
		closeClean(t, n)
		all.Wait()
	}
}

// A connection whose peer went away ends by itself, long before Close: toxiproxy
// leaves two goroutines and more for each of these.
func TestDeadConnectionsEnd(t *testing.T) {
	for _, linger := range []int{0, -1} {
		n := network(t)
		p := proxy(t, n, serve(t, burst), plan(toxics.Latency{Latency: 2 * time.Millisecond}))
		for range 20 {
			c := dial(t, p.Addr())
			io.ReadFull(c, make([]byte, 1))
			c.SetLinger(linger)
			c.Close()
		}
		eventually(t, "only the accept loop is left", func() bool { return len(engineGoroutines()) == 1 })
		closeClean(t, n)
	}
}
