package tcp

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestErrorTexts(t *testing.T) {
	n := network(t)
	open, err := n.Proxy("open", "127.0.0.1:1", plan())
	must(t, err)
	shut, err := n.Proxy("shut", "127.0.0.1:1", plan())
	must(t, err)
	must(t, shut.Close())
	gone, err := Listen(Config{})
	must(t, err)
	must(t, gone.Close())

	try := func(n *Network, name, upstream string, p toxics.Plan) error {
		made, err := n.Proxy(name, upstream, p)
		if made != nil {
			t.Errorf("%v came with a proxy", err)
		}
		return err
	}
	_, timeout := Listen(Config{DialTimeout: -time.Second})
	var address *net.AddrError
	bad := plan(toxics.LimitData{Bytes: -1})
	const badText = "toxics: toxic 0 (limit_data): Bytes is -1, must be 0 or more bytes: there is no negative number of bytes; use 0 to close at the first data"
	for _, test := range []struct {
		err  error
		is   error
		text string
	}{
		{timeout, nil, "toxics/tcp: Config.DialTimeout is -1s, must not be negative: use 0 for the default of 10s"},
		{try(n, "", "127.0.0.1:1", plan()), nil, `toxics/tcp: proxy "": the name is empty: give it one, errors are known by it`},
		{try(n, "a", "127.0.0.1", plan()), nil, `toxics/tcp: proxy "a": upstream: address 127.0.0.1: missing port in address`},
		{try(n, "a", "localhost:", plan()), nil, `toxics/tcp: proxy "a": upstream "localhost:" has no port: use host:port`},
		{try(n, "a", "127.0.0.1:1", bad), toxics.ErrInvalid, `toxics/tcp: proxy "a": ` + badText},
		{try(n, "open", "127.0.0.1:1", plan()), ErrExists, `toxics/tcp: proxy "open": there is a proxy of that name already`},
		{try(gone, "a", "127.0.0.1:1", plan()), ErrClosed, `toxics/tcp: proxy "a": network: already closed (use of closed network connection)`},
		{open.Apply(bad), toxics.ErrInvalid, `toxics/tcp: apply proxy "open": ` + badText},
		{shut.Apply(plan()), ErrClosed, `toxics/tcp: apply proxy "shut": already closed (use of closed network connection)`},
		{shut.Enable(), net.ErrClosed, `toxics/tcp: enable proxy "shut": already closed (use of closed network connection)`},
		{shut.Disable(), ErrClosed, `toxics/tcp: disable proxy "shut": already closed (use of closed network connection)`},
	} {
		if test.err == nil || test.err.Error() != test.text {
			t.Errorf("got  %v\nwant %s", test.err, test.text)
		}
		if test.is != nil && !errors.Is(test.err, test.is) {
			t.Errorf("%v: errors.Is does not find %v", test.err, test.is)
		}
	}
	if !errors.As(try(n, "a", "127.0.0.1", plan()), &address) {
		t.Error("the error of package net is lost")
	}
	if open.Name() != "open" {
		t.Errorf("Name is %q", open.Name())
	}
}
