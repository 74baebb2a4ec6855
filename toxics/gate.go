package toxics

import "github.com/windtunnel-go/windtunnel/fakeloop"

// Gate lets the events of a network through one at a time, when everything else in the
// bubble is durably blocked: so that unmodified clients and servers run the same way on
// every run, and so that a seed can choose which event goes first. [*fakeloop.Gate] is
// one.
//
// These events pass it, each in a goroutine of the network's own, and each happens once
// it is through:
//
//   - "take upstream", first of all and joined: what an endpoint has written enters the
//     network, as one stretch of bytes however often Write was called for it
//   - "accept": a connection that was dialled gets its number and is handed over
//   - "deliver upstream": a chunk, the end of the stream or a reset arrives
//   - "client read deadline" and the like: a deadline takes effect
//   - "fault 2 on" and the like: a fault is switched, by its place among those applied
//
// From is the client, To the server and its port, Count the number of the connection
// among those of the two. Dial, Write and Close never wait at the gate: their caller
// may hold a mutex, and a second goroutine that waits for that mutex would keep the
// bubble from becoming quiet for ever.
type Gate interface {
	Pass(fakeloop.Passage) error
	PassFirst(fakeloop.Passage) error
}

// pass waits at the gate. An error means that the gate is closed: then there is no order.
func (n *Network) pass(p fakeloop.Passage) {
	if n.config.Gate != nil {
		_ = n.config.Gate.Pass(p)
	}
}

func (n *Network) passFirst(p fakeloop.Passage) {
	if n.config.Gate != nil {
		_ = n.config.Gate.PassFirst(p)
	}
}
