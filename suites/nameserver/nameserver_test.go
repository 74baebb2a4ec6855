package nameserver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/nameserver"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func listen(t *testing.T) *nameserver.Server {
	t.Helper()
	s, err := nameserver.Listen(map[string]netip.Addr{"web.windtunnel.test": loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestKnownName(t *testing.T) {
	resolver := nameserver.Resolver(listen(t).Addr(), 0)
	for _, name := range []string{"web.windtunnel.test", "web.windtunnel.test.", "WEB.windtunnel.test."} {
		addrs, err := resolver.LookupNetIP(context.Background(), "ip", name)
		if err != nil || len(addrs) != 1 || addrs[0].Unmap() != loopback {
			t.Errorf("%s: got %v, %v", name, addrs, err)
		}
	}
}

func TestUnknownName(t *testing.T) {
	resolver := nameserver.Resolver(listen(t).Addr(), 0)
	_, err := resolver.LookupHost(context.Background(), "nowhere.windtunnel.test.")
	var dnsErr *net.DNSError
	if !errors.As(err, &dnsErr) || !dnsErr.IsNotFound {
		t.Errorf("got %v, want a *net.DNSError that says not found", err)
	}
}

// When nobody listens, package net keeps the text of the dial's error and not its
// identity: what can be found is the *net.DNSError.
func TestRefused(t *testing.T) {
	resolver := nameserver.Resolver("127.0.0.1:1", 0) // a port nobody uses
	_, err := resolver.LookupHost(context.Background(), "web.windtunnel.test.")
	var dnsErr *net.DNSError
	if !errors.As(err, &dnsErr) || dnsErr.IsNotFound || errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want a *net.DNSError that says neither not found nor ECONNREFUSED", err)
	}
}

// To connect takes a round trip, unless the context ends first.
func TestRoundTrip(t *testing.T) {
	resolver := nameserver.Resolver(listen(t).Addr(), 20*time.Millisecond)
	began := time.Now()
	if _, err := resolver.LookupHost(context.Background(), "web.windtunnel.test."); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("the lookup took %v", took)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := nameserver.Resolver("127.0.0.1:1", time.Hour).LookupHost(ctx, "web.windtunnel.test."); err == nil {
		t.Error("a lookup with a dead context succeeded")
	}
}
