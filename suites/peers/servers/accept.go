package servers

import (
	"errors"
	"net"
)

// accept hands each connection to serve, which must not wait for it, until the listener is
// closed. After another error it goes on: the next one may be accepted.
func accept(l net.Listener, serve func(net.Conn)) {
	for {
		switch c, err := l.Accept(); {
		case err == nil:
			serve(c)
		case errors.Is(err, net.ErrClosed):
			return
		}
	}
}
