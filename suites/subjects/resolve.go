package subjects

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// ResolvingOnLoop looks the host up itself, on the loop, and fetches from the
// address. A function can be asynchronous in one respect and block in another,
// and DNS is the guide's example: its default client does not block but for
// name resolution, unless it is given another resolver. (Section "Blocking".)
func ResolvingOnLoop(loop *fakeloop.Loop, resolver *net.Resolver, client *http.Client, page string) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "resolve and fetch", func(co *fakeloop.Coroutine) (string, error) {
		byAddress, err := resolve(context.Background(), resolver, page)
		if err != nil {
			return "", err
		}
		return fakeloop.Await(co, Future(loop, client, byAddress))
	})
}

// ResolvingOffloaded does the same with the lookup on another goroutine: the
// guide's threaded resolver.
func ResolvingOffloaded(loop *fakeloop.Loop, resolver *net.Resolver, client *http.Client, page string) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "resolve and fetch", func(co *fakeloop.Coroutine) (string, error) {
		byAddress, err := fakeloop.Await(co, fakeloop.Offload(loop, "lookup", func(ctx context.Context) (string, error) {
			return resolve(ctx, resolver, page)
		}))
		if err != nil {
			return "", err
		}
		return fakeloop.Await(co, Future(loop, client, byAddress))
	})
}

// resolve returns the URL of a page with the address of its host in place of
// the name.
func resolve(ctx context.Context, resolver *net.Resolver, page string) (string, error) {
	at, err := url.Parse(page)
	if err != nil {
		return "", &FetchError{StageResolve, page, err}
	}
	addresses, err := resolver.LookupNetIP(ctx, "ip4", at.Hostname())
	if err != nil {
		return "", &FetchError{StageResolve, page, err}
	}
	if len(addresses) == 0 {
		return "", &FetchError{StageResolve, page, fmt.Errorf("no address for %s", at.Hostname())}
	}
	at.Host = net.JoinHostPort(addresses[0].Unmap().String(), at.Port())
	return at.String(), nil
}
