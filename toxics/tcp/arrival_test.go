package tcp

import (
	"context"
	"net"
	"testing"
)

// unaccepted takes the accept loop from the door of a host, and leaves a listener which never
// accepts: the kernel answers dials, and nobody else does.
func unaccepted(t *testing.T, n *Network, l net.Listener, host string) net.Listener {
	t.Helper()
	door, _, err := l.(*listener).proxy.doorOf(host)
	must(t, err)
	door.shut()
	deaf, err := door.port.listen()
	must(t, err)
	return deaf
}

// A dial that the kernel has answered and the proxy never will ends with its context, and
// when nobody listens any more.
func TestDialThatIsNotAccepted(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(cancel func(), l net.Listener)
		want error
	}{
		{"the context ends", func(cancel func(), _ net.Listener) { cancel() }, context.Canceled},
		{"the listener is closed", func(_ func(), l net.Listener) { l.Close() }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := network(t)
			l, err := n.Listen("api:80")
			must(t, err)
			defer unaccepted(t, n, l, "client").Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			dialled := make(chan error)
			go func() {
				c, err := n.DialContext(ctx, "tcp", "api:80")
				if err == nil {
					err = c.Close()
				}
				dialled <- err
			}()
			g := l.(*listener).generation
			eventually(t, "the dial waits to be accepted", func() bool {
				g.mu.Lock()
				defer g.mu.Unlock()
				return len(g.arrivals) == 1
			})
			test.end(cancel, l)
			err = <-dialled
			if test.want == nil {
				must(t, err)
			} else {
				wantIs(t, err, test.want)
			}
			if g.mu.Lock(); len(g.arrivals) > 0 {
				t.Errorf("the connection is still awaited: %v", g.arrivals)
			}
			g.mu.Unlock()
		})
	}
}
