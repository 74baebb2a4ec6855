package verdicts

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/nameserver"
	"github.com/windtunnel-go/windtunnel/toxics"
	"github.com/windtunnel-go/windtunnel/toxics/tcp"
)

// pageSize is small enough for a trickle of 1 KB/s to end soon; half is where the
// stream breaks that breaks in mid-body, well behind the header, which is short.
const (
	pageSize = 200
	half     = pageSize * 6 / 10
)

// roundTrip is how long it takes to connect to the name server: long enough for
// whoever looks a name up to be waiting by then, on a busy machine too.
const roundTrip = 20 * time.Millisecond

// Page is the body that a site serves.
var Page = strings.Repeat("All happy tests are alike. ", pageSize/27+1)[:pageSize]

// The names of the site, and of one that is not there.
const (
	host    = "web.windtunnel.test."
	nowhere = "nowhere.windtunnel.test."
)

// Site is a web server and a name server on loopback, each behind a toxiproxy,
// with a fault in force, and a client for them.
type Site struct {
	URL      string        // of the page, by name
	Client   *http.Client  // looks names up with Resolver; has the fault's deadline, and connections of its own
	Resolver *net.Resolver // asks the name server, over TCP
	Dialer   *net.Dialer   // uses Resolver

	server  *http.Server
	names   *nameserver.Server
	network *tcp.Network
}

// Open starts a site under f. Close it when done.
func Open(f Fault) (s *Site, err error) {
	s = new(Site)
	defer func() {
		if err != nil {
			s, err = nil, errors.Join(err, s.Close())
		}
	}()
	if s.network, err = tcp.Listen(tcp.Config{}); err != nil {
		return s, err
	}
	upstream, err := s.serve(f.Status)
	if err != nil {
		return s, err
	}
	web, err := s.proxy("web", upstream, f.Plan, f.Refused)
	if err != nil {
		return s, err
	}
	if s.names, err = nameserver.Listen(map[string]netip.Addr{strings.TrimSuffix(host, "."): web.Addr()}); err != nil {
		return s, err
	}
	names, err := s.proxy("names", s.names.Addr(), f.Names, f.NoNames)
	if err != nil {
		return s, err
	}
	s.Resolver = nameserver.Resolver(names.String(), roundTrip)
	s.Dialer = &net.Dialer{Resolver: s.Resolver}
	s.Client = &http.Client{
		Transport: &http.Transport{DialContext: s.Dialer.DialContext},
		Timeout:   f.Deadline,
	}
	name := host
	if f.Nowhere {
		name = nowhere
	}
	s.URL = fmt.Sprintf("http://%s:%d/page", name, web.Port())
	return s, nil
}

// serve starts the web server and returns its address.
func (s *Site) serve(status int) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(Page)))
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
		w.WriteHeader(cmp.Or(status, http.StatusOK))
		_, _ = io.WriteString(w, Page) // a client that has gone is a fault of ours
	})}
	go func() { _ = s.server.Serve(listener) }() // ends with http.ErrServerClosed
	return listener.Addr().String(), nil
}

// proxy puts a toxiproxy in front of a server and returns its address.
func (s *Site) proxy(name, upstream string, plan toxics.Plan, disabled bool) (netip.AddrPort, error) {
	proxy, err := s.network.Proxy(name, upstream, plan)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if disabled {
		if err := proxy.Disable(); err != nil {
			return netip.AddrPort{}, err
		}
	}
	return netip.ParseAddrPort(proxy.Addr())
}

// Close ends the client's connections, the proxies and the servers.
func (s *Site) Close() error {
	var errs []error
	if s.Client != nil {
		s.Client.CloseIdleConnections()
	}
	if s.network != nil {
		errs = append(errs, s.network.Close())
	}
	if s.names != nil {
		errs = append(errs, s.names.Close())
	}
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	return errors.Join(errs...)
}
