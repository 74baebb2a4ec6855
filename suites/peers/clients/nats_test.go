package clients_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestNATS(t *testing.T) {
	perform(t, "nats.go",
		scene{name: "requests", play: natsRequests,
			shows: "requests to a worker, an hour idle with pings, a request that nobody answers"},
		scene{name: "reconnect", play: natsReconnect,
			shows: "a cut connection, the server gone and back, and the subscription with it"},
		scene{name: "reconnect, defaults", play: natsDefaults,
			shows: "the same with all defaults of client and server",
			varies: "the pause before the client dials again has a jitter from math/rand, the server's first ping one from math/rand/v2: " +
				"ReconnectJitter(0, 0); DisableShortFirstPing, and a PingInterval that is longer than the test"},
		scene{name: "black hole", play: natsBlackHole,
			shows: "a connection found dead by its pings, and reconnecting once there is a way"},
		scene{name: "in process", play: natsInProcess,
			shows: "client and server joined by a pipe, without a network"},
		scene{name: "an hour each way", away: time.Hour, play: natsHour,
			shows: "requests, with pings once in a hundred hours"},
	)
}

// natsServer starts the server. What it does at random is off: when it sends a first
// ping. So is the system account, whose statistics are of the real machine.
func natsServer(s *stage) *natsd.Server {
	return startNATS(s, &natsd.Options{DisableShortFirstPing: true, PingInterval: 1000 * time.Hour, NoSystemAccount: true})
}

func startNATS(s *stage, o *natsd.Options) *natsd.Server {
	o.DontListen, o.NoSigs, o.NoLog, o.ServerName = true, true, true, "nats"
	server, err := natsd.NewServer(o)
	s.must(err)
	server.Start()
	s.equal("ready", server.ReadyForConnections(time.Minute), true)
	return server
}

// serveNATS puts a server on the network; the function that it returns shuts it down.
func serveNATS(s *stage, server *natsd.Server) (end func()) {
	end, err := servers.NATS(s.Net, server)
	s.must(err)
	return end
}

// natsDialer dials on the network.
type natsDialer struct{ s *stage }

func (d natsDialer) Dial(network, address string) (net.Conn, error) {
	return d.s.dial(context.Background(), network, address)
}

// natsConnect connects, with time for the handshake, and without what is random.
func natsConnect(s *stage, options ...nats.Option) *nats.Conn {
	return dialNATS(s, append([]nats.Option{nats.ReconnectJitter(0, 0)}, options...)...)
}

func dialNATS(s *stage, options ...nats.Option) *nats.Conn {
	c, err := nats.Connect("nats://nats:4222", append([]nats.Option{
		nats.SetCustomDialer(natsDialer{s}), nats.SkipHostLookup(), nats.Timeout(20 * time.Second),
	}, options...)...)
	s.must(err)
	return c
}

func natsRequests(s *stage) {
	end := serveNATS(s, natsServer(s))
	worker, c := natsConnect(s), natsConnect(s)
	_, err := worker.Subscribe("jobs", func(m *nats.Msg) { s.fails("responding", m.Respond(append([]byte("done: "), m.Data...)), nil) })
	s.must(err)
	s.must(worker.Flush())
	ask := func(text string) {
		s.takes("a request, by way of the server", 8*time.Second, func() {
			m, err := c.Request("jobs", []byte(text), time.Minute)
			s.must(err)
			s.equal("the answer", string(m.Data), "done: "+text)
		})
	}
	for i := range 3 {
		ask(fmt.Sprint(i))
	}
	time.Sleep(time.Hour)
	ask("after an hour")
	_, err = c.Request("nobody", nil, time.Minute)
	s.fails("nobody listens", err, nats.ErrNoResponders)
	_, err = worker.Subscribe("slow", func(*nats.Msg) {})
	s.must(err)
	s.must(worker.Flush())
	s.takes("no answer", time.Minute, func() {
		_, err = c.Request("slow", nil, time.Minute)
		s.fails("no answer", err, nats.ErrTimeout)
	})
	c.Close()
	worker.Close()
	s.must(s.Settle())
	end()
}

func natsReconnect(s *stage) {
	natsTour(s, natsServer, func(options ...nats.Option) *nats.Conn { return natsConnect(s, options...) })
}

func natsDefaults(s *stage) {
	natsTour(s, func(s *stage) *natsd.Server { return startNATS(s, &natsd.Options{}) },
		func(options ...nats.Option) *nats.Conn { return dialNATS(s, options...) })
}

func natsTour(s *stage, start func(*stage) *natsd.Server, connect func(...nats.Option) *nats.Conn) {
	end := serveNATS(s, start(s))
	again := make(chan struct{}, 1)
	heard := make(chan string, 10)
	c := connect(
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { s.note("disconnected: %v", err) }),
		nats.ReconnectHandler(func(*nats.Conn) {
			s.note("connected again")
			again <- struct{}{}
		}),
	)
	_, err := c.Subscribe("news", func(m *nats.Msg) { heard <- string(m.Data) })
	s.must(err)
	say := func(text string) {
		s.must(c.Publish("news", []byte(text)))
		s.equal("heard", <-heard, text)
		s.note("heard: %s", text)
	}
	say("one")

	// Until it is connected again the client holds a mutex, and whoever calls one of its
	// methods meanwhile keeps time from passing.
	s.Net.Host("nats").Drop()
	<-again
	say("two")

	end()
	time.Sleep(11 * time.Second) // and not a multiple of two, the pause before it dials again
	end = serveNATS(s, start(s))
	<-again
	say("three")

	c.Close()
	s.must(s.Settle())
	end()
}

func natsBlackHole(s *stage) {
	end := serveNATS(s, natsServer(s))
	lost, again := make(chan error, 1), make(chan struct{}, 1)
	c := natsConnect(s, nats.PingInterval(20*time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { lost <- err }),
		nats.ReconnectHandler(func(*nats.Conn) { again <- struct{}{} }))
	hole := s.Net.Apply(toxics.Inject(toxics.Timeout{}))
	s.fails("no pong", <-lost, nats.ErrStaleConnection)
	s.note("stale")
	time.Sleep(2 * time.Minute)
	hole.Lift()
	<-again
	s.note("connected again")
	s.takes("there and back", 4*time.Second, func() { s.must(c.Flush()) })
	c.Close()
	s.must(s.Settle())
	end()
}

func natsInProcess(s *stage) {
	server := natsServer(s)
	c, err := nats.Connect("", nats.InProcessServer(server))
	s.must(err)
	_, err = c.Subscribe("jobs", func(m *nats.Msg) { s.fails("responding", m.Respond(m.Data), nil) })
	s.must(err)
	for range 2 {
		m, err := c.Request("jobs", []byte("job"), time.Minute)
		s.must(err)
		s.note("%s", m.Data)
		time.Sleep(time.Hour)
	}
	c.Close()
	server.Shutdown()
	server.WaitForShutdown()
}

func natsHour(s *stage) {
	end := serveNATS(s, natsServer(s))
	c := natsConnect(s, nats.Timeout(10*time.Hour), nats.PingInterval(100*time.Hour))
	_, err := c.Subscribe("jobs", func(m *nats.Msg) { s.fails("responding", m.Respond(m.Data), nil) })
	s.must(err)
	s.takes("a request to itself", 4*time.Hour, func() {
		m, err := c.Request("jobs", []byte("job"), 10*time.Hour)
		s.must(err)
		s.note("%s", m.Data)
	})
	c.Close()
	time.Sleep(2 * time.Hour)
	end()
}
