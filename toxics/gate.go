package toxics

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

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
//   - "fault 2 on: severed client, api" and the like: a fault is switched, by its place
//     among those applied, and what it is
//
// A fault that is switched at once, by Apply or Lift or since the Plan has it without a Start,
// does not wait: a gate with a method Note is told of it in the same words.
//
// From is the client, To the server and its port, Count the number of the connection
// among those of the two. Dial, Write and Close never wait at the gate: their caller
// may hold a mutex, and a second goroutine that waits for that mutex would keep the
// bubble from becoming quiet for ever.
//
// A gate may have a source of decisions. Where toxics are in force it is asked once for
// each connection, when that is handed over, for its latencies: "latencies of
// client>api:80", one of 16. Choice 0 is what the seed of the plan gives. Any other draws
// what is random on the connection anew, the skew too, and adds up to Spread to each
// [Latency], the same time for all chunks. So a seed, or a replay string, of a loop moves
// latencies too: two events that are seconds apart meet in some runs.
type Gate interface {
	Pass(fakeloop.Passage) error
	PassFirst(fakeloop.Passage) error
	Choose(label string, n int) int
	Spread() time.Duration
}

// lots is how many ways there are to draw what is random on a connection.
const lots = 16

// drawLot decides on the latencies of a connection that has passed the gate.
func (n *Network) drawLot(c *connection) {
	if n.ledger.Injects() {
		c.lot = n.config.Gate.Choose("latencies of "+c.pair(), lots)
	}
}

// lotName is what the lot of a connection adds to the names of its generators.
func (c *connection) lotName() string {
	if c.lot == 0 {
		return ""
	}
	return fmt.Sprintf(" lot %d", c.lot)
}

// putOff is how much longer a latency of the connection is than the plan says.
func (c *connection) putOff(d Direction, slot int) time.Duration {
	n := c.network
	if c.lot == 0 || n.config.Gate.Spread() <= 0 {
		return 0
	}
	r := Rand(n.config.Plan.Seed, c.pair()+c.lotName()+" put off", int(c.ordinal.Load()), d, slot)
	return time.Duration(r.Int64N(int64(n.config.Gate.Spread())))
}

// pass waits at the gate. An error means that the gate is closed: then there is no order.
func (n *Network) pass(p fakeloop.Passage) {
	if n.config.Gate != nil {
		_ = n.config.Gate.Pass(p)
	}
}

// note tells a gate that takes notes of what happens at once, in the words of what passes it.
func (n *Network) note(what string) {
	if g, ok := n.config.Gate.(interface{ Note(fakeloop.Passage) }); ok {
		g.Note(fakeloop.Passage{What: what})
	}
}

func (n *Network) passFirst(p fakeloop.Passage) {
	if n.config.Gate != nil {
		_ = n.config.Gate.PassFirst(p)
	}
}
