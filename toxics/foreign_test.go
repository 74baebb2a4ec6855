package toxics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A network that is used in another bubble than its own says so, where the runtime would end
// the process; it goes on in its own.
func TestNetworkOfAnotherBubble(t *testing.T) {
	outside, err := NewNetwork(Config{})
	must(t, err)
	outside.Apply(Inject(Latency{Latency: time.Millisecond}).From(time.Hour))
	outside.Serve("api:80", http.NotFoundHandler())
	synctest.Test(t, func(t *testing.T) { refuses(t, outside, "was made in bubble 0 and is used in bubble ") })
	must(t, outside.Close())

	var inside *Network
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		synctest.Test(t, func(t *testing.T) {
			inside = network(t, Config{})
			done <- true
			<-done
			client, _ := pair(t, inside)
			must(t, client.Close())
		})
	}()
	<-done
	refuses(t, inside, "and is used in bubble 0, where 0 is outside of bubbles: make one in each test")
	done <- true
	<-ended
	must(t, inside.Close()) // it is closed, which is all that is asked for
	_, err = inside.DialContext(context.Background(), "tcp", "api:80")
	equal(t, "after the end", fmt.Sprint(err), "dial tcp: the network is closed: use of closed network connection")
	equal(t, "is closed", errors.Is(err, net.ErrClosed), true)
}

// refuses checks that each use of a network fails, and what it says.
func refuses(t *testing.T, n *Network, why string) {
	t.Helper()
	panicOf := func(f func()) (err error) {
		defer func() { err = fmt.Errorf("%v", recover()) }()
		f()
		return nil
	}
	_, dial := n.DialContext(context.Background(), "tcp", "api:80")
	_, lookup := n.Host("client").LookupHost(context.Background(), "api")
	_, listen := n.Listen("api:81")
	for what, err := range map[string]error{
		"dial": dial, "lookup": lookup, "listen": listen, "close": n.Close(),
		"serve": panicOf(func() { n.Serve("api:82", http.NotFoundHandler()) }),
		"apply": panicOf(func() { n.Apply(Partition("client", "api").For(time.Second)) }),
	} {
		if text := fmt.Sprint(err); !strings.Contains(text, "toxics: the network was made in bubble ") || !strings.Contains(text, why) {
			t.Errorf("%s: %s", what, text)
		}
	}
}
