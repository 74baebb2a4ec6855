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

// open serves the page, and names if it is asked for by name, on the network of a tunnel,
// and returns what a subject works with there. All ends with the tunnel's context.
func open(tunnel *asynctest.Tunnel, byName bool, dir string, told func(string, error)) *verdicts.Run {
	serve(tunnel)
	client := &http.Client{
		Timeout: patience,
		// One connection is kept for each page of a subject that fetches several at once.
		Transport: &http.Transport{DialContext: tunnel.Net.DialContext, MaxIdleConnsPerHost: 10},
	}
	context.AfterFunc(tunnel.Context(), client.CloseIdleConnections)
	run := &verdicts.Run{
		Loop: tunnel.Loop, Client: client, URL: "http://" + web + "/page",
		Deadline: patience, Dial: tunnel.Net.DialContext, Dir: dir, Told: told,
	}
	if byName {
		address, _ := netip.AddrFromSlice(tunnel.Net.Host("web").IP())
		answer(tunnel, address)
		run.URL = "http://" + name + ":80/page"
		run.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return tunnel.Net.DialContext(ctx, "tcp", names)
		}}
	}
	return run
}

// serve serves the page.
func serve(tunnel *asynctest.Tunnel) {
	server := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), // it tells of injected errors of Accept
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(verdicts.Page)))
			w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
			_, _ = io.WriteString(w, verdicts.Page) // a client that has gone is an injected fault
		}),
	}
	listener := listen(tunnel, web)
	go func() { _ = server.Serve(listener) }() // ends with http.ErrServerClosed
	context.AfterFunc(tunnel.Context(), func() { _ = server.Close() })
}

// answer answers questions for the name.
func answer(tunnel *asynctest.Tunnel, address netip.Addr) {
	server, err := nameserver.Serve(listen(tunnel, names), map[string]netip.Addr{name[:len(name)-1]: address})
	if err != nil {
		panic(fmt.Sprintf("sweeps: %v", err))
	}
	context.AfterFunc(tunnel.Context(), func() { _ = server.Close() })
}

func listen(tunnel *asynctest.Tunnel, address string) net.Listener {
	listener, err := tunnel.Net.Listen(address)
	if err != nil {
		panic(fmt.Sprintf("sweeps: %v", err)) // the network of a tunnel is empty
	}
	return listener
}
