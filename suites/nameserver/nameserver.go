// Package nameserver is a DNS server on loopback for the suites, and a resolver
// that asks it.
//
// Tornado's guide names DNS as the classic way to be asynchronous in some
// respects only: a client may do everything else without blocking and still look
// names up with a blocking resolver. To judge that, lookups must be real, and
// must be delayed and broken like any other traffic: so the server speaks DNS
// over TCP, where a toxiproxy can stand in front of it.
package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Server answers for a fixed set of names and denies that any other exists.
type Server struct {
	server *dns.Server
	addr   string
	ended  chan error
}

// Listen starts a server on 127.0.0.1, on a port that the kernel chooses. Names
// are given without the final dot. Close it when done.
func Listen(records map[string]netip.Addr) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("nameserver: %w", err)
	}
	return Serve(listener, records)
}

// Serve starts a server on a listener of any kind, which it closes.
func Serve(listener net.Listener, records map[string]netip.Addr) (*Server, error) {
	started := make(chan struct{})
	s := &Server{addr: listener.Addr().String(), ended: make(chan error, 1)}
	s.server = &dns.Server{
		Listener:          listener,
		Handler:           answers(records),
		NotifyStartedFunc: func() { close(started) },
	}
	go func() { s.ended <- s.server.ActivateAndServe() }()
	select {
	case <-started:
		return s, nil
	case err := <-s.ended:
		return nil, fmt.Errorf("nameserver: %w", errors.Join(err, listener.Close()))
	}
}

// Addr returns the address of the server's listener, "127.0.0.1:port" of that of Listen.
func (s *Server) Addr() string { return s.addr }

// Close ends the server and returns when it has ended.
func (s *Server) Close() error { return errors.Join(s.server.Shutdown(), <-s.ended) }

// answers returns the handler for a set of records.
func answers(records map[string]netip.Addr) dns.HandlerFunc {
	return func(w dns.ResponseWriter, question *dns.Msg) {
		reply := new(dns.Msg).SetReply(question)
		for _, q := range question.Question {
			addr, known := records[strings.TrimSuffix(dns.CanonicalName(q.Name), ".")]
			if !known {
				reply.Rcode = dns.RcodeNameError
				continue
			}
			if q.Qtype == dns.TypeA && addr.Is4() {
				reply.Answer = append(reply.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1},
					A:   addr.AsSlice(),
				})
			}
		}
		_ = w.WriteMsg(reply) // a client that has gone asked for nothing
	}
}

// Resolver returns a resolver that sends every question to the server at addr,
// over TCP. Like every resolver of package net it looks at the hosts file first,
// which should not know the names asked for.
//
// To connect takes it a round trip. On loopback a lookup could be over before its
// caller comes to wait for it, and a wait that is none cannot be seen; between
// machines that does not happen.
func Resolver(addr string, roundTrip time.Duration) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-time.After(roundTrip):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			var dialer net.Dialer
			return dialer.DialContext(ctx, "tcp", addr)
		},
	}
}
