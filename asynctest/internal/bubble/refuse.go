package bubble

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// ErrReal is in the errors of dials and lookups that would leave the bubble.
var ErrReal = errors.New("asynctest: a real connection inside a bubble")

// init makes what everybody shares refuse to leave a bubble. It must be done before
// anybody can use it at the same time, and so before the program begins.
func init() {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.DialContext = refusing("http.DefaultTransport",
			"give the http.Client a Transport of its own, whose DialContext stays in the bubble", t.DialContext)
	}
	net.DefaultResolver.Dial = temporarily(refusing("net.DefaultResolver",
		"use an IP address, or a net.Resolver with PreferGo and a Dial function that stays in the bubble", net.DefaultResolver.Dial))
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// refusing is dial outside of bubbles; nil dials as a zero net.Dialer.
func refusing(what, remedy string, dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ID() != 0 {
			return nil, fmt.Errorf("%w: %s was asked to dial %s, virtual time would stand still meanwhile, and what it keeps would kill the process in the next bubble: %s", ErrReal, what, address, remedy)
		}
		if dial == nil {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return dial(ctx, network, address)
	}
}

// temporarily makes a refusal say of itself that it is temporary: of a lookup that fails
// for good, as far as one can see, gRPC and others tell no more than that there was no
// address.
func temporarily(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if errors.Is(err, ErrReal) {
			err = refusal{err}
		}
		return c, err
	}
}

type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }
func (refusal) Timeout() bool   { return false }
func (refusal) Temporary() bool { return true }

// warm makes one lookup, which goes nowhere, outside of bubbles. The first lookup of the
// process makes a channel that all later ones use; made in a bubble it would kill the
// process as soon as another bubble looks a name up.
var warm = sync.OnceFunc(func() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	// The error is that the context is cancelled.
	_, _ = (&net.Resolver{PreferGo: true}).LookupHost(ctx, "windtunnel.invalid")
})
