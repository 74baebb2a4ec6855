package toxics

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
)

// network is a network of its own that is closed when the test's body ends.
func network(t testing.TB, c Config) *Network {
	t.Helper()
	n, err := NewNetwork(c)
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	return n
}

// newNetwork is a network that the test closes.
func newNetwork(t testing.TB, c Config) *Network {
	t.Helper()
	n, err := NewNetwork(c)
	must(t, err)
	return n
}

// exact is a network whose delays are what the plan says, to the nanosecond.
func exact(t testing.TB, list ...Toxic) *Network {
	t.Helper()
	n := network(t, Config{})
	n.exact = true
	for _, x := range list {
		n.Apply(Inject(x))
	}
	return n
}

// pair is a connection of the client to a server.
func pair(t testing.TB, n *Network) (client, server *Conn) {
	t.Helper()
	l, err := n.Listen("server:0")
	must(t, err)
	defer l.Close()
	c, err := n.DialContext(context.Background(), "tcp", l.Addr().String())
	must(t, err)
	s, err := l.Accept()
	must(t, err)
	return c.(*Conn), s.(*Conn)
}

// ends is a client and a server for a test that is about both directions: from writes
// in the direction, to reads.
func ends(t testing.TB, n *Network, d Direction) (from, to *Conn) {
	t.Helper()
	client, server := pair(t, n)
	if d == Upstream {
		return client, server
	}
	return server, client
}

var bothWays = []Direction{Downstream, Upstream}

// eachWay runs a test in a bubble for each direction.
func eachWay(t *testing.T, test func(t *testing.T, d Direction)) {
	t.Helper()
	for _, d := range bothWays {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, d) })
		})
	}
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	n, err := c.Write([]byte(text))
	must(t, err)
	equal(t, "written", n, len(text))
}
