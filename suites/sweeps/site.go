package sweeps

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/nameserver"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

// patience is how long a client waits for a page: less than what is slow takes, and what
// is lost.
const patience = 30 * time.Second

// The addresses of the site on the network of a tunnel. A name server knows the name that
// the tunnel's network does not.
const (
	web   = "web:80"
	names = "names:53"
	name  = "page.windtunnel.test."
)

// site is where the page is served.
type site struct {
	loop    *fakeloop.Loop
	network asynctest.Network
	ctx     context.Context // with which all ends
}

// open serves the page, and returns what a subject works with there.
func (s site) open(dir string, told func(string, error)) *verdicts.Run {
	s.serve()
	client := &http.Client{
		Timeout: patience,
		// One connection is kept for each page of a subject that fetches several at once.
		Transport: &http.Transport{DialContext: s.network.DialContext, MaxIdleConnsPerHost: 10},
	}
	context.AfterFunc(s.ctx, client.CloseIdleConnections)
	return &verdicts.Run{
		Loop: s.loop, Client: client, URL: "http://" + web + "/page",
		Deadline: patience, Dial: s.network.DialContext, Dir: dir, Told: told,
	}
}

// byName has a run ask for the page by its name, which a name server knows, and not the
// network.
func (s site) byName(run *verdicts.Run, address net.IP) {
	of, _ := netip.AddrFromSlice(address)
	server, err := nameserver.Serve(s.listen(names), map[string]netip.Addr{name[:len(name)-1]: of})
	if err != nil {
		panic(fmt.Sprintf("sweeps: %v", err))
	}
	context.AfterFunc(s.ctx, func() { _ = server.Close() })
	run.URL = "http://" + name + ":80/page"
	run.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.network.DialContext(ctx, "tcp", names)
	}}
}

// serve serves the page.
func (s site) serve() {
	server := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), // it tells of injected errors of Accept
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(verdicts.Page)))
			w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
			_, _ = io.WriteString(w, verdicts.Page) // a client that has gone is an injected fault
		}),
	}
	listener := s.listen(web)
	go func() { _ = server.Serve(listener) }() // ends with http.ErrServerClosed
	context.AfterFunc(s.ctx, func() { _ = server.Close() })
}

func (s site) listen(address string) net.Listener {
	listener, err := s.network.Listen(address)
	if err != nil {
		panic(fmt.Sprintf("sweeps: %v", err)) // the network is empty
	}
	return listener
}
