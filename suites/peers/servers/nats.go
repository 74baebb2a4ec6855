package servers

import (
	"io"
	"net"
	"sync"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// NATS puts a server on the network, at nats:4222: what arrives there goes through a pipe to
// the server, which has no way to be given a listener. The function that it returns shuts
// the server down.
func NATS(n *toxics.Network, server *natsd.Server) (end func(), err error) {
	l, err := n.Listen("nats:4222")
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	all.Go(func() {
		accept(l, func(c net.Conn) {
			pipe, err := server.InProcessConn()
			if err != nil {
				c.Close()
				return
			}
			for _, way := range [][2]net.Conn{{c, pipe}, {pipe, c}} {
				all.Go(func() {
					defer way[0].Close()
					defer way[1].Close()
					_, _ = io.Copy(way[0], way[1])
				})
			}
		})
	})
	return func() {
		l.Close()
		server.Shutdown()
		server.WaitForShutdown()
		all.Wait()
	}, nil
}
