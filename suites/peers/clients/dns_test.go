package clients_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestDNS(t *testing.T) {
	perform(t, "miekg/dns",
		scene{name: "exchanges", shows: "questions on one connection, one for a name that there is not", play: dnsExchanges},
		scene{name: "20 clients", shows: "clients with a connection each", play: dnsCrowd},
		scene{name: "default timeouts", shows: "with two seconds each way the client gives up after two, and the server has closed before the question comes", play: dnsDefaults},
		scene{name: "black hole", shows: "ReadTimeout ends an exchange", play: dnsBlackHole},
		scene{name: "server gone", shows: "crash, refused dials, and back on its address", play: dnsServerGone},
		scene{name: "net.Resolver", shows: "the resolver of package net asks the server for A and AAAA", chance: true,
			varies: "the questions for A and AAAA go out at once, over two dials that nothing tells apart: LookupNetIP for \"ip4\" or \"ip6\" asks one",
			play:   func(s *stage) { dnsResolver(s, "ip") }},
		scene{name: "net.Resolver, A only", shows: "the same with LookupNetIP for ip4", play: func(s *stage) { dnsResolver(s, "ip4") }},
		scene{name: "an hour each way", shows: "with Timeout and IdleTimeout raised, nothing times out", away: time.Hour, play: dnsHour},
	)
}

// dnsServe answers questions for A at dns:53, until it is stopped.
func dnsServe(s *stage, timeout time.Duration) (stop func()) {
	server := &dns.Server{
		Listener: s.listen("dns:53"), ReadTimeout: timeout, WriteTimeout: timeout,
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			s.note("the server: %s %s", dns.TypeToString[q.Question[0].Qtype], q.Question[0].Name)
			answer := new(dns.Msg)
			answer.SetReply(q)
			switch name := q.Question[0].Name; {
			case name == "nowhere.test.":
				answer.Rcode = dns.RcodeNameError
			case q.Question[0].Qtype == dns.TypeA:
				answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)}}
			}
			_ = w.WriteMsg(answer)
		}),
	}
	if timeout != 0 {
		server.IdleTimeout = func() time.Duration { return 4 * timeout }
	}
	started, done := make(chan struct{}), make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() {
		defer close(done)
		_ = server.ActivateAndServe()
	}()
	<-started
	return func() {
		s.atRest(func() { _ = server.Shutdown() })
		<-done
	}
}

// dnsDial makes a connection to the server. A dns.Client dials with a net.Dialer only, so
// that a network in memory is dialled ahead of it.
func dnsDial(s *stage) (*dns.Conn, error) {
	c, err := s.dial(s.Context(), "tcp", "dns:53")
	if err != nil {
		return nil, err
	}
	return &dns.Conn{Conn: c}, nil
}

// resolve asks for the address of a name, and puts the answer into one line.
func resolve(client *dns.Client, c *dns.Conn, name string) (string, error) {
	answer, _, err := client.ExchangeWithConn(new(dns.Msg).SetQuestion(name, dns.TypeA), c)
	if err != nil {
		return "", err
	}
	text := dns.RcodeToString[answer.Rcode]
	for _, r := range answer.Answer {
		text += " " + r.(*dns.A).A.String()
	}
	return text, nil
}

func dnsExchanges(s *stage) {
	defer dnsServe(s, 10*time.Second)()
	client := &dns.Client{Net: "tcp", Timeout: 10 * time.Second}
	c, err := dnsDial(s)
	s.must(err)
	for _, test := range []struct{ name, want string }{
		{"api.test.", "NOERROR 192.0.2.1"}, {"nowhere.test.", "NXDOMAIN"}, {"db.test.", "NOERROR 192.0.2.1"},
	} {
		s.takes("an exchange", 4*time.Second, func() {
			got, err := resolve(client, c, test.name)
			s.must(err)
			s.equal(test.name, got, test.want)
			s.note("%s", got)
		})
	}
	s.must(c.Close())
}

func dnsCrowd(s *stage) {
	defer dnsServe(s, 10*time.Second)()
	client := &dns.Client{Net: "tcp", Timeout: 10 * time.Second}
	s.together(20, func(i int) string { return fmt.Sprintf("client %02d", i) }, func(i int) {
		c, err := dnsDial(s)
		if err != nil {
			s.t.Error(err)
			return
		}
		defer c.Close()
		got, err := resolve(client, c, fmt.Sprintf("host%02d.test.", i))
		s.note("client %02d: %s %v", i, got, err)
		s.equal("the answer", got, "NOERROR 192.0.2.1")
	})
}

func dnsDefaults(s *stage) {
	defer dnsServe(s, 0)()
	c, err := dnsDial(s)
	s.must(err)
	s.takes("an exchange", 2*time.Second, func() {
		_, err := resolve(&dns.Client{Net: "tcp"}, c, "api.test.")
		s.fails("the client's timeout", err, os.ErrDeadlineExceeded)
		s.note("%v", err)
	})
	s.must(c.Close())
	c, err = dnsDial(s)
	s.must(err)
	s.takes("an exchange", 2*time.Second, func() {
		_, err := resolve(&dns.Client{Net: "tcp", Timeout: time.Minute}, c, "api.test.")
		s.fails("the server's timeout", err, io.EOF)
		s.note("%v", err)
	})
	s.must(c.Close())
}

func dnsBlackHole(s *stage) {
	defer dnsServe(s, 10*time.Second)()
	c, err := dnsDial(s)
	s.must(err)
	s.Net.Apply(toxics.Partition("client", "dns").For(time.Minute))
	s.takes("an exchange", 5*time.Second, func() {
		_, err := resolve(&dns.Client{Net: "tcp", ReadTimeout: 5 * time.Second}, c, "api.test.")
		s.fails("the exchange", err, os.ErrDeadlineExceeded)
		s.note("%v", err)
	})
	s.must(c.Close())
	time.Sleep(time.Minute) // until the server hears of it
}

func dnsServerGone(s *stage) {
	stop := dnsServe(s, 10*time.Second)
	client := &dns.Client{Net: "tcp", Timeout: 10 * time.Second}
	c, err := dnsDial(s)
	s.must(err)
	time.AfterFunc(time.Second, func() {
		s.Net.Host("dns").Crash()
		stop()
	})
	_, err = resolve(client, c, "api.test.")
	s.note("in flight: %v", err)
	s.fails("in flight", err, syscall.ECONNRESET)
	s.must(c.Close())
	time.Sleep(time.Second)
	_, err = dnsDial(s)
	s.fails("gone", err, syscall.ECONNREFUSED)
	defer dnsServe(s, 10*time.Second)()
	c, err = dnsDial(s)
	s.must(err)
	got, err := resolve(client, c, "api.test.")
	s.must(err)
	s.note("back: %s", got)
	s.must(c.Close())
}

func dnsResolver(s *stage, network string) {
	defer dnsServe(s, 10*time.Second)()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.dial(ctx, network, "dns:53") // whatever server the machine's own configuration names
	}}
	found, err := resolver.LookupNetIP(s.Context(), network, "api.test.")
	s.must(err)
	s.note("%v", found)
	s.equal("found", fmt.Sprint(found), "[192.0.2.1]")
	_, err = resolver.LookupNetIP(s.Context(), network, "nowhere.test.")
	var dnsError *net.DNSError
	s.equal("not found", errors.As(err, &dnsError) && dnsError.IsNotFound, true)
}

func dnsHour(s *stage) {
	defer dnsServe(s, 3*time.Hour)()
	client := &dns.Client{Net: "tcp", Timeout: 3 * time.Hour}
	c, err := dnsDial(s)
	s.must(err)
	for range 2 {
		s.takes("an exchange", 2*time.Hour, func() {
			got, err := resolve(client, c, "api.test.")
			s.must(err)
			s.note("%s", got)
		})
	}
	s.must(c.Close())
}
