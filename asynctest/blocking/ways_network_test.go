package blocking

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"sync"
)

// waysToTheNetwork: sockets of every family, and what is built on them.
var waysToTheNetwork = []way{
	{name: "TCP read", kind: Park, on: Network, reason: "network", many: true, live: liveOf("conn read")},
	{name: "TCP read, data ready", kind: Syscall, on: Network, many: true, live: func(s *stage) {
		near, far := connected()
		s.later(func() { near.Close(); far.Close() })
		far.Write([]byte{1})
		s.do(func() {
			s.at = below(1)
			near.Read(make([]byte, 1))
		})
	}},
	{name: "TCP write", kind: Syscall, on: Network, many: true, live: func(s *stage) {
		near, far := connected()
		s.later(func() { near.Close(); far.Close() })
		s.do(func() {
			s.at = below(1)
			near.Write([]byte{1})
		})
	}},
	{name: "TCP write, peer does not read", kind: Park, on: Network, reason: "network", many: true, live: func(s *stage) {
		near, far := connected()
		s.later(func() { near.Close(); far.Close() })
		s.do(func() {
			s.park("IO wait", func() { near.Close() })
			s.at = below(1)
			near.Write(make([]byte, 32<<20))
		})
	}},
	{name: "TCP close", kind: Syscall, on: Network, many: true, live: func(s *stage) {
		near, far := connected()
		s.later(func() { far.Close() })
		s.do(func() {
			s.at = below(1)
			near.Close()
		})
	}},
	{name: "dial", kind: Syscall, on: Network, many: true, live: func(s *stage) {
		ln := listen("tcp", "127.0.0.1:0")
		var c net.Conn
		s.later(func() { c.Close(); ln.Close() })
		s.do(func() {
			s.at = below(1)
			c, _ = net.Dial("tcp", ln.Addr().String())
		})
	}},
	{name: "listen", kind: Syscall, on: Network, many: true, also: []Resource{Disk}, live: func(s *stage) {
		var ln net.Listener
		s.later(func() { ln.Close() })
		s.do(func() {
			s.at = below(1)
			ln, _ = net.Listen("tcp", "127.0.0.1:0")
		})
	}},
	{name: "accept", kind: Park, on: Network, reason: "network", many: true, live: func(s *stage) {
		ln := listen("tcp", "127.0.0.1:0")
		s.later(func() { ln.Close() })
		s.do(func() {
			s.park("IO wait", func() { ln.Close() })
			s.at = below(1)
			ln.Accept()
		})
	}},
	{name: "UDP read", kind: Park, on: Network, reason: "network", many: true, live: func(s *stage) {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		s.do(func() {
			s.park("IO wait", func() { pc.Close() })
			s.at = below(1)
			pc.ReadFrom(make([]byte, 1))
		})
	}},
	{name: "net.Pipe read", kind: Park, on: Network, reason: "select", many: true, live: func(s *stage) {
		near, far := net.Pipe()
		s.do(func() {
			s.park("select", func() { far.Write([]byte{1}) })
			s.at = below(1)
			near.Read(make([]byte, 1))
		})
	}},
	{name: "TLS handshake", kind: Park, on: Network, reason: "network", many: true, live: func(s *stage) {
		near, far := connected()
		s.later(func() { near.Close(); far.Close() })
		client := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
		s.do(func() {
			s.park("IO wait", func() { tls.Server(far, serverConfig()).Handshake() })
			s.at = below(1)
			client.Handshake()
		})
	}},
	{name: "http request", kind: Park, on: Network, reason: "select", many: true, live: liveOf("http get")},
	{name: "DNS, Go's resolver", kind: Park, on: DNS, many: true, live: liveOf("lookup")},
}

// serverConfig has a certificate of package httptest.
var serverConfig = sync.OnceValue(func() *tls.Config {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return &tls.Config{Certificates: srv.TLS.Certificates}
})

func listen(network, address string) net.Listener {
	ln, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	return ln
}
