package tcp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestErrorsOfNames(t *testing.T) {
	n := network(t)
	ctx := t.Context()
	l, err := n.Listen("API:80")
	must(t, err)
	_, twice := n.Listen("api:80")
	_, noPort := n.Listen("api")
	_, badPort := n.Listen("api:http")
	_, space := n.Listen("a b:80")
	_, noHost := n.Listen(":80")
	_, unknown := n.DialContext(ctx, "tcp", "nowhere:80")
	_, unheard := n.DialContext(ctx, "tcp", "api:81")
	_, udp := n.DialContext(ctx, "udp", "api:80")
	_, split := n.DialContext(ctx, "tcp", "api")
	_, address := n.DialContext(ctx, "tcp", "10.9.9.9:80")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, over := n.DialContext(ended, "tcp", "api:80")
	gone, err := Listen(Config{})
	must(t, err)
	must(t, gone.Close())
	_, closed := gone.DialContext(ctx, "tcp", "api:80")
	_, closedListen := gone.Listen("api:80")
	_, closedLookup := gone.Host("web").LookupHost(ctx, "api")
	_, noName := n.Host("web").LookupHost(ctx, "nowhere")
	must(t, l.Close())
	again := l.Close()
	for _, test := range []struct {
		err  error
		is   error
		text string
	}{
		{twice, syscall.EADDRINUSE, "toxics/tcp: Listen: listen tcp api:80: bind: address already in use"},
		{noPort, nil, "toxics/tcp: Listen: address api: missing port in address"},
		{badPort, nil, "toxics/tcp: Listen: address api:http: the port is not a number from 0 to 65535"},
		{space, nil, `toxics/tcp: Listen: "a b" is not the name of a host; write one like "api"`},
		{noHost, nil, `toxics/tcp: Listen: "" is not the name of a host; write one like "api"`},
		{unknown, nil, "dial tcp: lookup nowhere: no such host"},
		{unheard, syscall.ECONNREFUSED, "dial tcp api:81: connect: connection refused"},
		{udp, nil, "dial udp: unknown network udp"},
		{split, nil, "dial tcp: address api: missing port in address"},
		{address, syscall.EHOSTUNREACH, "dial tcp: connect: no route to host"},
		{over, context.Canceled, "dial tcp: context canceled"},
		{closed, ErrClosed, "dial tcp: already closed (use of closed network connection)"},
		{closedListen, ErrClosed, "toxics/tcp: Listen: network: already closed (use of closed network connection)"},
		{closedLookup, net.ErrClosed, "already closed (use of closed network connection)"},
		{noName, nil, "lookup nowhere: no such host"},
		{again, net.ErrClosed, ""},
	} {
		if test.err == nil || test.text != "" && test.err.Error() != test.text {
			t.Errorf("got  %v\nwant %s", test.err, test.text)
		}
		if test.is != nil && !errors.Is(test.err, test.is) {
			t.Errorf("%v: errors.Is does not find %v", test.err, test.is)
		}
	}
	var none context.Context
	panics(t, func() { n.DialContext(none, "tcp", "api:80") }, "toxics/tcp: DialContext: nil context")
	panics(t, func() { n.Host("web").LookupHost(none, "api") }, "toxics/tcp: LookupHost: nil context")
	panics(t, func() { n.Host("a b") }, `toxics/tcp: Host: "a b" is not the name of a host; write one like "api"`)
	panics(t, func() { n.Serve("a b:80", nil) }, `toxics/tcp: Serve: "a b" is not the name of a host; write one like "api"`)
	panics(t, func() { n.Apply(toxics.Partition("client", "client")) }, `toxics/tcp: Apply: severed: Target is "client", must be another host than Source for a partition: a partition is between two hosts; leave Target empty to cut a host off from all others`)
	panics(t, func() { gone.Apply(toxics.Inject(toxics.Refuse{})) }, "toxics/tcp: Apply: the network is closed, so the refuse would do nothing; apply it before Close")
}

// A port of 0 is one that is free, a listener says where its proxy is, and both that address
// and what a lookup says can be dialled.
func TestAddressesOfAListener(t *testing.T) {
	n, err := Listen(Config{Plan: toxics.Plan{Faults: []toxics.Fault{toxics.Inject(toxics.Cut{After: 1}).Between("client", "api")}}})
	must(t, err)
	defer closeClean(t, n)
	w := &world{engine: n, t: t}
	l, err := n.Listen("api:0")
	must(t, err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	at := l.Addr().(*net.TCPAddr).String()
	wantText(t, "by a plain dial", (&caller{dial(t, at), w}).exchange("hello"), "h EOF")
	for host, want := range map[string]string{"client": "h EOF", "web": "hello"} {
		c, err := n.Host(host).DialContext(t.Context(), "tcp", at)
		must(t, err)
		wantText(t, host+" by address", (&caller{c, w}).exchange("hello"), want)
		c.Close()
	}
	addresses, err := n.Host("web").LookupHost(t.Context(), "API")
	must(t, err)
	n.Serve("api:80", http.NotFoundHandler())
	c, err := n.Host("web").DialContext(t.Context(), "tcp", net.JoinHostPort(addresses[0], "80"))
	must(t, err)
	c.Close()
	wantText(t, "a name", n.Host("API").Name(), "api")
}

// A fault that has met nothing because of what it names is an error of Close, once, with the
// line that applied it.
func TestUnmatchedFaultsOfRealTCP(t *testing.T) {
	n, err := Listen(Config{Plan: toxics.Plan{Faults: []toxics.Fault{hour.Between("", "api:81"), hour}}})
	must(t, err)
	n.Apply(toxics.Partition("clent", "api"))
	_, err = n.Listen("api:80")
	must(t, err)
	wantText(t, "unmatched", len(n.Unmatched()), "3")
	err = n.Close()
	wantIs(t, err, toxics.ErrUnmatched)
	got := strings.Split(err.Error(), " applied at ")
	wantText(t, "the first", got[0], `toxics: a fault has matched nothing: fault 0 of the plan (latency) is about "api:81", and nobody has ever listened there; there were: api:80`+"\n"+
		"toxics: a fault has matched nothing: the severed")
	_, rest, _ := strings.Cut(got[1], ":")
	if !strings.HasPrefix(got[1], "names_test.go:") || !strings.HasSuffix(rest, ` is about "clent", and there has never been such a host; there were: api, client`) {
		t.Errorf("the second: %s", got[1])
	}
	must(t, n.Close())
}

// A server that is told to end serves those who are there first.
func TestShutdownWaitsForWhoIsServed(t *testing.T) {
	n := network(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	server := n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		io.WriteString(w, "served")
	}))
	transport := &http.Transport{DialContext: n.DialContext}
	defer transport.CloseIdleConnections()
	var all sync.WaitGroup
	all.Go(func() {
		answer, err := (&http.Client{Transport: transport}).Get("http://api/")
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(body) != "served" || err != nil {
			t.Errorf("read %q, %v", body, err)
		}
	})
	<-begun
	all.Go(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "the server does not listen", func() bool {
		c, err := n.DialContext(t.Context(), "tcp", "api:80")
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	close(finish)
	all.Wait()
}

// Those who dial by name are numbered in the order of their dials, from whatever host, also if
// nobody waits for an answer.
func TestDialsByNameAreNumberedInTheirOrder(t *testing.T) {
	n := network(t)
	w := &world{engine: n, t: t}
	w.echoes("api:80")
	for range scaled(t, 1000, 20) {
		a := n.Apply(toxics.Inject(toxics.Cut{After: 1}).First(3))
		var all []*caller
		for _, host := range []string{"a", "b", "a", "client", "c", "b"} {
			c, err := n.Host(host).DialContext(t.Context(), "tcp", "api:80")
			must(t, err)
			c.SetDeadline(time.Now().Add(time.Minute))
			all = append(all, &caller{c, w})
		}
		var answers []string
		for _, c := range all {
			answers = append(answers, c.exchange("hello"))
			c.Close()
		}
		wantText(t, "answers", answers, "[h EOF h EOF h EOF hello hello hello]")
		a.Lift()
	}
}
